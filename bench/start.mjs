// Four workers of an HTTP server, from "start" to all accepting: prefork against node:cluster; the ratio is of the medians.
// `express` is a server as people run them, which every worker of a cluster loads for itself; `bare` is node:http and nothing
// else.
import { median } from './serve/figures.mjs';
import { BAR, startTimes } from './serve/start.mjs';

const sorted = (list) => list.toSorted((a, b) => a - b);

console.log('start: 4 workers from start to all accepting, milliseconds');
for (const application of ['bare', 'express']) {
  const times = await startTimes(application);
  for (const [server, list] of Object.entries(times)) {
    const [least, middle, most] = [sorted(list)[0], median(list), sorted(list).at(-1)].map((time) => time.toFixed(1));
    console.log(`  ${application.padEnd(8)} ${server}  min ${least}  median ${middle}  max ${most}`);
  }
  const ratio = median(times.cluster) / median(times.prefork);
  const bar = application === BAR.application ? ` (bar: ${BAR.ratio})` : '';
  console.log(`  ${application.padEnd(8)} prefork is ${ratio.toFixed(1)} times as fast${bar}`);
  if (bar !== '' && ratio < BAR.ratio) process.exitCode = 1;
}
