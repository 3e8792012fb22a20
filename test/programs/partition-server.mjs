// An RPC server of a host, registered until SIGTERM. HOST URL SESSION_TIMEOUT
import { connectRegistry } from 'truefork/discovery';
import { createRpcServer } from 'truefork/rpc';

const [host, url, sessionTimeout] = process.argv.slice(2);
const server = createRpcServer({ who: () => host });
server.listen(0, host, async () => {
  const registry = await connectRegistry(url, {
    zookeeper: { sessionTimeout: Number(sessionTimeout) },
    onWarning: () => undefined,
  });
  const { id } = await registry.register('rpc', { host, port: server.address().port });
  process.once('SIGTERM', async () => {
    await registry.close();
    server.close();
  });
  console.log(`registered ${id}`);
});
