// Sixteen put, sixteen get, a million items: each comes once. `ipc-crowd.mjs ITEMS`
import assert from 'node:assert/strict';
import { _exit, forkMany, waitpid } from 'truefork';
import { Queue, SharedArray } from 'truefork/ipc';

const MANY = 16;
const EACH = Math.ceil(Number(process.argv[2]) / MANY);

const queue = new Queue();
const taken = new SharedArray(Uint8Array, MANY * EACH).array;
const family = forkMany(2 * MANY);
if (family.role === 'child') {
  const { index } = family;
  if (index < MANY) {
    for (let n = 0; n < EACH; n++) queue.put(index * EACH + n);
    queue.put('end');
  } else {
    for (let item; (item = queue.get()) !== 'end';) Atomics.add(taken, item, 1);
  }
  _exit(0);
}
for (const pid of family.pids) assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
assert.ok(taken.every((count) => count === 1));
assert.equal(queue.qsize(), 0);
console.log('passed');
