// A process of a family is killed at any moment, again and again: `ipc-kill.mjs KIND SEED ROUNDS`. What the others do goes on to
// its end, and nothing is lost or doubled but what the dead one had in its hands.
import assert from 'node:assert/strict';
import { _exit, forkMany, kill, waitpid } from 'truefork';
import {
  Barrier,
  BoundedSemaphore,
  BrokenBarrierError,
  Channel,
  ClosedError,
  Condition,
  Lock,
  OwnerDiedError,
  Pool,
  Queue,
  SharedArray,
  WorkerDiedError,
} from 'truefork/ipc';

const [kind, seed, rounds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

// Nothing takes as long, in milliseconds: who waits longer waits for something that does not come.
const timeout = 20_000;

let state = seed;
function random(count) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * count);
}

/** Forks so many, each of which does what its index says; kills one at a random moment, and answers which. */
async function family(count, role, longest) {
  const forked = forkMany(count);
  if (forked.role === 'child') {
    let code = 0;
    try {
      await role(forked.index);
    } catch (error) {
      console.error(error);
      code = 1;
    }
    _exit(code);
  }
  const moment = performance.now() + random(longest) / 1000;
  const victim = random(count);
  while (performance.now() < moment) continue;
  kill(forked.pids[victim], 'SIGKILL');
  return {
    victim,
    ended() {
      for (const [index, pid] of forked.pids.entries()) {
        const { status } = waitpid(pid, 0);
        assert.ok(status === 0 || (index === victim && status === 9), `process ${index} ended with ${status}`);
      }
    },
  };
}

const kinds = {
  /** Two put and two get, the second of each from the event loop. */
  async queue() {
    const EACH = 30;
    const queue = new Queue({ maxsize: 1 + random(8) });
    const taken = new SharedArray(Int32Array, 2 * EACH).array;
    const put = new SharedArray(Int32Array, 2).array;
    const length = random(2) * 2000;
    const text = 'x'.repeat(length);
    const producer = async (index) => {
      for (let n = 0; n < EACH; n++) {
        const item = [index, n, text];
        if (index === 0) queue.put(item, { timeout });
        else await queue.putAsync(item, { timeout });
        Atomics.store(put, index, n + 1);
      }
    };
    const consumer = async (index) => {
      for (;;) {
        const item = index === 2 ? queue.get({ timeout }) : await queue.getAsync({ timeout });
        if (item === 'end') return;
        assert.equal(item[2].length, length);
        Atomics.add(taken, item[0] * EACH + item[1], 1);
      }
    };
    const children = await family(4, (index) => (index < 2 ? producer(index) : consumer(index)), 2500);
    const { victim } = children;
    const expected = (index) => (index === victim ? Atomics.load(put, index) : EACH);
    // Until those that live have put all: the ends come behind it.
    for (const index of [0, 1])
      while (index !== victim && Atomics.load(put, index) < EACH) await new Promise(setImmediate);
    for (let n = victim < 2 ? 0 : 1; n < 2; n++) queue.put('end', { timeout });
    children.ended();
    let missing = 0;
    for (const index of [0, 1]) {
      const counts = [...taken.subarray(index * EACH, (index + 1) * EACH)];
      assert.ok(counts.every((count) => count <= 1));
      missing += counts.slice(0, expected(index)).filter((count) => count === 0).length;
      // What a dead one was just putting may be there.
      const extra = counts.slice(expected(index)).filter((count) => count === 1).length;
      assert.ok(extra <= (index === victim ? 1 : 0));
    }
    assert.ok(missing <= (victim >= 2 ? 1 : 0), `${missing} items are lost`);
    queue.close();
  },

  /** Two words that are the same whenever nobody holds the lock. */
  async lock() {
    const lock = new Lock();
    const words = new SharedArray(Int32Array, 2).array;
    let repairs = 0;
    const acquire = async (index) => {
      for (;;) {
        try {
          if (index === 0) return assert.equal(await lock.acquireAsync({ timeout }), true);
          return assert.equal(lock.acquire({ timeout }), true);
        } catch (error) {
          if (!(error instanceof OwnerDiedError)) throw error;
          const dead = lock.recover({ timeout });
          assert.notEqual(dead, undefined);
          if (dead !== 0) repairs++;
          if (words[0] !== words[1]) assert.notEqual(dead, 0);
          words[1] = words[0];
          return;
        }
      }
    };
    const children = await family(
      3,
      async (index) => {
        for (let n = 0; n < 100; n++) {
          await acquire(index);
          assert.equal(words[0], words[1]);
          words[0] += 1;
          words[1] += 1;
          lock.release();
        }
        assert.ok(repairs <= 1);
      },
      3000,
    );
    children.ended();
    await acquire(1);
    assert.ok(words[0] >= 200 && words[0] <= 301);
    lock.release();
    lock.close();
  },

  /** Of two things each is one process's at a time; those of the dead are taken over. */
  async semaphore() {
    const semaphore = new BoundedSemaphore(2);
    const inside = new SharedArray(Int32Array, 3).array;
    const count = () => inside.reduce((sum, one) => sum + one, 0);
    const acquire = async (index) => {
      try {
        if (index === 0) return assert.equal(await semaphore.acquireAsync({ timeout }), true);
        return assert.equal(semaphore.acquire({ timeout }), true);
      } catch (error) {
        if (!(error instanceof OwnerDiedError)) throw error;
        assert.notEqual(semaphore.recover({ timeout }), undefined);
      }
    };
    const children = await family(
      3,
      async (index) => {
        for (let n = 0; n < 100; n++) {
          await acquire(index);
          Atomics.store(inside, index, 1);
          // The dead one may have left its own.
          assert.ok(count() <= 3);
          Atomics.store(inside, index, 0);
          semaphore.release();
        }
      },
      3000,
    );
    children.ended();
    for (let n = 0; n < 2; n++) await acquire(1);
    assert.deepEqual([semaphore.value, semaphore.recover({ timeout: 0 })], [0, undefined]);
    semaphore.release(2);
    assert.equal(semaphore.value, 2);
    semaphore.close();
  },

  /** Two talk; when one dies, the other receives all that was sent whole, in order, and then the end. */
  async channel() {
    const [one, other] = Channel.pair();
    const text = 'x'.repeat(random(2) * 100_000);
    const sent = new SharedArray(Int32Array, 2).array;
    const received = new SharedArray(Int32Array, 2).array;
    const children = await family(
      2,
      async (index) => {
        const [mine, its] = index === 0 ? [one, other] : [other, one];
        its.close();
        try {
          for (let n = 0; n < 200; n++) {
            if (index === 0) mine.send([n, text], { timeout });
            else await mine.sendAsync([n, text]);
            Atomics.store(sent, index, n + 1);
            const [number, came] = index === 0 ? mine.receive({ timeout }) : await mine.receiveAsync({ timeout });
            assert.deepEqual([number, came.length], [n, text.length]);
            Atomics.store(received, index, n + 1);
          }
        } catch (error) {
          assert.ok(error instanceof ClosedError, String(error));
          const rest = () => (index === 0 ? mine.receive({ timeout }) : mine.receiveAsync({ timeout }));
          // What it had sent before it was killed, and may not have counted.
          for (;;) {
            try {
              const [number] = await rest();
              assert.equal(number, Atomics.add(received, index, 1));
            } catch (end) {
              assert.ok(end instanceof ClosedError, String(end));
              break;
            }
          }
        }
      },
      3000,
    );
    one.close();
    other.close();
    children.ended();
    const living = 1 - children.victim;
    const difference = received[living] - sent[children.victim];
    assert.ok(difference === 0 || difference === 1, `${received[living]} received, ${sent[children.victim]} sent`);
  },

  /** One puts, three take. */
  async condition() {
    const condition = new Condition(new Lock());
    // How many were put, how many taken, whether that is all.
    const words = new SharedArray(Int32Array, 3).array;
    const holding = async (call) => {
      try {
        assert.equal(condition.acquire({ timeout }), true);
      } catch (error) {
        if (!(error instanceof OwnerDiedError)) throw error;
        condition.recover({ timeout });
      }
      await call();
      if (condition.lock.isMine) condition.release();
    };
    const wait = async (index, predicate) => {
      try {
        const met =
          index === 0
            ? await condition.waitForAsync(predicate, { timeout })
            : condition.waitFor(predicate, { timeout });
        assert.equal(met, true);
      } catch (error) {
        if (!(error instanceof OwnerDiedError)) throw error;
        condition.recover({ timeout });
      }
    };
    const children = await family(
      3,
      async (index) => {
        for (let all = false; !all;) {
          await holding(async () => {
            await wait(index, () => words[0] > words[1] || words[2] === 1);
            if (words[0] > words[1]) words[1] += 1;
            else all = words[2] === 1;
          });
        }
      },
      3000,
    );
    for (let n = 0; n < 30; n++) {
      await holding(() => {
        words[0] += 1;
        condition.notify();
      });
    }
    await holding(() => {
      words[2] = 1;
      condition.notifyAll();
    });
    children.ended();
    assert.deepEqual([words[0], words[1]], [30, 30]);
    condition.close();
  },

  /** Whoever dies, the others are told. */
  async barrier() {
    const barrier = new Barrier(3);
    const children = await family(
      3,
      async (index) => {
        // The one that is killed may be at work, and not at the barrier: a time limit is for that.
        const limit = { timeout: 100 };
        try {
          for (;;) {
            if (index === 0) await barrier.waitAsync(limit);
            else barrier.wait(limit);
          }
        } catch (error) {
          assert.ok(error instanceof BrokenBarrierError, String(error));
        }
      },
      3000,
    );
    children.ended();
    assert.equal(barrier.broken, true);
    barrier.reset();
    assert.equal(barrier.nWaiting, 0);
    barrier.close();
  },

  /** One task is lost with its worker, and no other. */
  async pool() {
    const pool = new Pool(3);
    const calls = Array.from({ length: 40 }, (_, n) => pool.apply(double, [n]));
    const results = Promise.allSettled(calls);
    while (pool.pids.length === 0) await new Promise(setImmediate);
    const moment = performance.now() + random(2000) / 1000;
    while (performance.now() < moment) await new Promise(setImmediate);
    const { pids } = pool;
    if (pids.length > 0) kill(pids[random(pids.length)], 'SIGKILL');
    const settled = await results;
    for (const [n, { status, value, reason }] of settled.entries()) {
      if (status === 'fulfilled') assert.equal(value, 2 * n);
      else assert.ok(reason instanceof WorkerDiedError, String(reason));
    }
    assert.ok(settled.filter(({ status }) => status === 'rejected').length <= 1);
    assert.equal(await pool.apply(double, [4]), 8);
    await pool[Symbol.asyncDispose]();
  },
};

const double = (n) => 2 * n;

for (let round = 0; round < rounds; round++) {
  const before = state;
  try {
    await kinds[kind]();
  } catch (error) {
    console.error(`round ${round} of ${kind}, which begins with the seed ${before}`);
    throw error;
  }
}
console.log('passed');
