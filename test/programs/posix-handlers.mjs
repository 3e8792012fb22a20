// What handlers of signals are told, and how they run: node posix-handlers.mjs <case>.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import {
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  close,
  getpid,
  getsignal,
  kill,
  MAP_SHARED,
  mmap,
  O_RDWR,
  open,
  pause,
  pipe2,
  PROT_READ,
  PROT_WRITE,
  raise,
  read,
  SA_NOCLDSTOP,
  SA_NOCLDWAIT,
  SA_NODEFER,
  SA_RESETHAND,
  SA_RESTART,
  SI_QUEUE,
  SI_TKILL,
  SI_USER,
  SIG_BLOCK,
  SIG_DFL,
  SIG_IGN,
  SIG_SETMASK,
  SIG_UNBLOCK,
  sigaction,
  signal,
  signalNumber,
  sigprocmask,
  sigqueue,
  validSignals,
  waitpid,
  WUNTRACED,
  write,
} from 'truefork';
import { child, gate, library, runCase, temporaryFolder, untilItSleeps } from './posix-cases.mjs';
import { recorded, statusOfChild } from './support/handlers.mjs';

const nothing = () => undefined;

await runCase({
  actions() {
    const first = () => undefined;
    const second = () => undefined;
    assert.equal(signal('SIGUSR1', first), SIG_DFL);
    assert.equal(signal('SIGUSR1', second), first);
    assert.equal(getsignal(10), second);
    assert.equal(signal('SIGUSR1', first), second);
    const action = { handler: second, mask: ['SIGHUP', 40], flags: SA_RESTART | SA_NODEFER };
    assert.deepEqual(sigaction('SIGUSR1', action), { handler: first, mask: [], flags: 0 });
    assert.deepEqual(sigaction('SIGUSR1', null), action);
    assert.deepEqual(sigaction('SIGUSR1', null), action);
    assert.equal(signal('SIGUSR1', SIG_IGN), second);
    raise('SIGUSR1');
    assert.equal(signal('SIGUSR1', SIG_DFL), SIG_IGN);
    assert.equal(getsignal('SIGUSR1'), SIG_DFL);
    // As Node has set them.
    assert.deepEqual(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'].map(getsignal), [SIG_DFL, SIG_DFL, SIG_DFL, SIG_IGN]);
    for (const sig of ['SIGKILL', 'SIGSTOP', 32, 33]) {
      assert.throws(() => signal(sig, first), { code: 'EINVAL', syscall: 'sigaction' });
      assert.throws(() => signal(sig, SIG_IGN), { code: 'EINVAL' });
    }
    assert.throws(() => signal('SIGSEGV', first), { name: 'TypeError', message: /WebAssembly/ });
    // The default action of POSIX, also where Node has one of its own.
    for (const sig of ['SIGUSR1', 'SIGINT', 'SIGTERM', 'SIGALRM', 40]) {
      const status = statusOfChild(() => {
        signal(sig, first);
        raise(sig);
        signal(sig, SIG_DFL);
        raise(sig);
      });
      assert.equal(status, signalNumber(sig));
    }
  },

  'each-signal'() {
    const refused = ['SIGKILL', 'SIGSTOP', 'SIGSEGV'];
    for (const sig of validSignals().filter((one) => !refused.includes(one))) {
      const number = signalNumber(sig);
      const calls = recorded(sig);
      raise(sig);
      kill(getpid(), sig);
      const info = { signal: sig, number, code: SI_TKILL, pid: getpid(), uid: process.getuid(), status: 0, value: 0 };
      assert.deepEqual(calls, [
        [sig, number, info],
        [sig, number, { ...info, code: SI_USER }],
      ]);
      signal(sig, SIG_DFL);
    }
    // The fork engine has still a signal for itself.
    assert.equal(statusOfChild(nothing), 0);
  },

  async 'from-the-loop'() {
    const calls = recorded('SIGUSR2');
    const main = getpid();
    // Twice, and not once more.
    for (const times of [1, 2]) {
      const pid = child(() => kill(main, 'SIGUSR2'));
      while (calls.length < times) await immediate();
      assert.deepEqual([calls[times - 1][2].pid, calls[times - 1][2].code], [pid, SI_USER]);
      waitpid(pid, 0);
    }
    for (let i = 0; i < 20; i++) await immediate();
    assert.equal(calls.length, 2);
    // What it throws is an uncaught exception, and the next one still runs.
    signal('SIGHUP', () => {
      throw new Error('from a handler');
    });
    const uncaught = once(process, 'uncaughtException');
    process.kill(main, 'SIGHUP');
    process.kill(main, 'SIGUSR2');
    assert.equal((await uncaught)[0].message, 'from a handler');
    while (calls.length < 3) await immediate();
  },

  'keeps-nothing-alive'() {
    const code = `const { signal } = require(${JSON.stringify(library)}); signal('SIGUSR2', () => {}); console.log('ends');`;
    const { status, stdout } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, 'ends\n']);
  },

  siginfo() {
    const usr2 = recorded('SIGUSR2');
    const chld = recorded('SIGCHLD');
    const main = getpid();
    const held = gate();
    const pid = child(() => {
      sigqueue(main, 'SIGUSR2', -5);
      held.wait();
      return 3;
    });
    while (usr2.length === 0) pause();
    const [name, number, info] = usr2[0];
    const expected = {
      signal: 'SIGUSR2',
      number: 12,
      code: SI_QUEUE,
      pid,
      uid: process.getuid(),
      status: 0,
      value: -5,
    };
    assert.deepEqual([name, number, info], ['SIGUSR2', 12, expected]);
    held.open();
    while (chld.length === 0) pause();
    assert.equal(waitpid(pid, 0).status, 3 << 8);
    assert.deepEqual([chld[0][2].code, chld[0][2].pid, chld[0][2].status], [CLD_EXITED, pid, 3]);
    const killed = child(() => pause());
    kill(killed, 'SIGKILL');
    while (chld.length === 1) pause();
    waitpid(killed, 0);
    assert.deepEqual([chld[1][2].code, chld[1][2].pid, chld[1][2].status], [CLD_KILLED, killed, 9]);
  },

  masks() {
    const masks = [];
    const note = () => masks.push(sigprocmask(SIG_BLOCK, null));
    sigprocmask(SIG_SETMASK, ['SIGHUP']);
    sigaction('SIGUSR1', { handler: note, mask: ['SIGUSR2', 40], flags: 0 });
    raise('SIGUSR1');
    sigaction('SIGUSR1', { handler: note, mask: ['SIGUSR2'], flags: SA_NODEFER });
    raise('SIGUSR1');
    assert.deepEqual(masks, [
      ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 40],
      ['SIGHUP', 'SIGUSR2'],
    ]);
    assert.deepEqual(sigprocmask(SIG_SETMASK, []), ['SIGHUP']);

    // A handler's own signal, and those of its mask, wait for its end.
    const order = [];
    const handler = (name) => {
      order.push(`${name} begins`);
      if (order.length === 1) for (const sig of ['SIGUSR1', 'SIGUSR2', 'SIGHUP']) raise(sig);
      order.push(`${name} ends`);
    };
    signal('SIGUSR2', handler);
    signal('SIGHUP', handler);
    sigaction('SIGUSR1', { handler, mask: ['SIGUSR2'], flags: 0 });
    raise('SIGUSR1');
    const ran = (name) => [`${name} begins`, `${name} ends`];
    assert.deepEqual(order.slice(0, 4), ['SIGUSR1 begins', ...ran('SIGHUP'), 'SIGUSR1 ends']);
    assert.deepEqual(order.slice(4), [...ran('SIGUSR1'), ...ran('SIGUSR2')]);
    // With SA_NODEFER it does not.
    order.length = 0;
    sigaction('SIGUSR1', { handler, mask: ['SIGUSR2'], flags: SA_NODEFER });
    raise('SIGUSR1');
    assert.deepEqual(order.slice(0, 3), ['SIGUSR1 begins', ...ran('SIGUSR1')]);
  },

  'runs-once'() {
    const status = statusOfChild(() => {
      const seen = [];
      sigaction('SIGUSR2', { handler: () => seen.push(getsignal('SIGUSR2')), mask: [], flags: SA_RESETHAND });
      raise('SIGUSR2');
      assert.deepEqual(seen, [SIG_DFL]);
      raise('SIGUSR2');
    });
    assert.equal(status, 12);
  },

  'taken-away'() {
    for (const next of [nothing, SIG_IGN, SIG_DFL]) {
      const calls = recorded('SIGUSR2');
      // Node's, which runs no handlers of this library.
      process.kill(getpid(), 'SIGUSR2');
      assert.equal(calls.length, 0);
      signal('SIGUSR2', next);
      assert.equal(calls.length, 1);
      assert.equal(getsignal('SIGUSR2'), next);
    }
    // What it throws keeps the action as it is.
    const throws = () => {
      throw new Error('mine');
    };
    signal('SIGUSR2', throws);
    process.kill(getpid(), 'SIGUSR2');
    assert.throws(() => signal('SIGUSR2', SIG_DFL), { message: 'mine' });
    assert.equal(getsignal('SIGUSR2'), throws);
    // One that is blocked waits, and meets the action that there is when it is let in.
    const status = statusOfChild(() => {
      signal('SIGUSR2', nothing);
      process.kill(getpid(), 'SIGUSR2');
      sigprocmask(SIG_BLOCK, ['SIGUSR2']);
      signal('SIGUSR2', SIG_DFL);
      sigprocmask(SIG_UNBLOCK, ['SIGUSR2']);
    });
    assert.equal(status, 12);
  },

  'sigchld-flags'() {
    // One stop, without the flag, and none with it.
    for (const [flags, stops] of [
      [0, 1],
      [SA_NOCLDSTOP, 0],
    ]) {
      const calls = recorded('SIGCHLD', flags);
      const pid = child(() => kill(getpid(), 'SIGSTOP'));
      assert.equal(waitpid(pid, WUNTRACED).pid, pid);
      while (calls.length < stops) pause();
      assert.equal(calls.filter((call) => call[2].code === CLD_STOPPED).length, stops);
      kill(pid, 'SIGKILL');
      while (calls.length < stops + 1) pause();
      waitpid(pid, 0);
    }
    // No zombie is left, and nobody to be waited for.
    const calls = recorded('SIGCHLD', SA_NOCLDWAIT);
    const pid = child(nothing);
    assert.throws(() => waitpid(pid, 0), { code: 'ECHILD' });
    while (calls.length === 0) pause();
    assert.equal(calls[0][2].pid, pid);
  },

  fault() {
    const path = join(temporaryFolder(), 'cut');
    writeFileSync(path, 'x'.repeat(4096));
    const status = statusOfChild(() => {
      const calls = recorded('SIGBUS');
      raise('SIGBUS');
      assert.equal(calls.length, 1);
      const fd = open(path, O_RDWR);
      const bytes = new Uint8Array(mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
      close(fd);
      truncateSync(path);
      return bytes[0];
    });
    assert.equal(status & 0x7f, 7);
  },

  throws() {
    const [readEnd, writeEnd] = pipe2(0);
    signal('SIGUSR1', () => {
      throw new RangeError('of the handler');
    });
    const calls = recorded('SIGUSR2');
    const thrown = { name: 'RangeError', message: 'of the handler' };
    assert.throws(() => raise('SIGUSR1'), thrown);
    assert.throws(() => kill(getpid(), 'SIGUSR1'), thrown);
    // The mask is what it was, and another signal's handler runs in the next call that can be interrupted.
    assert.deepEqual(sigprocmask(SIG_BLOCK, ['SIGUSR1', 'SIGUSR2']), []);
    raise('SIGUSR1');
    raise('SIGUSR2');
    assert.throws(() => sigprocmask(SIG_SETMASK, []), thrown);
    assert.deepEqual(sigprocmask(SIG_BLOCK, null), []);
    assert.equal(calls.length, 0);
    assert.throws(() => read(readEnd, new Uint8Array(1)), { code: 'EINTR' });
    assert.equal(calls.length, 1);
    process.kill(getpid(), 'SIGUSR1');
    assert.throws(() => read(readEnd, new Uint8Array(1)), thrown);
    assert.throws(() => {
      process.kill(getpid(), 'SIGUSR1');
      pause();
    }, thrown);
    write(writeEnd, Uint8Array.of(1));
    assert.equal(read(readEnd, new Uint8Array(1)), 1);
  },

  'ctrl-c'() {
    // The default action, in whatever blocks.
    const [readEnd] = pipe2(0);
    const end = gate();
    const calls = [
      () => read(readEnd, new Uint8Array(1)),
      () => pause(),
      () =>
        waitpid(
          child(() => end.wait()),
          0,
        ),
    ];
    for (const call of calls) {
      const pid = child(call);
      untilItSleeps(pid);
      kill(pid, 'SIGINT');
      assert.equal(waitpid(pid, 0).status, 2);
    }
    end.open();
  },
});
