// A signal while one waits for a child: node posix-wait-interrupt.mjs <case>.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  getpid,
  InterruptedError,
  ITIMER_REAL,
  kill,
  P_PID,
  retryOnIntr,
  setitimer,
  siginterrupt,
  wait,
  wait3,
  wait4,
  waitid,
  waitpid,
  WEXITED,
} from 'truefork';
import { child, gate, runCase, signalAsleep } from './posix-cases.mjs';

const main = getpid();
let handled = 0;
process.on('SIGALRM', () => handled++);

const calls = {
  wait: () => wait(),
  wait3: () => wait3(0),
  wait4: (pid) => wait4(pid, 0),
  waitid: (pid) => waitid(P_PID, pid, WEXITED),
  waitpid: (pid) => waitpid(pid, 0),
};

await runCase({
  async interrupted() {
    siginterrupt('SIGALRM', true);
    for (const [name, call] of Object.entries(calls)) {
      const end = gate();
      const pid = child(() => end.wait());
      // Again and again: the first may come before the call.
      setitimer(ITIMER_REAL, 0.02, 0.02);
      assert.throws(
        () => call(pid),
        (error) => {
          assert.ok(error instanceof InterruptedError, String(error));
          assert.deepEqual([error.code, error.syscall], ['EINTR', name]);
          return true;
        },
      );
      // Nothing is lost: who says so gets the child in spite of it.
      end.open();
      assert.equal(retryOnIntr(() => call(pid)).pid, pid);
      setitimer(ITIMER_REAL, 0, 0);
    }
    if (handled === 0) await once(process, 'SIGALRM');
  },

  async restarted() {
    siginterrupt('SIGALRM', false);
    for (const call of Object.values(calls)) {
      const end = gate();
      const pid = child(() => end.wait());
      // In another process: signals this one while it sleeps in its call.
      const helper = child(() => {
        signalAsleep(main, 'SIGALRM', 3);
        end.open();
        // It must not end before the child: to `wait` they are the same.
        kill(getpid(), 'SIGSTOP');
      });
      assert.equal(call(pid).pid, pid);
      kill(helper, 'SIGKILL');
      waitpid(helper, 0);
    }
    if (handled === 0) await once(process, 'SIGALRM');
  },
});
