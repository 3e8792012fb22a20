// The raw calls in worker threads.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as truefork from 'truefork';
import { maps, library, runCase } from './posix-cases.mjs';

const { close, getpid, pipe2, read, write } = truefork;

/** Runs a function in a worker thread, and gives what it returns. */
async function inWorker(body, workerData) {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     parentPort.postMessage((${body})(require(${JSON.stringify(library)}), require('node:assert/strict'), workerData));`,
    { eval: true, workerData },
  );
  const exit = once(worker, 'exit');
  const [result] = await once(worker, 'message');
  assert.deepEqual(await exit, [0]);
  return result;
}

await runCase({
  async 'all-calls'() {
    await inWorker((t, assert) => {
      const [readEnd, writeEnd] = t.pipe2(t.O_CLOEXEC);
      t.write(writeEnd, Buffer.from('abc'));
      const bytes = new Uint8Array(8);
      assert.equal(t.read(readEnd, bytes), 3);
      t.close(readEnd);
      assert.throws(() => t.write(writeEnd, bytes), t.BrokenPipeError);
      t.close(writeEnd);
      assert.equal(t.getpid(), process.pid);
      assert.equal(t.getppid(), process.ppid);
      t.kill(t.getpid(), 0);
      assert.throws(() => t.waitpid(-1, t.WNOHANG), t.ChildProcessError);
      assert.deepEqual(t.getitimer(t.ITIMER_REAL), { value: 0, interval: 0 });
      t.close(t.pidfd_open(t.getpid(), 0));
      const queue = t.inotify_init1(t.IN_NONBLOCK);
      t.inotify_rm_watch(queue, t.inotify_add_watch(queue, '/', t.IN_CREATE));
      t.close(queue);
      const fd = t.socket(t.AF_INET, t.SOCK_STREAM, 0);
      t.bind(fd, '127.0.0.1', 0);
      t.listen(fd, 1);
      assert.equal(t.getsockname(fd).address, '127.0.0.1');
      t.close(fd);
      const buffer = t.mmap(null, 4096, t.PROT_READ | t.PROT_WRITE, t.MAP_SHARED | t.MAP_ANONYMOUS, -1, 0);
      new Uint8Array(buffer)[0] = 1;
      t.munmap(buffer);
      assert.equal(buffer.byteLength, 0);
    });
  },

  async 'mask-of-its-own'() {
    truefork.sigprocmask(truefork.SIG_SETMASK, ['SIGUSR2']);
    await inWorker((t, assert) => {
      t.sigprocmask(t.SIG_SETMASK, ['SIGALRM']);
      assert.deepEqual(t.sigprocmask(t.SIG_BLOCK, null), ['SIGALRM']);
    });
    assert.deepEqual(truefork.sigprocmask(truefork.SIG_BLOCK, null), ['SIGUSR2']);
  },

  async 'mapping-left-behind'() {
    await inWorker((t) => {
      const map = (flags) => t.mmap(null, 4096, t.PROT_READ | t.PROT_WRITE, flags | t.MAP_ANONYMOUS, -1, 0);
      globalThis.kept = [map(t.MAP_SHARED), map(t.MAP_SHARED), map(t.MAP_PRIVATE)];
      t.munmap(map(t.MAP_SHARED));
    });
    assert.deepEqual(maps('/dev/zero'), []);
  },

  async 'descriptors-are-the-process’s'() {
    const [readEnd, writeEnd] = pipe2(0);
    assert.equal(await inWorker((t, _, fd) => t.write(fd, Buffer.from('hello')), writeEnd), 5);
    const bytes = new Uint8Array(8);
    assert.equal(read(readEnd, bytes), 5);
    await inWorker((t, _, fd) => t.close(fd), writeEnd);
    assert.throws(() => write(writeEnd, bytes), { code: 'EBADF' });
    close(readEnd);
  },

  async 'many-at-once'() {
    const pids = await Promise.all(Array.from({ length: 8 }, () => inWorker((t) => t.getpid())));
    assert.deepEqual(new Set(pids), new Set([getpid()]));
    for (let i = 0; i < 10; i++) await inWorker((t) => t.getppid());
  },

  async 'terminated-in-a-call'() {
    // A call that blocks, blocks its thread alone; the thread ends when the call does.
    const [readEnd, writeEnd] = pipe2(0);
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       const { read } = require(${JSON.stringify(library)});
       parentPort.postMessage('reading');
       read(workerData, new Uint8Array(1));
       parentPort.postMessage('read');`,
      { eval: true, workerData: readEnd },
    );
    await once(worker, 'message');
    const ended = worker.terminate();
    await new Promise(setImmediate);
    write(writeEnd, Buffer.from('x'));
    await ended;
  },
});
