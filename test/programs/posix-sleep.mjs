// Sleeping, alarms and timers as descriptors: node posix-sleep.mjs <case>.
import assert from 'node:assert/strict';
import {
  alarm,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  close,
  fcntl,
  F_GETFD,
  FD_CLOEXEC,
  getitimer,
  ITIMER_REAL,
  nanosleep,
  pause,
  read,
  setitimer,
  signal,
  sleep,
  sleepThrough,
  TFD_CLOEXEC,
  TFD_NONBLOCK,
  TFD_TIMER_ABSTIME,
  timerfd_create,
  timerfd_gettime,
  timerfd_settime,
  waitpid,
  Watcher,
} from 'truefork';
import { child, runCase } from './posix-cases.mjs';

function timed(call) {
  const began = performance.now();
  const result = call();
  return { result, took: (performance.now() - began) / 1000 };
}

/** How often a timer's time has come since the last look. */
function expirations(fd) {
  const count = new BigUint64Array(1);
  assert.equal(read(fd, count), 8);
  return Number(count[0]);
}

await runCase({
  sleep() {
    for (const call of [sleep, nanosleep, sleepThrough]) {
      const { result, took } = timed(() => call(0.05));
      assert.ok(took >= 0.05, `${call.name}: ${took}`);
      assert.equal(result, call === sleep ? 0 : undefined);
      for (const none of [0, 1e-9]) call(none);
    }
    let ran = 0;
    signal('SIGALRM', () => ran++);
    setitimer(ITIMER_REAL, 0.02, 0);
    const interrupted = timed(() => sleep(100));
    assert.equal(ran, 1);
    // It has slept for a part of the time that the call took, which ended at some time after the sleep.
    assert.ok(interrupted.result <= 100, JSON.stringify(interrupted));
    assert.ok(interrupted.result >= 100 - interrupted.took - 0.001, JSON.stringify(interrupted));
    setitimer(ITIMER_REAL, 0.02, 0);
    assert.throws(
      () => nanosleep(100),
      (error) => {
        assert.deepEqual([error.name, error.syscall, ran], ['InterruptedError', 'nanosleep', 2]);
        assert.ok(error.remaining > 90 && error.remaining <= 100, String(error.remaining));
        return true;
      },
    );
    // The whole time, whatever comes.
    setitimer(ITIMER_REAL, 0.01, 0.01);
    assert.ok(timed(() => sleepThrough(0.2)).took >= 0.2);
    setitimer(ITIMER_REAL, 0, 0);
    // Signals that come while the process gets no processor are one.
    assert.ok(ran > 2);
    // One may have come since: it is the old handler's.
    sleep(0);
    signal('SIGALRM', () => {
      throw new Error('woken');
    });
    for (const call of [sleep, nanosleep, sleepThrough]) {
      setitimer(ITIMER_REAL, 0.01, 0);
      assert.throws(() => call(100), { message: 'woken' });
    }
  },

  alarm() {
    const about = (seconds, left) => assert.ok(left > seconds - 10 && left <= seconds, `${left} of ${seconds}`);
    assert.equal(alarm(60), 0);
    about(60, alarm(120));
    about(120, alarm(0));
    assert.equal(alarm(0), 0);
    // It is the timer of setitimer.
    alarm(1000);
    about(1000, getitimer(ITIMER_REAL).value);
    // And the parent's: a child has none.
    const pid = child(() => assert.equal(alarm(0), 0));
    assert.equal(waitpid(pid, 0).status, 0);
    let ran = 0;
    signal('SIGALRM', () => ran++);
    const waited = timed(() => {
      about(1000, alarm(1));
      pause();
    });
    assert.ok(waited.took > 0.9, String(waited.took));
    assert.equal(ran, 1);
    // A tiny time is not none.
    setitimer(ITIMER_REAL, 1e-6, 0);
    pause();
    assert.deepEqual([ran, getitimer(ITIMER_REAL)], [2, { value: 0, interval: 0 }]);
  },

  async timerfd() {
    const off = { value: 0, interval: 0 };
    const fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    assert.equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert.throws(() => expirations(fd), { code: 'EAGAIN' });
    assert.deepEqual(timerfd_settime(fd, 0, 1000, 0.1), off);
    assert.deepEqual(timerfd_gettime(fd).interval, 0.1);
    const { value, interval } = timerfd_settime(fd, 0, 1e-9, 0);
    assert.ok(value > 990 && value <= 1000);
    assert.equal(interval, 0.1);
    const watcher = await new Promise((resolve) => {
      const one = new Watcher(fd, () => resolve(one));
    });
    watcher.close();
    assert.equal(expirations(fd), 1);
    assert.deepEqual(timerfd_gettime(fd), off);
    // Several times, of which a look tells how many.
    timerfd_settime(fd, 0, 0.001, 0.001);
    sleepThrough(0.02);
    assert.ok(expirations(fd) >= 19);
    timerfd_settime(fd, 0, 0, 0);
    assert.deepEqual(timerfd_gettime(fd), off);
    close(fd);
    assert.throws(() => timerfd_gettime(fd), { code: 'EBADF', fd });
    // At a time of the clock; and one that blocks.
    const clock = timerfd_create(CLOCK_REALTIME, 0);
    const at = Date.now() / 1000 + 0.05;
    timerfd_settime(clock, TFD_TIMER_ABSTIME, at, 0);
    assert.equal(expirations(clock), 1);
    assert.ok(Date.now() / 1000 >= at - 0.001);
    assert.throws(() => timerfd_create(99, 0), { code: 'EINVAL', syscall: 'timerfd_create' });
    assert.throws(() => timerfd_settime(clock, 1 << 20, 1, 0), { code: 'EINVAL', fd: clock });
    assert.throws(() => timerfd_settime(0, 0, 1, 0), { code: 'EINVAL' });
    close(clock);
  },
});
