// An RPC server under prefork, registered by its master in the registry of the second argument.
import { connectRegistry } from 'truefork/discovery';
import { prefork } from 'truefork/prefork';
import { booklet, createRpcServer } from 'truefork/rpc';

const [options, url] = process.argv.slice(2);
const registry = await connectRegistry(url);
const master = await prefork(createRpcServer(booklet), {
  host: '127.0.0.1',
  ...JSON.parse(options),
  log: console.log,
  beforeStop: () => registry.close(),
});
await registry.register('rpc', master.address);
console.log('up');
