// Whether it keeps the process alive: registration, unrefed, closed, ref, loop; throws: a listener that does. URL SERVICE WHAT
import { connectRegistry } from 'truefork/discovery';

const [url, service, what] = process.argv.slice(2);
const registry = await connectRegistry(url);
const print = (instances) => console.log('=', ...instances.map(({ host }) => host));

const ways = {
  registration: () => registry.register(service, { host: 'x', port: 1 }),
  unrefed: () => registry.watch(service, print).unref(),
  closed: () => registry.watch(service, print).ref().close(),
  ref: () => {
    const watch = registry
      .watch(service, (instances) => {
        print(instances);
        if (instances.length > 0) watch.close();
      })
      .unref()
      .ref();
  },
  loop: async () => {
    for await (const instances of registry.watch(service)) {
      print(instances);
      if (instances.length > 0) break;
    }
  },
  throws: async () => {
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
    registry.watch(service, () => {
      throw new Error('of a listener');
    });
    const watch = registry.watch(service, print);
    console.log((await uncaught).message);
    watch.close();
    await registry.close();
  },
};
process.once('exit', () => console.log('ends'));
await ways[what]();
