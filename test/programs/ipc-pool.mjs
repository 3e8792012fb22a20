// Pool.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { _exit, atfork, fork, getppid, kill, ps, waitpid, waitpidAsync } from 'truefork';
import { BoundedSemaphore, Pool, SharedArray, SharedValue, WorkerDiedError } from 'truefork/ipc';
import { killed, runCases } from './ipc-support.mjs';

const square = (n) => n * n;
const upTo = (count) => Array.from({ length: count }, (_, n) => n);
const lives = (pid) => ps().some((process) => process.pid === pid && !process.state.startsWith('Z'));

/** Runs with a pool, of which nothing is left. */
async function withPool(processes, call) {
  const pool = new Pool(processes);
  try {
    await call(pool);
  } finally {
    const { pids } = pool;
    await pool[Symbol.asyncDispose]();
    assert.deepEqual(pool.pids, []);
    for (const pid of pids) assert.throws(() => kill(pid, 0), { code: 'ESRCH' });
  }
}

const thrown = async (promise) => promise.then(assert.fail, (error) => error);

await runCases({
  map: () =>
    withPool(3, async (pool) => {
      assert.deepEqual(await pool.map(square, upTo(1000)), upTo(1000).map(square));
      assert.deepEqual(await pool.map(square, new Set([1, 2]), { chunksize: 1 }), [1, 4]);
      assert.deepEqual(await pool.map(square, []), []);
      assert.ok(pool.pids.length <= 3);
      const pids = await pool.map(() => process.pid, upTo(30), { chunksize: 1 });
      assert.ok(pids.every((pid) => pool.pids.includes(pid)));
    }),

  apply: () =>
    withPool(2, async (pool) => {
      const add = (a, b) => a + b;
      assert.equal(await pool.apply(add, [1, 2]), 3);
      assert.equal(await pool.apply(() => 'nothing'), 'nothing');
      assert.deepEqual(
        await pool.starmap(add, [
          [1, 2],
          [3, 4],
        ]),
        [3, 7],
      );
      assert.deepEqual(await pool.map(async (n) => await Promise.resolve([n]), [1, 2]), [[1], [2]]);
      assert.deepEqual(await pool.apply(() => new Map([[1, { a: undefined }]])), new Map([[1, { a: undefined }]]));
    }),

  closures: () =>
    withPool(2, async (pool) => {
      const table = new Map([['a', { deep: () => 42 }]]);
      const look = () => table.get('a').deep();
      assert.equal(await pool.apply(look), 42);
      const before = pool.pids;
      assert.equal(await pool.apply(look), 42);
      assert.deepEqual(pool.pids, before);
      // Living workers do not know this one.
      const factor = 3;
      assert.deepEqual(await pool.map((n) => n * factor, [1, 2]), [3, 6]);
      assert.equal(await pool.apply(look), 42);
    }),

  errors: () =>
    withPool(2, async (pool) => {
      class OddError extends Error {
        extra = { a: 1 };
        call = () => 1;
      }
      const fail = (n) => {
        if (n === 2) throw new OddError('no 2', { cause: new TypeError('because') });
        return n;
      };
      const error = await thrown(pool.map(fail, [1, 2, 3], { chunksize: 1 }));
      assert.ok(error instanceof Error && error.cause instanceof TypeError);
      const { name, message, extra, cause, call } = error;
      assert.deepEqual(
        [name, message, extra, cause.message, call],
        ['OddError', 'no 2', { a: 1 }, 'because', undefined],
      );
      assert.match(error.stack, /ipc-pool\.mjs/);
      assert.ok((await thrown(pool.apply(() => null.field))) instanceof TypeError);
      assert.equal(await thrown(pool.apply(() => Promise.reject('a text'))), 'a text');
      const circular = () => {
        const own = new Error('own cause');
        own.cause = own;
        throw own;
      };
      assert.equal((await thrown(pool.apply(circular))).message, 'own cause');
      const several = await thrown(
        pool.apply(() => Promise.any([Promise.reject(new OddError('one')), Promise.reject(2)])),
      );
      assert.ok(several instanceof AggregateError);
      assert.deepEqual([several.errors[0].message, several.errors[0].extra, several.errors[1]], ['one', { a: 1 }, 2]);
      assert.ok(!Object.keys(several).includes('errors'));
      const ofItself = () => {
        const own = new AggregateError([1], 'of itself');
        own.errors.push(own);
        throw own;
      };
      assert.deepEqual((await thrown(pool.apply(ofItself))).errors, [1]);
      assert.match((await thrown(pool.apply(() => () => 1))).message, /could not be cloned/);
      assert.match((await thrown(pool.apply(square, [() => 1]))).message, /could not be cloned/);
      assert.equal(await pool.apply(square, [3]), 9);
    }),

  // Whatever it is, the worker answers, and what follows here it does not do.
  untold: () =>
    withPool(1, async (pool) => {
      const goesOn = new SharedValue(Int32Array, 0);
      const lasting = setInterval(() => undefined, 1000);
      const trap = () => {
        throw new Error('looked at');
      };
      const odd = {
        bare: Object.assign(Object.create(null), { call: trap }),
        classless: Object.assign(new Error('odd'), { constructor: null }),
        getter: Object.defineProperty(new Error('odd'), 'field', { enumerable: true, get: trap }),
        proxy: new Proxy(new Error('odd'), { get: trap }),
        unspeakable: { [Symbol.for('nodejs.util.inspect.custom')]: trap, [Symbol.toPrimitive]: trap, call: trap },
      };
      for (const what of Object.values(odd)) {
        const error = await thrown(
          pool.apply(() => {
            throw what;
          }),
        );
        Atomics.add(goesOn.array, 0, 1);
        assert.match(error.message, /^what was thrown cannot be sent/);
        const later = await thrown(pool.apply(() => Promise.reject(what)));
        Atomics.add(goesOn.array, 0, 1);
        assert.match(later.message, /^what was thrown cannot be sent/);
      }
      clearInterval(lasting);
      assert.equal(goesOn.value, 10);
      for (const name of ['toString', 'constructor', '__proto__']) {
        const error = await thrown(
          pool.apply(() => {
            throw Object.assign(new Error('odd'), { name });
          }),
        );
        assert.ok(error instanceof Error);
        assert.deepEqual([error.name, error.message], [name, 'odd']);
      }
    }),

  deaths: () =>
    withPool(2, async (pool) => {
      const ways = {
        kill: () => kill(process.pid, 'SIGKILL'),
        exit: () => process.exit(3),
        thrown: () =>
          new Promise(() => {
            setImmediate(() => process.exit(4));
          }),
      };
      const statuses = {
        kill: { state: 'signaled', signal: 'SIGKILL', coreDumped: false },
        exit: { state: 'exited', code: 3 },
        thrown: { state: 'exited', code: 4 },
      };
      const die = (way) => (way in ways ? ways[way]() : way);
      const calls = ['kill', 1, 'exit', 2, 'thrown', 3].map((way) => pool.apply(die, [way]));
      const results = await Promise.allSettled(calls);
      for (const way of Object.keys(ways)) {
        const { reason } = results[['kill', 1, 'exit', 2, 'thrown', 3].indexOf(way)];
        assert.ok(reason instanceof WorkerDiedError);
        assert.deepEqual([reason.code, reason.status], ['ERR_WORKER_DIED', statuses[way]]);
      }
      assert.deepEqual(
        results.filter(({ status }) => status === 'fulfilled').map(({ value }) => value),
        [1, 2, 3],
      );
      // One that dies without work is nobody's error.
      await pool.map(square, upTo(10));
      for (const pid of pool.pids) kill(pid, 'SIGKILL');
      assert.deepEqual(await pool.map(square, upTo(10)), upTo(10).map(square));
    }),

  forks: () =>
    withPool(1, async (pool) => {
      // A fork that a worker makes comes out of the function as the worker does, and sooner.
      const sync = (n) => {
        const pid = fork();
        if (pid > 0) return waitpid(pid, 0).status + n;
        setImmediate(() => _exit(0));
        return 'fork';
      };
      const async = async (n) => {
        const pid = fork();
        if (pid > 0) return (await waitpidAsync(pid)).status + n;
        setTimeout(() => _exit(0), 10);
        return 'fork';
      };
      for (const forks of [sync, async]) {
        assert.deepEqual(await pool.map(forks, upTo(6), { chunksize: 1 }), upTo(6));
      }
    }),

  'waited-for': async () => {
    const begun = new SharedArray(Int32Array, 1);
    const stay = () => {
      Atomics.add(begun.array, 0, 1);
      for (;;) continue;
    };
    const ends = {
      PoolTerminatedError: (pool) => pool.terminate(),
      AbortError: (_, calls) => calls.abort(),
    };
    for (const [name, end] of Object.entries(ends)) {
      const calls = new AbortController();
      await withPool(2, async (pool) => {
        begun.array[0] = 0;
        const results = [1, 2].map(() => thrown(pool.apply(stay, [], { signal: calls.signal })));
        while (begun.array[0] < 2) await new Promise(setImmediate);
        const [one, other] = pool.pids;
        kill(one, 'SIGKILL');
        assert.equal(waitpid(-1, 0).pid, one);
        end(pool, calls);
        for (const error of await Promise.all(results)) assert.equal(error.name, name);
        while (lives(other)) await new Promise(setImmediate);
      });
    }
  },

  'not-begun': () =>
    withPool(2, async (pool) => {
      const begun = new SharedArray(Int32Array, 1);
      const begin = (n) => Atomics.add(begun.array, 0, 1) >= 0 && n;
      await pool.map(begin, [1, 2], { chunksize: 1 });
      const workers = pool.pids;
      // What they are given now they do not see, and then they die.
      for (const pid of workers) kill(pid, 'SIGSTOP');
      const results = pool.map(begin, [3, 4, 5], { chunksize: 1 });
      const given = new AbortController();
      const aborted = pool.apply(begin, [6], { signal: given.signal }).catch((error) => error.name);
      for (const pid of workers) kill(pid, 'SIGKILL');
      given.abort();
      assert.deepEqual(await results, [3, 4, 5]);
      assert.equal(await aborted, 'AbortError');
      assert.equal(begun.array[0], 5);

      // Not for ever: it may be what they die of.
      begun.array[0] = 0;
      const hook = atfork({
        child() {
          Atomics.add(begun.array, 0, 1);
          kill(process.pid, 'SIGKILL');
        },
      });
      const error = await thrown(pool.apply(() => 'of which they know nothing yet'));
      assert.ok(error instanceof WorkerDiedError);
      assert.equal(begun.array[0], 1 + pool.processes);
      hook();
      assert.equal(await pool.apply(square, [5]), 25);
    }),

  async streams() {
    await withPool(3, async (pool) => {
      const collected = await Array.fromAsync?.(pool.imap(square, upTo(100)));
      if (collected) assert.deepEqual(collected, upTo(100).map(square));
      let asked = 0;
      function* endless() {
        try {
          for (;;) yield asked++;
        } finally {
          asked = -asked;
        }
      }
      let next = 0;
      for await (const result of pool.imap(square, endless())) {
        assert.equal(result, square(next++));
        assert.ok(asked <= next + 8, `${asked} asked for at ${next}`);
        if (next === 200) break;
      }
      await new Promise(setImmediate);
      assert.ok(asked < 0);
      async function* slowly() {
        for (const n of upTo(20)) {
          await new Promise(setImmediate);
          yield n;
        }
      }
      const seen = [];
      for await (const result of pool.imapUnordered(square, slowly(), { chunksize: 3 })) seen.push(result);
      assert.deepEqual(
        seen.sort((a, b) => a - b),
        upTo(20).map(square),
      );
      const failing = pool.imap((n) => (n === 3 ? Promise.reject(new RangeError('three')) : n), upTo(9));
      for (const n of [0, 1, 2]) assert.deepEqual(await failing.next(), { done: false, value: n });
      await assert.rejects(failing.next(), { name: 'RangeError', message: 'three' });
      assert.deepEqual(await failing.next(), { done: true, value: undefined });
    });
  },

  // As of for await: what the source throws when it is left is told, unless something else is.
  left: () =>
    withPool(1, async (pool) => {
      const fail = (message) => {
        throw new Error(message);
      };
      const sources = {
        *sync() {
          try {
            for (const n of upTo(100)) yield n;
          } finally {
            fail('cannot be left');
          }
        },
        async *later() {
          try {
            for (const n of upTo(100)) yield n;
          } finally {
            await Promise.reject(new Error('cannot be left'));
          }
        },
      };
      const takeOne = async (results) => {
        for await (const result of results) return result;
      };
      for (const source of Object.values(sources)) {
        await assert.rejects(takeOne(pool.imap(square, source())), { message: 'cannot be left' });
        await assert.rejects(takeOne(pool.imap((n) => fail(`${n}`), source())), { message: '0' });
      }
      let release;
      const asked = new Promise((resolve) => (release = resolve));
      const stuck = (async function* () {
        yield 3;
        try {
          await asked;
        } finally {
          await Promise.reject(new Error('cannot be left'));
        }
      })();
      assert.equal(await takeOne(pool.imap(square, stuck)), 9);
      release();
      await new Promise(setImmediate);
    }),

  aborted: () =>
    withPool(2, async (pool) => {
      const begun = new SharedValue(Int32Array, 0);
      const forever = () => {
        Atomics.add(begun.array, 0, 1);
        for (;;) continue;
      };
      const controller = new AbortController();
      const all = pool.map(forever, upTo(10), { chunksize: 1, signal: controller.signal });
      const other = pool.apply(square, [4]);
      while (begun.value < 2) await new Promise(setImmediate);
      controller.abort(new Error('enough'));
      await assert.rejects(all, { message: 'enough' });
      assert.equal(await other, 16);
      assert.equal(begun.value, 2);
      await assert.rejects(pool.apply(square, [1], { signal: controller.signal }), { message: 'enough' });
      const later = new AbortController();
      const stuck = pool.imap(
        square,
        { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) },
        later,
      );
      const next = stuck.next();
      later.abort(new Error('stuck'));
      await assert.rejects(next, { message: 'stuck' });
    }),

  async closed() {
    const pool = new Pool(2);
    await assert.rejects(pool.join(), { code: 'ERR_POOL_OPEN' });
    const result = pool.map(square, upTo(100));
    pool.close();
    pool.close();
    await assert.rejects(pool.apply(square, [1]), { name: 'PoolClosedError', code: 'ERR_POOL_CLOSED' });
    const { pids } = pool;
    await pool.join();
    assert.deepEqual(await result, upTo(100).map(square));
    for (const pid of pids) assert.throws(() => kill(pid, 0), { code: 'ESRCH' });
    const unused = new Pool(2);
    unused.close();
    await unused.join();
  },

  async terminated() {
    const pool = new Pool(2);
    const begun = new SharedValue(Int32Array, 0);
    const forever = () => {
      Atomics.add(begun.array, 0, 1);
      for (;;) continue;
    };
    const all = pool.map(forever, upTo(4), { chunksize: 1 });
    while (begun.value < 2) await new Promise(setImmediate);
    const { pids } = pool;
    pool.terminate();
    pool.terminate();
    await assert.rejects(all, { name: 'PoolTerminatedError', code: 'ERR_POOL_TERMINATED' });
    await pool.join();
    for (const pid of pids) assert.throws(() => kill(pid, 0), { code: 'ESRCH' });
  },

  random: () =>
    withPool(4, async (pool) => {
      const gate = new BoundedSemaphore(4);
      const draw = () => {
        gate.acquire();
        return [process.pid, Math.random(), randomUUID()];
      };
      const draws = await pool.map(draw, upTo(4), { chunksize: 1 });
      for (const column of [1, 2]) assert.equal(new Set(draws.map((one) => one[column])).size, 4);
    }),

  async 'parent-killed'() {
    const pids = new SharedValue(Int32Array, 0);
    const parent = fork();
    if (parent === 0) {
      const pool = new Pool(1);
      void pool.apply(() => {
        Atomics.store(pids.array, 0, process.pid);
        for (;;) continue;
      });
      return await new Promise(() => undefined);
    }
    while (pids.value === 0) continue;
    killed(parent);
    while (lives(pids.value)) continue;
  },

  children: () =>
    withPool(2, async (pool) => {
      const ppids = await pool.map(() => getppid(), upTo(8), { chunksize: 1 });
      assert.ok(ppids.every((ppid) => ppid === process.pid));
    }),

  wrong: () =>
    withPool(1, async (pool) => {
      for (const processes of [0, 1025, 1.5]) assert.throws(() => new Pool(processes), { code: 'ERR_OUT_OF_RANGE' });
      assert.throws(() => new Pool('2'), { code: 'ERR_INVALID_ARG_TYPE' });
      await assert.rejects(pool.map('no function', [1]), { code: 'ERR_INVALID_ARG_TYPE' });
      await assert.rejects(pool.map(square, [1], { chunksize: 0 }), { code: 'ERR_OUT_OF_RANGE' });
      await assert.rejects(pool.map(square, [1], { signal: {} }), { code: 'ERR_INVALID_ARG_TYPE' });
    }),
});
