// An RPC server of its own process, registered in the registry of the first argument, until SIGTERM. The second argument
// are its options, with `maxConnections` beside them.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRegistry } from 'truefork/discovery';
import { booklet, createRpcServer } from 'truefork/rpc';

const [url, json = '{}'] = process.argv.slice(2);
const { maxConnections, ...options } = JSON.parse(json);
const handlers = {
  ...booklet,
  pid: () => process.pid,
  slow: async (time) => {
    await sleep(time);
    return process.pid;
  },
  memory: () => process.memoryUsage().rss,
};

const server = createRpcServer(handlers, options);
if (maxConnections !== undefined) server.maxConnections = maxConnections;
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const registry = await connectRegistry(url);
  await registry.register('rpc', { host: '127.0.0.1', port });
  process.once('SIGTERM', async () => {
    await registry.close();
    server.close();
  });
  console.log(`port=${port}`);
});
