// A fork that waits for nobody's work, `{ timeout: 0 }`, goes when nobody works: idle threads have the time to come to it
// that it takes them to get a processor.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { _exit, decodeWaitStatus, fork, ForkUnsafeError, waitpid } from 'truefork';

const FORKS = 100;
// V8 may compile or collect garbage at one moment, but not at each of these.
const TRIES = 3;

for (let n = 0; n < FORKS; n++) {
  for (let left = TRIES - 1; ; left--) {
    await pause(5 * (TRIES - left));
    try {
      const pid = fork({ timeout: 0 });
      if (pid === 0) _exit(7);
      assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 7 });
      break;
    } catch (error) {
      assert(error instanceof ForkUnsafeError, error);
      assert.match(error.message, /\(tid \d+\) is (running|in )|a thread ended meanwhile/);
      assert(left > 0, `fork ${n}: ${error.message}`);
    }
  }
}
console.log('passed');
