// A process forks that has closed a descriptor which it was started with, lower than those of its event loop; and so does
// its child.
import assert from 'node:assert/strict';
import { closeSync, promises as fs, readFileSync } from 'node:fs';
import { decodeWaitStatus, fork, waitpid } from 'truefork';

const self = new URL(import.meta.url);
const ended = (pid) => decodeWaitStatus(waitpid(pid, 0).status);

closeSync(3);
for (const code of [7, 6]) {
  const pid = fork();
  if (pid > 0) {
    assert.deepEqual(ended(pid), { state: 'exited', code });
    if (code === 6) process.exit(7);
    console.log('passed');
    process.exit();
  }
  // Of the threadpool, which wakes the event loop.
  assert.equal(await fs.readFile(self, 'utf8'), readFileSync(self, 'utf8'));
}
process.exit(6);
