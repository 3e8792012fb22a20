// Several children of one moment: each knows which it is, and all are whole.
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { atfork, close, decodeWaitStatus, forkMany, pipe2, read, waitpid, write } from 'truefork';

const COUNT = 12;
const hooks = { before: 0, parent: 0, child: 0 };
atfork({ before: () => hooks.before++, parent: () => hooks.parent++, child: () => hooks.child++ });

randomInt(10);
randomUUID();
const [reader, writer] = pipe2(0);
const forked = forkMany(COUNT);
if (forked.role === 'child') {
  assert.deepEqual(hooks, { before: 1, parent: 0, child: 1 });
  const drawn = [Math.random(), randomInt(2 ** 40), randomUUID()];
  await fs.stat('/');
  await new Promise((resolve) => setTimeout(resolve, 1));
  write(writer, Buffer.from(`${JSON.stringify({ pid: process.pid, drawn })}\n`));
  process.exit(100 + forked.index);
}
close(writer);
assert.deepEqual(hooks, { before: 1, parent: 1, child: 0 });
assert.equal(new Set(forked.pids).size, COUNT);
for (const [index, pid] of forked.pids.entries()) {
  assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 100 + index });
}
const buffer = Buffer.alloc(65536);
const told = buffer
  .toString('utf8', 0, read(reader, buffer))
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
assert.deepEqual(told.map(({ pid }) => pid).sort(), forked.pids.toSorted());
const drawn = told.flatMap((one) => one.drawn);
assert.equal(new Set(drawn).size, 3 * COUNT);

for (const wrong of [0, 1.5, NaN, 65_537]) assert.throws(() => forkMany(wrong), { code: 'ERR_OUT_OF_RANGE' });
assert.throws(() => forkMany('2'), { code: 'ERR_INVALID_ARG_TYPE' });
console.log('passed');
