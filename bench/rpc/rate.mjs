// How many calls a second: one after the other on one connection, and many at once on sixteen. With one's own client, as people
// have it; and with a load that costs next to nothing, so that it is the server that is measured.
import { availableParallelism } from 'node:os';
import { peersMissing } from '../peers/installed.mjs';
import { group, interleave, row } from '../result.mjs';
import { load, Server } from './processes.mjs';

const ROUNDS = 5;
const SEQUENTIAL = 40_000;
const PIPELINED = { connections: 16, calls: 16 };
const BARS = { plain: 2, grpc: 5 };
const NAMES = { plain: 'a plain Node server', grpc: '@grpc/grpc-js', jayson: 'jayson (tcp)' };

/** Each client with its server, in turn; what it printed each time. */
async function measure(contestants, shape, { seconds, times }) {
  const servers = {};
  for (const [name, { server, argument }] of Object.entries(contestants)) {
    servers[name] = await Server.start(server, argument, shape.onOneProcessor);
  }
  const measures = Object.entries(contestants).map(([name, { client }]) => [
    name,
    () => load(client, servers[name], { ...shape, seconds }),
  ]);
  const values = await interleave(times(ROUNDS), Object.fromEntries(measures));
  for (const server of Object.values(servers)) await server.stop();
  return values;
}

function each(values, what) {
  return Object.fromEntries(Object.entries(values).map(([name, list]) => [name, list.map((value) => value[what])]));
}

/** @param absentees rows of the peers that are not there */
function groupsOf({ name, title, about, bars }, values, absentees) {
  const rows = (what) => [...rowsOf(each(values, what)), ...absentees];
  return [
    group({ name, title, about, unit: '/s', better: 'more', rows: rows('perSecond'), bars, isPictured: true }),
    group({
      name: `${name}-p99`,
      title: `${title}: what 99 of 100 take at most`,
      about: 'How long a call takes, from the call until its answer is there; the slowest of a hundred are left out.',
      unit: 'ms',
      better: 'less',
      rows: rows('p99'),
    }),
  ];
}

function rowsOf(values) {
  return Object.entries(values).map(([name, list]) =>
    row(NAMES[name] ?? name, list, { ours: name.startsWith('truefork') }),
  );
}

/** Those with a client of their own. */
function owned() {
  const missing = peersMissing('@grpc/grpc-js', 'jayson');
  const names = ['truefork', ...(missing === undefined ? ['grpc', 'jayson'] : [])];
  return {
    contestants: Object.fromEntries(names.map((name) => [name, { server: name, client: name }])),
    absentees:
      missing === undefined ? [] : ['grpc', 'jayson'].map((name) => row(NAMES[name], [], { install: missing })),
  };
}

export async function sequential(options) {
  const { contestants, absentees } = owned();
  const plain = { server: 'plain', client: 'plain' };
  const shape = { connections: 1, calls: 1 };
  const together = await measure({ ...contestants, plain }, { ...shape, onOneProcessor: true }, options);
  const apart = await measure({ ...contestants, plain }, shape, options);
  const title = 'One call after the other on one connection';
  const about = 'How many calls a second a client makes that waits for each answer.';
  return [
    ...groupsOf(
      {
        name: 'sequential',
        title: `${title}, on one processor`,
        about: `${about} Client and server never work at the same time: here they have one processor for both.`,
        bars: [{ row: 'truefork', least: SEQUENTIAL }],
      },
      together,
      absentees,
    ),
    ...groupsOf(
      {
        name: 'sequential-apart',
        title: `${title}, where the kernel places them`,
        about: `${about} On two processors each waits, for each call, until the other one's has woken up: as long as this machine takes for that.`,
        bars: [],
      },
      apart,
      absentees,
    ),
  ];
}

export async function pipelined(options) {
  const { contestants, absentees } = owned();
  const values = await measure(contestants, PIPELINED, options);
  const what = {
    name: 'pipelined',
    title: '16 connections, 16 calls at once on each',
    about: 'How many calls a second are answered, of clients with 16 calls under way on each connection.',
    bars: [{ row: 'truefork', peer: NAMES.grpc, times: BARS.grpc }],
  };
  return groupsOf(what, values, absentees);
}

export async function bare(options) {
  const workers = String(availableParallelism());
  const contestants = {
    truefork: { server: 'prefork', argument: workers, client: 'raw' },
    'truefork, one process': { server: 'truefork', client: 'raw' },
    plain: { server: 'plain', client: 'raw' },
  };
  const values = await measure(contestants, PIPELINED, options);
  return [
    group({
      name: 'server',
      title: 'The same frames, and a load that costs next to nothing',
      about: `How many calls a second the server answers, without ids: ${workers} processes of ours, one of ours, and one plain.`,
      unit: '/s',
      better: 'more',
      rows: rowsOf(each(values, 'perSecond')),
      bars: [{ row: 'truefork', peer: NAMES.plain, times: BARS.plain }],
      isPictured: true,
    }),
  ];
}
