// Semaphore, BoundedSemaphore, Event, Barrier, SharedArray, SharedValue.
import assert from 'node:assert/strict';
import {
  forkChild,
  forkMany,
  _exit,
  fork,
  ITIMER_REAL,
  kill,
  retryOnIntr,
  setitimer,
  signal,
  sleep,
  waitpid,
  WUNTRACED,
} from 'truefork';
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Event,
  Queue,
  Semaphore,
  SharedArray,
  SharedValue,
} from 'truefork/ipc';
import { child } from './posix-cases.mjs';
import { ended, killed, runCases, untilAsleep, wasWoken } from './ipc-support.mjs';

const broken = { name: 'BrokenBarrierError', code: 'ERR_BROKEN_BARRIER' };
const range = { code: 'ERR_OUT_OF_RANGE' };
const ok = { state: 'exited', code: 0 };

/**
 * Stops a child that does the same all the time in the midst of it, when it has what others wait for. While one waits for that
 * after the call, a signal's handler throws, and the next one lets the child go on.
 *
 * @param tries what waits if the child has it
 */
function stopWithin(busy, tries) {
  let handlers = [];
  const wait = () => undefined;
  const enough = () => {
    throw new Error('enough');
  };
  signal('SIGALRM', () => handlers.shift()?.());
  setitimer(ITIMER_REAL, 0.02, 0.02);
  for (;;) {
    kill(busy, 'SIGSTOP');
    retryOnIntr(() => waitpid(busy, WUNTRACED));
    // The first may come before it is known whether there is anything to wait for.
    handlers = [wait, wait, wait, enough];
    try {
      tries();
    } catch (error) {
      assert.equal(error.message, 'enough');
      break;
    }
    handlers = [];
    kill(busy, 'SIGCONT');
  }
  handlers = [
    enough,
    () => {
      setitimer(ITIMER_REAL, 0, 0);
      kill(busy, 'SIGCONT');
    },
  ];
}

await runCases({
  semaphore() {
    const semaphore = new Semaphore(3);
    const inside = new SharedValue(Int32Array, 0);
    const most = new SharedValue(Int32Array, 0);
    const pids = Array.from({ length: 8 }, () =>
      child(() => {
        for (let n = 0; n < 300; n++) {
          semaphore.acquire();
          const now = Atomics.add(inside.array, 0, 1) + 1;
          if (now > most.value) most.value = now;
          Atomics.sub(inside.array, 0, 1);
          semaphore.release();
        }
      }),
    );
    pids.forEach(ended);
    assert.deepEqual([semaphore.value, inside.value], [3, 0]);
    assert.ok(most.value <= 3);
    for (let n = 0; n < 3; n++) assert.equal(semaphore.tryAcquire(), true);
    assert.deepEqual([semaphore.tryAcquire(), semaphore.acquire({ timeout: 10 })], [false, false]);
    semaphore.release(5);
    assert.equal(semaphore.value, 5);
    for (const value of [-1, 2 ** 30 + 1, 0.5]) assert.throws(() => new Semaphore(value), range);
    assert.throws(() => semaphore.release(0), range);
  },

  // A copy of one who waits leaves the wait, too: by what the handler throws there.
  'semaphore-forked'() {
    const semaphore = new Semaphore(0);
    const forked = new Queue();
    const pid = child(() => {
      signal('SIGUSR1', () => {
        const copy = fork();
        if (copy === 0) throw new Error('left');
        ended(copy);
        forked.put('copy');
      });
      try {
        semaphore.acquire();
      } catch {
        _exit(0);
      }
      for (;;) sleep(60);
    });
    untilAsleep(pid);
    kill(pid, 'SIGUSR1');
    assert.equal(forked.get(), 'copy');
    untilAsleep(pid);
    semaphore.release();
    wasWoken(pid);
    killed(pid);
  },

  bounded() {
    const semaphore = new BoundedSemaphore(2);
    semaphore.acquire();
    semaphore.release();
    assert.throws(() => semaphore.release(), { name: 'RangeError', ...range });
    semaphore.acquire();
    assert.throws(() => semaphore.release(2), range);
    assert.equal(semaphore.value, 1);
  },

  // What one has acquired that dies, others take over, one by one.
  async 'bounded-holder-died'() {
    const semaphore = new BoundedSemaphore(3);
    const acquired = new Queue();
    const never = new Event();
    const holder = (count) =>
      child(() => {
        for (let n = 0; n < count; n++) semaphore.acquire();
        acquired.put('all');
        never.wait();
      });
    const one = holder(2);
    acquired.get();
    semaphore.acquire();
    // Who waits is told, asleep or in its event loop.
    const waits = (how) =>
      forkChild(async () => {
        await assert.rejects(how, { name: 'OwnerDiedError', code: 'ERR_OWNER_DIED', pid: one });
      });
    const asleep = await waits(async () => semaphore.acquire());
    const inTheLoop = await waits(() => semaphore.acquireAsync());
    untilAsleep(asleep.pid);
    killed(one);
    assert.deepEqual([await asleep.exited, await inTheLoop.exited], [ok, ok]);
    assert.throws(() => semaphore.acquire(), { name: 'OwnerDiedError', pid: one, message: /the semaphore/ });
    assert.equal(semaphore.recover(), one);
    assert.throws(() => semaphore.tryAcquire(), { pid: one });
    semaphore.release();
    assert.throws(() => semaphore.tryAcquire(), { pid: one });
    assert.equal(semaphore.recover({ timeout: 0 }), one);
    assert.equal(semaphore.recover({ timeout: 0 }), 0);
    assert.equal(semaphore.recover({ timeout: 0 }), undefined);
    assert.equal(semaphore.value, 0);
    semaphore.release(3);
    assert.throws(() => semaphore.release(), range);

    // One that ends by itself takes with it what it has, as one that is killed.
    ended(child(() => void semaphore.acquire()));
    assert.throws(() => semaphore.tryAcquire(), { name: 'OwnerDiedError' });
    semaphore.release();
    assert.deepEqual([semaphore.value, semaphore.tryAcquire()], [3, true]);
    semaphore.release();

    // What another has given back is not missing when its holder ends.
    const given = holder(1);
    acquired.get();
    semaphore.release();
    assert.equal(semaphore.value, 3);
    killed(given);
    for (let n = 0; n < 3; n++) assert.equal(semaphore.tryAcquire(), true);
    // A child has nothing of what its parent has.
    ended(child(() => assert.equal(semaphore.tryAcquire(), false)));
    semaphore.release(3);
    semaphore.close();
  },

  'bounded-interrupted'() {
    const semaphore = new BoundedSemaphore(2);
    const over = new SharedValue(Int32Array, 0);
    const busy = child(() => {
      while (over.value === 0) {
        semaphore.acquire();
        semaphore.release();
      }
    });
    semaphore.acquire();
    stopWithin(busy, () => {
      if (semaphore.tryAcquire()) semaphore.release();
    });
    assert.throws(() => semaphore.release(), { message: 'enough' });
    kill(busy, 'SIGCONT');
    over.value = 1;
    ended(busy);
    assert.equal(semaphore.value, 2);
    semaphore.close();
  },

  'semaphore-waiter-died'() {
    const semaphore = new Semaphore(0);
    const pids = [1, 2, 3].map(() => child(() => (semaphore.acquire() ? 0 : 1)));
    pids.forEach(untilAsleep);
    killed(pids[1]);
    semaphore.release(2);
    ended(pids[0]);
    ended(pids[2]);
    assert.equal(semaphore.value, 0);
  },

  async 'semaphore-in-the-loop'() {
    const semaphore = new Semaphore(0);
    const got = new Queue();
    const children = [];
    for (let n = 0; n < 4; n++) {
      children.push(
        await forkChild(async () => {
          for (let times = 0; times < 50; times++) got.put(await semaphore.acquireAsync());
        }),
      );
    }
    for (let n = 0; n < 200; n++) {
      semaphore.release();
      if (n % 10 === 0) await new Promise(setImmediate);
    }
    for (const { exited } of children) assert.deepEqual(await exited, ok);
    assert.deepEqual([got.qsize(), semaphore.value], [200, 0]);
    assert.equal(await semaphore.acquireAsync({ timeout: 5 }), false);
  },

  event() {
    const event = new Event();
    assert.deepEqual([event.isSet(), event.wait({ timeout: 10 })], [false, false]);
    const pids = [1, 2, 3].map(() => child(() => (event.wait() ? 0 : 1)));
    pids.forEach(untilAsleep);
    killed(pids[2]);
    event.set();
    ended(pids[0]);
    ended(pids[1]);
    assert.deepEqual([event.isSet(), event.wait()], [true, true]);
    event.clear();
    assert.deepEqual([event.isSet(), event.wait({ timeout: 0 })], [false, false]);
  },

  async 'event-in-the-loop'() {
    const event = new Event();
    const waits = async () => ((await event.waitAsync()) ? 0 : 1);
    const children = [await forkChild(waits), await forkChild(waits)];
    const own = event.waitAsync();
    assert.equal(await event.waitAsync({ timeout: 5 }), false);
    const given = event.waitAsync({ signal: AbortSignal.timeout(5) });
    await assert.rejects(given, { name: 'TimeoutError' });
    event.set();
    assert.equal(await own, true);
    for (const { exited } of children) assert.deepEqual(await exited, ok);
  },

  barrier() {
    const barrier = new Barrier(4);
    const count = new SharedValue(Int32Array, 0);
    const family = forkMany(3);
    const rounds = () => {
      const places = new Set();
      for (let n = 1; n <= 200; n++) {
        Atomics.add(count.array, 0, 1);
        places.add(barrier.wait());
        assert.ok(Atomics.load(count.array, 0) >= 4 * n);
      }
      return places;
    };
    if (family.role === 'child') {
      rounds();
      _exit(0);
    }
    for (const place of rounds()) assert.ok(place >= 0 && place < 4);
    family.pids.forEach(ended);
    assert.deepEqual([barrier.parties, barrier.nWaiting, barrier.broken, count.value], [4, 0, false, 800]);
    for (const parties of [0, 257, 1.5]) assert.throws(() => new Barrier(parties), range);
  },

  'barrier-action'() {
    const done = new Queue();
    const barrier = new Barrier(2, () => done.put('action'));
    const pid = child(() => {
      done.put(barrier.wait());
    });
    while (barrier.nWaiting === 0) continue;
    assert.equal(barrier.wait(), 1);
    ended(pid);
    assert.deepEqual([done.get(), done.get()], ['action', 0]);
    const failing = new Barrier(1, () => {
      throw new Error('no');
    });
    assert.throws(() => failing.wait(), { message: 'no' });
    assert.throws(() => failing.wait(), broken);
  },

  'barrier-broken'() {
    const barrier = new Barrier(3);
    const waiter = () => {
      const pid = child(() => {
        assert.throws(() => barrier.wait(), broken);
      });
      untilAsleep(pid);
      return pid;
    };
    for (const end of [() => barrier.abort(), () => assert.throws(() => barrier.wait({ timeout: 10 }), broken)]) {
      const pid = waiter();
      end();
      ended(pid);
      assert.equal(barrier.broken, true);
      assert.throws(() => barrier.wait(), broken);
      barrier.reset();
      assert.equal(barrier.broken, false);
    }
    const pid = waiter();
    barrier.reset();
    ended(pid);
    assert.deepEqual([barrier.broken, barrier.nWaiting], [false, 0]);
  },

  'barrier-died'() {
    const barrier = new Barrier(3);
    const [dying, other] = [1, 2].map(() =>
      child(() => {
        assert.throws(() => barrier.wait(), broken);
      }),
    );
    while (barrier.nWaiting < 2) continue;
    killed(dying);
    ended(other);
    barrier.reset();
    assert.equal(barrier.nWaiting, 0);
  },

  'barrier-interrupted'() {
    const over = new SharedValue(Int32Array, 0);
    // All have come: who comes now finds no place, and leaves all as it is.
    const comes = () => {
      try {
        barrier.wait({ timeout: 0 });
      } catch (error) {
        if (!(error instanceof BrokenBarrierError)) throw error;
      }
    };
    let busy;
    const barrier = new Barrier(2, () => {
      busy = child(() => {
        while (over.value === 0) comes();
      });
      stopWithin(busy, comes);
    });
    const waiting = child(() => assert.throws(() => barrier.wait(), broken));
    while (barrier.nWaiting === 0) continue;
    assert.throws(() => barrier.wait(), { message: 'enough' });
    kill(busy, 'SIGCONT');
    assert.deepEqual([barrier.broken, barrier.nWaiting], [true, 0]);
    ended(waiting);
    over.value = 1;
    ended(busy);
    barrier.close();
  },

  // A copy of one who waits has not come itself.
  'barrier-forked'() {
    const forked = new Queue();
    let copy;
    const forks = () => {
      copy = fork();
      if (copy === 0) return;
      ended(copy);
      forked.put('copy');
    };
    const passes = (barrier, index) =>
      child(() => {
        signal('SIGUSR1', forks);
        try {
          assert.equal(barrier.wait(), index);
        } catch (error) {
          assert.deepEqual([copy, error.code], [0, broken.code]);
        }
      });
    const barrier = new Barrier(2, forks);
    const first = passes(barrier, 0);
    untilAsleep(first);
    kill(first, 'SIGUSR1');
    assert.equal(forked.get(), 'copy');
    assert.deepEqual([barrier.nWaiting, barrier.broken], [1, false]);
    const last = passes(barrier, 1);
    assert.equal(forked.get(), 'copy');
    [first, last].forEach(ended);
    assert.equal(barrier.broken, false);
  },

  async 'barrier-in-the-loop'() {
    const barrier = new Barrier(3);
    const children = [];
    for (let n = 0; n < 2; n++) {
      children.push(
        await forkChild(async () => {
          for (let round = 0; round < 50; round++) await barrier.waitAsync();
        }),
      );
    }
    for (let round = 0; round < 50; round++) await barrier.waitAsync();
    for (const { exited } of children) assert.deepEqual(await exited, ok);
    const { pid, exited } = await forkChild(() => barrier.waitAsync());
    const own = barrier.waitAsync();
    while (barrier.nWaiting < 2) await new Promise(setImmediate);
    kill(pid, 'SIGKILL');
    await assert.rejects(own, broken);
    await exited;
  },

  arrays() {
    const { array } = new SharedArray(Float64Array, 3);
    assert.deepEqual([...array], [0, 0, 0]);
    ended(
      child(() => {
        array[1] = 0.5;
      }),
    );
    assert.deepEqual([...array], [0, 0.5, 0]);
    assert.deepEqual([...new SharedArray(Uint8Array, [1, 2, 300]).array], [1, 2, 44]);
    assert.deepEqual([...new SharedArray(BigInt64Array, [5n]).array], [5n]);
    for (const length of [0, -1, 1.5, 2 ** 32]) assert.throws(() => new SharedArray(Float64Array, length), range);
    for (const kind of [Array, undefined, 'Float64Array']) {
      assert.throws(() => new SharedArray(kind, 1), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    assert.throws(() => new SharedArray(Uint8Array, null), { code: 'ERR_INVALID_ARG_TYPE' });
  },

  value() {
    const value = new SharedValue(BigInt64Array, 7n);
    ended(
      child(() => {
        value.value += 1n;
      }),
    );
    assert.equal(value.value, 8n);
  },
});
