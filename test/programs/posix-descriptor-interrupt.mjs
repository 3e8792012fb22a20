// A signal during a call on descriptors that blocks: node posix-descriptor-interrupt.mjs <case>.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  AF_UNIX,
  eventfd,
  eventfd_read,
  eventfd_write,
  F_LOCK,
  F_SETLKW,
  F_WRLCK,
  fcntl,
  Fifo,
  flock,
  fork,
  _exit,
  getpid,
  InterruptedError,
  ITIMER_REAL,
  LOCK_EX,
  lockf,
  mkfifo,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  open,
  Pipe,
  pipe,
  poll,
  POLLIN,
  read,
  readv,
  recvFds,
  setitimer,
  siginterrupt,
  SOCK_STREAM,
  socketpair,
  waitpid,
  write,
  writev,
} from 'truefork';
import { child, gate, runCase, signalAsleep, temporaryFolder } from './posix-cases.mjs';

const main = getpid();
const folder = temporaryFolder();
const x = Buffer.from('x');

let handled = 0;
process.on('SIGALRM', () => handled++);

/** A pipe that has no more room. */
function fullPipe() {
  const [readEnd, writeEnd] = pipe();
  write(writeEnd, Buffer.alloc(65_536));
  return { writeEnd, empty: () => void read(readEnd, Buffer.alloc(65_536)) };
}

/** A file that a child has locked until it is told to end. */
function lockedByAChild(lock) {
  const path = join(folder, 'locked');
  const fd = open(path, O_RDWR | O_CREAT, 0o600);
  const held = gate();
  const end = gate();
  child(() => {
    lock(open(path, O_RDWR));
    held.open();
    end.wait();
  });
  held.wait();
  return { call: () => lock(fd), release: () => end.open() };
}

// Each gives a call that blocks, and what lets it go on, to be done by another process.
const blocking = {
  write() {
    const { writeEnd, empty } = fullPipe();
    return { call: () => assert.equal(write(writeEnd, x), 1), release: empty };
  },
  writev() {
    const { writeEnd, empty } = fullPipe();
    return { call: () => assert.equal(writev(writeEnd, [x, x]), 2), release: empty };
  },
  readv() {
    const [readEnd, writeEnd] = pipe();
    return { call: () => assert.equal(readv(readEnd, [Buffer.alloc(2)]), 1), release: () => write(writeEnd, x) };
  },
  open() {
    const path = join(folder, 'fifo');
    mkfifo(path, 0o600);
    return { call: () => open(path, O_WRONLY), release: () => open(path, O_RDONLY) };
  },
  flock: () => lockedByAChild((fd) => flock(fd, LOCK_EX)),
  lockf: () => lockedByAChild((fd) => lockf(fd, F_LOCK, 0)),
  fcntl: () => lockedByAChild((fd) => fcntl(fd, F_SETLKW, { type: F_WRLCK })),
  poll() {
    const [readEnd, writeEnd] = pipe();
    const asked = [{ fd: readEnd, events: POLLIN }];
    return { call: () => assert.equal(poll(asked, -1).length, 1), release: () => write(writeEnd, x) };
  },
  eventfd_read() {
    const fd = eventfd(0, 0);
    return { call: () => assert.equal(eventfd_read(fd), 2), release: () => eventfd_write(fd, 2) };
  },
  recvmsg() {
    const [ours, theirs] = socketpair(AF_UNIX, SOCK_STREAM, 0);
    return {
      call: () => assert.equal(recvFds(ours, Buffer.alloc(2), 0, 0).length, 1),
      release: () => write(theirs, x),
    };
  },
};

/** In a child: signals the main program while it sleeps in its call, several times, and lets it go on. */
function signalInTheCall(release) {
  return child(() => {
    signalAsleep(main, 'SIGALRM', 5);
    release();
  });
}

async function interrupted(name) {
  const { call, release } = blocking[name]();
  siginterrupt('SIGALRM', true);
  // Again and again: the first may come before the call.
  setitimer(ITIMER_REAL, 0.03, 0.03);
  assert.throws(call, (error) => {
    assert.ok(error instanceof InterruptedError, String(error));
    assert.deepEqual([error.code, error.syscall], ['EINTR', name]);
    return true;
  });
  setitimer(ITIMER_REAL, 0, 0);
  if (handled === 0) await once(process, 'SIGALRM');
  // Nothing was lost: the same call, done again, gives what it would have given.
  siginterrupt('SIGALRM', false);
  const pid = child(() => void release());
  call();
  waitpid(pid, 0);
}

async function restarted(name) {
  const { call, release } = blocking[name]();
  const pid = signalInTheCall(release);
  call();
  if (handled === 0) await once(process, 'SIGALRM');
  waitpid(pid, 0);
}

const restartable = Object.keys(blocking).filter((name) => name !== 'poll');

await runCase({
  ...Object.fromEntries(Object.keys(blocking).map((name) => [`${name}-interrupted`, () => interrupted(name)])),
  ...Object.fromEntries(restartable.map((name) => [`${name}-restarted`, () => restarted(name)])),

  // With SA_RESTART: poll(2) is never restarted.
  'poll-not-restarted'() {
    const [readEnd, writeEnd] = pipe();
    const pid = signalInTheCall(() => write(writeEnd, x));
    let interruptions = 0;
    for (let ready = []; ready.length === 0;) {
      try {
        ready = poll([{ fd: readEnd, events: POLLIN }], -1);
      } catch (error) {
        assert.ok(error instanceof InterruptedError);
        interruptions++;
      }
    }
    assert.ok(interruptions > 0);
    waitpid(pid, 0);
  },

  // All bytes come through, however often the calls of both sides are interrupted.
  'pipe-under-signals'() {
    const size = 3_000_000;
    const data = Buffer.alloc(size, 'abcdefg');
    const pipe = new Pipe();
    siginterrupt('SIGALRM', true);
    const pid = fork();
    if (pid === 0) {
      siginterrupt('SIGALRM', true);
      setitimer(ITIMER_REAL, 0.001, 0.001);
      pipe.reader.close();
      pipe.writer.write(data);
      setitimer(ITIMER_REAL, 0, 0);
      _exit(0);
    }
    setitimer(ITIMER_REAL, 0.001, 0.001);
    pipe.writer.close();
    assert.ok(pipe.reader.readAll().equals(data));
    setitimer(ITIMER_REAL, 0, 0);
    siginterrupt('SIGALRM', false);
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  },

  // Opening goes on when a signal has interrupted it.
  'fifo-under-signals'() {
    const fifo = new Fifo(join(folder, 'fifo'));
    const pid = fork();
    if (pid === 0) {
      signalAsleep(main, 'SIGALRM', 5);
      const writer = fifo.openWriter();
      writer.write('after all');
      _exit(0);
    }
    siginterrupt('SIGALRM', true);
    assert.equal(fifo.openReader().readText(), 'after all');
    siginterrupt('SIGALRM', false);
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    fifo.close();
  },
});
