// Interval timers and their signals.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import { getitimer, ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, setitimer, waitpid } from 'truefork';
import { child, gate, runCase } from './posix-cases.mjs';

const off = { value: 0, interval: 0 };

/** Uses the processor until the signal has come. */
async function workUntil(signal) {
  let come = false;
  process.once(signal, () => (come = true));
  while (!come) {
    for (let i = 0; i < 1e6; i++) Math.sqrt(i);
    await immediate();
  }
}

await runCase({
  previous() {
    for (const which of [ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF]) {
      assert.deepEqual(getitimer(which), off);
      assert.deepEqual(setitimer(which, 1000, 7), off);
      const { value, interval } = setitimer(which, 0, 0);
      assert.ok(value > 0 && value <= 1001, String(value));
      assert.equal(interval, 7);
      assert.deepEqual(setitimer(which, 0, 0), off);
    }
  },

  rounding() {
    const rows = [
      [1e-9, 1e-6],
      [1e-6, 1e-6],
      [1.1e-6, 2e-6],
      [0.1, 0.1],
      [1.1, 1.1],
      [0.3, 0.3],
      [1.9999999, 2],
      [2.5, 2.5],
      [1e6 + 0.25, 1e6 + 0.25],
      [2 ** 31 - 1, 2 ** 31 - 1],
    ];
    for (const [seconds, expected] of rows) {
      setitimer(ITIMER_REAL, 1000, seconds);
      assert.equal(getitimer(ITIMER_REAL).interval, expected);
    }
  },

  async tiny() {
    const fired = once(process, 'SIGALRM');
    setitimer(ITIMER_REAL, 1e-9, 0);
    await fired;
    assert.deepEqual(getitimer(ITIMER_REAL), off);
  },

  async 'counts-down'() {
    setitimer(ITIMER_REAL, 1000, 0);
    let last = getitimer(ITIMER_REAL).value;
    assert.ok(last <= 1000);
    for (let fewer = 0; fewer < 5;) {
      const { value } = getitimer(ITIMER_REAL);
      assert.ok(value <= last);
      if (value < last) fewer++;
      last = value;
    }
  },

  async repeats() {
    let fired = 0;
    const enough = new Promise((resolve) => process.on('SIGALRM', () => ++fired === 5 && resolve()));
    setitimer(ITIMER_REAL, 0.01, 0.01);
    await enough;
    // As the process ends, its handler goes before it.
    setitimer(ITIMER_REAL, 0, 0);
  },

  async 'processor-time'() {
    const virtual = workUntil('SIGVTALRM');
    setitimer(ITIMER_VIRTUAL, 0.01, 0);
    await virtual;
    assert.deepEqual(getitimer(ITIMER_VIRTUAL), off);
    const profiling = workUntil('SIGPROF');
    setitimer(ITIMER_PROF, 0.01, 0);
    await profiling;
    assert.deepEqual(getitimer(ITIMER_PROF), off);
  },

  'child-has-none'() {
    const all = [ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF];
    for (const which of all) setitimer(which, 1000, 1000);
    const pid = child(() => {
      for (const which of all) assert.deepEqual(getitimer(which), off);
      for (const which of all) setitimer(which, 5, 5);
    });
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    // Nor is the parent's the child's to change.
    for (const which of all) assert.equal(getitimer(which).interval, 1000);
  },

  'ends-the-process'() {
    const never = gate();
    const pid = child(() => {
      setitimer(ITIMER_REAL, 0.01, 0);
      never.wait();
    });
    assert.equal(waitpid(pid, 0).status, 14);
  },
});
