// Registers an address in ZooKeeper and watches its service, until it gets a SIGTERM: then it unregisters, and closes. Prints
// its id and each list, `= host:port host:port`. On SIGUSR2 it updates its port by one; on SIGINT it ends by a close alone.
// URL SERVICE HOST PORT SESSION_TIMEOUT
import { connectRegistry } from 'truefork/discovery';

const [url, service, host, port, sessionTimeout] = process.argv.slice(2);
const registry = await connectRegistry(url, {
  zookeeper: { sessionTimeout: Number(sessionTimeout) },
  onWarning: (message) => console.log(`warned ${message}`),
});
let address = { host, port: Number(port) };
registry.watch(service, (instances) => {
  console.log(['=', ...instances.map((instance) => `${instance.host}:${instance.port}`)].join(' '));
});
const registration = await registry.register(service, address);
process.on('SIGUSR2', async () => {
  address = { host, port: address.port + 1 };
  await registration.update(address);
  console.log(`updated ${address.port}`);
});
process.once('SIGTERM', async () => {
  await registration.unregister();
  console.log('unregistered');
  await registry.close();
});
process.once('SIGINT', async () => {
  await registry.close();
});
console.log(`registered ${registration.id}`);
