// An application of 100 MB with eight workers, under us and under the process managers that people run: how long it takes to start,
// what all of it takes in memory, and what is lost while it is reloaded.
import { setTimeout as sleep } from 'node:timers/promises';
import { aptMissing, gunicorn, pm2Cluster, pm2Command, pm2Missing, truefork } from './contestants.mjs';
import { absent, compared, counted } from './figures.mjs';
import { askOften, wrk } from './load.mjs';

const WORKERS = 8;
const ROUNDS = 3;
const REQUESTS = 20_000;
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

async function measure({ start, reload }, refork) {
  const family = await start();
  await sleep(REST);
  const cold = family.memory();
  await askOften(family.port, REQUESTS);
  await sleep(REST);
  const served = family.memory();
  let reforked;
  if (refork) {
    family.signal('SIGUSR2');
    await family.logged(/ reforked /, 1);
    await family.settled(2 + WORKERS);
    await askOften(family.port, REQUESTS);
    await sleep(REST);
    reforked = family.memory();
  }
  const { requests, lost, time } = await lostWhileReloading(family, reload);
  await family.stop();
  return { started: family.started, cold, served, reforked, requests, lost, time };
}

export default async function peers() {
  const missing = Object.fromEntries(Object.entries(contestants).map(([name, { missing }]) => [name, missing?.()]));
  const present = Object.keys(contestants).filter((name) => missing[name] === undefined);
  const values = Object.fromEntries(present.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of present) values[name].push(await measure(contestants[name], name === 'truefork'));
  }
  const of = (name, what) => values[name].map((value) => value[what]);
  const sum = (name, what) => of(name, what).reduce((total, value) => total + value, 0);
  const lost = (name) =>
    counted({
      what: `  lost of ${sum(name, 'requests').toLocaleString('en-US')} requests in ${RELOADS * ROUNDS} reloads, ${name}`,
      ours: sum(name, 'lost'),
      most: name === 'truefork' ? 0 : undefined,
    });
  const figures = present
    .filter((peer) => peer !== 'truefork')
    .flatMap((peer) => {
      const against = (what, unit, mine, their) =>
        compared({ what, unit, ours: of('truefork', mine), theirs: of(peer, their), peer, better: 'less' });
      return [
        against('8 workers of a 100 MB application, until all accept', 'ms', 'started', 'started'),
        against('  memory (PSS) of all of it', 'MB', 'cold', 'cold'),
        against(`  after ${REQUESTS.toLocaleString('en-US')} requests`, 'MB', 'served', 'served'),
        against('  after as many, reforked', 'MB', 'reforked', 'served'),
        against('  a reload under load', 'ms', 'time', 'time'),
        lost(peer),
      ];
    });
  const absentees = Object.entries(missing).filter(([, install]) => install !== undefined);
  return {
    figures: [...figures, lost('truefork'), ...absentees.map(([name, install]) => absent(name, install))],
    pictures: [
      {
        name: 'serve-peers-start',
        title: 'Eight workers of an application of 100 MB, until all accept',
        unit: 'milliseconds',
        rows: Object.fromEntries(present.map((name) => [name, of(name, 'started')])),
      },
      {
        name: 'serve-peers-memory',
        title: `The same after ${REQUESTS.toLocaleString('en-US')} requests: memory of all its processes (PSS)`,
        unit: 'megabytes',
        rows: {
          'truefork, reforked': of('truefork', 'reforked'),
          ...Object.fromEntries(present.map((name) => [name, of(name, 'served')])),
        },
      },
    ],
  };
}
