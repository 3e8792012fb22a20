// An RPC server that is registered, and watches its service. Prints its id and its port, and each list as
// `= host:port host:port`; SIGTERM ends it. URL SESSION_TIMEOUT
import { connectRegistry } from 'truefork/discovery';
import { booklet, createRpcServer } from 'truefork/rpc';

const [url, sessionTimeout] = process.argv.slice(2);
const host = '127.0.0.1';
const server = createRpcServer(booklet);
server.listen(0, host, async () => {
  const { port } = server.address();
  const registry = await connectRegistry(url, {
    zookeeper: { sessionTimeout: Number(sessionTimeout) },
    onWarning: (message) => console.log(`warned ${message}`),
  });
  registry.watch('rpc', (instances) => {
    console.log(['=', ...instances.map((instance) => `${instance.host}:${instance.port}`)].join(' '));
  });
  const { id } = await registry.register('rpc', { host, port });
  process.once('SIGTERM', async () => {
    await registry.close();
    server.close();
  });
  console.log(`registered ${id} ${port}`);
});
