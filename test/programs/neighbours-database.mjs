// Forks beside a database that has a thread of its own, for compaction. The parent's database is the parent's: a child
// opens another. How often is the first argument, a directory of the test's own the second.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { decodeWaitStatus, fork, waitpid } from 'truefork';

const { ClassicLevel } = createRequire(new URL('../neighbours/package.json', import.meta.url))('classic-level');
const COUNT = Number(process.argv[2]);
const directory = process.argv[3];
const ROWS = 200;
const main = process.pid;

const open = async (name) => {
  // Little enough memory that it writes tables, and compacts them, soon.
  const database = new ClassicLevel(join(directory, name), { writeBufferSize: 64 * 1024 });
  await database.open();
  return database;
};

async function fill(database, prefix, value) {
  const rows = Array.from({ length: ROWS }, (_, n) => ({ type: 'put', key: `${prefix} ${n}`, value }));
  await database.batch(rows);
}

async function check(database, prefix, value) {
  for (let n = 0; n < ROWS; n++) assert.equal(await database.get(`${prefix} ${n}`), value);
}

const parents = await open('parent');
const value = randomBytes(1000).toString('hex');
await fill(parents, 'before', value);

for (let n = 0; n < COUNT && process.pid === main; n++) {
  // Every other fork comes while the database is at work. It waits for that.
  const work = n % 2 === 0 ? parents.compactRange('a', 'z') : undefined;
  if (n % 4 === 0) await new Promise(setImmediate);
  const pid = fork();
  await work;
  if (pid === 0) {
    const own = await open(`child ${n}`);
    await fill(own, 'child', value);
    await own.compactRange('a', 'z');
    await check(own, 'child', value);
    await own.close();
    process.exitCode = 5;
    // Half of them end with the parent's database closed, the others leave it as it is.
    if (n % 3 === 0) await parents.close();
  } else {
    await fill(parents, `round ${n}`, value);
    await check(parents, 'before', value);
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 5 });
  }
}

if (process.pid === main) {
  await parents.close();
  // No child has changed it.
  const again = await open('parent');
  await check(again, 'before', value);
  for (let n = 0; n < COUNT; n++) await check(again, `round ${n}`, value);
  await again.close();
  console.log('passed');
}
