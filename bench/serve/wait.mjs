// How long a request waits while some workers compute: each on a connection of its own, at a steady rate, of which one of fifty
// computes for 20 ms. What comes to a worker meanwhile has to wait, unless another can take it.
import { group, interleave, rowsOf } from '../result.mjs';
import { servers } from './contestants.mjs';
import { askSteadily } from './load.mjs';

const WORKERS = 4;
const ROUNDS = 3;
const RATE = 500; // a second
const REQUESTS = 2_000;
const FEW_REQUESTS = 500;

export default async function wait({ quick, times }) {
  const requests = quick ? FEW_REQUESTS : REQUESTS;
  const families = {};
  for (const [name, server] of Object.entries(servers)) families[name] = await server('uneven', WORKERS);
  const measures = Object.entries(families).map(([name, { port }]) => [
    name,
    async () => {
      const waits = (await askSteadily(port, requests, RATE)).map(({ time }) => time).sort((a, b) => a - b);
      // Two of a hundred compute themselves.
      return waits[Math.floor(waits.length * 0.97)];
    },
  ]);
  const values = await interleave(times(ROUNDS), Object.fromEntries(measures));
  for (const family of Object.values(families)) await family.stop();
  return [
    group({
      name: 'wait',
      title: 'One request of fifty computes for 20 ms: what 97 % of all wait at most',
      about: 'How long a request waits where some workers compute, at a steady rate; each on a connection of its own.',
      unit: 'ms',
      better: 'less',
      rows: rowsOf(values),
      isPictured: true,
    }),
  ];
}
