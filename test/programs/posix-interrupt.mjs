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
  mkfifo,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  nanosleep,
  open,
  pause,
  pipe2,
  read,
  retryOnIntr,
  SA_RESTART,
  setitimer,
  sigaction,
  siginterrupt,
  sigsuspend,
  sigtimedwait,
  sleep,
  waitpid,
  write,
} from 'truefork';
import { child, gate, runCase, signalAsleep, temporaryFolder } from './posix-cases.mjs';

const main = getpid();
const folder = temporaryFolder();

let handled = 0;
// Node's own, where a case does not say otherwise.
const nodes = () => handled++;
process.on('SIGALRM', nodes);

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

async function restarted(name) {
  const { call, release } = blocking[name]();
  child(() => {
    signalAsleep(main, 'SIGALRM', 5);
    release();
  });
  call();
  if (handled === 0) await once(process, 'SIGALRM');
}

// A handler of ours instead.
function ours(handler) {
  process.off('SIGALRM', nodes);
  sigaction('SIGALRM', { handler, mask: [], flags: 0 });
}

const begins = () => setitimer(ITIMER_REAL, 0.02, 0.02);

// One may have come just before: it is not the next call's.
function ends() {
  setitimer(ITIMER_REAL, 0, 0);
  sleep(0);
}

function runsInEach() {
  for (const [name, prepare] of Object.entries(blocking)) {
    const { call, release } = prepare();
    let ran = 0;
    ours(() => ran++);
    begins();
    assert.throws(call, (error) => {
      // At once, before the error.
      assert.ok(ran > 0);
      assert.deepEqual([error.name, error.code, error.syscall], ['InterruptedError', 'EINTR', name]);
      return true;
    });
    const thrown = new Error('of the handler');
    ours(() => {
      throw thrown;
    });
    assert.throws(call, thrown);
    ours(() => ran++);
    const before = ran;
    child(release);
    retryOnIntr(call);
    ends();
    assert.ok(ran >= before);
  }
}

async function restartsEach(restart) {
  for (const [name, prepare] of Object.entries(blocking)) {
    const { call, release } = prepare();
    let ran = 0;
    ours(() => ran++);
    restart(() => ran++);
    child(() => {
      signalAsleep(main, 'SIGALRM', 5);
      release();
    });
    call();
    // The standard signals of one call are one, and its handler runs afterwards.
    assert.equal(ran, 0, name);
    pause();
    assert.equal(ran, 1, name);
  }
}

// The handler of C runs here, and that of JavaScript has to wait: as if the signal had come when the call had been asked
// for, and had not begun to block.
const comesTooEarly = () => process.kill(main, 'SIGALRM');

function comesBeforeEach() {
  let ran = 0;
  const others = {
    sleep: () => assert.ok(sleep(1000) > 900),
    pause,
    sigsuspend: () => sigsuspend([]),
    nanosleep: () => assert.throws(() => nanosleep(1000), { code: 'EINTR' }),
    sigtimedwait: () => assert.throws(() => sigtimedwait(['SIGHUP'], 1000), { code: 'EINTR' }),
  };
  for (const [name, prepare] of Object.entries(blocking)) {
    const { call, release } = prepare();
    ours(() => ran++);
    others[name] = () => {
      assert.throws(call, { code: 'EINTR', syscall: name });
      child(release);
      call();
    };
  }
  for (const [name, call] of Object.entries(others)) {
    const before = ran;
    comesTooEarly();
    assert.equal(ran, before);
    call();
    assert.equal(ran, before + 1, name);
  }
}

await runCase({
  'runs-in-each': runsInEach,
  'comes-before-each': comesBeforeEach,
  'restarts-each': () => restartsEach((handler) => sigaction('SIGALRM', { handler, mask: [], flags: SA_RESTART })),
  'siginterrupt-restarts-each': () => restartsEach(() => siginterrupt('SIGALRM', false)),
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
