// What it costs a program to be traced: the same calls in the same program, with `truefork trace` and without, in turns; of each
// the best median, so that what else runs on the machine counts least.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, 'programs', 'trace-costs.mjs');
const command = join(import.meta.dirname, '..', 'dist', 'cli', 'main.js');
const run = (...words) => JSON.parse(execFileSync(process.execPath, [...words, program], { encoding: 'utf8' }));

const trace = [command, 'trace', '--capacity', '8000000', '--json', '/dev/null', '--', process.execPath];
const ROUNDS = 4;

const untraced = {};
const traced = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const [best, words] of [
    [untraced, []],
    [traced, trace],
  ]) {
    for (const [name, time] of Object.entries(run(...words))) best[name] = Math.min(best[name] ?? Infinity, time);
  }
}

const shown = (nanoseconds) => (nanoseconds / 1000).toFixed(2).padStart(10);
console.log(`trace: microseconds per call, Node.js ${process.version}`);
console.log(`  ${''.padEnd(28)}${'untraced'.padStart(10)}${'traced'.padStart(10)}${'more'.padStart(10)}`);
for (const [name, time] of Object.entries(untraced)) {
  console.log(`  ${name.padEnd(28)}${shown(time)}${shown(traced[name])}${shown(traced[name] - time)}`);
}
