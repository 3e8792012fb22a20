// A client of ZooKeeper that lets its process end, or does not. HOSTS ref|unref|stop|throws|states
import { ZooKeeperClient } from 'truefork/zookeeper';

const [hosts, what] = process.argv.slice(2);
const client = new ZooKeeperClient(hosts, { sessionTimeout: 1000 });
client.onState((state) => console.log(`state ${state}`));
await client.start();
if (what === 'unref') {
  client.unref();
  console.log(`has ${(await client.getChildren('/')).length > 0}`);
}
if (what === 'stop') await client.stop();
if (what === 'throws') {
  process.on('uncaughtException', (error) => console.log(`uncaught ${error.message}`));
  await client.create('/throws');
  await client.get('/throws', {
    watcher: () => {
      throw new Error('of a watcher');
    },
  });
  client.onState(() => {
    throw new Error('of a listener');
  });
  client.watchData('/throws', () => {
    throw new Error('of a watch');
  });
  await client.set('/throws', 'x');
  await client.delete('/throws');
  await client.stop();
}
console.log('end');
