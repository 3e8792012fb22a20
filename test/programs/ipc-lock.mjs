// Lock and RLock.
import assert from 'node:assert/strict';
import { _exit, fork, forkChild, getpid, kill, setitimer, ITIMER_REAL, signal, sleep, waitpid } from 'truefork';
import { Lock, OwnerDiedError, Queue, RLock, SharedArray } from 'truefork/ipc';
import { child } from './posix-cases.mjs';
import { ended, killed, runCases, untilAsleep, wasWoken } from './ipc-support.mjs';

const state = new SharedArray(Int32Array, 4).array;
const said = () => Atomics.load(state, 0);
const say = () => Atomics.add(state, 0, 1);

/** A child that takes the lock and keeps it. */
function holder(lock) {
  const before = said();
  const pid = child(() => {
    lock.acquire();
    say();
    for (;;) continue;
  });
  while (said() === before) continue;
  return pid;
}

const diedWith = (pid) => (error) => {
  assert.ok(error instanceof OwnerDiedError, String(error));
  assert.deepEqual([error.name, error.code, error.pid], ['OwnerDiedError', 'ERR_OWNER_DIED', pid]);
  return true;
};

await runCases({
  apart() {
    for (const lock of [new Lock(), new RLock()]) {
      state[1] = 0;
      const pids = [1, 2, 3, 4].map(() =>
        child(() => {
          for (let n = 0; n < 2000; n++) {
            lock.acquire();
            state[1] += 1;
            lock.release();
          }
        }),
      );
      pids.forEach(ended);
      assert.equal(state[1], 8000);
      assert.equal(lock.locked, false);
    }
  },

  busy() {
    const lock = new Lock();
    const pid = holder(lock);
    assert.deepEqual([lock.locked, lock.isMine, lock.tryAcquire()], [true, false, false]);
    const start = performance.now();
    assert.equal(lock.acquire({ timeout: 30 }), false);
    assert.ok(performance.now() - start >= 30);
    killed(pid);
  },

  own() {
    const lock = new Lock();
    assert.throws(() => lock.release(), { name: 'NotHeldError', code: 'ERR_NOT_HELD' });
    assert.equal(lock.acquire(), true);
    assert.equal(lock.isMine, true);
    assert.equal(lock.tryAcquire(), false);
    assert.equal(lock.acquire({ timeout: 5 }), false);
    assert.throws(() => lock.acquire(), { name: 'DeadlockError', code: 'ERR_DEADLOCK' });
    lock.release();
    assert.deepEqual([lock.isMine, lock.locked], [false, false]);
  },

  again() {
    const lock = new RLock();
    for (let n = 0; n < 3; n++) assert.equal(lock.acquire(), true);
    const taken = () => {
      const pid = child(() => (lock.tryAcquire() ? 1 : 0));
      return waitpid(pid, 0).status === 256;
    };
    assert.deepEqual(
      [taken(), lock.release(), taken(), lock.release(), taken()],
      [false, undefined, false, undefined, false],
    );
    lock.release();
    assert.equal(taken(), true);
    assert.throws(() => lock.release(), { code: 'ERR_NOT_HELD' });
  },

  held() {
    const lock = new Lock();
    const hold = lock.hold();
    assert.equal(lock.isMine, true);
    hold[Symbol.dispose]();
    assert.equal(lock.locked, false);
    hold[Symbol.dispose]();
  },

  'not-inherited'() {
    const lock = new Lock();
    lock.acquire();
    ended(
      child(() => {
        assert.deepEqual([lock.isMine, lock.locked], [false, true]);
        assert.throws(() => lock.release(), { code: 'ERR_NOT_HELD' });
      }),
    );
    // Its end is not the end of the lock's holder.
    assert.equal(lock.isMine, true);
    lock.release();
    lock.acquire();
  },

  died() {
    for (const lock of [new Lock(), new RLock()]) {
      const pid = holder(lock);
      killed(pid);
      assert.throws(() => lock.acquire(), diedWith(pid));
      assert.throws(() => lock.tryAcquire(), diedWith(pid));
      ended(
        child(() => {
          assert.throws(() => lock.acquire(), diedWith(pid));
        }),
      );
      assert.equal(lock.locked, false);
      assert.equal(lock.recover(), pid);
      assert.equal(lock.isMine, true);
      lock.release();
      assert.equal(lock.recover(), 0);
      lock.release();
      assert.equal(lock.acquire(), true);
    }
  },

  // The C library has what a process holds in a list, whose links are in the memory that the family shares.
  'died-with-sibling'() {
    const [first, second, third] = [new Lock(), new Lock(), new Lock()];
    const before = said();
    const pid = child(() => {
      first.acquire();
      second.acquire();
      if (fork({ sibling: true }) === 0) {
        third.acquire();
        state[1] = getpid();
        say();
        for (;;) sleep(60);
      }
      while (said() === before) continue;
      second.release();
      second.acquire();
      say();
      for (;;) sleep(60);
    });
    while (said() < before + 2) continue;
    assert.equal(second.tryAcquire(), false);
    killed(pid);
    for (const lock of [first, second]) assert.throws(() => lock.tryAcquire(), diedWith(pid));
    assert.equal(third.tryAcquire(), false);
    killed(state[1]);
    assert.throws(() => third.tryAcquire(), diedWith(state[1]));
  },

  exited() {
    const lock = new Lock();
    const pid = child(() => {
      lock.acquire();
    });
    ended(pid);
    assert.throws(() => lock.acquire(), diedWith(pid));
  },

  'recovery-died'() {
    const lock = new Lock();
    const first = holder(lock);
    killed(first);
    const second = fork();
    if (second === 0) {
      lock.recover();
      kill(getpid(), 'SIGKILL');
    }
    assert.equal(waitpid(second, 0).status, 9);
    assert.throws(() => lock.acquire(), diedWith(second));
  },

  'died-and-waited-for'() {
    const lock = new Lock();
    const pid = holder(lock);
    const waiters = [1, 2, 3].map(() =>
      child(() => {
        assert.throws(() => lock.acquire(), diedWith(pid));
      }),
    );
    waiters.forEach(untilAsleep);
    killed(pid);
    waiters.forEach(ended);
  },

  'waiter-died'() {
    const lock = new Lock();
    lock.acquire();
    const pids = [1, 2].map(() =>
      child(() => {
        lock.acquire();
        lock.release();
      }),
    );
    pids.forEach(untilAsleep);
    killed(pids[0]);
    lock.release();
    ended(pids[1]);
    assert.equal(lock.acquire(), true);
  },

  // One after the other is woken, also when copies of one have left the wait.
  'waiter-forked'() {
    const lock = new Lock();
    const log = new Queue();
    lock.acquire();
    const waits = () =>
      child(() => {
        signal('SIGUSR1', () => {
          for (let n = 0; n < 2; n++) {
            const copy = fork();
            if (copy === 0) throw new Error('left');
            ended(copy);
          }
          log.put('forked');
        });
        try {
          lock.acquire();
        } catch {
          _exit(0);
        }
        lock.release();
        log.put('released');
        for (;;) sleep(60);
      });
    const pids = [waits(), waits()];
    pids.forEach(untilAsleep);
    kill(pids[0], 'SIGUSR1');
    assert.equal(log.get(), 'forked');
    // It has lost its place in the kernel's row: the other one is woken, and wakes it.
    untilAsleep(pids[0]);
    lock.release();
    assert.equal(log.get(), 'released');
    wasWoken(pids[0]);
    pids.forEach(killed);
  },

  interrupted() {
    const lock = new Lock();
    const pid = holder(lock);
    let handled = 0;
    signal('SIGALRM', () => {
      if (++handled === 3) throw new Error('enough');
    });
    setitimer(ITIMER_REAL, 0.01, 0.01);
    assert.throws(() => lock.acquire(), { message: 'enough' });
    setitimer(ITIMER_REAL, 0, 0);
    assert.deepEqual([handled, lock.isMine], [3, false]);
    killed(pid);
  },

  async 'async-in-order'() {
    const lock = new Lock();
    const order = [];
    let inside = 0;
    const task = async (n) => {
      await lock.acquireAsync();
      assert.equal(++inside, 1);
      await new Promise(setImmediate);
      order.push(n);
      inside--;
      lock.release();
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(task));
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
  },

  async 'async-apart'() {
    const lock = new Lock();
    state[1] = 0;
    const main = async () => {
      for (let n = 0; n < 100; n++) {
        assert.equal(await lock.acquireAsync(), true);
        const value = state[1];
        await new Promise(setImmediate);
        state[1] = value + 1;
        lock.release();
      }
    };
    const children = [await forkChild(main), await forkChild(main), await forkChild(main)];
    for (const { exited } of children) assert.deepEqual(await exited, { state: 'exited', code: 0 });
    assert.equal(state[1], 300);
  },

  async 'async-given-up'() {
    const lock = new Lock();
    const pid = holder(lock);
    assert.equal(await lock.acquireAsync({ timeout: 10 }), false);
    assert.equal(await lock.acquireAsync({ timeout: 0 }), false);
    const controller = new AbortController();
    const waiting = lock.acquireAsync({ signal: controller.signal });
    controller.abort(new Error('no more'));
    await assert.rejects(waiting, { message: 'no more' });
    await assert.rejects(lock.acquireAsync({ signal: controller.signal }), { message: 'no more' });
    killed(pid);
    await assert.rejects(lock.acquireAsync(), diedWith(pid));
  },

  async 'async-died'() {
    const lock = new Lock();
    const pid = holder(lock);
    const waiting = [lock.acquireAsync(), lock.acquireAsync()];
    killed(pid);
    for (const one of waiting) await assert.rejects(one, diedWith(pid));
  },

  async 'async-forked'() {
    const lock = new Lock();
    lock.acquire();
    let settled = 0;
    const count = () => settled++;
    const waiting = lock.acquireAsync().then(count, count);
    const both = lock.acquireAsync({ timeout: 20 }).then(count, count);
    const pid = fork();
    if (pid === 0) {
      // Nobody keeps this event loop alive but the timer: the waits are the parent's.
      setTimeout(() => _exit(settled), 60);
      return await new Promise(() => undefined);
    }
    ended(pid);
    lock.release();
    await waiting;
    await both;
    assert.equal(lock.isMine, true);
  },

  async closed() {
    const lock = new Lock();
    lock.acquire();
    const waiting = lock.acquireAsync();
    lock.close();
    lock.close();
    await assert.rejects(waiting, { code: 'ERR_CLOSED' });
  },

  async 'closed-and-released'() {
    const lock = new Lock();
    lock.acquire();
    const before = said();
    const { exited } = await forkChild(async () => {
      const waiting = lock.acquireAsync();
      say();
      assert.equal(await waiting, true);
      lock.release();
    });
    while (said() === before) continue;
    lock.close();
    lock.release();
    assert.deepEqual(await exited, { state: 'exited', code: 0 });
  },

  wrong() {
    const lock = new Lock();
    for (const timeout of [-1, NaN]) assert.throws(() => lock.acquire({ timeout }), { code: 'ERR_OUT_OF_RANGE' });
    for (const timeout of ['1', null, 1n])
      assert.throws(() => lock.acquire({ timeout }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => lock.acquire(5), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.equal(lock.locked, false);
  },
});
