// Condition.
import assert from 'node:assert/strict';
import { _exit, fork, forkChild, kill, setitimer, ITIMER_REAL, signal, waitpid } from 'truefork';
import { Condition, Lock, Queue, RLock, SharedArray } from 'truefork/ipc';
import { child } from './posix-cases.mjs';
import { descriptors } from './support/state.mjs';
import { ended, killed, leavesNone, runCases, untilAsleep } from './ipc-support.mjs';

const numbers = new SharedArray(Int32Array, 4).array;
const log = new Queue();

const holding = (condition, call) => {
  condition.acquire();
  try {
    return call();
  } finally {
    condition.release();
  }
};

/** A child that is about to wait, and says so when it was notified. */
function begun(condition, name, options) {
  const pid = child(() => {
    holding(condition, () => {
      log.put('waits');
      log.put(condition.wait(options) ? name : `${name} was late`);
    });
  });
  assert.equal(log.get(), 'waits');
  return pid;
}

/** One that waits by now, for as long as it takes. */
function waiter(condition, name) {
  const pid = begun(condition, name);
  untilAsleep(pid);
  return pid;
}

const notify = (condition, count) => holding(condition, () => condition.notify(count));

await runCases({
  order() {
    const condition = new Condition();
    const pids = ['a', 'b', 'c', 'd'].map((name) => waiter(condition, name));
    for (const name of ['a', 'b']) {
      assert.equal(notify(condition, 1), 1);
      assert.equal(log.get(), name);
    }
    assert.equal(
      holding(condition, () => condition.notifyAll()),
      2,
    );
    assert.deepEqual([log.get(), log.get()].sort(), ['c', 'd']);
    assert.equal(notify(condition, 5), 0);
    pids.forEach(ended);
    assert.equal(log.empty(), true);
  },

  late() {
    const condition = new Condition(new Lock());
    const pid = begun(condition, 'a', { timeout: 20 });
    assert.equal(log.get(), 'a was late');
    ended(pid);
    assert.equal(notify(condition, 1), 0);
    condition.acquire();
    assert.equal(condition.wait({ timeout: 5 }), false);
    assert.equal(condition.lock.isMine, true);
    condition.release();
  },

  'not-held'() {
    const condition = new Condition();
    for (const call of [
      () => condition.wait(),
      () => condition.notify(),
      () => condition.notifyAll(),
      () => condition.waitFor(() => true),
    ]) {
      assert.throws(call, { name: 'NotHeldError', code: 'ERR_NOT_HELD' });
    }
  },

  depth() {
    const condition = new Condition(new RLock());
    for (let n = 0; n < 3; n++) condition.acquire();
    const pid = child(() => notify(condition, 1) - 1);
    assert.equal(condition.wait(), true);
    ended(pid);
    for (let n = 0; n < 3; n++) condition.release();
    assert.equal(condition.locked, false);
  },

  // Producers and consumers, as in the books.
  'wait-for'() {
    const condition = new Condition();
    const consumers = [1, 2, 3].map(() =>
      child(() => {
        for (let n = 0; n < 100; n++) {
          holding(condition, () => {
            assert.equal(
              condition.waitFor(() => numbers[0] > 0),
              true,
            );
            numbers[0] -= 1;
            numbers[1] += 1;
            condition.notifyAll();
          });
        }
      }),
    );
    for (let n = 0; n < 300; n++) {
      holding(condition, () => {
        condition.waitFor(() => numbers[0] < 5);
        numbers[0] += 1;
        condition.notifyAll();
      });
    }
    consumers.forEach(ended);
    assert.deepEqual([numbers[0], numbers[1]], [0, 300]);
    holding(condition, () => {
      assert.equal(
        condition.waitFor(() => false, { timeout: 10 }),
        false,
      );
      assert.throws(() => condition.waitFor(5), { code: 'ERR_INVALID_ARG_TYPE' });
    });
  },

  'waiter-killed'() {
    const condition = new Condition();
    const [first, second] = ['a', 'b'].map((name) => waiter(condition, name));
    killed(first);
    assert.equal(notify(condition, 1), 1);
    assert.equal(log.get(), 'b');
    ended(second);
  },

  'notified-killed'() {
    const condition = new Condition();
    const [first, second] = ['a', 'b'].map((name) => waiter(condition, name));
    // It cannot go on while the lock is held, and dies with the notification.
    holding(condition, () => {
      assert.equal(condition.notify(1), 1);
      kill(first, 'SIGKILL');
      while (log.empty() === false) continue;
    });
    assert.equal(log.get(), 'b');
    ended(second);
  },

  interrupted() {
    const condition = new Condition();
    let handled = 0;
    signal('SIGALRM', () => {
      if (++handled === 2) throw new Error('enough');
    });
    setitimer(ITIMER_REAL, 0.01, 0.01);
    holding(condition, () => {
      assert.throws(() => condition.wait(), { message: 'enough' });
      assert.equal(condition.lock.isMine, true);
    });
    setitimer(ITIMER_REAL, 0, 0);
    assert.equal(notify(condition, 1), 0);
  },

  // A copy of one who waits leaves by what the handler throws, or waits as well: the place of the one is not its own.
  forked() {
    const condition = new Condition();
    const pid = child(() => {
      signal('SIGUSR1', () => {
        const leaves = fork();
        if (leaves === 0) throw new Error('left');
        ended(leaves);
        log.put('left');
      });
      let copy;
      signal('SIGUSR2', () => {
        copy = fork();
        if (copy !== 0) log.put('forked');
      });
      try {
        holding(condition, () => condition.wait());
      } catch {
        _exit(0);
      }
      log.put(copy === 0 ? 'copy' : 'first');
      if (copy !== 0) ended(copy);
    });
    untilAsleep(pid);
    kill(pid, 'SIGUSR1');
    assert.equal(log.get(), 'left');
    untilAsleep(pid);
    kill(pid, 'SIGUSR2');
    assert.equal(log.get(), 'forked');
    for (const name of ['first', 'copy']) {
      while (notify(condition, 1) === 0) continue;
      assert.equal(log.get(), name);
    }
    ended(pid);
  },

  'interrupted-twice'() {
    const condition = new Condition();
    const pid = child(() => {
      let handled = 0;
      signal('SIGUSR1', () => {
        log.put('handled');
        if (++handled === 2) throw new Error('enough');
      });
      holding(condition, () => {
        log.put('waits');
        assert.throws(() => condition.wait(), { message: 'enough' });
        assert.equal(condition.lock.isMine, true);
      });
    });
    assert.equal(log.get(), 'waits');
    untilAsleep(pid);
    // After the first it sees that it is notified, and waits for the lock.
    holding(condition, () => {
      assert.equal(condition.notify(), 1);
      for (let n = 0; n < 2; n++) {
        untilAsleep(pid);
        kill(pid, 'SIGUSR1');
        assert.equal(log.get(), 'handled');
      }
    });
    ended(pid);
  },

  async 'in-the-loop'() {
    const condition = new Condition(new Lock());
    const waits = (name, options) => async () => {
      await condition.acquireAsync();
      log.put('waits');
      const notified = await condition.waitAsync(options);
      assert.equal(condition.lock.isMine, true);
      condition.release();
      log.put(notified ? name : `${name} was late`);
    };
    const children = [];
    for (const name of ['a', 'b', 'c']) {
      children.push(await forkChild(waits(name)));
      assert.equal(await log.getAsync(), 'waits');
    }
    const own = waits('own', { timeout: 20 })();
    assert.equal(await log.getAsync(), 'waits');
    await own;
    assert.equal(await log.getAsync(), 'own was late');
    for (const name of ['a', 'b', 'c']) {
      assert.equal(notify(condition, 1), 1);
      assert.equal(await log.getAsync(), name);
    }
    for (const { exited } of children) assert.deepEqual(await exited, { state: 'exited', code: 0 });
  },

  async 'given-up'() {
    const condition = new Condition(new Lock());
    const controller = new AbortController();
    await condition.acquireAsync();
    const waiting = condition.waitForAsync(() => false, { signal: controller.signal });
    controller.abort(new Error('no more'));
    await assert.rejects(waiting, { message: 'no more' });
    assert.equal(condition.lock.isMine, true);
    assert.equal(await condition.waitForAsync(() => false, { timeout: 5 }), false);
    assert.equal(await condition.waitForAsync(() => true), true);
    condition.release();
    assert.equal(notify(condition, 1), 0);
  },

  exhausted() {
    leavesNone(() => new Condition());
  },

  async closed() {
    const before = descriptors();
    const condition = new Condition();
    condition.acquire();
    const waiting = condition.waitAsync();
    condition.close();
    await assert.rejects(waiting, { code: 'ERR_CLOSED' });
    // Who waited holds the lock, as after any wait.
    condition.release();
    condition.close();
    assert.deepEqual(descriptors(), before);
    const lock = new Lock();
    new Condition(lock).close();
    assert.equal(await lock.acquireAsync(), true);
  },

  // There are 256 places: who keeps one each time has none left.
  async 'holder-killed'() {
    const condition = new Condition(new Lock());
    for (let n = 0; n < 257; n++) {
      condition.acquire();
      const waiting = condition.waitAsync();
      assert.equal(condition.lock.isMine, false);
      const pid = child(() => {
        condition.acquire();
        condition.notify();
        kill(process.pid, 'SIGKILL');
      });
      assert.deepEqual(waitpid(pid, 0), { pid, status: 9 });
      await assert.rejects(waiting, { code: 'ERR_OWNER_DIED', pid });
      assert.equal(condition.lock.isMine, false);
      assert.equal(condition.recover(), pid);
      condition.release();
    }
  },
});
