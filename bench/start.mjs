// Four workers of an HTTP server, from "start" to all accepting: prefork against node:cluster. Each time in a process of
// its own, in turn, so that both see the machine as it is; the ratio is of the medians. `express` is a server as people
// run them, which every worker of a cluster loads for itself; `bare` is node:http and nothing else.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROUNDS = 15;
const BAR = { application: 'express', ratio: 20 };

const sorted = (list) => list.toSorted((a, b) => a - b);
const median = (list) => sorted(list)[list.length >> 1];

function measure(server, application) {
  const program = join(import.meta.dirname, 'programs', `start-${server}.mjs`);
  return Number(execFileSync(process.execPath, [program, application], { encoding: 'utf8' }));
}

console.log(`start: 4 workers from start to all accepting, milliseconds of ${ROUNDS} runs each`);
for (const application of ['bare', 'express']) {
  const times = { prefork: [], cluster: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [server, list] of Object.entries(times)) list.push(measure(server, application));
  }
  for (const [server, list] of Object.entries(times)) {
    const [least, middle, most] = [sorted(list)[0], median(list), sorted(list).at(-1)].map((time) => time.toFixed(1));
    console.log(`  ${application.padEnd(8)} ${server}  min ${least}  median ${middle}  max ${most}`);
  }
  const ratio = median(times.cluster) / median(times.prefork);
  const bar = application === BAR.application ? ` (bar: ${BAR.ratio})` : '';
  console.log(`  ${application.padEnd(8)} prefork is ${ratio.toFixed(1)} times as fast${bar}`);
  if (bar !== '' && ratio < BAR.ratio) process.exitCode = 1;
}
