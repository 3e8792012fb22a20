// The signal mask, compared with what the kernel says of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  allSignals,
  getpid,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  siginterrupt,
  signalNumber,
  sigprocmask,
  waitpid,
} from 'truefork';
import { child, runCase } from './posix-cases.mjs';

// SIGKILL and SIGSTOP cannot be blocked; 32 and 33 are glibc's own.
const never = ['SIGKILL', 'SIGSTOP', 32, 33];
const blockable = allSignals.filter((signal) => !never.includes(signal));

/** The main thread's mask, as /proc has it. */
function blocked() {
  const status = readFileSync(`/proc/self/task/${getpid()}/status`, 'utf8');
  const bits = BigInt(`0x${/^SigBlk:\s*([0-9a-f]+)$/m.exec(status)[1]}`);
  return allSignals.filter((signal) => (bits >> BigInt(signalNumber(signal) - 1)) & 1n);
}

await runCase({
  'old-set'() {
    assert.deepEqual(sigprocmask(SIG_SETMASK, ['SIGUSR1', 'SIGALRM']), []);
    assert.deepEqual(sigprocmask(SIG_BLOCK, ['SIGTERM', 'SIGALRM']), ['SIGUSR1', 'SIGALRM']);
    assert.deepEqual(blocked(), ['SIGUSR1', 'SIGALRM', 'SIGTERM']);
    assert.deepEqual(sigprocmask(SIG_UNBLOCK, ['SIGUSR1', 'SIGHUP']), ['SIGUSR1', 'SIGALRM', 'SIGTERM']);
    assert.deepEqual(blocked(), ['SIGALRM', 'SIGTERM']);
    assert.deepEqual(sigprocmask(SIG_SETMASK, [40]), ['SIGALRM', 'SIGTERM']);
    assert.deepEqual(sigprocmask(SIG_SETMASK, []), [40]);
    assert.deepEqual(blocked(), []);
  },

  query() {
    sigprocmask(SIG_SETMASK, ['SIGUSR2']);
    for (const how of [SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK]) {
      assert.deepEqual(sigprocmask(how, null), ['SIGUSR2']);
      if (how !== SIG_SETMASK) assert.deepEqual(sigprocmask(how, []), ['SIGUSR2']);
    }
    assert.deepEqual(blocked(), ['SIGUSR2']);
  },

  'all-at-once'() {
    sigprocmask(SIG_SETMASK, allSignals);
    assert.deepEqual(blocked(), blockable);
    assert.deepEqual(sigprocmask(SIG_UNBLOCK, allSignals), blockable);
    assert.deepEqual(blocked(), []);
  },

  'one-by-one'() {
    for (let number = 1; number <= 64; number++) {
      sigprocmask(SIG_SETMASK, [number]);
      const expected = blockable.filter((signal) => signalNumber(signal) === number);
      assert.deepEqual(blocked(), expected, String(number));
      assert.deepEqual(sigprocmask(SIG_SETMASK, []), expected);
    }
  },

  inherited() {
    sigprocmask(SIG_SETMASK, ['SIGUSR2', 40]);
    const pid = child(() => {
      assert.deepEqual(sigprocmask(SIG_SETMASK, []), ['SIGUSR2', 40]);
    });
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    // The child's mask is its own.
    assert.deepEqual(blocked(), ['SIGUSR2', 40]);
  },

  'unknown-how'() {
    assert.throws(() => sigprocmask(1700, ['SIGUSR2']), { name: 'PosixError', code: 'EINVAL', syscall: 'sigprocmask' });
    assert.deepEqual(blocked(), []);
  },

  'not-interruptible'() {
    for (const signal of ['SIGKILL', 'SIGSTOP', 32]) {
      assert.throws(() => siginterrupt(signal, true), { code: 'EINVAL', syscall: 'siginterrupt' });
    }
  },
});
