// A signal during a call that blocks: node posix-interrupt.mjs <case>.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  F_OFD_SETLKW,
  F_WRLCK,
  fcntl,
  getpid,
  InterruptedError,
  ITIMER_REAL,
  kill,
  mkfifo,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  open,
  pipe2,
  read,
  setitimer,
  siginterrupt,
  waitpid,
  write,
} from 'truefork';
import { child, gate, runCase, statusOf, temporaryFolder } from './posix-cases.mjs';

const main = getpid();
const folder = temporaryFolder();

let handled = 0;
process.on('SIGALRM', () => handled++);

// Each gives a call that blocks, and what lets it go on, to be done by another process.
const blocking = {
  waitpid() {
    const end = gate();
    const pid = child(() => end.wait());
    return { call: () => assert.equal(waitpid(pid, 0).pid, pid), release: () => end.open() };
  },
  read() {
    const [readEnd, writeEnd] = pipe2(0);
    return {
      call: () => assert.equal(read(readEnd, new Uint8Array(8)), 3),
      release: () => write(writeEnd, Buffer.from('abc')),
    };
  },
  open() {
    const path = join(folder, 'fifo');
    mkfifo(path, 0o600);
    return { call: () => open(path, O_RDONLY), release: () => open(path, O_WRONLY) };
  },
  fcntl() {
    const path = join(folder, 'locked');
    const fd = open(path, O_RDWR | O_CREAT, 0o600);
    const held = gate();
    const end = gate();
    child(() => {
      fcntl(open(path, O_RDWR), F_OFD_SETLKW, { type: F_WRLCK });
      held.open();
      end.wait();
    });
    held.wait();
    return { call: () => fcntl(fd, F_OFD_SETLKW, { type: F_WRLCK }), release: () => end.open() };
  },
};

async function interrupted(name) {
  const { call, release } = blocking[name]();
  siginterrupt('SIGALRM', true);
  // Again and again: the first may come before the call.
  setitimer(ITIMER_REAL, 0.05, 0.05);
  assert.throws(call, (error) => {
    assert.ok(error instanceof InterruptedError, String(error));
    assert.equal(error.code, 'EINTR');
    assert.equal(error.syscall, name);
    return true;
  });
  setitimer(ITIMER_REAL, 0, 0);
  // The raw call does not run JavaScript: the listener is called from the event loop.
  assert.equal(handled, 0);
  await once(process, 'SIGALRM');
  // Nothing was lost: the same call, done again, gives what it would have given.
  siginterrupt('SIGALRM', false);
  child(release);
  call();
}

// In another process: signals the main program while it sleeps in its call, several times.
function signalInTheCall() {
  for (let i = 0; i < 5; i++) {
    while (!statusOf(main, 'State').startsWith('S')) continue;
    kill(main, 'SIGALRM');
    while (/[1-9a-f]/.test(statusOf(main, 'ShdPnd'))) continue;
  }
}

async function restarted(name) {
  const { call, release } = blocking[name]();
  child(() => {
    signalInTheCall();
    release();
  });
  call();
  if (handled === 0) await once(process, 'SIGALRM');
}

await runCase({
  'waitpid-interrupted': () => interrupted('waitpid'),
  'read-interrupted': () => interrupted('read'),
  'open-interrupted': () => interrupted('open'),
  'fcntl-interrupted': () => interrupted('fcntl'),
  'waitpid-restarted': () => restarted('waitpid'),
  'read-restarted': () => restarted('read'),
  'open-restarted': () => restarted('open'),
  'fcntl-restarted': () => restarted('fcntl'),
  async 'switched-off'() {
    siginterrupt('SIGALRM', true);
    siginterrupt('SIGALRM', false);
    await restarted('read');
  },
});
