// What it costs a program to be traced: the same calls in the same program, with `truefork trace` and without, in turns; of each
// the best median, so that what else runs on the machine counts least.
//
// `npm run bench -- trace [--rounds 4]`
import { join } from 'node:path';
import { group, interleave, row } from './result.mjs';
import { printed } from './running.mjs';
import { measure } from './side-by-side.mjs';

const program = join(import.meta.dirname, 'programs', 'trace-costs.mjs');
const command = join(import.meta.dirname, '..', 'dist', 'cli', 'main.js');
const traced = [command, 'trace', '--capacity', '8000000', '--json', '/dev/null', '--', process.execPath];
const MICROSECOND = 1_000;

const run = (...words) => JSON.parse(printed(process.execPath, ...words, program));

async function trace({ rounds }) {
  const runs = await interleave(rounds, { without: () => run(), traced: () => run(...traced) });
  const of = (how, call) => runs[how].map((medians) => medians[call] / MICROSECOND);
  return [
    group({
      name: 'calls',
      title: 'A call of a program that is traced',
      about: 'How long a call takes under `truefork trace`, against the same call in the same program without it.',
      unit: 'µs',
      better: 'less',
      statistic: 'least',
      rows: Object.keys(runs.without[0]).flatMap((call) => [
        row(`${call}, traced`, of('traced', call), { ours: true, peers: [call] }),
        row(call, of('without', call)),
      ]),
    }),
  ];
}

await measure({
  name: 'trace',
  title: 'What it costs to be traced',
  about: 'The same program with and without `truefork trace`, in turn; of each the best median.',
  versions: [],
  numbers: { rounds: { untold: 4, quick: 1 } },
  rows: { calls: trace },
});
