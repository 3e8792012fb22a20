// Signals each child the moment it exists, COUNT times: the child must handle it with the handler that it installs
// itself, and the parent, which has one too, must never see it.
import assert from 'node:assert/strict';
import { allSignals, decodeWaitStatus, fork, kill, SIG_BLOCK, SIG_SETMASK, sigprocmask, waitpid } from 'truefork';

const count = Number(process.argv[2]);
let mine = 0;
const parentHandler = () => mine++;
process.on('SIGTERM', parentHandler);

for (let n = 0; n < count; n++) {
  await new Promise(setImmediate);
  const mask = sigprocmask(SIG_BLOCK, allSignals);
  const pid = fork();
  if (pid === 0) {
    process.off('SIGTERM', parentHandler);
    process.on('SIGTERM', () => process.exit(7));
    sigprocmask(SIG_SETMASK, mask);
    setInterval(() => {}, 1000);
    await new Promise(() => {});
  }
  kill(pid, 'SIGTERM');
  sigprocmask(SIG_SETMASK, mask);
  assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 7 });
}
await new Promise(setImmediate);
assert.equal(mine, 0);
console.log('passed');
