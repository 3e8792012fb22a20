// An application of 100 MB with eight workers, under us and under the process managers that people run: how long it takes to start,
// what all of it takes in memory, and what is lost while it is reloaded.
import { setTimeout as sleep } from 'node:timers/promises';
import { group, row } from '../result.mjs';
import { aptMissing, gunicorn, pm2Cluster, pm2Command, pm2Missing, truefork } from './contestants.mjs';
import { askOften, wrk } from './load.mjs';

const WORKERS = 8;
const ROUNDS = 3;
const REQUESTS = 20_000;
const FEW_REQUESTS = 500;
const RELOADS = 1;
const REST = 2_000;

const contestants = {
  truefork: {
    start: () => truefork('large', WORKERS),
    async reload(family, n) {
      family.signal('SIGHUP');
      await family.logged(/ reloaded /, n);
    },
  },
  'pm2, cluster mode': {
    missing: pm2Missing,
    start: () => pm2Cluster('large', WORKERS),
    reload: (family) => pm2Command(family, 'reload', 'served'),
  },
  'gunicorn --preload': {
    missing: () => aptMissing('gunicorn'),
    start: () => gunicorn(WORKERS, true),
    reload: reloadGunicorn,
  },
  gunicorn: {
    missing: () => aptMissing('gunicorn'),
    start: () => gunicorn(WORKERS, false),
    reload: reloadGunicorn,
  },
};

async function reloadGunicorn(family, n) {
  family.signal('SIGHUP');
  await family.listening(WORKERS * (n + 1));
  await family.settled(1 + WORKERS);
}

async function lostWhileReloading(family, reload) {
  const end = new AbortController();
  const load = wrk(family.port, { seconds: 3_600, connections: 16, close: true, signal: end.signal });
  const begun = performance.now();
  for (let n = 1; n <= RELOADS; n++) await reload(family, n);
  const time = (performance.now() - begun) / RELOADS;
  end.abort();
  return { ...(await load), time };
}

async function measure({ start, reload }, requests, refork) {
  const family = await start();
  await sleep(REST);
  const cold = family.memory();
  await askOften(family.port, requests);
  await sleep(REST);
  const served = family.memory();
  let reforked;
  if (refork) {
    family.signal('SIGUSR2');
    await family.logged(/ reforked /, 1);
    await family.settled(2 + WORKERS);
    await askOften(family.port, requests);
    await sleep(REST);
    reforked = family.memory();
  }
  const reloaded = await lostWhileReloading(family, reload);
  await family.stop();
  return { ...reloaded, started: family.started, cold, served, reforked };
}

export default async function peers({ quick, times }) {
  const requests = quick ? FEW_REQUESTS : REQUESTS;
  const missing = Object.fromEntries(Object.entries(contestants).map(([name, { missing }]) => [name, missing?.()]));
  const values = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  const present = Object.keys(contestants).filter((name) => missing[name] === undefined);
  for (let round = 0; round < times(ROUNDS); round++) {
    for (const name of present) values[name].push(await measure(contestants[name], requests, name === 'truefork'));
  }
  const of = (name, what) => values[name].map((value) => value[what]);
  const rows = (what) =>
    Object.keys(contestants).map((name) =>
      row(name, of(name, what), { ours: name === 'truefork', install: missing[name] }),
    );
  const sum = (name, what) => of(name, what).reduce((total, value) => total + value, 0);
  const lost = rows('lost').map(({ name, values: list, ...rest }) =>
    row(name, list.length === 0 ? [] : [sum(name, 'lost')], rest),
  );
  const often = requests.toLocaleString('en-US');
  const memory = { unit: 'MB', better: 'less' };
  return [
    group({
      name: 'peers-start',
      title: 'Eight workers of an application of 100 MB, until all accept',
      about: 'How long it takes from the command until the last of eight workers accepts connections.',
      unit: 'ms',
      better: 'less',
      rows: rows('started'),
      isPictured: true,
    }),
    group({
      name: 'peers-memory-cold',
      title: 'The same before any request: memory of all its processes (PSS)',
      about: 'The memory of all processes of the server, each page counted once, when all workers accept.',
      ...memory,
      rows: rows('cold'),
    }),
    group({
      name: 'peers-memory',
      title: `The same after ${often} requests: memory of all its processes (PSS)`,
      about: 'The same when the requests have been answered; ours also after a refork and as many requests again.',
      ...memory,
      rows: [row('truefork, reforked', of('truefork', 'reforked'), { ours: true }), ...rows('served')],
      isPictured: true,
    }),
    group({
      name: 'peers-reload',
      title: 'A reload under load',
      about: 'How long it takes to replace all workers of that application while requests come.',
      unit: 'ms',
      better: 'less',
      rows: rows('time'),
    }),
    group({
      name: 'peers-lost',
      title: 'Requests lost by the reloads',
      about: `Of the requests that came during ${times(ROUNDS) * RELOADS} reloads, those that were refused, reset or not answered.`,
      better: 'less',
      rows: lost,
      bars: [{ row: 'truefork', most: 0 }],
      notes: present.map((name) => ({ what: `requests that came, ${name}`, value: sum(name, 'requests') })),
    }),
  ];
}
