// Work that is under way at the fork: what the threadpool has finished, or finishes before the fork, arrives in both
// processes; timers and immediates run in both.
import assert from 'node:assert/strict';
import { pbkdf2, randomBytes } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import { decodeWaitStatus, fork, waitpid } from 'truefork';

const COUNT = Number(process.argv[2]);

for (let n = 0; n < COUNT; n++) {
  const work = [
    fs.readFile(process.argv[1]),
    fs.stat('/'),
    promisify(randomBytes)(16),
    promisify(pbkdf2)('secret', 'salt', 100, 16, 'sha256'),
    promisify(deflate)(Buffer.alloc(10_000)),
    new Promise((resolve) => setTimeout(resolve, 1)),
    new Promise((resolve) => setImmediate(resolve)),
  ];
  if (n % 2 === 0) await new Promise(setImmediate);
  const pid = fork();
  await Promise.all(work);
  if (pid === 0) process.exit(6);
  assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 6 });
}
console.log('passed');
