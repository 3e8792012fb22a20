// Children that all end at the same moment, each by Node's own way out, COUNT times: what Node shuts down there, its
// other event loops too, is the child's own.
import assert from 'node:assert/strict';
import { close, decodeWaitStatus, forkMany, pipe2, read, waitpid } from 'truefork';

const count = Number(process.argv[2]);
for (let n = 0; n < count; n++) {
  await new Promise(setImmediate);
  const [reader, writer] = pipe2(0);
  const forked = forkMany(8);
  if (forked.role === 'child') {
    close(writer);
    read(reader, Buffer.alloc(1)); // Until the parent lets all go at once.
    process.exit(7);
  }
  close(reader);
  close(writer);
  for (const pid of forked.pids) {
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 7 });
  }
}
console.log('passed');
