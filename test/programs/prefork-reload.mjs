// What reload(), refork() and scale() say to a program that calls them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { families, prefork } from 'truefork/prefork';

let template = 'first';
const server = createServer((request, response) => response.end(template));
const master = await prefork(server, { host: '127.0.0.1', workers: 3 });
const url = `http://127.0.0.1:${master.address.port}`;
const answer = async () => (await fetch(url, { headers: { connection: 'close' } })).text();
const ready = () => master.workers.filter(({ state }) => state === 'ready');
const numbers = () => ready().map(({ worker }) => worker);
assert.equal(await answer(), 'first');

// The new workers are forks of this process as it is now.
template = 'second';
const before = ready().map(({ pid }) => pid);
const reloaded = master.reload();
await assert.rejects(master.reload(), { name: 'PreforkError', code: 'ERR_PREFORK_RELOAD', message: /already/ });
await assert.rejects(master.refork(), { name: 'PreforkError', code: 'ERR_PREFORK_REFORK', message: /already/ });
await reloaded;
assert.deepEqual(master.molds, []);
assert.deepEqual(
  ready()
    .filter(({ generation }) => generation === 2)
    .map(({ worker, pid }) => [worker, before.includes(pid)]),
  [0, 1, 2].map((worker) => [worker, false]),
);
while (master.workers.length > 3) await once(master, 'exit');
for (let n = 0; n < 10; n++) assert.equal(await answer(), 'second');

// The new workers are forks of one of these, which becomes the mold.
template = 'third';
const candidates = ready().map(({ pid }) => pid);
await master.refork();
assert.equal(master.molds.length, 1);
const [mold] = master.molds;
assert(candidates.includes(mold.pid));
assert.deepEqual([mold.state, mold.generation], ['ready', 3]);
while (master.workers.length > 3) await once(master, 'exit');
assert.deepEqual(
  ready().map(({ worker, generation }) => [worker, generation]),
  [0, 1, 2].map((worker) => [worker, 3]),
);
for (let n = 0; n < 10; n++) assert.equal(await answer(), 'second');
assert.deepEqual(families()[0].molds, master.molds);

for (const mistake of [-1, 1025, 1.5, NaN]) assert.throws(() => master.scale(mistake), { code: 'ERR_OUT_OF_RANGE' });
assert.throws(() => master.scale('2'), { code: 'ERR_INVALID_ARG_TYPE' });
master.scale(5);
while (ready().length < 5) await once(master, 'ready');
assert.deepEqual(numbers(), [0, 1, 2, 3, 4]);
// But for what changes between two looks, four times a second.
const lasting = (workers) => workers.map((worker) => ({ ...worker, turnedAt: 0, lag: 0 }));
assert.deepEqual(lasting(families()[0].workers), lasting(master.workers));
master.scale(1);
while (master.workers.length > 1) await once(master, 'exit');
assert.deepEqual(numbers(), [0]);
master.scale(0);
while (master.workers.length > 0) await once(master, 'exit');
master.scale(2);
while (ready().length < 2) await once(master, 'ready');
assert.equal(await answer(), 'second');

// More than there are cells for at once: each change takes the last one back.
for (const workers of [40, 2, 30, 1, 20]) master.scale(workers);
while (ready().length < 20) await once(master, 'ready');
while (master.workers.length > 20) await once(master, 'exit');
assert.deepEqual(
  numbers(),
  Array.from({ length: 20 }, (_, worker) => worker),
);

// Back to forks of this process.
await master.reload();
while (master.molds.length > 0 || master.workers.length > 20) await new Promise((resolve) => setTimeout(resolve, 1));
assert.equal(await answer(), 'third');

const cut = master.refork();
const stopped = master.stop();
await assert.rejects(cut, { code: 'ERR_PREFORK_REFORK', message: /the server stops/ });
await stopped;
await assert.rejects(master.refork(), { code: 'ERR_PREFORK_REFORK', message: /the server stops/ });
await assert.rejects(master.reload(), { code: 'ERR_PREFORK_RELOAD', message: /the server stops/ });
assert.throws(() => master.scale(3), { code: 'ERR_PREFORK_SCALE', message: /the server stops/ });
assert.deepEqual(master.workers, []);
console.log('passed');
