// Whether all of 16 workers get a fair part of what there is to do, at a quarter of the load that they can bear: requests each on
// a connection of its own, at a steady rate.
import { group, rowsOf } from '../result.mjs';
import { servers } from './contestants.mjs';
import { askSteadily, wrk } from './load.mjs';

const WORKERS = 16;
const LOAD = 1 / 4;
const ROUNDS = 3;
// Three hundred a worker: were each given to one by chance, the most would be 1.2 times the fewest.
const REQUESTS = WORKERS * 300;
const FEW_REQUESTS = WORKERS * 30;
const MOST = 2;

/** How many requests each worker has answered, in rising order. */
async function spread({ port }, requests, rate) {
  const counts = new Map();
  for (const { pid } of await askSteadily(port, requests, rate)) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  const idle = Array.from({ length: WORKERS - counts.size }, () => 0);
  return [...idle, ...counts.values()].sort((a, b) => a - b);
}

export default async function skew({ seconds, quick, times }) {
  const requests = quick ? FEW_REQUESTS : REQUESTS;
  const rounds = times(ROUNDS);
  const families = {};
  for (const [name, server] of Object.entries(servers)) families[name] = await server('bare', WORKERS);
  const { perSecond } = await wrk(families.truefork.port, { seconds, close: true });
  const spreads = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, family] of Object.entries(families)) {
      spreads[name].push(await spread(family, requests, perSecond * LOAD));
    }
  }
  for (const family of Object.values(families)) await family.stop();
  // Of the rounds, the one in the middle.
  const ratio = (list) => list.at(-1) / list[0];
  const typical = Object.entries(spreads).map(([name, lists]) => {
    return [name, lists.toSorted((a, b) => ratio(a) - ratio(b))[rounds >> 1]];
  });
  const ratios = Object.entries(spreads).map(([name, lists]) => [name, lists.map(ratio)]);
  return [
    group({
      name: 'evenness',
      title: 'Each of 16 workers, at a quarter of what they can answer: the most by the fewest',
      about: 'How many requests the busiest worker has answered for each one of the idlest.',
      better: 'less',
      rows: rowsOf(Object.fromEntries(ratios)),
      bars: ratios.filter(([name]) => name.startsWith('truefork')).map(([row]) => ({ row, most: MOST })),
    }),
    group({
      name: 'skew',
      title: 'Each of 16 workers, at a quarter of what they can answer',
      about:
        'How many requests each worker has answered, in the round in the middle: the nearer to each other, the fairer.',
      unit: 'requests',
      rows: rowsOf(Object.fromEntries(typical)),
      isPictured: true,
      hasDots: true,
    }),
  ];
}
