// fs.watch across forks. The case is the first argument.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeWaitStatus, fork, forkChild, waitpid } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'truefork-watches-'));
const touch = (...names) => names.forEach((name) => writeFileSync(join(folder, name), String(Math.random())));
const told = (watcher) => new Promise((resolve) => watcher.once('change', (_, name) => resolve(name)));
const files = (count) => Array.from({ length: count }, (_, n) => `file-${n}`);

/** How many watches this process has, as the kernel knows them. */
function watches() {
  return readdirSync('/proc/self/fd')
    .filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:inotify';
      } catch {
        return false;
      }
    })
    .flatMap((fd) => readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^inotify wd:/gm) ?? []).length;
}

const cases = {
  // Each process has its own: what one is told is not taken from the other.
  async both() {
    touch(...files(20));
    const watchers = files(20).map((name) => watch(join(folder, name)));
    const ended = forkChild(async () => {
      assert.equal(watches(), 20);
      const all = Promise.all(watchers.map(told));
      touch(...files(20));
      assert.deepEqual(await all, files(20));
      watchers.forEach((watcher) => watcher.close());
      // The last of them in its own callback, after which it is taken off.
      await new Promise(setImmediate);
      assert.equal(watches(), 0);
    });
    const all = Promise.all(watchers.map(told));
    assert.equal((await (await ended).exited).code, 0);
    assert.deepEqual(await all, files(20));
    assert.equal(watches(), 20);
    watchers.forEach((watcher) => watcher.close());
  },

  // One whose file is gone is silent, the others are not.
  async gone() {
    touch(...files(5));
    const watchers = files(5).map((name) => watch(join(folder, name)));
    rmSync(join(folder, 'file-2'));
    const child = await forkChild(async () => {
      const rest = files(5).filter((name) => name !== 'file-2');
      const all = Promise.all(watchers.filter((_, n) => n !== 2).map(told));
      touch(...rest);
      assert.deepEqual(await all, rest);
      watchers.forEach((watcher) => watcher.close());
    });
    assert.equal((await child.exited).code, 0);
    watchers.forEach((watcher) => watcher.close());
  },

  // After many that have come and gone, whose numbers the kernel does not use again; and a new one beside them.
  async numbers() {
    touch('a', 'b', 'c', 'new');
    const a = watch(join(folder, 'a'));
    for (let n = 0; n < 3000; n++) watch(join(folder, 'b')).close();
    const [b, c] = ['b', 'c'].map((name) => watch(join(folder, name)));
    const child = await forkChild(async () => {
      const added = watch(join(folder, 'new'));
      const all = Promise.all([a, b, c, added].map(told));
      touch('a', 'b', 'c', 'new');
      assert.deepEqual(await all, ['a', 'b', 'c', 'new']);
      const grandchild = await forkChild(async () => {
        const again = Promise.all([a, b, c, added].map(told));
        touch('a', 'b', 'c', 'new');
        assert.deepEqual(await again, ['a', 'b', 'c', 'new']);
      });
      assert.equal((await grandchild.exited).code, 0);
    });
    assert.equal((await child.exited).code, 0);
    [a, b, c].forEach((watcher) => watcher.close());
  },

  // In a callback, with libuv in the middle of its list; the watcher is closed before the fork, in the child, in neither.
  async callback() {
    for (const closes of ['before', 'child', 'nobody']) {
      const own = join(folder, closes);
      mkdirSync(own);
      const others = files(3).map((name) => watch(own, { persistent: false }, () => name));
      await new Promise((resolve) => {
        let forked = false;
        const watcher = watch(own, () => {
          if (forked) return;
          forked = true;
          if (closes === 'before') watcher.close();
          const pid = fork();
          if (pid === 0) {
            if (closes === 'child') watcher.close();
            const added = watch(own);
            added.on('change', (_, name) => name === 'later' && process.exit(7));
            setImmediate(() => writeFileSync(join(own, 'later'), ''));
            return;
          }
          assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 7 });
          watcher.close();
          resolve();
        });
        for (const name of files(20)) writeFileSync(join(own, name), '');
      });
      others.forEach((watcher) => watcher.close());
    }
  },
};

const main = process.pid;
process.on('exit', () => {
  if (process.pid === main) rmSync(folder, { recursive: true });
});
await cases[process.argv[2]]();
console.log('passed');
