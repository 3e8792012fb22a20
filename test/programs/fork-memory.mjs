// What a fork does to the memory of parent and child. The case is the first argument.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { _exit, fork, forkChild, forkMany, prepareFork, waitpid } from 'truefork';

/** The ranges that a fork does not copy, by the number of their bytes. */
function marked() {
  const ranges = new Map();
  let range = '';
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (/^[0-9a-f]+-/.test(line)) range = line.split(' ', 1)[0];
    if (/^VmFlags:.* dc/.test(line)) {
      const [start, end] = range.split('-').map((address) => Number.parseInt(address, 16));
      ranges.set(range, end - start);
    }
  }
  return ranges;
}

const bytes = (ranges) => [...ranges.values()].reduce((sum, length) => sum + length, 0);

const cases = {
  // V8 goes on mapping pages, with the mark, while this reads.
  keepDontfork() {
    const before = marked();
    assert(bytes(before) > 10_000_000);
    for (const make of [() => fork({ keepDontfork: true }), () => forkMany(2, { keepDontfork: true })]) {
      const made = make();
      const isChild = made === 0 || made.role === 'child';
      const still = bytes(marked()) / bytes(before);
      if (isChild) _exit(still > 0.95 ? 0 : 1);
      assert(still > 0.95, `${still} of it is marked in the parent`);
      for (const pid of made.pids ?? [made]) assert.equal(waitpid(pid, 0).status, 0, 'and in each child');
    }
    const pid = fork();
    if (pid === 0) _exit(bytes(marked()) < bytes(before) / 10 ? 0 : 1);
    assert.equal(waitpid(pid, 0).status, 0, 'without the option it is not');
    assert(bytes(marked()) < bytes(before) / 10);
  },

  async prepareFork() {
    const target = () => new Array(1e6).fill(0).map((_, n) => ({ n }));
    const first = new WeakRef(target());
    // A WeakRef lives to the end of the job that made it.
    await new Promise(setImmediate);
    const { heapUsed } = process.memoryUsage();
    prepareFork();
    assert(process.memoryUsage().heapUsed < heapUsed - 10_000_000);
    assert.equal(first.deref(), undefined);
    assert.equal(typeof globalThis.gc, 'undefined');
    assert.equal(runInNewContext('typeof gc'), 'undefined', 'V8 does as before');
    prepareFork();
    const child = await forkChild(() => {
      prepareFork();
      return new Array(1e5).fill(1).length === 1e5 ? 0 : 1;
    });
    assert.equal((await child.exited).code, 0);
  },

  // What V8 has emptied would be in each child, as garbage that it shares, and copies when it takes of it.
  prepareForkGivesBack() {
    const before = process.memoryUsage();
    const records = Array.from({ length: 300_000 }, (_, n) => ({ n, name: `record ${n}`, tags: [n % 7, n % 11] }));
    prepareFork();
    const after = process.memoryUsage();
    const [resident, used] = ['rss', 'heapUsed'].map((what) => after[what] - before[what]);
    assert(used > 30_000_000 && records.length > 0);
    assert(resident < 1.4 * used, `${resident} bytes are resident for ${used} that are used`);
  },
};

await cases[process.argv[2]]();
console.log('passed');
