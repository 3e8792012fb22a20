// Whether releaseMemory() gives back what work has taken, in the process, a child or a Worker. Which is the first argument.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { isMainThread, Worker } from 'node:worker_threads';
import { forkChild, getpid, processMemory, releaseMemory } from 'truefork';
import { growTo, young } from './young-generation.mjs';

const MEGABYTE = 2 ** 20;
const GROWN = 16;

/** What this process has for itself, in megabytes. */
const own = () => processMemory(getpid()).private / MEGABYTE;

async function check() {
  const { external_memory: external } = getHeapStatistics();
  growTo(GROWN);
  const before = own();
  releaseMemory();
  // Before this process looks at itself again and again, by which it makes garbage outside the heap.
  assert.ok(getHeapStatistics().external_memory < external + MEGABYTE, 'V8 knows of no memory that is not there');
  assert.ok(young() < GROWN / 4, `${young()} MB of the young generation are left`);
  // A thread of V8's gives it back.
  while (own() > before - GROWN / 2) await nextTurn();
}

const cases = {
  async process() {
    await check();
    // It may grow again.
    await check();
  },
  async child() {
    growTo(GROWN);
    const { exited } = await forkChild(check);
    assert.deepEqual(await exited, { state: 'exited', code: 0 });
  },
  async thread() {
    const [code] = await once(new Worker(new URL(import.meta.url), { argv: ['process'] }), 'exit');
    assert.equal(code, 0);
  },
};

await cases[process.argv[2]]();
if (isMainThread) console.log('passed');
