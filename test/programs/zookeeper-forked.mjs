// A client of ZooKeeper in a process that forks: the child has its parent's client, closed. HOSTS NODE [CA]
import { readFileSync } from 'node:fs';
import { fork } from 'truefork';
import { ZooKeeperClient } from 'truefork/zookeeper';
import { codeOf, descriptorsOf } from './support/self.mjs';

const [hosts, node, ca] = process.argv.slice(2);
const tls = ca === undefined ? false : { ca: readFileSync(ca) };
const sockets = () => descriptorsOf(/^socket:/);

const client = new ZooKeeperClient(hosts, { sessionTimeout: 20_000, tls });
const before = sockets();
await client.start();
const id = client.sessionId;
await client.create(node, '', { ephemeral: true });
const states = [];
client.onState((state) => states.push(state));
const watch = client.watchData(node, () => states.push('told'));
// Under way at the fork: it ends in the parent alone.
const pending = client.exists('/').then(() => states.push('answered'));

const pid = fork();
if (pid === 0) {
  console.log(`child: ${sockets() - before} sockets, ${client.state}, id ${client.sessionId}`);
  for (const [name, work] of Object.entries({
    get: () => client.get('/'),
    create: () => client.create('/child'),
    start: () => client.start(),
    auth: () => client.addAuth('digest', 'a:b'),
    watch: async () => client.watchChildren('/', () => {}),
    stop: () => client.stop(),
  })) {
    console.log(`child: ${name} ${await codeOf(work)}`);
  }
  watch.close();
  const own = new ZooKeeperClient(hosts, { tls });
  await own.start();
  console.log(`child: own ${own.sessionId !== id}, owner ${(await own.exists(node)).ephemeralOwner === id}`);
  await own.stop();
  console.log(`child: told ${states.length}`);
  console.log('child ready');
  // Until its parent is gone.
  setInterval(() => {}, 2 ** 30);
} else {
  await pending;
  console.log(`parent: ${client.state}, ${client.sessionId === id}`);
  process.once('SIGUSR2', async () => {
    await client.set(node, 'x');
    console.log(`parent: set ${client.sessionId === id}, told ${states.filter((s) => s !== 'told').join()}`);
  });
  console.log('parent ready');
}
