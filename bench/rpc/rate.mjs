// How many calls a second: one after the other on one connection, and many at once on sixteen. With one's own client, as people
// have it; and with a load that costs next to nothing, so that it is the server that is measured.
import { availableParallelism } from 'node:os';
import { peersMissing } from '../peers/installed.mjs';
import { absent, atLeast, compared, interleave, timed } from './figures.mjs';
import { load, Server } from './processes.mjs';

const ROUNDS = 5;
const SEQUENTIAL = 40_000;
const PIPELINED = { connections: 16, calls: 16 };
const BARS = { plain: 2, grpc: 5 };
const NAMES = { plain: 'a plain Node server', grpc: '@grpc/grpc-js', jayson: 'jayson (tcp)' };

/** Each client with its server, in turn; what it printed each time. */
async function measure(contestants, shape, seconds) {
  const servers = {};
  for (const [name, { server, argument }] of Object.entries(contestants)) {
    servers[name] = await Server.start(server, argument);
  }
  const measures = Object.entries(contestants).map(([name, { client }]) => [
    name,
    () => load(client, servers[name], { ...shape, seconds }),
  ]);
  const values = await interleave(ROUNDS, Object.fromEntries(measures));
  for (const server of Object.values(servers)) await server.stop();
  return values;
}

function each(values, what) {
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.map((value) => value[what])]));
}

function against(values, what, bars) {
  const rates = each(values, 'perSecond');
  return Object.keys(values)
    .filter((name) => name in NAMES)
    .map((name) =>
      compared({
        what,
        unit: '/s',
        ours: rates.truefork,
        theirs: rates[name],
        peer: NAMES[name],
        better: 'more',
        bar: bars[name],
      }),
    );
}

function named(values) {
  return Object.fromEntries(
    Object.entries(each(values, 'perSecond')).map(([name, list]) => [NAMES[name] ?? name, list]),
  );
}

/** Those with a client of their own. */
function owned() {
  const missing = peersMissing('@grpc/grpc-js', 'jayson');
  const names = ['truefork', ...(missing === undefined ? ['grpc', 'jayson'] : [])];
  return {
    contestants: Object.fromEntries(names.map((name) => [name, { server: name, client: name }])),
    absentees: missing === undefined ? [] : [absent('@grpc/grpc-js and jayson', missing)],
  };
}

export async function sequential({ seconds }) {
  const { contestants, absentees } = owned();
  const plain = { server: 'plain', client: 'plain' };
  const values = await measure({ ...contestants, plain }, { connections: 1, calls: 1 }, seconds);
  const what = 'one call after the other on one connection';
  return {
    figures: [
      atLeast({ what, unit: '/s', ours: each(values, 'perSecond').truefork, least: SEQUENTIAL }),
      timed({ what: '  99 of 100 take at most', unit: 'ms', ours: each(values, 'p99').truefork }),
      ...against(values, what, {}),
      ...absentees,
    ],
    pictures: [
      {
        name: 'rpc-sequential',
        title: 'One call after the other on one connection',
        unit: 'calls a second',
        rows: named(values),
      },
    ],
  };
}

export async function pipelined({ seconds }) {
  const { contestants, absentees } = owned();
  const values = await measure(contestants, PIPELINED, seconds);
  return {
    figures: [
      ...against(values, '16 connections, 16 calls at once on each', { grpc: BARS.grpc }),
      timed({ what: '  99 of 100 take at most', unit: 'ms', ours: each(values, 'p99').truefork }),
      ...absentees,
    ],
    pictures: [
      {
        name: 'rpc-pipelined',
        title: '16 connections, 16 calls at once on each',
        unit: 'calls a second',
        rows: named(values),
      },
    ],
  };
}

export async function bare({ seconds }) {
  const workers = String(availableParallelism());
  const contestants = {
    truefork: { server: 'prefork', argument: workers, client: 'raw' },
    'truefork, one process': { server: 'truefork', client: 'raw' },
    plain: { server: 'plain', client: 'raw' },
  };
  const values = await measure(contestants, PIPELINED, seconds);
  const what = 'the same without ids, from a load that costs next to nothing';
  const { 'truefork, one process': ours, plain: theirs } = each(values, 'perSecond');
  return {
    figures: [
      ...against(values, what, { plain: BARS.plain }),
      compared({ what: '  one process of ours', unit: '/s', ours, theirs, peer: NAMES.plain, better: 'more' }),
    ],
    pictures: [
      {
        name: 'rpc-server',
        title: 'The same frames, and a load that costs next to nothing',
        unit: 'calls a second',
        rows: named(values),
      },
    ],
  };
}
