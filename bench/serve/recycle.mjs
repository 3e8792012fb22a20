// Workers that are replaced after each few requests, ten thousand times: what the master has after a tenth of that, and after all.
import { readdirSync, readFileSync } from 'node:fs';
import { truefork } from './contestants.mjs';
import { counted } from './figures.mjs';
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

export default async function recycle({ recycles = 10_000 }) {
  const family = await truefork('bare', WORKERS, '--max-requests', String(MAX_REQUESTS));
  const lostBefore = await recycleUntil(family, recycles / 10);
  const before = holdings(family);
  const lostAfter = await recycleUntil(family, recycles);
  const after = holdings(family);
  const zombies = family.processes().filter(({ state }) => state === 'Z').length;
  await family.stop();
  const grown = (what, name, unit, most) => counted({ what, unit, ours: after[name] - before[name], most });
  return {
    figures: [
      grown(
        `descriptors that the master has gained, ${recycles.toLocaleString('en-US')} recycles`,
        'descriptors',
        '',
        0,
      ),
      grown('  threads', 'threads', '', 0),
      grown('  resident memory', 'rss', 'MB', RSS_NOISE),
      counted({ what: '  zombies', ours: zombies, most: 0 }),
      counted({ what: '  requests lost', ours: lostBefore + lostAfter, most: 0 }),
    ],
    pictures: [],
  };
}
