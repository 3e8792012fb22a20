// child_process.fork and cluster.fork, until the child's first line of JavaScript. Arguments: megabytes, rounds. Prints as
// fork-costs.mjs does.
import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';
import { grow } from './grow.mjs';

const [megabytes, rounds] = process.argv.slice(2).map(Number);
const first = join(import.meta.dirname, 'first-line.cjs');
cluster.setupPrimary({ exec: first });

// A bare Node.js, without the arguments of this one.
const ways = {
  'child_process.fork': () => fork(first, { execArgv: [] }),
  'cluster.fork': () => cluster.fork().process,
};

const result = { rss: grow(megabytes) };
for (const way of Object.keys(ways)) result[way] = [];
for (let round = 0; round < rounds; round++) {
  for (const [way, start] of Object.entries(ways)) {
    const began = process.hrtime.bigint();
    const child = start();
    // Node's cluster has messages of its own.
    const ran = new Promise((resolve) => child.on('message', (message) => message.ran && resolve(message.ran)));
    const ended = once(child, 'exit');
    result[way].push(Number(BigInt(await ran) - began) / 1e3);
    child.kill('SIGKILL');
    await ended;
  }
}
console.log(JSON.stringify(result));
process.exit();
