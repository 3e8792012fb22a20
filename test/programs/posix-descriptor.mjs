// Descriptors, pipes, FIFOs and locks between processes.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  close,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_RDLCK,
  F_UNLCK,
  F_WRLCK,
  fcntl,
  kill,
  mkfifo,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  open,
  pipe2,
  read,
  waitpid,
  write,
} from 'truefork';
import { child, gate, runCase, temporaryFolder, untilItSleeps } from './posix-cases.mjs';

const folder = temporaryFolder();

/** All that comes until the end of the file. */
function readAll(fd) {
  const chunks = [];
  const chunk = new Uint8Array(16);
  for (let length; (length = read(fd, chunk)) > 0;) chunks.push(Buffer.from(chunk.subarray(0, length)));
  return Buffer.concat(chunks).toString();
}

const locked = { name: 'BlockingIOError', code: 'EAGAIN', syscall: 'fcntl' };

await runCase({
  'end-of-file'() {
    const [readEnd, writeEnd] = pipe2(0);
    const children = ['a', 'b', 'c'].map((text) =>
      child(() => {
        close(readEnd);
        write(writeEnd, Buffer.from(text.repeat(20)));
      }),
    );
    close(writeEnd);
    // Only now is there an end: the children have closed theirs by ending.
    const text = readAll(readEnd);
    assert.equal([...text].sort().join(''), 'a'.repeat(20) + 'b'.repeat(20) + 'c'.repeat(20));
    for (const pid of children) assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  },

  'shared-offset'() {
    const path = join(folder, 'file');
    const fd = open(path, O_RDWR | O_CREAT, 0o600);
    write(fd, Buffer.from('0123456789'));
    const again = open(path, O_RDONLY);
    const pid = child(() => {
      assert.equal(read(again, new Uint8Array(4)), 4);
      close(again);
    });
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    // The child has moved the offset of both, and closed its own descriptor only.
    assert.equal(readAll(again), '456789');
  },

  fifo() {
    const path = join(folder, 'fifo');
    mkfifo(path, 0o600);
    const pid = child(() => {
      const fd = open(path, O_WRONLY);
      write(fd, Buffer.from('through the FIFO'));
    });
    assert.equal(readAll(open(path, O_RDONLY)), 'through the FIFO');
    waitpid(pid, 0);
  },

  umask() {
    for (const mask of [0, 0o022, 0o077, 0o777]) {
      process.umask(mask);
      for (const [name, make] of [
        ['fifo', (path) => mkfifo(path, 0o7777)],
        ['file', (path) => close(open(path, O_WRONLY | O_CREAT, 0o7777))],
      ]) {
        const path = join(folder, `${name}-${mask}`);
        make(path);
        assert.equal(statSync(path).mode & 0o777, 0o777 & ~mask, path);
        // The mask is of permission bits alone: set-user-id, set-group-id and the sticky bit pass.
        assert.equal(statSync(path).mode & 0o7000, 0o7000);
      }
    }
  },

  'blocking-write'() {
    const [readEnd, writeEnd] = pipe2(0);
    const size = 1_000_000;
    const pid = child(() => {
      assert.equal(write(writeEnd, Buffer.alloc(size, 'x')), size);
    });
    close(writeEnd);
    let total = 0;
    const chunk = new Uint8Array(65_536);
    for (let length; (length = read(readEnd, chunk)) > 0;) total += length;
    assert.equal(total, size);
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  },

  'lock-between-processes'() {
    const path = join(folder, 'locked');
    const fd = open(path, O_RDWR | O_CREAT, 0o600);
    const held = gate();
    const end = gate();
    const pid = child(() => {
      const own = open(path, O_RDWR);
      fcntl(own, F_OFD_SETLK, { type: F_WRLCK });
      held.open();
      end.wait();
      fcntl(own, F_OFD_SETLK, { type: F_UNLCK });
      held.open();
      end.wait();
    });
    held.wait();
    assert.throws(() => fcntl(fd, F_OFD_SETLK, { type: F_WRLCK }), { ...locked, fd });
    assert.throws(() => fcntl(fd, F_OFD_SETLK, { type: F_RDLCK }), { ...locked, fd });
    assert.equal(fcntl(fd, F_OFD_GETLK, { type: F_RDLCK }), F_WRLCK);
    end.open();
    held.wait();
    assert.equal(fcntl(fd, F_OFD_GETLK, { type: F_WRLCK }), F_UNLCK);
    assert.equal(fcntl(fd, F_OFD_SETLK, { type: F_WRLCK }), F_WRLCK);
    end.open();
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  },

  'lock-waits'() {
    const path = join(folder, 'locked');
    const fd = open(path, O_RDWR | O_CREAT, 0o600);
    fcntl(fd, F_OFD_SETLK, { type: F_WRLCK });
    const [readEnd, writeEnd] = pipe2(0);
    const pid = child(() => {
      fcntl(open(path, O_RDWR), F_OFD_SETLKW, { type: F_WRLCK });
      write(writeEnd, Buffer.from('b'));
    });
    untilItSleeps(pid);
    write(writeEnd, Buffer.from('a'));
    fcntl(fd, F_OFD_SETLK, { type: F_UNLCK });
    waitpid(pid, 0);
    close(writeEnd);
    assert.equal(readAll(readEnd), 'ab');
  },

  'lock-of-the-dead'() {
    const path = join(folder, 'locked');
    const fd = open(path, O_RDWR | O_CREAT, 0o600);
    const held = gate();
    const pid = child(() => {
      fcntl(open(path, O_RDWR), F_OFD_SETLK, { type: F_WRLCK });
      held.open();
      gate().wait();
    });
    held.wait();
    assert.throws(() => fcntl(fd, F_OFD_SETLK, { type: F_WRLCK }), { ...locked, fd });
    kill(pid, 'SIGKILL');
    fcntl(fd, F_OFD_SETLKW, { type: F_WRLCK });
    waitpid(pid, 0);
  },

  'lock-inherited'() {
    const path = join(folder, 'locked');
    const fd = open(path, O_RDWR | O_CREAT, 0o600);
    fcntl(fd, F_OFD_SETLK, { type: F_WRLCK });
    const held = gate();
    const end = gate();
    const pid = child(() => {
      // The same open file: the lock is the child's as well.
      fcntl(fd, F_OFD_SETLK, { type: F_WRLCK });
      held.open();
      end.wait();
    });
    held.wait();
    close(fd);
    const other = open(path, O_RDWR);
    assert.throws(() => fcntl(other, F_OFD_SETLK, { type: F_WRLCK }), { ...locked, fd: other });
    end.open();
    fcntl(other, F_OFD_SETLKW, { type: F_WRLCK });
    waitpid(pid, 0);
  },
});
