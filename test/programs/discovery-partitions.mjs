// Three hosts with a ZooKeeper server each, an RPC server on two of them and a client on the third, on two networks: one for
// the registry, one for calls. Prints what has held. It is run in namespaces of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZooKeeperClient } from 'truefork/zookeeper';
import { importSupport } from '../support/import.mjs';
import { Host, makeNetwork } from './support/hosts.mjs';

const { startEnsembleAt } = await importSupport('zookeeper.ts');

const registryNet = 1;
const serviceNet = 2;
const sessionTimeout = 2000;
const look = 50;

for (const network of [registryNet, serviceNet]) makeNetwork(network);
const hosts = [];
for (const number of [1, 2, 3]) hosts.push(await Host.make(number, [registryNet, serviceNet]));
const [first, second, third] = hosts;
const members = hosts.map((host) => ({
  host: host.address(registryNet),
  ports: { quorum: 2888, election: 3888, client: 2181 },
  by: host.by,
}));
const ensemble = await startEnsembleAt(members);
const url = `zk://${ensemble.hosts}/demo`;

/** A program of this folder, on a host. */
function start(host, name, ...args) {
  const [command, ...words] = [...host.by, process.execPath, `${import.meta.dirname}/${name}`, ...args];
  return spawn(command, [...words, url, String(sessionTimeout)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
}

async function serve(host) {
  const program = start(host, 'partition-server.mjs', host.address(serviceNet));
  const [line] = await once(program.stdout, 'data');
  return { host, program, id: /^registered (\S+)/.exec(line)[1] };
}

const servers = [await serve(second), await serve(third)];
const client = start(first, 'partition-client.mjs');
const zooKeeper = new ZooKeeperClient(`${ensemble.hosts}/demo`, { onWarning: () => undefined });
await zooKeeper.start();

/** What the client has seen since it was asked before. */
async function seen() {
  client.send('look');
  const [news] = await once(client, 'message');
  return { ...news, called: Object.keys(news.answers).sort() };
}

/** Until what the client sees is so. Of all calls that have ended until then, none has failed. */
async function until(isSo) {
  for (;;) {
    const news = await seen();
    assert.deepEqual(news.errors, []);
    if (isSo(news)) return;
    await sleep(look);
  }
}

const addresses = (...of) => of.map((host) => host.address(serviceNet)).sort();
const areSame = (a, b) => a.join() === b.join();

/** Until calls are answered by these hosts, and by no others. */
async function called(...by) {
  let times = 0;
  await until((news) => {
    times = areSame(news.called, addresses(...by)) ? times + 1 : 0;
    return times === 5;
  });
}

const listed = (...of) => until(({ known }) => areSame(known, addresses(...of)));
const stale = (isStale) => until((news) => news.isStale === isStale);

/** Until these servers, and no others, are registered: once each, and with the id that they have always had. */
async function registered(...expected) {
  const names = expected.map(({ id }) => id).sort();
  for (;;) {
    const nodes = await zooKeeper.getChildren('/');
    if (areSame(nodes.map((name) => name.slice('_c_'.length).split('-rpc')[0]).sort(), names)) return;
    await sleep(look);
  }
}

async function all() {
  await registered(...servers);
  await listed(second, third);
  await stale(false);
  await called(second, third);
}

await all();
console.log('both are called');

for (const network of [registryNet, serviceNet]) third.cut(network);
await called(second);
await registered(servers[0]);
await listed(second);
await called(second);
console.log('one that is cut off is gone, and the other called');
for (const network of [registryNet, serviceNet]) third.heal(network);
await all();
console.log('healed');

first.cut(registryNet);
await stale(true);
await called(second, third);
console.log('a client that is cut off from the registry calls both');
first.heal(registryNet);
await all();
console.log('healed');

second.cut(serviceNet);
await called(third);
await registered(...servers);
await listed(second, third);
console.log('one that only the registry reaches is not called');
second.heal(serviceNet);
await all();
console.log('healed');

for (const host of [second, third]) host.cut(registryNet);
await stale(true);
await called(second, third);
await sleep(sessionTimeout);
await called(second, third);
console.log('without a quorum both are called');
for (const host of [second, third]) host.heal(registryNet);
await all();
console.log('healed');

for (const program of [client, ...servers.map(({ program }) => program)]) {
  program.kill('SIGTERM');
  assert.deepEqual(await once(program, 'exit'), [0, null]);
}
await registered();
await zooKeeper.stop();
await ensemble.destroy();
console.log('passed');
process.exit();
