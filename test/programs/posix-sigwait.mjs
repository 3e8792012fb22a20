// Signals that are blocked, waited for, and sent: node posix-sigwait.mjs <case>.
import assert from 'node:assert/strict';
import {
  CLD_EXITED,
  close,
  getpid,
  InterruptedError,
  ITIMER_REAL,
  kill,
  O_RDONLY,
  open,
  pause,
  pidfd_open,
  pidfd_send_signal,
  pipe2,
  raise,
  read,
  setitimer,
  SI_QUEUE,
  SI_USER,
  SIG_BLOCK,
  SIG_DFL,
  SIG_SETMASK,
  SIG_UNBLOCK,
  signal,
  sigpending,
  sigprocmask,
  sigqueue,
  SIGRTMIN,
  sigsuspend,
  sigtimedwait,
  sigwait,
  sigwaitinfo,
  waitpid,
} from 'truefork';
import { child, gate, runCase, untilItSleeps } from './posix-cases.mjs';

const main = getpid();

/** What is pending, as soon as there is something: a thread that got a signal sends it on when it has its turn. */
function sentAndPending() {
  while (sigpending().length === 0) continue;
  return sigpending();
}

/** How often the handler of a signal has run. */
function counted(sig) {
  const count = { ran: 0 };
  signal(sig, () => count.ran++);
  return count;
}

await runCase({
  pending() {
    const count = counted('SIGUSR1');
    assert.deepEqual(sigpending(), []);
    sigprocmask(SIG_BLOCK, ['SIGUSR1', 'SIGUSR2']);
    raise('SIGUSR1');
    kill(main, 'SIGUSR1');
    assert.deepEqual([sigpending(), count.ran], [['SIGUSR1'], 0]);
    // The handler has run when it is let in, once.
    assert.deepEqual(sigprocmask(SIG_UNBLOCK, ['SIGUSR1']), ['SIGUSR1', 'SIGUSR2']);
    assert.deepEqual([sigpending(), count.ran], [[], 1]);
    // A signal with the default action waits too, though other threads would take it, and then has its action.
    const pid = child(() => {
      const self = getpid();
      waitpid(
        child(() => kill(self, 'SIGUSR2')),
        0,
      );
      assert.deepEqual(sentAndPending(), ['SIGUSR2']);
      sigprocmask(SIG_SETMASK, []);
    });
    assert.equal(waitpid(pid, 0).status, 12);
    // The main thread of a child takes all. In the main process, other threads are there from the beginning.
    waitpid(
      child(() => kill(main, 'SIGUSR2')),
      0,
    );
    assert.deepEqual(sentAndPending(), ['SIGUSR2']);
    assert.equal(sigwait(['SIGUSR2']), 'SIGUSR2');
    // To ignore what is pending drops it.
    raise('SIGUSR2');
    signal('SIGUSR2', 1);
    assert.deepEqual(sigpending(), []);
  },

  sigwait() {
    const count = counted('SIGUSR1');
    sigprocmask(SIG_BLOCK, ['SIGUSR1', 'SIGCHLD', 'SIGALRM', 'SIGRTMIN']);
    kill(main, 'SIGUSR1');
    assert.equal(sigwait(['SIGUSR1', 'SIGUSR2']), 'SIGUSR1');
    kill(main, 'SIGUSR1');
    const { signal: name, number, code, pid } = sigwaitinfo(['SIGUSR1']);
    assert.deepEqual([name, number, code, pid], ['SIGUSR1', 10, SI_USER, main]);
    // It has been taken: the handler does not run.
    sigprocmask(SIG_UNBLOCK, ['SIGUSR1']);
    assert.equal(count.ran, 0);
    // In the call, and with the default action.
    setitimer(ITIMER_REAL, 0.01, 0);
    assert.equal(sigwait(['SIGALRM']), 'SIGALRM');
    // The end of a child, whose default action is nothing.
    const ended = child(() => 5);
    const info = sigwaitinfo(['SIGCHLD']);
    assert.deepEqual([info.code, info.pid, info.status], [CLD_EXITED, ended, 5]);
    assert.equal(waitpid(ended, 0).status, 5 << 8);
    // Real-time signals keep their order and their values.
    const values = [3, -1, 2 ** 31 - 1, -(2 ** 31)];
    for (const value of values) sigqueue(main, SIGRTMIN, value);
    for (const value of values) {
      const info = sigwaitinfo([SIGRTMIN]);
      assert.deepEqual([info.signal, info.value, info.code, info.pid], [SIGRTMIN, value, SI_QUEUE, main]);
    }
  },

  sigtimedwait() {
    sigprocmask(SIG_BLOCK, ['SIGUSR1']);
    assert.equal(sigtimedwait(['SIGUSR1'], 0), null);
    const began = performance.now();
    assert.equal(sigtimedwait(['SIGUSR1'], 0.05), null);
    assert.ok(performance.now() - began >= 49);
    kill(main, 'SIGUSR1');
    sentAndPending();
    assert.equal(sigtimedwait(['SIGUSR1'], 0).signal, 'SIGUSR1');
    // Another signal's handler ends it, and the sum of all tries has the time limit.
    const count = counted('SIGALRM');
    setitimer(ITIMER_REAL, 0.02, 0.02);
    assert.throws(() => sigtimedwait(['SIGUSR1'], 1000), { name: 'InterruptedError', code: 'EINTR' });
    assert.ok(count.ran > 0);
    const end = performance.now() + 200;
    for (let left = 200; left > 0; left = end - performance.now()) {
      try {
        assert.equal(sigtimedwait(['SIGUSR1'], left / 1000), null);
      } catch (error) {
        assert.ok(error instanceof InterruptedError, String(error));
      }
    }
    setitimer(ITIMER_REAL, 0, 0);
    // sigwait goes on.
    const handled = gate();
    signal('SIGALRM', () => handled.open());
    const pid = child(() => {
      kill(main, 'SIGALRM');
      handled.wait();
      kill(main, 'SIGUSR1');
    });
    assert.equal(sigwait(['SIGUSR1']), 'SIGUSR1');
    assert.equal(waitpid(pid, 0).status, 0);
  },

  sigsuspend() {
    // Pending, and let in by sigsuspend alone.
    const order = [];
    signal('SIGUSR1', () => order.push(sigprocmask(SIG_BLOCK, null)));
    signal('SIGUSR2', () => order.push('SIGUSR2'));
    sigprocmask(SIG_SETMASK, ['SIGUSR1', 'SIGHUP']);
    kill(main, 'SIGUSR1');
    sigsuspend(['SIGUSR2']);
    // The handler ran with that mask and its own signal; then the old one is back.
    assert.deepEqual(order, [['SIGUSR1', 'SIGUSR2']]);
    assert.deepEqual(sigprocmask(SIG_BLOCK, null), ['SIGHUP', 'SIGUSR1']);
    // What it blocks comes afterwards.
    const pid = child(() => {
      untilItSleeps(main);
      kill(main, 'SIGUSR2');
      kill(main, 'SIGUSR1');
    });
    sigsuspend(['SIGUSR2']);
    assert.equal(order.length, 3);
    assert.equal(order[2], 'SIGUSR2');
    waitpid(pid, 0);
    // A thousand times, none is lost between the look at a condition and the sleep.
    sigprocmask(SIG_BLOCK, ['SIGUSR2']);
    order.length = 0;
    const next = gate();
    const sender = child(() => {
      for (let i = 0; i < 500; i++) {
        kill(main, 'SIGUSR2');
        next.wait();
      }
    });
    for (let i = 0; i < 500; i++) {
      while (order.length <= i) sigsuspend([]);
      next.open();
    }
    assert.equal(waitpid(sender, 0).status, 0);
    // The default action of what it lets in.
    const killed = child(() => {
      sigprocmask(SIG_BLOCK, ['SIGTERM']);
      kill(getpid(), 'SIGTERM');
      sigsuspend([]);
    });
    assert.equal(waitpid(killed, 0).status, 15);
  },

  pause() {
    const count = counted('SIGUSR1');
    for (let i = 1; i <= 3; i++) {
      const pid = child(() => {
        untilItSleeps(main);
        kill(main, 'SIGUSR1');
      });
      pause();
      assert.equal(count.ran, i);
      waitpid(pid, 0);
    }
    const pid = child(() => pause());
    kill(pid, 'SIGTERM');
    assert.equal(waitpid(pid, 0).status, 15);
  },

  sending() {
    const count = counted('SIGINT');
    const self = pidfd_open(main, 0);
    pidfd_send_signal(self, 'SIGINT', null, 0);
    assert.equal(count.ran, 1);
    pidfd_send_signal(self, 0, null, 0);
    assert.throws(() => pidfd_send_signal(self, 'SIGINT', null, 1 << 20), { code: 'EINVAL', fd: self });
    const file = open('/dev/null', O_RDONLY);
    assert.throws(() => pidfd_send_signal(file, 0, null, 0), { code: 'EBADF' });
    close(self);
    assert.throws(() => pidfd_send_signal(self, 0, null, 0), { code: 'EBADF', syscall: 'pidfd_send_signal' });
    const pid = child(() => pause());
    const fd = pidfd_open(pid, 0);
    pidfd_send_signal(fd, 'SIGTERM', null, 0);
    assert.equal(waitpid(pid, 0).status, 15);
    assert.throws(() => pidfd_send_signal(fd, 0, null, 0), { name: 'ProcessLookupError' });
    assert.throws(() => sigqueue(pid, 0, 0), { name: 'ProcessLookupError', pid });
    sigqueue(main, 0, 0);
    signal('SIGINT', SIG_DFL);
    assert.equal(
      waitpid(
        child(() => raise('SIGINT')),
        0,
      ).status,
      2,
    );
    if (process.getuid() === 0) {
      const nobody = child(() => {
        process.setuid(65534);
        assert.throws(() => sigqueue(main, 0, 0), { name: 'PermissionError', code: 'EPERM' });
        assert.throws(() => pidfd_send_signal(pidfd_open(1, 0), 0, null, 0), { code: 'EPERM' });
      });
      assert.equal(waitpid(nobody, 0).status, 0);
    }
  },

  // As CPython's tests of siginterrupt: a read of an empty pipe, and a second signal for the case that it goes on.
  alarms() {
    const count = counted('SIGALRM');
    const [readEnd] = pipe2(0);
    for (let i = 1; i <= 2; i++) {
      setitimer(ITIMER_REAL, 0.01, 0);
      assert.throws(() => read(readEnd, new Uint8Array(1)), { code: 'EINTR' });
      assert.equal(count.ran, i);
    }
  },
});
