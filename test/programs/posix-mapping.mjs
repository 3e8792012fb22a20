// Mapped memory: between processes, at its end, and where JavaScript lets go of it. With --expose-gc.
import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { fstatSync, ftruncateSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  close,
  decodeWaitStatus,
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  O_CREAT,
  O_RDWR,
  open,
  PROT_READ,
  PROT_WRITE,
  waitpid,
} from 'truefork';
import { child, gate, maps, runCase, temporaryFolder } from './posix-cases.mjs';

const folder = temporaryFolder();

const PAGE = 4096;
const READ_WRITE = PROT_READ | PROT_WRITE;
const path = join(folder, 'mapped');

const anonymous = (flags, length = PAGE) => mmap(null, length, READ_WRITE, MAP_ANONYMOUS | flags, -1, 0);

function mapFile(length = PAGE, flags = MAP_SHARED, protection = READ_WRITE) {
  const fd = open(path, O_RDWR | O_CREAT, 0o600);
  if (fstatSync(fd).size < length) ftruncateSync(fd, length);
  const buffer = mmap(null, length, protection, flags, fd, 0);
  close(fd);
  return buffer;
}

/** What a child that writes 42 to byte 0, after the parent has written 1 to it, leaves in both. */
function writtenByBoth(buffer) {
  const bytes = new Uint8Array(buffer);
  bytes[0] = 1;
  const pid = child(() => {
    assert.equal(bytes[0], 1);
    bytes[0] = 42;
    assert.equal(bytes[0], 42);
  });
  assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  return bytes[0];
}

async function collected(left) {
  for (let rounds = 0; left() > 0; rounds++) {
    assert.ok(rounds < 1000, `${left()} mappings are left`);
    globalThis.gc();
    await immediate();
  }
}

function signalOf(pid) {
  const status = decodeWaitStatus(waitpid(pid, 0).status);
  return status.state === 'signaled' ? status.signal : status;
}

await runCase({
  'shared-with-a-child'() {
    assert.equal(writtenByBoth(anonymous(MAP_SHARED)), 42);
    assert.equal(writtenByBoth(mapFile()), 42);
    assert.equal(readFileSync(path)[0], 42);
  },

  'private-to-each'() {
    assert.equal(writtenByBoth(anonymous(MAP_PRIVATE)), 1);
    assert.equal(writtenByBoth(mapFile(PAGE, MAP_PRIVATE)), 1);
    assert.equal(readFileSync(path)[0], 0);
  },

  'after-the-fork'() {
    // Also what the parent writes after the fork, and atomically.
    const numbers = new Int32Array(anonymous(MAP_SHARED));
    const go = gate();
    const children = [1, 2, 3].map(() =>
      child(() => {
        go.wait();
        assert.equal(numbers[0], 7);
        for (let i = 0; i < 1000; i++) Atomics.add(numbers, 1, 1);
      }),
    );
    numbers[0] = 7;
    children.forEach(() => go.open());
    for (const pid of children) assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    assert.equal(numbers[1], 3000);
  },

  'unmapped-by-one'() {
    const buffer = anonymous(MAP_SHARED);
    const bytes = new Uint8Array(buffer);
    const pid = child(() => {
      bytes[0] = 5;
      munmap(buffer);
      assert.equal(bytes.length, 0);
    });
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    assert.deepEqual([bytes.length, bytes[0]], [PAGE, 5]);
    munmap(buffer);
  },

  'not-writable'() {
    const bytes = new Uint8Array(mapFile(PAGE, MAP_SHARED, PROT_READ));
    assert.equal(bytes[0], 0);
    assert.equal(
      signalOf(
        child(() => {
          bytes[0] = 1;
        }),
      ),
      'SIGSEGV',
    );
  },

  truncated() {
    const bytes = new Uint8Array(mapFile(3 * PAGE));
    const fd = open(path, O_RDWR);
    ftruncateSync(fd, PAGE);
    assert.equal(bytes[0], 0);
    assert.equal(signalOf(child(() => bytes[2 * PAGE])), 'SIGBUS');
  },

  'views-of-the-unmapped'() {
    const buffer = mapFile(2 * PAGE);
    const views = [
      new Uint8Array(buffer),
      Buffer.from(buffer, 100, 50),
      Buffer.from(buffer).subarray(8, 16),
      new Float64Array(buffer, 8, 4),
    ];
    const fields = new DataView(buffer, 4, 4);
    munmap(buffer);
    assert.equal(buffer.byteLength, 0);
    for (const view of views) {
      assert.deepEqual([view.length, view.byteLength, view.byteOffset, view[0]], [0, 0, 0, undefined]);
      view[0] = 1;
    }
    assert.throws(() => fields.byteLength, TypeError);
    assert.throws(() => fields.getInt8(0), TypeError);
    assert.throws(() => munmap(buffer), { code: 'EINVAL', syscall: 'munmap' });
    assert.deepEqual(maps(path), []);
  },

  'a-thousand-times'() {
    writeFileSync(path, new Uint8Array(2 * PAGE));
    const before = [maps(path).length, maps('/dev/zero').length];
    for (let i = 0; i < 1000; i++) {
      const one = anonymous(MAP_SHARED, 3 * PAGE);
      const other = mapFile(2 * PAGE, i % 2 ? MAP_SHARED : MAP_PRIVATE);
      new Uint8Array(one)[3 * PAGE - 1] = new Uint8Array(other)[0];
      munmap(other);
      munmap(one);
    }
    assert.deepEqual([maps(path).length, maps('/dev/zero').length], before);
    assert.deepEqual(before, [0, 0]);
  },

  async forgotten() {
    for (let i = 0; i < 20; i++) new Uint8Array(mapFile())[0] = i;
    assert.ok(maps(path).length > 0);
    await collected(() => maps(path).length);
  },

  async 'forgotten-view-kept'() {
    const view = new Uint8Array(mapFile()).subarray(10, 20);
    for (let i = 0; i < 10; i++) {
      globalThis.gc();
      await immediate();
    }
    view[0] = 9;
    assert.equal(readFileSync(path)[10], 9);
    assert.equal(maps(path).length, 1);
  },

  async 'forgotten-unmapped'() {
    // The collector comes long after munmap, when the addresses may be those of new mappings.
    for (let i = 0; i < 50; i++) munmap(mapFile());
    const kept = Array.from({ length: 50 }, () => mapFile());
    for (let i = 0; i < 10; i++) {
      globalThis.gc();
      await immediate();
    }
    assert.equal(
      kept.reduce((sum, buffer) => sum + new Uint8Array(buffer)[0], 0),
      0,
    );
    // Neighbours of one file are one line of the list when they are in order; each page must be there.
    for (const buffer of kept) munmap(buffer);
    assert.deepEqual(maps(path), []);
  },

  async transferred() {
    const old = mapFile();
    new Uint8Array(old)[1] = 3;
    const moved = old.transfer();
    assert.deepEqual([old.byteLength, moved.byteLength], [0, PAGE]);
    assert.throws(() => munmap(old), { code: 'EINVAL' });
    new Uint8Array(moved)[0] = 8;
    assert.deepEqual([...readFileSync(path).subarray(0, 2)], [8, 3]);
    munmap(moved);
    assert.equal(moved.byteLength, 0);
    assert.throws(() => munmap(moved), { code: 'EINVAL' });
    assert.deepEqual(maps(path), []);
  },

  async 'transferred-shorter'() {
    const old = mapFile();
    const copy = old.transfer(10);
    assert.throws(() => munmap(old), { code: 'EINVAL' });
    assert.throws(() => munmap(copy), { code: 'EINVAL' });
    assert.equal(new Uint8Array(copy).length, 10);
    await collected(() => maps(path).length);
  },

  async 'transferred-forgotten'() {
    for (let i = 0; i < 20; i++) mapFile().transfer();
    await collected(() => maps(path).length);
  },

  async cloned() {
    // Node does not give memory of an addon to another thread: it copies (20) or refuses (22 and later).
    const buffer = mapFile();
    new Uint8Array(buffer)[0] = 4;
    try {
      assert.equal(new Uint8Array(structuredClone(buffer, { transfer: [buffer] }))[0], 4);
    } catch (error) {
      assert.equal(error.name, 'DataCloneError');
    }
    const worker = new Worker('require("node:worker_threads").parentPort.once("message", () => {})', { eval: true });
    try {
      worker.postMessage(buffer, [buffer]);
    } catch (error) {
      assert.equal(error.name, 'DataCloneError');
      worker.postMessage('nothing');
    }
    await new Promise((resolve) => worker.once('exit', resolve));
    assert.equal(buffer.byteLength, PAGE);
    new Uint8Array(buffer)[0] = 5;
    assert.equal(readFileSync(path)[0], 5);
    munmap(buffer);
    assert.equal(buffer.byteLength, 0);
  },

  sparse() {
    const fd = open(path, O_RDWR | O_CREAT, 0o600);
    ftruncateSync(fd, 6 * 2 ** 30);
    for (const gib of [2, 3, 4, 5]) {
      const offset = gib * 2 ** 30;
      const buffer = mmap(null, PAGE, READ_WRITE, MAP_SHARED, fd, offset);
      new DataView(buffer).setInt32(0, gib);
      munmap(buffer);
      const around = mmap(null, 2 * PAGE, PROT_READ, MAP_SHARED, fd, offset - PAGE);
      assert.deepEqual([new DataView(around).getInt32(PAGE - 4), new DataView(around).getInt32(PAGE)], [0, gib]);
      munmap(around);
    }
    const last = 6 * 2 ** 30 - PAGE;
    munmap(mmap(null, PAGE, READ_WRITE, MAP_SHARED, fd, last));
    assert.throws(() => mmap(null, PAGE + 1, READ_WRITE, MAP_SHARED, fd, last), RangeError);
    assert.throws(() => mmap(null, PAGE, READ_WRITE, MAP_SHARED, fd, last + PAGE), RangeError);
    assert.throws(() => mmap(null, PAGE, READ_WRITE, MAP_SHARED, fd, 2 ** 52), RangeError);
  },

  async long() {
    // Longer than an int, and as long as this Node.js allows or a little less.
    for (const length of [2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 36]) {
      if (length > constants.MAX_LENGTH) {
        assert.throws(() => anonymous(MAP_PRIVATE | MAP_NORESERVE, length), { code: 'ERR_OUT_OF_RANGE' });
        continue;
      }
      const buffer = anonymous(MAP_PRIVATE | MAP_NORESERVE, length);
      assert.equal(buffer.byteLength, length);
      const bytes = new Uint8Array(buffer);
      bytes[length - 1] = 1;
      assert.equal(bytes[length - 1], 1);
      munmap(buffer);
    }
    globalThis.gc();
    await immediate();
  },

  'too-long'() {
    const tooLong = () => anonymous(MAP_PRIVATE, 2 ** 52);
    if (constants.MAX_LENGTH < 2 ** 52) assert.throws(tooLong, RangeError);
    else assert.throws(tooLong, { name: 'PosixError', code: 'ENOMEM', syscall: 'mmap' });
  },
});
