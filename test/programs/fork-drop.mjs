// Forks that leave busy threads behind. The case is the first argument.
import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, promises as fs, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeWaitStatus, fork, forkChild, mkfifo, waitpid } from 'truefork';
import { untilAThreadIsIn } from './support/threads.mjs';

const threads = () => readdirSync('/proc/self/task').length;

/** What a whole Node.js can do, on what is left of the threadpool too. */
async function works() {
  assert.match(await fs.readFile(new URL(import.meta.url), 'utf8'), /leave busy threads behind/);
  assert.equal((await promisify(pbkdf2)('secret', 'salt', 10, 16, 'sha256')).length, 16);
  const worker = new (await import('node:worker_threads')).Worker('', { eval: true });
  await new Promise((resolve) => worker.once('exit', resolve));
}

const cases = {
  // In open(2) of a FIFO that nobody writes to.
  async waiting() {
    const directory = mkdtempSync(join(tmpdir(), 'truefork-'));
    const fifo = join(directory, 'fifo');
    mkfifo(fifo, 0o600);
    const opening = fs.open(fifo, 'r');
    untilAThreadIsIn('openat(2)');
    const before = threads();
    for (let n = 0; n < 20; n++) {
      const child = await forkChild(
        async () => {
          assert.equal(threads(), before - 2, 'without that thread and the one for SIGUSR1');
          await works();
          return 4;
        },
        { threads: 'drop' },
      );
      assert.equal((await child.exited).code, 4);
    }
    assert.throws(() => fork({ timeout: 50 }), { reason: 'busy-threads' });
    const writer = openSync(fifo, 'w');
    await (await opening).close();
    closeSync(writer);
    rmSync(directory, { recursive: true });
    await works();
  },

  // Computing, on all four threads of the pool.
  async computing() {
    const work = Array.from({ length: 4 }, () => promisify(pbkdf2)('secret', 'salt', 3_000_000, 64, 'sha512'));
    await new Promise(setImmediate);
    assert.throws(() => fork({ timeout: 50 }), { reason: 'busy-threads', message: /\(tid \d+\) is running/ });
    for (let n = 0; n < 20; n++) {
      const pid = fork({ threads: 'drop' });
      // Without a threadpool: it does what needs none, and ends as Node does.
      if (pid === 0)
        process.exit(JSON.parse(readFileSync('/proc/self/stat', 'utf8').split(' ')[0]) === process.pid ? 6 : 7);
      assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 6 });
    }
    const keys = new Set((await Promise.all(work)).map((key) => key.toString('hex')));
    assert.equal(keys.size, 1, 'the work of the parent is not disturbed');
    await works();
  },

  // Allocating, without end: stopped where they do not hold the allocator's lock, in every child malloc works.
  async allocating() {
    let over = false;
    const allocate = async () => {
      while (!over) await promisify(pbkdf2)('secret', 'salt', 1, 4096, 'sha256');
    };
    const work = Array.from({ length: 16 }, allocate);
    await new Promise(setImmediate);
    for (let n = 0; n < 200; n++) {
      const pid = fork({ threads: 'drop' });
      if (pid === 0) {
        const buffers = Array.from({ length: 200 }, (_, i) => Buffer.allocUnsafeSlow((i + 1) * 1000).fill(i));
        process.exit(buffers.length === 200 ? 8 : 9);
      }
      assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 8 });
      await new Promise(setImmediate);
    }
    over = true;
    await Promise.all(work);
  },
};

await cases[process.argv[2]]();
console.log('passed');
