// A mold: a child that forks siblings for its parent, of which the last one is the next mold. COUNT of each, MOLDS in a row.
import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { promisify } from 'node:util';
import { close, decodeWaitStatus, fork, forkMany, O_CLOEXEC, pipe2, read, waitpid, write } from 'truefork';

const [COUNT, MOLDS] = process.argv.slice(2).map(Number);
const main = process.pid;
const [output, input] = pipe2(O_CLOEXEC);

async function work() {
  globalThis.gc();
  const [text, key] = await Promise.all([
    fs.readFile(process.argv[1], 'utf8'),
    promisify(pbkdf2)('secret', 'salt', 1000, 16, 'sha256'),
  ]);
  assert.match(text, /A mold/);
  assert.equal(key.length, 16);
}

const tell = (pid, code) => write(input, new Uint8Array(Int32Array.of(pid, code).buffer));

async function mold(n) {
  await work();
  const forked = forkMany(COUNT, { sibling: true });
  assert.equal(process.ppid, main);
  if (forked.role === 'child') {
    await work();
    assert.equal(process.ppid, main);
    if (forked.index < COUNT - 1 || n + 1 === MOLDS) process.exit(forked.index);
    return mold(n + 1);
  }
  forked.pids.forEach((pid, index) => {
    // The last one goes on as the next mold, and ends as molds do.
    tell(pid, index < COUNT - 1 || n + 1 === MOLDS ? index : 100 + n + 1);
    assert.throws(() => waitpid(pid, 0), { code: 'ECHILD' });
  });
  process.exit(100 + n);
}

const first = fork();
if (first === 0) await mold(0);
close(input);
const expected = new Map([[first, 100]]);
const words = new Int32Array(2);
while (read(output, new Uint8Array(words.buffer)) > 0) expected.set(words[0], words[1]);
assert.equal(expected.size, 1 + COUNT * MOLDS);
for (const [pid, code] of expected) {
  assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code });
}
assert.throws(() => waitpid(-1, 0), { code: 'ECHILD' });
console.log('passed');
