// Four workers of an HTTP server, from "start" to all accepting: prefork against node:cluster. Each time in a process of
// its own, in turn, so that both see the machine as it is; the ratio is of the medians.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROUNDS = 15;
const BAR = 20;

const programs = { prefork: 'start-prefork.mjs', cluster: 'start-cluster.mjs' };
const times = { prefork: [], cluster: [] };
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, file] of Object.entries(programs)) {
    const out = execFileSync(process.execPath, [join(import.meta.dirname, 'programs', file)], { encoding: 'utf8' });
    times[name].push(Number(out));
  }
}

const sorted = (list) => list.toSorted((a, b) => a - b);
const median = (list) => sorted(list)[list.length >> 1];
console.log(`start: 4 workers from start to all accepting, ms of ${ROUNDS} runs each`);
for (const [name, list] of Object.entries(times)) {
  const [least, most] = [sorted(list)[0], sorted(list).at(-1)];
  console.log(`  ${name.padEnd(8)} min ${least.toFixed(1)}  median ${median(list).toFixed(1)}  max ${most.toFixed(1)}`);
}
const ratio = median(times.cluster) / median(times.prefork);
console.log(`  prefork is ${ratio.toFixed(1)} times as fast (bar: ${BAR})`);
process.exitCode = ratio >= BAR ? 0 : 1;
