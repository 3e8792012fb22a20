// Which signals come to a handler, and where: node posix-delivery.mjs <case>.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  _exit,
  fork,
  getpid,
  getsignal,
  kill,
  pause,
  raise,
  retryOnIntr,
  SA_RESTART,
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
  sleep,
  waitpid,
} from 'truefork';
import { child, gate, library, runCase } from './posix-cases.mjs';
import { recorded, statusOfChild } from './support/handlers.mjs';

const nothing = () => undefined;

/** The threads besides the main one, as /proc has them. */
const otherThreads = () => readdirSync('/proc/self/task').filter((tid) => Number(tid) !== getpid());

function threadBlocks(tid, sig) {
  const status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
  const bits = BigInt(`0x${/^SigBlk:\s*([0-9a-f]+)$/m.exec(status)[1]}`);
  return ((bits >> BigInt(signalNumber(sig) - 1)) & 1n) === 1n;
}

await runCase({
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

    // Who listened by signals() gives the other signals back, and leaves it this one.
    const stream = signals(['SIGCHLD', 'SIGUSR2']);
    const program = spawn('cat');
    stream.close();
    assert.equal(getsignal('SIGUSR2'), SIG_DFL);
    program.stdin.end();
    assert.deepEqual(await once(program, 'exit'), [0, null]);
  },

  async 'main-thread-alone'() {
    const worker = new Worker(
      `const { parentPort } = require('node:worker_threads');
       const t = require(${JSON.stringify(library)});
       const refused = [];
       for (const [name, ...args] of [['signal', 'SIGUSR1', t.SIG_IGN], ['sigaction', 'SIGUSR1', { handler: 1, mask: [], flags: 0 }],
         ['raise', 'SIGUSR1'], ['siginterrupt', 'SIGUSR1', true], ['pause'], ['sigsuspend', []], ['sigwait', []], ['sigwaitinfo', []], ['sigtimedwait', [], 0],
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
    const others = otherThreads();
    for (const sig of Object.keys(counts)) signal(sig, (name) => counts[name]++);
    // All threads that there were leave them to the main one, each as soon as it has its turn.
    for (const tid of others) while (!(threadBlocks(tid, 'SIGUSR1') && threadBlocks(tid, 'SIGUSR2'))) continue;
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

    // What was there before is there again, in all detail; who waits when it is aborted gets an AbortError.
    const before = { handler: nothing, mask: ['SIGUSR1'], flags: SA_RESTART };
    sigaction('SIGUSR2', before);
    const controller = new AbortController();
    const aborted = signals(['SIGUSR2'], { signal: controller.signal });
    const next = aborted.next();
    controller.abort();
    await assert.rejects(next, { name: 'AbortError' });
    assert.deepEqual(sigaction('SIGUSR2', null), before);
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
  'at-the-end'() {
    signal(SIGRTMIN, nothing);
    const main = getpid();
    const end = gate();
    child(() => {
      end.wait();
      try {
        for (let i = 0; i < 1000; i++) {
          sigqueue(main, SIGRTMIN, i);
          sleep(0.0001); // So that they come all the time until the end.
        }
      } catch (error) {
        if (!['ESRCH', 'EAGAIN'].includes(error.code)) throw error;
      }
    });
    // What comes from here on comes while Node gives its memory back.
    process.on('exit', () => end.open());
  },
});
