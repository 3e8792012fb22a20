// A member of an ensemble hangs while a server is registered by way of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRegistry } from 'truefork/discovery';
import { ZooKeeperClient } from 'truefork/zookeeper';
import { group, median, nineOfTen, row } from '../result.mjs';
import { destroy, ensemble } from './servers.mjs';

const SESSION = 3000; // milliseconds
const NOTICED = 1500;
const LOOK = 20;

/** What there is of the registration: node, session, and the change that has made it. */
async function nodesOf(client) {
  const names = await client.getChildren('/bench');
  const nodes = await Promise.all(names.map(async (name) => ({ name, ...(await client.get(`/bench/${name}`)).stat })));
  return nodes.map(({ name, ephemeralOwner, czxid }) => `${name} ${ephemeralOwner} ${czxid}`).join();
}

/** Until there are so many nodes. The members do not hear of them at the same moment. */
async function settled(client, count) {
  while ((await client.getChildren('/bench')).length !== count) await sleep(LOOK);
}

/** The member that a session is connected to. */
async function memberOf({ servers }, session) {
  for (const server of servers) {
    if ((await server.connections()).includes(`sid=0x${BigInt.asUintN(64, session).toString(16)}`)) return server;
  }
  throw new Error('the session is connected to none');
}

async function run(members, client) {
  let notice;
  const warned = new Promise((resolve) => (notice = resolve));
  const registry = await connectRegistry(`zk://${members.hosts}/bench`, {
    zookeeper: { sessionTimeout: SESSION },
    onWarning: () => notice(performance.now()),
  });
  await registry.register('rpc', { host: '127.0.0.1', port: 1 });
  await settled(client, 1);
  const before = await nodesOf(client);
  const [name] = await client.getChildren('/bench');
  const member = await memberOf(members, (await client.get(`/bench/${name}`)).stat.ephemeralOwner);
  const isLeader = await member.isLeader();
  const begun = performance.now();
  member.kill('SIGSTOP');
  const noticed = (await warned) - begun;
  await registry.instances('rpc');
  const back = performance.now() - begun;
  member.kill('SIGCONT');
  await Promise.all(members.servers.map((server) => server.serving()));
  const isKept = (await nodesOf(client)) === before;
  await registry.close();
  await settled(client, 0);
  return { noticed, back, isKept, isLeader };
}

export default async function hung({ runs }) {
  const members = await ensemble();
  const client = new ZooKeeperClient(members.hosts, { onWarning: () => undefined });
  await client.start();
  await client.ensurePath('/bench');
  const results = [];
  for (let n = 0; n < Math.ceil(runs / 2.5); n++) results.push(await run(members, client));
  await client.stop();
  await destroy(members);
  const each = (name) => results.map((result) => result[name]);
  const leaders = results.filter(({ isLeader }) => isLeader).length;
  const another = 'another session or node';
  const note = (what, value) => ({ what, value, unit: 'ms' });
  return [
    group({
      name: 'hung',
      title: `A member of three hangs, session timeout ${SESSION / 1000} s`,
      about: 'How long it takes until a client that is connected to the member notices.',
      unit: 'ms',
      better: 'less',
      rows: [row('noticed', each('noticed'), { ours: true })],
      bars: [{ row: 'noticed', longest: NOTICED }],
      notes: [
        note('noticed: 9 of 10 take at most', nineOfTen(each('noticed'))),
        note('what is asked meanwhile is answered by another: the median', median(each('back'))),
        note('9 of 10 take at most', nineOfTen(each('back'))),
        note('the longest', Math.max(...each('back'))),
      ],
      isPictured: true,
    }),
    group({
      name: 'hung-kept',
      title: 'A member of three hangs: what is left of the registration',
      about: 'How often the registration had another session or another node when the member was back.',
      better: 'less',
      rows: [row(another, [results.filter(({ isKept }) => !isKept).length], { ours: true })],
      bars: [{ row: another, most: 0 }],
      notes: [
        { what: 'times', value: results.length },
        { what: 'the member was the leader', value: leaders },
      ],
    }),
  ];
}
