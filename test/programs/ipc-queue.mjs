// Queue.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { forkChild, getpid, kill, setitimer, ITIMER_REAL, signal } from 'truefork';
import { Queue, QueueEmptyError, QueueFullError } from 'truefork/ipc';
import { child } from './posix-cases.mjs';
import { ended, killed, leavesNone, runCases, untilAsleep } from './ipc-support.mjs';

const full = (error) => error instanceof QueueFullError && error.code === 'ERR_QUEUE_FULL';
const empty = (error) => error instanceof QueueEmptyError && error.code === 'ERR_QUEUE_EMPTY';

/** Numbers that are the same in each run. */
function randomFrom(seed) {
  let state = seed;
  return (count) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
}

await runCases({
  between() {
    const queue = new Queue();
    const answers = new Queue();
    const pid = child(() => {
      for (let item; (item = queue.get()) !== 'end';) answers.put({ item, by: getpid() });
    });
    for (let n = 0; n < 1000; n++) queue.put(n);
    for (let n = 0; n < 1000; n++) assert.deepEqual(answers.get(), { item: n, by: pid });
    queue.put('end');
    ended(pid);
  },

  kinds() {
    const queue = new Queue();
    const shared = { n: 1 };
    const circle = {};
    circle.self = circle;
    const kinds = [
      ...[0, -0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 0.1, NaN, Infinity, -Infinity, 2 ** 60],
      ...['', 'a', 'é€😀', 'x'.repeat(100_000), '€'.repeat(9000), '\ud800', true, false, null, undefined],
      ...[
        123n,
        new Date(5),
        /a/g,
        new Map([[1, { a: 2 }]]),
        new Set([1]),
        Buffer.from('ab'),
        new Float64Array([1.5, 2]),
      ],
      ...[
        [],
        {},
        [1, [2, { three: '3' }]],
        { a: undefined },
        Object.assign(new Array(3), { 0: 1 }),
        { deep: { deeper: [null, true, -0] } },
      ],
      ...[
        [shared, shared],
        circle,
        Object.assign([1], { extra: 2 }),
        new TypeError('no'),
        JSON.parse('{"__proto__": 1}'),
      ],
      Array.from({ length: 1000 }, (_, n) => n),
      ...[62, 63, 64, 65].map((length) => Array.from({ length }, (_, n) => n)),
      ...[31, 32, 33, 5000, 16_000, 16_384].map((length) => ({ ['k'.repeat(length)]: 'v'.repeat(length) })),
      ...[{ 2: 'two', 1: 'one', '': 'none', ключ: '值', toJSON: 1 }, 'abc'.match(/b/)],
      ...[Object.create(null), Array.from({ length: 70 }).reduce((inner) => [inner], 'deep')],
    ];
    for (const kind of kinds) {
      queue.put(kind);
      assert.deepEqual(queue.get(), Buffer.isBuffer(kind) ? kind : structuredClone(kind));
    }
    queue.put([shared, shared]);
    const [one, other] = queue.get();
    assert.equal(one, other);
    queue.put(new Uint8Array(3));
    assert.equal(queue.get().buffer.byteLength < 200, true);
    assert.throws(() => queue.put(() => 1), /could not be cloned/);
    assert.equal(queue.empty(), true);
  },

  // What comes is what a structured clone is, of values of all shapes and sizes.
  shapes() {
    const random = randomFrom(11);
    const texts = ['', 'a', 'id', 'an item', 'é', '😀', '\ud800', 'x'.repeat(40), '€'.repeat(40), '__proto__', '7'];
    const text = () => (random(3) === 0 ? String(random(1e6)) : texts[random(texts.length)]);
    const leaves = [
      text,
      () => random(300) - 150,
      () => (random(2 ** 30) - 2 ** 29) * 8,
      () => random(1000) / 7,
      () => [true, false, null, undefined, -0, NaN, Infinity][random(7)],
      () => [1n, new Date(random(1e6)), new Map([[1, text()]]), new Set([text()]), /x/g][random(5)],
    ];
    const entries = (depth) => Array.from({ length: random(6) }, () => [text(), tree(depth - 1)]);
    const tree = (depth) => {
      const kind = depth === 0 ? 9 : random(10);
      if (kind < 3) return entries(depth).map(([, value]) => value);
      if (kind < 6) return Object.fromEntries(entries(depth));
      return leaves[random(20) === 0 ? leaves.length - 1 : random(leaves.length - 1)]();
    };
    const queue = new Queue();
    for (let n = 0; n < 20_000; n++) {
      const value = tree(4);
      queue.put(value);
      assert.deepEqual(queue.get(), structuredClone(value), `item ${n}`);
    }
  },

  // A getter is called once, and may itself use the queue.
  getters() {
    const queue = new Queue();
    let calls = 0;
    const value = {
      before: 'is written before it',
      get inner() {
        calls++;
        queue.put({ from: ['the', 'getter'] });
        return { own: 1 };
      },
      after: [2],
    };
    queue.put(value);
    assert.deepEqual(queue.get(), { from: ['the', 'getter'] });
    assert.deepEqual(queue.get(), { before: 'is written before it', inner: { own: 1 }, after: [2] });
    assert.equal(calls, 1);
    // Or take what another has put.
    const letters = new Queue();
    letters.put({ come: ['meanwhile', 1, 2, 3] });
    const reading = {
      before: 'it',
      get inner() {
        return letters.get();
      },
      after: 'it',
    };
    queue.put(reading);
    assert.deepEqual(queue.get(), { before: 'it', inner: { come: ['meanwhile', 1, 2, 3] }, after: 'it' });
    const throwing = {
      get wrong() {
        throw new Error('the getter’s own');
      },
    };
    assert.throws(() => queue.put(throwing), /the getter’s own/);
    queue.put({ still: 'works' });
    assert.deepEqual(queue.get(), { still: 'works' });
  },

  limits() {
    const queue = new Queue({ maxsize: 3 });
    const sizes = () => [queue.qsize(), queue.empty(), queue.full()];
    assert.deepEqual([queue.maxsize, ...sizes()], [3, 0, true, false]);
    assert.throws(() => queue.getNowait(), empty);
    assert.throws(() => queue.get({ timeout: 10 }), empty);
    for (const n of [1, 2, 3]) queue.put(n);
    assert.deepEqual(sizes(), [3, false, true]);
    assert.throws(() => queue.putNowait(4), full);
    const start = performance.now();
    assert.throws(() => queue.put(4, { timeout: 20 }), full);
    assert.ok(performance.now() - start >= 20);
    assert.deepEqual([queue.get(), queue.getNowait()], [1, 2]);
    queue.putNowait(5);
    assert.deepEqual([queue.get(), queue.get(), ...sizes()], [3, 5, 0, true, false]);
  },

  large() {
    const queue = new Queue({ bytes: 4096 });
    assert.throws(() => queue.put('x'.repeat(4096)), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    // What says that it is a text, and how long, takes five bytes.
    queue.put('x'.repeat(4091));
    assert.throws(() => queue.putNowait(1), full);
    assert.equal(queue.get().length, 4091);
    for (const bytes of [63, 2 ** 30 + 1, 100.5])
      assert.throws(() => new Queue({ bytes }), { code: 'ERR_OUT_OF_RANGE' });
    for (const maxsize of [-1, 1.5, 2 ** 24 + 1]) {
      assert.throws(() => new Queue({ maxsize }), { code: 'ERR_OUT_OF_RANGE' });
    }
    assert.throws(() => new Queue({ maxsize: '3' }), { code: 'ERR_INVALID_ARG_TYPE' });
  },

  // Against a list, with items of all lengths that fit.
  ring() {
    const random = randomFrom(7);
    for (const bytes of [64, 100, 1000, 5000]) {
      const queue = new Queue({ bytes, maxsize: bytes === 1000 ? 5 : 0 });
      const list = [];
      for (let n = 0; n < 20_000; n++) {
        if (random(2) === 0) {
          const item = String.fromCharCode(97 + random(26)).repeat(
            random(4) === 0 ? random(bytes - 4) : random(bytes / 8),
          );
          try {
            queue.putNowait(item);
            list.push(item);
          } catch (error) {
            assert.ok(full(error) && list.length > 0, String(error));
          }
        } else if (list.length > 0) {
          assert.equal(queue.getNowait(), list.shift());
        } else {
          assert.throws(() => queue.getNowait(), empty);
        }
        assert.equal(queue.qsize(), list.length);
      }
    }
  },

  blocks() {
    const queue = new Queue({ maxsize: 2 });
    const done = new Queue();
    const putter = child(() => {
      for (let n = 0; n < 6; n++) queue.put(n);
      done.put('putter');
    });
    while (queue.qsize() < 2) continue;
    untilAsleep(putter);
    assert.deepEqual([queue.qsize(), done.empty()], [2, true]);
    const got = Array.from({ length: 6 }, () => queue.get());
    assert.deepEqual([...got, done.get()], [0, 1, 2, 3, 4, 5, 'putter']);
    ended(putter);
    const getter = child(() => {
      done.put(queue.get());
    });
    untilAsleep(getter);
    queue.put('late');
    assert.equal(done.get(), 'late');
    ended(getter);
  },

  interrupted() {
    const queue = new Queue();
    signal('SIGALRM', () => {
      queue.put('from the handler');
    });
    setitimer(ITIMER_REAL, 0.02, 0);
    assert.equal(queue.get(), 'from the handler');
  },

  // While one waits for its turn to put, the handler of a signal may put something else.
  'handler-meanwhile'() {
    const queue = new Queue({ maxsize: 1, bytes: 2 ** 27 });
    const others = new Queue();
    const large = Buffer.alloc(2 ** 26);
    const [start, end] = [new Queue(), new Queue()];
    const slow = child(() => {
      start.get();
      queue.put(large);
      end.get();
    });
    const sharedKilobytes = () => Number(/^RssShmem:\s+(\d+)/m.exec(readFileSync(`/proc/${slow}/status`, 'latin1'))[1]);
    const interrupted = child(() => {
      signal('SIGALRM', () => others.put({ wrong: 'x'.repeat(30) }));
      const before = sharedKilobytes();
      start.put('go');
      // In the middle of the other's putting, after which the queue is full.
      while (sharedKilobytes() < before + 1024) continue;
      setitimer(ITIMER_REAL, 0.001, 0.001);
      queue.put({ right: 1 });
      setitimer(ITIMER_REAL, 0, 0);
    });
    assert.deepEqual(others.get(), { wrong: 'x'.repeat(30) });
    assert.equal(queue.get().length, large.length);
    assert.deepEqual(queue.get(), { right: 1 });
    ended(interrupted);
    end.put('it is counted');
    ended(slow);
  },

  async 'in-the-loop'() {
    const queue = new Queue({ maxsize: 4 });
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 1);
    const { exited } = await forkChild(async () => {
      for (let n = 0; n < 500; n++) await queue.putAsync(n);
    });
    for (let n = 0; n < 500; n++) assert.equal(await queue.getAsync(), n);
    await exited;
    const late = queue.getAsync();
    await new Promise((resolve) => setTimeout(resolve, 20));
    queue.put('late');
    assert.equal(await late, 'late');
    clearInterval(ticking);
    assert.ok(ticks > 1);
  },

  async 'given-up'() {
    const queue = new Queue({ maxsize: 1 });
    await assert.rejects(queue.getAsync({ timeout: 10 }), empty);
    await assert.rejects(queue.getAsync({ signal: AbortSignal.abort(new Error('before')) }), { message: 'before' });
    const controller = new AbortController();
    const waiting = [queue.getAsync({ signal: controller.signal }), queue.getAsync()];
    controller.abort(new Error('while'));
    await assert.rejects(waiting[0], { message: 'while' });
    queue.put(1);
    assert.equal(await waiting[1], 1);
    queue.put(2);
    await assert.rejects(queue.putAsync(3, { timeout: 10 }), full);
    assert.deepEqual([queue.get(), queue.empty()], [2, true]);
  },

  async 'many-loops'() {
    const queue = new Queue();
    const got = new Queue();
    const getters = [];
    for (let n = 0; n < 5; n++) {
      getters.push(
        await forkChild(async () => {
          for (let item; (item = await queue.getAsync()) !== 'end';) got.put(item);
        }),
      );
    }
    for (let n = 0; n < 1000; n++) await queue.putAsync(n);
    getters.forEach(() => queue.put('end'));
    for (const { exited } of getters) assert.deepEqual(await exited, { state: 'exited', code: 0 });
    const items = Array.from({ length: 1000 }, () => got.get());
    assert.deepEqual(
      items.sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, n) => n),
    );
    assert.equal(got.empty(), true);
  },

  async 'in-order'() {
    const queue = new Queue();
    const items = Promise.all([queue.getAsync(), queue.getAsync(), queue.getAsync()]);
    for (const n of [1, 2, 3]) queue.put(n);
    assert.deepEqual(await items, [1, 2, 3]);
  },

  async 'keeps-nobody'() {
    const queue = new Queue();
    const { exited, pid } = await forkChild(async () => {
      await queue.getAsync({ timeout: 60_000 });
    });
    queue.put(0);
    assert.deepEqual(await exited, { state: 'exited', code: 0 });
    assert.throws(() => kill(pid, 0), { code: 'ESRCH' });
  },

  'waiter-died'() {
    const queue = new Queue();
    const pids = [1, 2].map(() => child(() => (queue.get() === 'item' ? 0 : 1)));
    pids.forEach(untilAsleep);
    killed(pids[0]);
    queue.put('item');
    ended(pids[1]);
  },

  exhausted() {
    leavesNone(() => new Queue());
  },

  async closed() {
    const queue = new Queue();
    const waiting = queue.getAsync();
    queue.put(1);
    queue.close();
    queue.close();
    await waiting.catch(() => undefined);
    assert.throws(() => queue.put(1), { name: 'ClosedError', code: 'ERR_CLOSED' });
    assert.throws(() => queue.get(), { code: 'ERR_CLOSED' });
    await assert.rejects(queue.getAsync(), { code: 'ERR_CLOSED' });
    const other = new Queue();
    const late = other.getAsync();
    other.close();
    await assert.rejects(late, { code: 'ERR_CLOSED' });
  },
});
