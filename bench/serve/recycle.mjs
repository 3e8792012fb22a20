// Workers that are replaced after each few requests, ten thousand times: what the master has after half of that, and after all. Until
// then its heap grows to the size that it keeps.
import { readdirSync, readFileSync } from 'node:fs';
import { group, row } from '../result.mjs';
import { truefork } from './contestants.mjs';
import { wrk } from './load.mjs';

const WORKERS = 4;
const MAX_REQUESTS = 5;
// Megabytes of a heap that has its garbage, or has it not.
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
  const lostBefore = await recycleUntil(family, recycles / 2);
  const before = holdings(family);
  const lostAfter = await recycleUntil(family, recycles);
  const after = holdings(family);
  const zombies = family.processes().filter(({ state }) => state === 'Z').length;
  await family.stop();
  const gained = (name) => [after[name] - before[name]];
  const counts = {
    'descriptors gained': gained('descriptors'),
    'threads gained': gained('threads'),
    zombies: [zombies],
    'requests lost': [lostBefore + lostAfter],
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
      about: 'The resident memory that the master has more after all of them than after half.',
      unit: 'MB',
      better: 'less',
      rows: [row(memory, gained('rss'), { ours: true })],
      bars: [{ row: memory, most: RSS_NOISE }],
    }),
  ];
}
