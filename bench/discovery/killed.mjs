// A server in ZooKeeper that is killed under load: its node is there until its session has expired. Clients that call it find
// out before, when nobody listens there.
import { Socket } from 'node:net';
import { createRpcClient } from 'truefork/rpc';
import { group, median, nineOfTen, row } from '../result.mjs';
import { Registrant } from './registrant.mjs';
import { destroy, standalone } from './servers.mjs';
import { Watchers } from './watchers.mjs';

const SERVERS = 3;
const CALLERS = 8;
const SESSION = 1000; // milliseconds

const { connect } = Socket.prototype;

/** The connections of this process to a port that are refused; `first`: when, by `performance.now()`. */
class Refusals {
  count = 0;
  first = Infinity;

  constructor(refusedPort) {
    const note = ({ code, port }) => {
      if (code !== 'ECONNREFUSED' || port !== refusedPort) return;
      this.count++;
      this.first = Math.min(this.first, performance.now());
    };
    // Nothing in Node.js tells of them all.
    Socket.prototype.connect = function (...args) {
      this.once('error', note);
      return connect.apply(this, args);
    };
  }

  close() {
    Socket.prototype.connect = connect;
  }
}

async function run(url, watchers, servers) {
  const client = createRpcClient({ registry: watchers.registries[0], service: 'rpc' });
  const errors = [];
  let on = true;
  let calls = 0;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (on) {
      calls++;
      await client.call('ping', 1).catch(({ sent }) => errors.push({ sent, at: performance.now() }));
    }
  });
  while (calls < 1000) await new Promise(setImmediate);
  const victim = servers.shift();
  const refusals = new Refusals(victim.port);
  const begun = performance.now();
  victim.kill('SIGKILL');
  await watchers.dropped(victim);
  const lasted = performance.now() - begun;
  on = false;
  await Promise.all(callers);
  await client.close();
  refusals.close();
  await victim.stop();
  servers.push(await Registrant.start(url, SESSION));
  await watchers.have(servers.at(-1));
  return {
    lasted,
    calls,
    refused: refusals.count,
    sent: errors.filter(({ sent }) => sent).length,
    unsent: errors.filter(({ sent }) => !sent).length,
    after: errors.filter(({ at }) => at > refusals.first).length,
  };
}

export default async function killed({ runs }) {
  const server = await standalone();
  const url = `zk://${server.address}/bench`;
  const watchers = await Watchers.open(url, 1, SESSION);
  const servers = [];
  for (let n = 0; n < SERVERS; n++) servers.push(await Registrant.start(url, SESSION));
  for (const one of servers) await watchers.have(one);
  const results = [];
  for (let n = 0; n < Math.ceil(runs / 2.5); n++) results.push(await run(url, watchers, servers));
  await watchers.close();
  for (const one of servers) await one.end();
  await destroy(server);
  const sum = (name) => results.reduce((total, result) => total + result[name], 0);
  const values = results.map(({ lasted }) => lasted);
  const counts = {
    'lost before they were sent': sum('unsent'),
    'lost after the first refused connection': sum('after'),
  };
  const note = (what, value, unit) => ({ what, value, unit });
  return [
    group({
      name: 'killed',
      title: `A server in ZooKeeper is killed under load, session timeout ${SESSION / 1000} s`,
      about: 'Calls that have failed, of clients that call on and on while one of three servers is killed.',
      better: 'less',
      rows: Object.entries(counts).map(([name, count]) => row(name, [count], { ours: true })),
      bars: Object.keys(counts).map((name) => ({ row: name, most: 0 })),
      notes: [
        note('calls', sum('calls')),
        note('calls sent, and under way when their server was killed', sum('sent')),
        note('connections that were refused; their calls went elsewhere', sum('refused')),
        note('servers killed', values.length),
        note('until the address is gone: the median', median(values), 'ms'),
        note('9 of 10 take at most', nineOfTen(values), 'ms'),
        note('the longest', Math.max(...values), 'ms'),
      ],
    }),
  ];
}
