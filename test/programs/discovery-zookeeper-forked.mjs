// A registrant that forks: its child has the registry of its parent, closed, and opens one of its own on SIGUSR2. URL SERVICE
import { fork } from 'truefork';
import { connectRegistry } from 'truefork/discovery';
import { codeOf, descriptorsOf } from './support/self.mjs';

const [url, service] = process.argv.slice(2);
const zookeeper = { sessionTimeout: 1000 };
const sockets = () => descriptorsOf(/^socket:/);

const before = sockets();
const registry = await connectRegistry(url, { zookeeper });
const registration = await registry.register(service, { host: 'parent', port: 1 });
registry.watch(service, () => {});

const pid = fork();
if (pid === 0) {
  await new Promise(setImmediate);
  console.log(`child sockets: ${sockets() - before}`);
  console.log(`child register: ${await codeOf(() => registry.register(service, { host: 'x', port: 1 }))}`);
  console.log(`child watch: ${await codeOf(() => registry.watch(service))}`);
  console.log(`child update: ${await codeOf(() => registration.update({ host: 'x', port: 1 }))}`);
  console.log(`child unregister: ${await codeOf(() => registration.unregister())}`);
  console.log(`child close: ${await codeOf(() => registry.close())}`);
  process.once('SIGUSR2', async () => {
    const own = await connectRegistry(url, { zookeeper });
    await own.register(service, { host: 'child', port: 2 });
  });
  console.log('child ready');
} else {
  process.once('SIGUSR2', async () => {
    await registration.update({ host: 'parent', port: 3 });
    process.kill(pid, 'SIGUSR2');
  });
  console.log('parent ready');
}
setInterval(() => {}, 2 ** 30);
