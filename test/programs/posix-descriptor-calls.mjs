// Descriptors and locks that processes share, or do not.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import {
  _exit,
  AF_UNIX,
  blockedIn,
  close,
  closeFrom,
  closerange,
  CLOSE_RANGE_CLOEXEC,
  close_range,
  dup,
  dup2,
  execv,
  F_GETFD,
  F_GETLK,
  F_LOCK,
  F_RDLCK,
  F_SETLK,
  F_SETLKW,
  F_TEST,
  F_TLOCK,
  F_ULOCK,
  F_UNLCK,
  F_WRLCK,
  fcntl,
  FD_CLOEXEC,
  flock,
  fork,
  getpid,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
  lockf,
  lseek,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  open,
  openpty,
  pipe,
  read,
  recvCredentials,
  recvFds,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
  sendFds,
  setsockopt,
  SO_PASSCRED,
  SOL_SOCKET,
  SOCK_STREAM,
  socketpair,
  waitpid,
  write,
} from 'truefork';
import { child, gate, runCase, temporaryFolder, untilItSleeps } from './posix-cases.mjs';

const folder = temporaryFolder();
const locked = (syscall) => ({ name: 'BlockingIOError', code: 'EAGAIN', syscall });

function newFile(content = '') {
  const fd = open(join(folder, 'file'), O_RDWR | O_CREAT, 0o600);
  write(fd, Buffer.from(content));
  return fd;
}

/** The file again, by an open of its own. */
const again = () => open(join(folder, 'file'), O_RDWR);

/** Waits for a child that must end well. */
function ends(pid) {
  assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
}

/** What a Node.js does with its event loop still works. */
async function livesOn() {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const signalled = once(process, 'SIGUSR2');
  process.kill(process.pid, 'SIGUSR2');
  await signalled;
  const server = createServer((socket) => socket.end('x')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect(server.address().port, '127.0.0.1');
  await once(socket, 'data');
  server.close();
  const { readFile } = await import('node:fs/promises');
  assert.ok((await readFile('/proc/self/stat')).length > 0);
  assert.equal(spawnSync('true').status, 0);
}

await runCase({
  rights() {
    const [ours, theirs] = socketpair(AF_UNIX, SOCK_STREAM, 0);
    const pid = child(() => {
      const fd = newFile('only the child has opened it');
      lseek(fd, 5, SEEK_SET);
      sendFds(theirs, Buffer.from('here'), [fd], 0);
    });
    const bytes = Buffer.alloc(100);
    const { length, fds } = recvFds(ours, bytes, 1, 0);
    assert.equal(bytes.subarray(0, length).toString(), 'here');
    ends(pid);
    // The offset is the child's.
    assert.equal(bytes.subarray(0, read(fds[0], bytes)).toString(), 'the child has opened it');
  },

  credentials() {
    const [ours, theirs] = socketpair(AF_UNIX, SOCK_STREAM, 0);
    setsockopt(ours, SOL_SOCKET, SO_PASSCRED, 1);
    const pid = child(() => {
      write(theirs, Buffer.from('child'));
    });
    ends(pid);
    write(theirs, Buffer.from('parent'));
    const senders = [recvCredentials(ours, Buffer.alloc(100), 0), recvCredentials(ours, Buffer.alloc(100), 0)];
    assert.deepEqual(
      senders.map((sender) => [sender.pid, sender.length]),
      [
        [pid, 5],
        [process.pid, 6],
      ],
    );
  },

  'record-locks'() {
    const fd = newFile('0123456789');
    fcntl(fd, F_SETLK, { type: F_WRLCK, start: 2, length: 3 });
    // One's own is never in the way.
    assert.equal(fcntl(again(), F_GETLK, { type: F_WRLCK }), F_UNLCK);
    const main = getpid();
    ends(
      child(() => {
        const lock = { type: F_RDLCK, whence: SEEK_END, start: -10 };
        assert.equal(fcntl(fd, F_GETLK, lock), F_WRLCK);
        assert.deepEqual(lock, { type: F_WRLCK, whence: SEEK_SET, start: 2, length: 3, pid: main });
        assert.throws(() => fcntl(fd, F_SETLK, { type: F_WRLCK }), locked('fcntl'));
        const free = { type: F_WRLCK, start: 5 };
        assert.equal(fcntl(fd, F_GETLK, free), F_UNLCK);
        assert.deepEqual(free, { type: F_UNLCK, start: 5 });
        fcntl(fd, F_SETLK, { type: F_WRLCK, start: 5, length: -0 });
        fcntl(fd, F_SETLK, { type: F_WRLCK, start: 2, length: -2 });
      }),
    );
    // To close any descriptor of the file frees the locks of the process.
    close(again());
    ends(child(() => fcntl(fd, F_SETLK, { type: F_WRLCK }) && 0));
  },

  'record-lock-waits'() {
    const fd = newFile();
    fcntl(fd, F_SETLK, { type: F_WRLCK });
    const pid = child(() => void fcntl(fd, F_SETLKW, { type: F_WRLCK }));
    untilItSleeps(pid);
    fcntl(fd, F_SETLK, { type: F_UNLCK });
    ends(pid);
  },

  deadlock() {
    const fd = newFile('01');
    fcntl(fd, F_SETLK, { type: F_WRLCK, start: 0, length: 1 });
    const held = gate();
    const pid = child(() => {
      fcntl(fd, F_SETLK, { type: F_WRLCK, start: 1, length: 1 });
      held.open();
      fcntl(fd, F_SETLKW, { type: F_WRLCK, start: 0, length: 1 });
    });
    held.wait();
    while (blockedIn(pid) !== 'fcntl(2)') continue;
    const wait = () => fcntl(fd, F_SETLKW, { type: F_WRLCK, start: 1, length: 1 });
    assert.throws(wait, { name: 'PosixError', code: 'EDEADLK', syscall: 'fcntl' });
    fcntl(fd, F_SETLK, { type: F_UNLCK });
    ends(pid);
  },

  lockf() {
    const fd = newFile('0123456789');
    lseek(fd, 4, SEEK_SET);
    lockf(fd, F_LOCK, 2);
    ends(
      child(() => {
        const own = again();
        const at = (offset) => lseek(own, offset, SEEK_SET);
        at(0);
        lockf(own, F_TEST, 4);
        assert.throws(() => lockf(own, F_TLOCK, 5), locked('lockf'));
        at(6);
        lockf(own, F_TLOCK, 0);
        lockf(own, F_ULOCK, 0);
        assert.throws(() => lockf(own, F_TEST, -1), /EACCES|EAGAIN/);
        assert.throws(() => lockf(own, 99, 1), { code: 'EINVAL', syscall: 'lockf' });
        const readOnly = open(join(folder, 'file'), O_RDONLY);
        assert.throws(() => lockf(readOnly, F_TLOCK, 1), { code: 'EBADF' });
      }),
    );
    lockf(fd, F_ULOCK, 2);
    ends(child(() => lockf(again(), F_TLOCK, 0)));
  },

  flock() {
    const fd = newFile();
    const other = again();
    flock(fd, LOCK_SH);
    flock(other, LOCK_SH | LOCK_NB);
    assert.throws(() => flock(fd, LOCK_EX | LOCK_NB), { ...locked('flock'), fd });
    flock(other, LOCK_UN);
    flock(fd, LOCK_EX | LOCK_NB);
    const held = gate();
    const end = gate();
    const pid = child(() => {
      // The same open file: the lock is the child's as well, and a record lock is another matter.
      flock(fd, LOCK_EX | LOCK_NB);
      fcntl(fd, F_SETLK, { type: F_WRLCK });
      held.open();
      end.wait();
    });
    held.wait();
    close(fd);
    assert.throws(() => flock(other, LOCK_SH | LOCK_NB), locked('flock'));
    end.open();
    flock(other, LOCK_EX);
    ends(pid);
    assert.throws(() => flock(other, LOCK_NB), { code: 'EINVAL', syscall: 'flock' });
  },

  'too-many'() {
    const [ours, theirs] = socketpair(AF_UNIX, SOCK_STREAM, 0);
    sendFds(ours, Buffer.from('x'), [0, 0], 0);
    execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=64:64']);
    assert.throws(() => dup2(0, 64), { code: 'EBADF' });
    const error = { name: 'PosixError', code: 'EMFILE' };
    const untilFull = (call) => () => {
      for (;;) call();
    };
    assert.throws(untilFull(pipe), { ...error, syscall: 'pipe' });
    assert.throws(
      untilFull(() => dup(0)),
      { ...error, syscall: 'dup' },
    );
    assert.throws(() => openpty(), { ...error, syscall: 'openpty' });
    // Those that there is no room for are not lost without a word.
    assert.throws(() => recvFds(theirs, Buffer.alloc(1), 2, 0), { code: 'EMSGSIZE', syscall: 'recvmsg' });
  },

  async 'close-from'() {
    const [readEnd, writeEnd] = pipe();
    const fd = newFile();
    const kept = newFile();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const closed = closeFrom(3, { keep: [kept] });
    for (const mine of [readEnd, writeEnd, fd]) assert.ok(closed.includes(mine));
    assert.ok(!closed.includes(kept));
    assert.equal(fcntl(kept, F_GETFD), 0);
    assert.throws(() => close(fd), { code: 'EBADF' });
    const socket = connect(server.address().port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    server.close();
    await livesOn();
    assert.deepEqual(closeFrom(2 ** 20), []);
  },

  // Before the event loop has run once: it has not asked for anything yet.
  async 'close-from-at-once'() {
    closeFrom(3);
    await livesOn();
  },

  async 'close-from-in-a-child'() {
    const fd = newFile();
    const pid = fork();
    if (pid === 0) {
      assert.ok(closeFrom(3).includes(fd));
      await livesOn();
      _exit(0);
    }
    ends(pid);
    assert.equal(fcntl(fd, F_GETFD), 0);
  },

  'close-range'() {
    // Side by side: among those that Node.js opens and closes meanwhile, a pipe may get any two.
    const [readEnd, writeEnd] = [500, 501];
    for (const [end, fd] of pipe().entries()) {
      dup2(fd, readEnd + end);
      close(fd);
    }
    close_range(readEnd, writeEnd, CLOSE_RANGE_CLOEXEC);
    assert.deepEqual([fcntl(readEnd, F_GETFD), fcntl(writeEnd, F_GETFD)], [FD_CLOEXEC, FD_CLOEXEC]);
    closerange(readEnd, writeEnd);
    assert.throws(() => close(readEnd), { code: 'EBADF' });
    assert.equal(fcntl(writeEnd, F_GETFD), FD_CLOEXEC);
    closerange(writeEnd, writeEnd);
    closerange(writeEnd, 0);
    close_range(writeEnd, writeEnd, 0);
    assert.throws(() => close(writeEnd), { code: 'EBADF' });
    // To the end of all.
    dup2(1, readEnd);
    close_range(readEnd, 2 ** 32 - 1, 0);
    assert.throws(() => close(readEnd), { code: 'EBADF' });
    // All that there is, Node's own too: for one who executes another program next.
    ends(
      child(() => {
        dup2(1, readEnd);
        close_range(3, 2 ** 32 - 1, CLOSE_RANGE_CLOEXEC);
        assert.equal(fcntl(readEnd, F_GETFD), FD_CLOEXEC);
        execv('/bin/sh', ['sh', '-c', `test ! -e /proc/$$/fd/${readEnd}`]);
      }),
    );
    assert.ok(lseek(newFile('abc'), 0, SEEK_CUR) === 3);
  },

  'dup2-onto-stdout'() {
    const [readEnd, writeEnd] = pipe();
    const pid = child(() => {
      close(readEnd);
      dup2(writeEnd, 1);
      close(writeEnd);
      assert.equal(spawnSync('echo', ['through', 'the', 'pipe'], { stdio: 'inherit' }).status, 0);
    });
    close(writeEnd);
    const other = child(() => {
      dup2(readEnd, 0);
      close(readEnd);
      const { stdout } = spawnSync('grep', ['-o', 'pipe'], { stdio: ['inherit', 'pipe', 'inherit'] });
      assert.equal(stdout.toString(), 'pipe\n');
    });
    close(readEnd);
    ends(pid);
    ends(other);
    assert.match(readFileSync('/proc/self/stat', 'utf8'), /^\d+/);
  },
});
