// The client of chapter 16 of the juejin RPC booklet: it watches which servers there are, and calls one of them at random. It
// finds the booklet's servers as well as ours.
//
//   node client.mjs [REGISTRY_URL [ROUNDS [PAUSE]]]    such as zk://127.0.0.1:2181/demo 100 500; the pause is in milliseconds
//
// `createRpcClient({ registry, service })` does all this by itself, and more.
// https://github.com/pyloque/juejin_rpc_py
import { setTimeout as pause } from 'node:timers/promises';
import { connectRegistry } from 'truefork/discovery';
import { createRpcClient } from 'truefork/rpc';

const SERVICE = 'rpc';
const [url, rounds = '100', rest = '500'] = process.argv.slice(2);

/** A client for each server, by its address; it connects when it is called, and again when that was lost. */
const servers = new Map();

/** The difference by address: a server that is registered anew is the same server. */
function update(instances) {
  const now = new Map(instances.map(({ host, port }) => [`${host}:${port}`, { host, port }]));
  for (const [address, client] of servers) {
    if (now.has(address)) continue;
    servers.delete(address);
    // It answers what it was asked.
    void client.close();
    console.log(`- ${address}`);
  }
  for (const [address, instance] of now) {
    if (servers.has(address)) continue;
    servers.set(address, createRpcClient(instance));
    console.log(`+ ${address}`);
  }
}

function randomServer() {
  const all = [...servers.values()];
  return all[Math.floor(Math.random() * all.length)];
}

async function call(method, params) {
  const server = randomServer();
  if (!server) {
    console.log('no server');
    return;
  }
  try {
    console.log(`${method} ${JSON.stringify(params)} = ${JSON.stringify(await server.call(method, params))}`);
  } catch (error) {
    // The next call may choose another.
    console.log(`${method} ${JSON.stringify(params)}: ${error.message}`);
  }
}

const registry = await connectRegistry(url);
let watch;
// The first list comes soon.
await new Promise((resolve) => {
  watch = registry.watch(SERVICE, (instances) => {
    update(instances);
    resolve();
  });
});
for (let i = 0; i < Number(rounds); i++) {
  await call('ping', `ireader ${i}`);
  await pause(Number(rest));
  await call('pi', i);
  await pause(Number(rest));
}
watch.close();
await Promise.all([...servers.values()].map((client) => client.close()));
await registry.close();
