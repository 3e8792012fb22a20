// Workers that are replaced after each few requests, ten thousand times: what the master has after half of that, and after all. Until
// then its heap grows to the size that it keeps.
import { readdirSync, readFileSync } from 'node:fs';
import { group, row } from '../result.mjs';
import { truefork } from './contestants.mjs';
import { wrk } from './load.mjs';

const WORKERS = 4;
const MAX_REQUESTS = 5;
// A heap has its garbage, or has it not: the least of so many looks is what the master holds.
const LOOKS = 5;
// Megabytes.
const RSS_NOISE = 4;

async function recycleUntil(family, times) {
  const end = new AbortController();
  const load = wrk(family.port, { seconds: 3_600, connections: 8, close: true, signal: end.signal });
  await family.logged(/ recycling /, times);
  end.abort();
  const { lost } = await load;
  // The master, the mold, and those that serve.
  await family.settled(2 + WORKERS);
  return lost;
}

function holdings({ root }) {
  const status = readFileSync(`/proc/${root}/status`, 'utf8');
  const number = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]);
  return {
    descriptors: readdirSync(`/proc/${root}/fd`).length,
    threads: number('Threads'),
    rss: number('VmRSS') / 1024,
  };
}

export default async function recycle({ recycles }) {
  const family = await truefork('bare', WORKERS, '--max-requests', String(MAX_REQUESTS));
  let lost = await recycleUntil(family, recycles / 2);
  const before = holdings(family);
  const looks = [];
  for (let look = 1; look <= 2 * LOOKS; look++) {
    lost += await recycleUntil(family, Math.round((recycles / 2) * (1 + look / (2 * LOOKS))));
    looks.push(holdings(family));
  }
  const after = looks.at(-1);
  const least = (some) => Math.min(...some.map(({ rss }) => rss));
  const zombies = family.processes().filter(({ state }) => state === 'Z').length;
  await family.stop();
  const gained = (name) => [after[name] - before[name]];
  const counts = {
    'descriptors gained': gained('descriptors'),
    'threads gained': gained('threads'),
    zombies: [zombies],
    'requests lost': [lost],
  };
  const often = recycles.toLocaleString('en-US');
  const memory = 'resident memory gained';
  return [
    group({
      name: 'recycle',
      title: `A master that has replaced ${often} workers`,
      about: 'What the master has more after all of them than after half, and what the clients have lost.',
      better: 'less',
      rows: Object.entries(counts).map(([name, list]) => row(name, list, { ours: true })),
      bars: Object.keys(counts).map((name) => ({ row: name, most: 0 })),
    }),
    group({
      name: 'recycle-memory',
      title: `The memory of a master that has replaced ${often} workers`,
      about: `How much more the least resident memory of the master is in the last quarter than in the one before, of ${LOOKS} looks in each.`,
      unit: 'MB',
      better: 'less',
      rows: [row(memory, [least(looks.slice(LOOKS)) - least(looks.slice(0, LOOKS))], { ours: true })],
      bars: [{ row: memory, most: RSS_NOISE }],
    }),
  ];
}
