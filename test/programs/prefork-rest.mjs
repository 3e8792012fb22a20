// When the workers of a family collect garbage that has come to rest. Beside it is a child of the same process that is none: what
// it inherits of V8's memory reducer is the same. Needs --expose-gc and --gc-memory-reducer-start-delay-ms=100.
//
// With the argument `after` it waits, too, until V8 does as ever for what a worker has taken itself.
import assert from 'node:assert/strict';
import { createServer, get } from 'node:http';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { forkChild, prefork } from 'truefork';

const WORKERS = 2;
// V8 waits for 8 s after a second collection; in the family that is let go by, and for 30 s, which it waits for in Node.js 26.
const HELD = 41_000; // milliseconds

/** Collections of all garbage in this process, and who wants to know of the next. */
let collections = 0;
let told = () => undefined;
new PerformanceObserver((list) => {
  collections += list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
  told();
}).observe({ entryTypes: ['gc'] });

/** Resolves when this process has collected so often, since it was forked or since this was set to 0. */
async function collected(count) {
  // V8 does not keep a process alive for that.
  const alive = setInterval(() => undefined, 60_000);
  while (collections < count) await new Promise((resolve) => (told = resolve));
  clearInterval(alive);
}

async function ask(path) {
  const response = await new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: master.address.port, path, agent: false }, resolve).on('error', reject);
  });
  return text(response);
}

/** Takes memory. Resolves when V8 has collected because this process has come to rest. */
async function grow() {
  const records = Array.from({ length: 200_000 }, (_, n) => ({ n, name: `record ${n}` }));
  globalThis.gc();
  // The observer is told in a later turn.
  await sleep(50);
  collections = 0;
  records.length = 0;
  await collected(1);
}

const answers = {
  '/collections': () => `${process.pid} ${collections}`,
  async '/grow'() {
    await grow();
    return 'collected';
  },
};
const server = createServer(async (request, response) => response.end(await answers[request.url]()));

globalThis.gc();
globalThis.gc();
await sleep(50);
collections = 0;
const other = await forkChild(async () => {
  await collected(1);
  return 0;
});
const master = await prefork(server, { host: '127.0.0.1', port: 0, workers: WORKERS });
const begun = performance.now();
assert.deepEqual(await other.exited, { state: 'exited', code: 0 });

// It is due in all of them at one moment, but some tasks later in one than in the other.
await sleep(2_000);
const seen = new Map();
while (seen.size < WORKERS) {
  const [pid, count] = (await ask('/collections')).split(' ');
  seen.set(pid, Number(count));
}
assert.deepEqual([...seen.values()], [0, 0], 'the other child has collected');

if (process.argv[2] === 'after') {
  await sleep(HELD - (performance.now() - begun));
  assert.equal(await ask('/grow'), 'collected');
  await master.stop();
} else {
  await master.stop();
  // The family is gone: this process is one as any other.
  await grow();
}
console.log('passed');
