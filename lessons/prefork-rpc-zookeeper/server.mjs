// node server.mjs REGISTRY: an RPC server of three forked workers on one port, which has a node in ZooKeeper while it lives.
import { connectRegistry } from 'truefork/discovery';
import { prefork } from 'truefork/prefork';
import { booklet, createRpcServer } from 'truefork/rpc';

const registry = await connectRegistry(process.argv[2]);
const master = await prefork(createRpcServer(booklet), {
  host: '127.0.0.1',
  workers: 3,
  // Clients hear of the end before the workers stop to answer.
  beforeStop: () => registry.close(),
  log: () => undefined,
});
await registry.register('rpc', master.address);
console.log(`process ${process.pid} serves with ${master.workers.length} workers on port ${master.address.port}`);
