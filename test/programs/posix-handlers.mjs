// Handlers of signals: node posix-handlers.mjs <case>.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  _exit,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  close,
  fork,
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
  retryOnIntr,
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
  sigaction,
  signal,
  SignalInUseError,
  signalName,
  signalNumber,
  signals,
  sigprocmask,
  sigpending,
  sigqueue,
  SIGRTMIN,
  validSignals,
  waitpid,
  WUNTRACED,
  write,
} from 'truefork';
import { child, gate, library, runCase, statusOf, temporaryFolder } from './posix-cases.mjs';

const nothing = () => undefined;

/** What the handler of a signal is told, in the order of its calls. */
function recorded(sig, flags = 0, mask = []) {
  const calls = [];
  sigaction(sig, { handler: (...told) => calls.push(told), mask, flags });
  return calls;
}

/** How a child ends that runs this: its status. */
const statusOfChild = (body) => waitpid(child(body), 0).status;

/** The threads besides the main one, as /proc has them. */
const otherThreads = () => readdirSync('/proc/self/task').filter((tid) => Number(tid) !== getpid());

function threadBlocks(tid, sig) {
  const status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
  const bits = BigInt(`0x${/^SigBlk:\s*([0-9a-f]+)$/m.exec(status)[1]}`);
  return ((bits >> BigInt(signalNumber(sig) - 1)) & 1n) === 1n;
}

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

  thousand() {
    // One after the other, of alternating kinds.
    const counts = { SIGUSR1: 0, SIGUSR2: 0, SIGALRM: 0 };
    for (const sig of Object.keys(counts)) signal(sig, (name) => counts[name]++);
    for (let i = 0; i < 1000; i++) {
      kill(getpid(), 'SIGUSR1');
      raise('SIGUSR2');
      if (i % 2 === 0) sigqueue(getpid(), 'SIGALRM', i);
    }
    assert.deepEqual(counts, { SIGUSR1: 1000, SIGUSR2: 1000, SIGALRM: 500 });

    // Of another process, which waits for each, while this one is in a call that blocks.
    const main = getpid();
    const next = gate();
    signal('SIGUSR1', () => {
      counts.SIGUSR1++;
      next.open();
    });
    signal('SIGUSR2', () => {
      counts.SIGUSR2++;
      next.open();
    });
    const sender = child(() => {
      for (let i = 0; i < 500; i++) {
        for (const sig of ['SIGUSR1', 'SIGUSR2']) kill(main, sig);
        next.wait();
        next.wait();
      }
    });
    assert.equal(retryOnIntr(() => waitpid(sender, 0)).status, 0);
    assert.deepEqual(counts, { SIGUSR1: 1500, SIGUSR2: 1500, SIGALRM: 500 });
  },

  'real-time'() {
    // All of them, in the order in which they were sent, though nothing here takes them meanwhile.
    const main = getpid();
    for (const sig of ['SIGRTMIN', 'SIGRTMAX-3']) {
      const calls = recorded(sig);
      const number = signalNumber(sig);
      const sent = gate();
      const sender = child(() => {
        for (let i = 0; i < 1000; i++) sigqueue(main, sig, i);
        sent.open();
      });
      retryOnIntr(sent.wait);
      while (calls.length < 1000) pause();
      assert.deepEqual(
        calls.map(([name, told, { value, pid }]) => [name, told, value, pid]),
        Array.from({ length: 1000 }, (_, i) => [number, number, i, sender]),
      );
    }
    // This one was the fork engine's, and those the ones to follow: they have others now.
    for (const sig of ['SIGRTMAX', 'SIGRTMAX-1']) {
      const calls = recorded(sig);
      assert.equal(
        statusOfChild(() => raise(sig) ?? 7 + calls.length),
        8 << 8,
      );
      for (const mask of [[], [sig]]) {
        sigprocmask(SIG_SETMASK, mask);
        const sender = child(() => kill(main, sig));
        assert.equal(retryOnIntr(() => waitpid(sender, 0)).status, 0);
        while (mask.length > 0 && sigpending().length === 0) continue;
        sigprocmask(SIG_SETMASK, []);
        while (calls.length === 0) pause();
        // Other threads may have taken it, and sent it on with all that is told of it.
        const [, , { code, pid }] = calls.shift();
        assert.deepEqual([code, pid], [SI_USER, sender]);
      }
    }
  },

  async overflow() {
    const calls = recorded(40);
    sigprocmask(SIG_BLOCK, [40]);
    let sent = 0;
    // The kernel has a limit of its own.
    try {
      for (; sent < 5000; sent++) sigqueue(getpid(), 40, sent);
    } catch (error) {
      assert.equal(error.code, 'EAGAIN');
    }
    process.removeAllListeners('warning');
    const warning = sent > 4096 ? once(process, 'warning') : undefined;
    sigprocmask(SIG_SETMASK, []);
    assert.equal(calls.length, Math.min(sent, 4096));
    assert.deepEqual(
      calls.map((call) => call[2].value),
      calls.map((_, i) => i),
    );
    if (warning) {
      const [told] = await warning;
      assert.equal(told.code, 'SIGNALS_LOST');
      assert.match(told.message, new RegExp(`^${sent - 4096} signals were lost`));
    }
  },

  async 'both-kinds'() {
    signal('SIGUSR2', nothing);
    for (const listen of ['on', 'once', 'prependListener']) {
      assert.throws(() => process[listen]('SIGUSR2', nothing), { name: 'SignalInUseError', code: 'ERR_SIGNAL_IN_USE' });
    }
    assert.equal(process.listenerCount('SIGUSR2'), 0);
    assert.equal(getsignal('SIGUSR2'), nothing);
    raise('SIGUSR2');
    // Others are Node's, as before.
    const listener = nothing;
    process.on('SIGHUP', listener);
    assert.equal(getsignal('SIGHUP'), null);
    assert.throws(
      () => signal('SIGHUP', nothing),
      (error) => error instanceof SignalInUseError && /process\.on\('SIGHUP'\)/.test(error.message),
    );
    assert.throws(() => signal('SIGHUP', SIG_DFL), SignalInUseError);
    process.off('SIGHUP', listener);
    assert.equal(signal('SIGHUP', nothing), SIG_DFL);
    signal('SIGHUP', SIG_DFL);
    const heard = once(process, 'SIGHUP');
    raise('SIGHUP');
    assert.deepEqual(await heard, ['SIGHUP', 1]);
  },

  async 'child-process'() {
    signal('SIGCHLD', nothing);
    process.removeAllListeners('warning');
    const warned = once(process, 'warning');
    const ended = once(spawn('true'), 'exit');
    assert.equal((await warned)[0].code, 'SIGNAL_TAKEN');
    assert.deepEqual(await ended, [0, null]);
  },

  async 'main-thread-alone'() {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       const t = require(${JSON.stringify(library)});
       const refused = [];
       for (const [name, ...args] of [['signal', 'SIGUSR1', t.SIG_IGN], ['sigaction', 'SIGUSR1', { handler: 1, mask: [], flags: 0 }],
         ['raise', 'SIGUSR1'], ['pause'], ['sigsuspend', []], ['sigwait', []], ['sigwaitinfo', []], ['sigtimedwait', [], 0],
         ['signals', ['SIGUSR1']]]) {
         try { t[name](...args); refused.push(name); } catch (error) {
           if (error.code !== 'ERR_WORKER_UNSUPPORTED_OPERATION' || !(error instanceof TypeError)) refused.push(error.message);
         }
       }
       if (t.sleep(0.001) !== 0) refused.push('sleep');
       parentPort.postMessage(refused);
       parentPort.on('message', () => process.exit());`,
      { eval: true },
    );
    assert.deepEqual((await once(worker, 'message'))[0], []);
    const counts = { SIGUSR1: 0, SIGUSR2: 0 };
    for (const sig of Object.keys(counts)) signal(sig, (name) => counts[name]++);
    // All threads that there are leave them to the main one. (Those of V8 begin at their own time.)
    for (const tid of otherThreads()) assert.ok(threadBlocks(tid, 'SIGUSR1') && threadBlocks(tid, 'SIGUSR2'));
    // What is blocked waits, also with the default action, and for threads that come later.
    const later = new Worker(`require('node:worker_threads').parentPort.once('message', () => {})`, { eval: true });
    await once(later, 'online');
    sigprocmask(SIG_BLOCK, ['SIGUSR1', 'SIGTERM', 'SIGHUP']);
    for (const sig of ['USR1', 'TERM', 'HUP']) spawnSync('sh', ['-c', `kill -${sig} ${getpid()}`]);
    while (sigpending().length < 3) continue;
    assert.deepEqual(sigpending(), ['SIGHUP', 'SIGUSR1', 'SIGTERM']);
    signal('SIGTERM', nothing);
    signal('SIGHUP', SIG_IGN);
    assert.equal(counts.SIGUSR1, 0);
    sigprocmask(SIG_SETMASK, []);
    assert.equal(counts.SIGUSR1, 1);
    assert.deepEqual(sigpending(), []);
    for (const one of [worker, later]) {
      one.postMessage('end');
      await once(one, 'exit');
    }
  },

  async forked() {
    const calls = recorded('SIGUSR2');
    signal('SIGHUP', SIG_IGN);
    const main = getpid();
    const ready = gate();
    const end = gate();
    // One that has come, whose JavaScript has not run, and one that is blocked: neither is the child's.
    sigprocmask(SIG_BLOCK, ['SIGALRM']);
    const alarms = recorded('SIGALRM');
    kill(main, 'SIGALRM');
    process.kill(main, 'SIGUSR2');
    const pid = fork();
    if (pid === 0) {
      let status = 0;
      try {
        assert.deepEqual([calls.length, alarms.length, sigpending()], [0, 0, []]);
        sigprocmask(SIG_SETMASK, []);
        raise('SIGHUP');
        ready.open();
        pause();
        assert.equal(calls.length, 1);
        assert.equal(calls[0][2].pid, main);
        assert.equal(alarms.length, 0);
        // From the event loop too, and by a descriptor of its own.
        setTimeout(() => process.kill(getpid(), 'SIGUSR2'), 1);
        while (calls.length < 2) await immediate();
      } catch (error) {
        console.error(error);
        status = 1;
      }
      end.open();
      _exit(status);
    }
    retryOnIntr(ready.wait);
    kill(pid, 'SIGUSR2');
    assert.equal(waitpid(pid, 0).status, 0);
    end.wait();
    // In the parent, its own alone.
    assert.deepEqual(
      calls.map((call) => call[2].pid),
      [main],
    );
    sigprocmask(SIG_SETMASK, []);
    assert.equal(alarms.length, 1);
    // A program that is executed has the default action.
    assert.equal(spawnSync('sh', ['-c', 'kill -USR2 $$']).signal, 'SIGUSR2');
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

  async iterator() {
    const values = [];
    const main = getpid();
    const stream = signals(['SIGRTMIN', 'SIGUSR2']);
    const sender = child(() => {
      for (let i = 0; i < 100; i++) sigqueue(main, 'SIGRTMIN', i);
    });
    for await (const { signal: sig, value, pid } of stream) {
      assert.equal(pid, sender);
      assert.equal(sig, signalName(SIGRTMIN));
      if (values.push(value) === 100) break;
    }
    assert.deepEqual(
      values,
      Array.from({ length: 100 }, (_, i) => i),
    );
    waitpid(sender, 0);
    assert.deepEqual([getsignal('SIGRTMIN'), getsignal('SIGUSR2')], [SIG_DFL, SIG_DFL]);
    stream.close();
    assert.deepEqual(await stream.next(), { done: true, value: undefined });

    // What was there before is there again; who waits when it is aborted gets an AbortError.
    signal('SIGUSR2', nothing);
    const controller = new AbortController();
    const aborted = signals(['SIGUSR2'], { signal: controller.signal });
    const next = aborted.next();
    controller.abort();
    await assert.rejects(next, { name: 'AbortError' });
    assert.equal(getsignal('SIGUSR2'), nothing);
    assert.throws(() => signals(['SIGUSR2'], { signal: AbortSignal.abort() }), { name: 'AbortError' });
    // If one of them is refused, none is taken.
    assert.throws(() => signals(['SIGUSR1', 'SIGKILL']), { code: 'EINVAL' });
    assert.equal(getsignal('SIGUSR1'), SIG_DFL);
    // It keeps the event loop alive while somebody waits, and not otherwise.
    const code = (body) => `const { signals } = require(${JSON.stringify(library)}); ${body}`;
    const once = `(async () => { for await (const { signal } of signals(['SIGUSR2'])) { console.log(signal); break; } })();
      require('node:child_process').spawn('kill', ['-USR2', String(process.pid)], { detached: true }).unref();`;
    const run = (body) => spawnSync(process.execPath, ['-e', code(body)], { encoding: 'utf8' }).stdout;
    assert.equal(run(once), 'SIGUSR2\n');
    assert.equal(run(`signals(['SIGUSR2']); console.log('ends');`), 'ends\n');
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
      while (!/^S/.test(statusOf(pid, 'State'))) continue;
      kill(pid, 'SIGINT');
      assert.equal(waitpid(pid, 0).status, 2);
    }
    end.open();
  },
});
