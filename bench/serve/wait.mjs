// How long a request waits while some workers compute: each on a connection of its own, at a steady rate, of which one of fifty
// computes for 20 ms. What comes to a worker meanwhile has to wait, unless another can take it.
import { servers } from './contestants.mjs';
import { compared, interleave } from './figures.mjs';
import { askSteadily } from './load.mjs';

const WORKERS = 4;
const ROUNDS = 3;
const RATE = 500; // a second
const REQUESTS = 2_000;

export default async function wait() {
  const families = {};
  for (const [name, server] of Object.entries(servers)) families[name] = await server('uneven', WORKERS);
  const measures = Object.entries(families).map(([name, { port }]) => [
    name,
    async () => {
      const times = (await askSteadily(port, REQUESTS, RATE)).map(({ time }) => time).sort((a, b) => a - b);
      // Two of a hundred compute themselves.
      return times[Math.floor(times.length * 0.97)];
    },
  ]);
  const values = await interleave(ROUNDS, Object.fromEntries(measures));
  for (const family of Object.values(families)) await family.stop();
  const { truefork, ...others } = values;
  const figure = { what: 'what 97 % wait at most, where one of 50 computes for 20 ms', unit: 'ms', better: 'less' };
  return {
    figures: Object.entries(others).map(([peer, theirs]) => compared({ ...figure, ours: truefork, theirs, peer })),
    pictures: [
      {
        name: 'serve-wait',
        title: 'One request of fifty computes for 20 ms: what 97 % of all wait at most',
        unit: 'milliseconds',
        rows: values,
      },
    ],
  };
}
