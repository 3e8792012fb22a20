// A server under prefork, whose master has child_process run COUNT shells that each leave an orphan behind, and tells how many
// did not end as they should. Its log goes to stdout.
import { exec } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { prctl, PR_SET_CHILD_SUBREAPER } from 'truefork';
import { prefork } from 'truefork/prefork';

const [options, count] = process.argv.slice(2);
prctl(PR_SET_CHILD_SUBREAPER, 1);
await prefork(() => createServer((request, response) => response.end(String(process.pid))), {
  host: '127.0.0.1',
  ...JSON.parse(options),
  log: console.log,
});
console.log('up');

const run = promisify(exec);
let left = Number(count);
let wrong = 0;

async function shells() {
  while (left > 0) {
    const code = 1 + (left-- % 200);
    const error = await run(`setsid -f sh -c 'exit 222'; exit ${code}`).catch((reason) => reason);
    if (error.code !== code) wrong++;
  }
}

await Promise.all(Array.from({ length: 4 }, shells));
console.log(`wrong=${wrong}`);
