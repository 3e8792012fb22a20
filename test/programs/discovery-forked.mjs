// A registrant that forks: its child has the registry of its parent, closed, and can open one of its own. URL SERVICE
import { fork } from 'truefork';
import { connectRegistry } from 'truefork/discovery';
import { codeOf, descriptorsOf } from './support/self.mjs';

const [url, service] = process.argv.slice(2);
const descriptors = () => descriptorsOf(/inotify|\.json/);

const registry = await connectRegistry(url);
const registration = await registry.register(service, { host: 'parent', port: 1 });
let lists = 0;
registry.watch(service, () => lists++);
await new Promise(setImmediate);
console.log(`parent ${descriptors()} descriptors`);

const pid = fork();
if (pid === 0) {
  const before = lists;
  console.log(`child ${process.pid} has ${descriptors()} descriptors`);
  console.log(`child register: ${await codeOf(() => registry.register(service, { host: 'x', port: 1 }))}`);
  console.log(`child watch: ${await codeOf(() => registry.watch(service))}`);
  console.log(`child update: ${await codeOf(() => registration.update({ host: 'x', port: 1 }))}`);
  console.log(`child unregister: ${await codeOf(() => registration.unregister())}`);
  console.log(`child close: ${await codeOf(() => registry.close())}`);
  process.once('SIGUSR2', async () => {
    const own = await connectRegistry(url);
    await own.register(service, { host: 'child', port: 2 });
    console.log(`child lists ${lists - before}`);
  });
  console.log('child ready');
}
setInterval(() => {}, 2 ** 30);
if (pid > 0) {
  process.once('SIGUSR2', async () => {
    const before = lists;
    await registration.update({ host: 'parent', port: 3 });
    while (lists === before) await new Promise(setImmediate);
    console.log('parent still watches');
  });
  // Only now: the child may be ready before its parent has gone on from the fork.
  console.log('parent ready');
}
