// Working directory, root and umask: node posix-filesystem.mjs <case>.
import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import {
  chdir,
  chroot,
  close,
  fchdir,
  getcwd,
  mkfifo,
  O_CREAT,
  O_RDONLY,
  O_WRONLY,
  open,
  umask,
  waitpid,
} from 'truefork';
import { child, library, runCase, temporaryFolder } from './posix-cases.mjs';

const ended = (pid) => assert.equal(waitpid(pid, 0).status, 0);
const modeOf = (path) => statSync(path).mode & 0o777;

await runCase({
  umask() {
    const folder = temporaryFolder();
    const before = umask(0);
    for (let mask = 0; mask <= 0o777; mask++) {
      assert.equal(umask(mask), mask === 0 ? 0 : mask - 1);
      assert.equal(process.umask(), mask);
    }
    for (const mask of [0, 0o022, 0o077, 0o777]) {
      umask(mask);
      const path = join(folder, mask.toString(8));
      close(open(path, O_CREAT | O_WRONLY, 0o777));
      mkfifo(`${path}-fifo`, 0o666);
      assert.deepEqual([modeOf(path), modeOf(`${path}-fifo`)], [0o777 & ~mask, 0o666 & ~mask]);
    }
    umask(0o027);
    // A child inherits it, and has its own from then on.
    ended(child(() => assert.deepEqual([umask(0o002), umask(0)], [0o027, 0o002])));
    assert.equal(umask(before), 0o027);
  },

  async directory() {
    const folder = temporaryFolder();
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    for (const path of [first, second]) mkdirSync(path);
    const start = getcwd();
    // Node.js keeps what it has been told.
    assert.equal(process.cwd(), start);
    chdir(first);
    assert.deepEqual([getcwd(), process.cwd()], [first, first]);
    const fd = open('.', O_RDONLY);
    chdir('../second');
    assert.deepEqual([getcwd(), process.cwd()], [second, second]);
    writeFileSync('here', '');
    await stat(join(second, 'here'));
    fchdir(fd);
    assert.deepEqual([getcwd(), process.cwd()], [first, first]);
    // By a link it is the place to which it leads.
    symlinkSync(second, join(folder, 'link'));
    chdir(join(folder, 'link'));
    assert.deepEqual([getcwd(), process.cwd()], [second, second]);
    // A child begins there, and goes its own way.
    ended(
      child(() => {
        assert.deepEqual([getcwd(), process.cwd()], [second, second]);
        fchdir(fd);
        assert.deepEqual([getcwd(), process.cwd()], [first, first]);
      }),
    );
    assert.deepEqual([getcwd(), process.cwd()], [second, second]);

    assert.throws(() => chdir('missing'), { name: 'FileNotFoundError', code: 'ENOENT', path: 'missing' });
    assert.throws(() => chdir('here'), { name: 'NotADirectoryError', code: 'ENOTDIR', syscall: 'chdir' });
    const file = open('here', O_RDONLY);
    assert.throws(() => fchdir(file), { name: 'NotADirectoryError', code: 'ENOTDIR', fd: file });
    symlinkSync('loop', 'loop');
    assert.throws(() => chdir('loop'), { code: 'ELOOP' });
    assert.throws(() => chdir('x'.repeat(256)), { code: 'ENAMETOOLONG' });
    assert.deepEqual([getcwd(), process.cwd()], [second, second]);
    // One that has been removed has no path.
    fchdir(fd);
    rmdirSync(first);
    assert.throws(() => getcwd(), { name: 'FileNotFoundError', code: 'ENOENT', message: /, getcwd\(\)$/ });
    chdir(start);
  },

  root() {
    if (process.getuid() !== 0) return;
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'inside'));
    const start = getcwd();
    assert.throws(() => chroot(join(folder, 'missing')), { name: 'FileNotFoundError', code: 'ENOENT' });
    ended(
      child(() => {
        assert.equal(process.cwd(), start);
        chroot(folder);
        // The working directory is outside now.
        assert.throws(() => getcwd(), { code: 'ENOENT' });
        assert.throws(() => process.cwd(), { code: 'ENOENT' });
        chdir('/inside');
        assert.deepEqual([getcwd(), process.cwd()], ['/inside', '/inside']);
        assert.throws(() => statSync(folder), { code: 'ENOENT' });
      }),
    );
    assert.deepEqual([getcwd(), process.cwd()], [start, start]);
  },

  async worker() {
    const script = `
      const { parentPort } = require('node:worker_threads');
      const { chdir, chroot, fchdir, getcwd } = require(${JSON.stringify(library)});
      const codes = [() => chdir('/'), () => fchdir(0), () => chroot('/')].map((call) => {
        try { call(); } catch (error) { return error.code; }
      });
      parentPort.postMessage([...codes, getcwd()]);`;
    const worker = new Worker(script, { eval: true });
    const [told] = await once(worker, 'message');
    assert.deepEqual(told, [...Array(3).fill('ERR_WORKER_UNSUPPORTED_OPERATION'), process.cwd()]);
  },
});
