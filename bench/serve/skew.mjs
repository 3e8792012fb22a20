// Whether all of 16 workers get a fair part of what there is to do, at a quarter of the load that they can bear: requests each on
// a connection of its own, at a steady rate.
import { servers } from './contestants.mjs';
import { counted } from './figures.mjs';
import { askSteadily, wrk } from './load.mjs';

const WORKERS = 16;
const LOAD = 1 / 4;
const ROUNDS = 3;
// Three hundred a worker: were each given to one by chance, the most would be 1.2 times the fewest.
const REQUESTS = WORKERS * 300;
const MOST = 2;

/** How many requests each worker has answered, in rising order. */
async function spread({ port }, rate) {
  const counts = new Map();
  for (const { pid } of await askSteadily(port, REQUESTS, rate)) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  const idle = Array.from({ length: WORKERS - counts.size }, () => 0);
  return [...idle, ...counts.values()].sort((a, b) => a - b);
}

export default async function skew({ seconds }) {
  const families = {};
  for (const [name, server] of Object.entries(servers)) families[name] = await server('bare', WORKERS);
  const { perSecond } = await wrk(families.truefork.port, { seconds, close: true });
  const spreads = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, family] of Object.entries(families)) {
      spreads[name].push(await spread(family, perSecond * LOAD));
    }
  }
  for (const family of Object.values(families)) await family.stop();
  // Of the rounds, the one in the middle.
  const ratio = (list) => list.at(-1) / list[0];
  const typical = Object.entries(spreads).map(([name, lists]) => {
    return [name, lists.toSorted((a, b) => ratio(a) - ratio(b))[ROUNDS >> 1]];
  });
  return {
    figures: typical.map(([name, list]) =>
      counted({
        what: `most requests of a worker by the fewest, ${name}`,
        ours: ratio(list),
        most: name.startsWith('truefork') ? MOST : undefined,
      }),
    ),
    pictures: [
      {
        name: 'serve-skew',
        title: `Each of 16 workers, at a quarter of what they can answer`,
        unit: 'requests',
        rows: Object.fromEntries(typical),
        dots: true,
      },
    ],
  };
}
