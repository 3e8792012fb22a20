// Children that have the pid of their parent, as process 1 of a new pid namespace that is forked by process 1 of another: what
// a generator draws must not depend on the pid. Runs as process 1. Prints `passed`.
import assert from 'node:assert/strict';
import { getRandomValues, randomBytes, randomInt, randomUUID } from 'node:crypto';
import {
  CLONE_NEWPID,
  decodeWaitStatus,
  fork,
  MAP_ANONYMOUS,
  MAP_SHARED,
  mmap,
  PROT_READ,
  PROT_WRITE,
  unshare,
  waitpid,
} from 'truefork';

const LENGTH = 16;

function draw(into) {
  into.set(randomBytes(LENGTH), 0);
  into.set(getRandomValues(new Uint8Array(LENGTH)), LENGTH);
  into.set(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), 2 * LENGTH);
  into.writeUIntBE(randomInt(2 ** 47), 3 * LENGTH, 6);
}

assert.equal(process.pid, 1);
// Its generator is seeded, and so are the stocks.
draw(Buffer.alloc(4 * LENGTH));
const shared = Buffer.from(mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
unshare(CLONE_NEWPID);
const pid = fork();
if (pid === 0) {
  assert.equal(process.pid, 1);
  draw(shared);
} else {
  assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 0 });
  const own = Buffer.alloc(4 * LENGTH);
  draw(own);
  for (const at of [0, LENGTH, 2 * LENGTH, 3 * LENGTH]) {
    assert.notDeepEqual(own.subarray(at, at + LENGTH), shared.subarray(at, at + LENGTH), `at ${at}`);
  }
  console.log('passed');
}
