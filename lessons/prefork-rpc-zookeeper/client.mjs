// node client.mjs REGISTRY: finds the servers in ZooKeeper, and calls them.
import { connectRegistry } from 'truefork/discovery';
import { createRpcClient } from 'truefork/rpc';

const registry = await connectRegistry(process.argv[2]);
const servers = await registry.instances('rpc');
console.log(`servers in ZooKeeper: ${servers.length}`);

const client = createRpcClient({ registry, service: 'rpc' });
for (let n = 1; n <= 3; n++) console.log(`ping ${n}: ${await client.call('ping', `hello ${n}`)}`);
for (const n of [10, 1000, 100_000]) console.log(`pi of ${n + 1} terms: ${await client.call('pi', n)}`);

await client.close();
await registry.close();
