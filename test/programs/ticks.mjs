// Whether process.nextTick() is as fast after a collection that saves memory as before. What collects is the first argument.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { forkChild, prefork, prepareFork, releaseMemory } from 'truefork';

const ROUNDS = 20;
const TICKS = 20_000;
// It is 6 to 9 times as slow where V8 has met two shapes.
const SLOWER = 3;

function nothing() {}

/** What a tick takes at its best. */
async function fastest() {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    for (let tick = 0; tick < TICKS; tick += 1) process.nextTick(nothing);
    await nextTurn();
    least = Math.min(least, performance.now() - begun);
  }
  return least;
}

/** V8's own collections, until it lets go of shapes that nothing has: after the third, as a rule. */
function collectAll() {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let n = 0; n < 6; n += 1) collect();
}

async function check(collect) {
  const before = await fastest();
  collect();
  await nextTurn();
  const after = await fastest();
  assert.ok(after < SLOWER * before, `${TICKS} ticks take ${after} ms, in place of ${before}`);
}

const cases = {
  async releaseMemory() {
    await check(releaseMemory);
    await check(releaseMemory);
  },
  async prepareFork() {
    await check(prepareFork);
    await check(releaseMemory);
  },
  async child() {
    prepareFork();
    const { exited } = await forkChild(() => check(releaseMemory));
    assert.deepEqual(await exited, { state: 'exited', code: 0 });
  },
  // It has done nothing for its ticks itself.
  async worker() {
    const server = createServer((request, response) => {
      check(collectAll).then(
        () => response.end('as fast'),
        (error) => response.end(error.message),
      );
    });
    const master = await prefork(server, { host: '127.0.0.1', port: 0, workers: 1 });
    const response = await fetch(`http://127.0.0.1:${master.address.port}/`, { headers: { connection: 'close' } });
    assert.equal(await response.text(), 'as fast');
    await master.stop();
  },
};

await cases[process.argv[2]]();
console.log('passed');
