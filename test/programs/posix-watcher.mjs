// Watchers of descriptors: when they call back, how long they keep the event loop alive, and how they end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  close,
  getpid,
  IN_CLOSE_WRITE,
  IN_NONBLOCK,
  inotify_add_watch,
  inotify_init1,
  inotifyEvents,
  kill,
  O_CREAT,
  O_WRONLY,
  open,
  pidfd_open,
  pipe2,
  read,
  waitpid,
  Watcher,
  WNOHANG,
  write,
} from 'truefork';
import { child, gate, library, runCase } from './posix-cases.mjs';

const readable = (fd) =>
  new Promise((resolve) => {
    const watcher = new Watcher(fd, () => {
      watcher.close();
      resolve();
    });
  });

/** A worker thread that runs this code, which has `parentPort` and all of truefork. */
function worker(code) {
  const names = 'Watcher, pipe2, write, read, close';
  return new Worker(
    `const { ${names} } = require(${JSON.stringify(library)});
     const { parentPort } = require('node:worker_threads');
     const [readEnd, writeEnd] = pipe2(0);
     ${code}`,
    { eval: true },
  );
}

await runCase({
  async 'end-of-a-child'() {
    const end = gate();
    const pid = child(() => {
      end.wait();
      return 3;
    });
    const fd = pidfd_open(pid, 0);
    let ended = false;
    const watched = readable(fd).then(() => (ended = true));
    await new Promise(setImmediate);
    assert.equal(ended, false);
    assert.deepEqual(waitpid(pid, WNOHANG), { pid: 0, status: 0 });
    end.open();
    await watched;
    // It can be waited for without blocking, from the moment that the descriptor is readable.
    assert.deepEqual(waitpid(pid, WNOHANG), { pid, status: 3 << 8 });
    close(fd);
  },

  async 'many-children'() {
    const pids = Array.from({ length: 20 }, (_, code) => child(() => code));
    const codes = await Promise.all(
      pids.map(async (pid) => {
        const fd = pidfd_open(pid, 0);
        await readable(fd);
        close(fd);
        return waitpid(pid, WNOHANG).status >> 8;
      }),
    );
    assert.deepEqual(codes, [...pids.keys()]);
  },

  async 'as-long-as-readable'() {
    const [readEnd, writeEnd] = pipe2(0);
    let text = '';
    await new Promise((resolve) => {
      const watcher = new Watcher(readEnd, () => {
        const one = new Uint8Array(1);
        if (read(readEnd, one) === 0) {
          watcher.close();
          resolve();
        }
        text += Buffer.from(one).toString().replace('\0', '|');
      });
      write(writeEnd, Buffer.from('abc'));
      setImmediate(() => {
        write(writeEnd, Buffer.from('def'));
        close(writeEnd);
      });
    });
    assert.equal(text, 'abcdef|');
  },

  async 'closed-in-its-callback'() {
    const [readEnd, writeEnd] = pipe2(0);
    write(writeEnd, Buffer.from('x'));
    let calls = 0;
    await new Promise((resolve) => {
      const watcher = new Watcher(readEnd, () => {
        calls++;
        watcher.close();
        watcher.close();
        watcher[Symbol.dispose]?.();
        watcher.unref().ref();
        setImmediate(resolve);
      });
    });
    // The descriptor is free for another one at once.
    await readable(readEnd);
    assert.equal(calls, 1);
  },

  async 'close-twice'() {
    const [readEnd, writeEnd] = pipe2(0);
    const watcher = new Watcher(readEnd, () => assert.fail('called back'));
    watcher.close();
    watcher.close();
    write(writeEnd, Buffer.from('x'));
    close(readEnd);
    await new Promise(setImmediate);
    // The number is another pipe's now, which can be watched.
    const [again] = pipe2(0);
    assert.equal(again, readEnd);
    new Watcher(again, () => assert.fail('called back')).close();
  },

  async unref() {
    // The last thing that the program does: nothing keeps it alive.
    const [readEnd] = pipe2(0);
    new Watcher(readEnd, () => assert.fail('called back')).unref();
  },

  async ref() {
    const [readEnd, writeEnd] = pipe2(0);
    const [aliveEnd] = pipe2(0);
    const watcher = new Watcher(readEnd, () => {
      watcher.close();
      console.log('called back');
    });
    watcher.unref().ref();
    const other = new Watcher(aliveEnd, () => assert.fail('called back')).unref();
    child(() => write(writeEnd, Buffer.from('x')) && 0);
    process.once('beforeExit', () => other.close());
  },

  async 'callback-throws'() {
    const [readEnd, writeEnd] = pipe2(0);
    write(writeEnd, Buffer.from('x'));
    const uncaught = new Promise((resolve) =>
      process.once('uncaughtException', (error, origin) => resolve([error.message, origin])),
    );
    const watcher = new Watcher(readEnd, () => {
      watcher.close();
      throw new Error('mine');
    });
    assert.deepEqual(await uncaught, ['mine', 'uncaughtException']);
    // It was thrown once, and is not in the way of another call.
    assert.equal(getpid(), process.pid);
  },

  async 'microtasks-first'() {
    const [readEnd, writeEnd] = pipe2(0);
    write(writeEnd, Buffer.from('x'));
    const order = [];
    await new Promise((resolve) => {
      const watcher = new Watcher(readEnd, () => {
        order.push('callback');
        process.nextTick(() => order.push('tick'));
        void Promise.resolve().then(() => order.push('microtask'));
        setImmediate(() => {
          order.push('immediate');
          resolve();
        });
        watcher.close();
      });
    });
    assert.deepEqual(order, ['callback', 'tick', 'microtask', 'immediate']);
  },

  async 'worker-ends'() {
    const alive = worker(`new Watcher(readEnd, () => undefined); parentPort.once('message', () => process.exit(0))`);
    await once(alive, 'online');
    const ended = once(alive, 'exit');
    alive.postMessage('end');
    assert.deepEqual(await ended, [0]);
  },

  async 'worker-is-terminated'() {
    const alive = worker(`new Watcher(readEnd, () => undefined); parentPort.postMessage('watching')`);
    await once(alive, 'message');
    assert.equal(await alive.terminate(), 1);
  },

  async 'worker-is-terminated-in-its-callback'() {
    const busy = worker(`
      write(writeEnd, Buffer.from('x'));
      new Watcher(readEnd, () => { parentPort.postMessage('called'); for (;;); });`);
    await once(busy, 'message');
    assert.equal(await busy.terminate(), 1);
  },

  async 'worker-exits-in-its-callback'() {
    const exiting = worker(`write(writeEnd, Buffer.from('x')); new Watcher(readEnd, () => process.exit(7));`);
    assert.deepEqual(await once(exiting, 'exit'), [7]);
  },

  async 'worker-throws-in-its-callback'() {
    const throwing = worker(`
      write(writeEnd, Buffer.from('x'));
      new Watcher(readEnd, () => { throw new Error('mine'); });`);
    const exit = new Promise((resolve) => throwing.once('exit', resolve));
    const [error] = await once(throwing, 'error');
    assert.equal(error.message, 'mine');
    assert.equal(await exit, 1);
  },

  async 'worker-is-done'() {
    const done = worker(`
      write(writeEnd, Buffer.from('x'));
      const watcher = new Watcher(readEnd, () => { watcher.close(); parentPort.postMessage('called'); });
      new Watcher(pipe2(0)[0], () => undefined).unref();`);
    const exit = once(done, 'exit');
    assert.deepEqual(await once(done, 'message'), ['called']);
    assert.deepEqual(await exit, [0]);
  },

  async 'in-a-child'() {
    // A child's copy of a watcher is its own: it calls back there, and closing it leaves the parent's alone.
    const [readEnd, writeEnd] = pipe2(0);
    let calls = 0;
    const watcher = new Watcher(readEnd, () => calls++);
    const pid = child(() => watcher.close());
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    write(writeEnd, Buffer.from('x'));
    while (calls === 0) await new Promise(setImmediate);
    watcher.close();
  },

  async 'closed-by-death'() {
    const folder = mkdtempSync(join(tmpdir(), 'posix-watcher-'));
    const path = join(folder, 'file');
    appendFileSync(path, '');
    const queue = inotify_init1(IN_NONBLOCK);
    const watch = inotify_add_watch(queue, path, IN_CLOSE_WRITE);
    const ready = gate();
    const pid = child(() => {
      open(path, O_WRONLY | O_CREAT, 0o600);
      ready.open();
      gate().wait();
    });
    ready.wait();
    assert.throws(() => read(queue, new Uint8Array(100)), { code: 'EAGAIN' });
    kill(pid, 'SIGKILL');
    await readable(queue);
    const buffer = new Uint8Array(100);
    const events = inotifyEvents(buffer.subarray(0, read(queue, buffer)));
    assert.deepEqual(events, [{ watch, mask: IN_CLOSE_WRITE, cookie: 0, name: '' }]);
    waitpid(pid, 0);
    rmSync(folder, { recursive: true });
  },
});
