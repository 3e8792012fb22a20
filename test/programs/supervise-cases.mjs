// A program that is kept running: node supervise-cases.mjs <case>.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  AF_INET,
  bind,
  childrenOfThread,
  close,
  decodeWaitStatus,
  fork,
  getpid,
  getppid,
  getsockname,
  kill,
  pipe2,
  processStat,
  read,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  socket,
  waitpid,
  write,
} from 'truefork';
import { answersHttp, answersTcp, supervise } from 'truefork/daemon';
import { runCase } from './posix-cases.mjs';

const self = fileURLToPath(import.meta.url);
const sleeper = ['sleep', '1000'];

/** Another process that supervises, and what it prints. */
function supervisor(name) {
  const child = spawn(process.execPath, [self, name], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
  const closed = once(child, 'close');
  const printed = async (pattern) => {
    for (;;) {
      const match = pattern.exec(text);
      if (match) return match;
      await Promise.race([once(child.stdout, 'data'), closed.then(() => assert.match(text, pattern))]);
    }
  };
  return { child, printed, text: () => text };
}

async function gone(pid) {
  while (!['Z', 'X', undefined].includes(processStat(pid)?.state)) await turn();
}

/** Collects the lines of a log, without the pids. */
function logTo(lines) {
  return (line) => lines.push(line.replace(/pid=\d+ /, ''));
}

await runCase({
  async 'killed-often'() {
    const programs = new Set();
    const supervised = supervise(sleeper, { healthyAfter: 0, checkInterval: 0, check: () => true });
    for (let n = 0; n < 100; n++) {
      const [pid] = await once(supervised, 'start');
      // Each is another one; a pid may be had again.
      programs.add(`${pid} ${processStat(pid).started}`);
      assert.equal(programs.size, n + 1);
      // No zombie of those before.
      assert.deepEqual(childrenOfThread(), [pid]);
      // The kernel closes what is close-on-exec, by which the start is told, before it gives the process its new name.
      while (processStat(pid).command !== 'sleep') await turn();
      kill(pid, 'SIGKILL');
      const [ended, status] = await once(supervised, 'exit');
      assert.deepEqual([ended, status], [pid, { state: 'signaled', signal: 'SIGKILL', coreDumped: false }]);
    }
    assert.equal(await supervised.stop(), 'stopped');
    assert.throws(() => supervise('sleep 1000'), {
      message: `The "program" argument must be an Array of strings or a function. Received 'sleep 1000'`,
    });
    assert.deepEqual(childrenOfThread(), []);
  },

  async 'supervisor-killed'() {
    const { child, printed } = supervisor('supervises');
    const [, pid] = await printed(/started (\d+)\n/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await gone(Number(pid));
  },

  async supervises() {
    const supervised = supervise(sleeper);
    supervised.on('start', (pid) => console.log(`started ${pid}`));
    await supervised.ended;
    process.exit();
  },

  // The program ends by the signal that the supervisor got, and then the supervisor, by itself.
  async 'signals-handed-on'() {
    const { child, printed, text } = supervisor('hands-on');
    const [, pid] = await printed(/ready (\d+)\n/);
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGWINCH', 'SIGTERM']) {
      child.kill(signal);
      await printed(new RegExp(`got ${signal.slice(3)}\n`));
    }
    // It takes its time: the next one may make it quicker.
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'close'), [0, null]);
    assert.match(text(), /got INT\n.*exited code=7\n.*stopped\nended: stopped\n$/s);
    await gone(Number(pid));
  },

  async 'hands-on'() {
    const traps = ['HUP', 'USR1', 'WINCH', 'TERM'].map((name) => `trap 'echo got ${name}' ${name};`).join(' ');
    const script = `${traps} trap 'echo got INT; exit 7' INT; echo ready $$; while :; do sleep 1000 & wait; done`;
    const supervised = supervise(['sh', '-c', script], { log: console.log });
    console.log(`ended: ${await supervised.ended}`);
    // Nothing of it keeps the event loop alive; the case that runs does.
    process.exit();
  },

  async 'late-in-a-check'() {
    const { child, printed, text } = supervisor('asks');
    await printed(/asked 1\n/);
    child.stdin.write('an answer');
    await printed(/asked 2\n/);
    assert.doesNotMatch(text(), /failed|killing/);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'close'), [0, null]);
  },

  async asks() {
    let asked = 0;
    const ask = () => console.log(`asked ${++asked}`);
    const check = () => {
      if (asked > 0) ask();
      else
        setImmediate(() => {
          ask();
          // As when it is stopped: the answer comes meanwhile, and when it goes on, the time is over.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200);
        });
      return once(process.stdin, 'data');
    };
    await supervise(sleeper, { check, checkInterval: 0, checkTimeout: 1000, log: console.log }).ended;
    process.exit();
  },

  async 'hanging-check'() {
    const lines = [];
    let checks = 0;
    const aborted = [];
    const check = async ({ pid, signal }) => {
      checks++;
      assert.equal(pid, supervised.pid);
      if (checks > 2) return undefined;
      await once(signal, 'abort');
      aborted.push(pid);
      return new Promise(() => undefined);
    };
    const supervised = supervise(sleeper, {
      check,
      checkInterval: 1,
      checkTimeout: 20,
      checkFailures: 2,
      firstDelay: 1,
      log: logTo(lines),
    });
    const [first] = await once(supervised, 'start');
    const [second] = await once(supervised, 'start');
    assert.notEqual(first, second);
    assert.deepEqual(aborted, [first, first]);
    // This one answers.
    while (checks < 10) await turn();
    assert.equal(supervised.pid, second);
    await supervised.stop();
    const failed = 'program check failed reason="no answer in 20 ms"';
    assert.deepEqual(lines, [
      'supervisor supervising program="sleep 1000"',
      'program started',
      `${failed} failures=1`,
      `${failed} failures=2`,
      'program killing signal=SIGTERM',
      'program exited signal=SIGTERM',
      'supervisor restart ms=0 failures=1',
      'program started',
      'supervisor stopping signal=SIGTERM',
      'program exited signal=SIGTERM',
      'supervisor stopped',
    ]);
  },

  async 'checks-collected'() {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const signals = [];
    const supervised = supervise(sleeper, {
      checkInterval: 0,
      check: ({ signal }) => signals.push(new WeakRef(signal)),
    });
    while (signals.length < 200) await sleep(10);
    collect();
    await turn();
    collect();
    const kept = signals.filter((signal) => signal.deref()).length;
    assert.ok(kept < 20, `${kept} of ${signals.length} are kept`);
    await supervised.stop();
  },

  async 'checks-that-fail'() {
    const answers = [
      () => false,
      () => {
        throw new Error('no luck');
      },
      () => Promise.reject('nothing'),
    ];
    const reasons = [];
    const supervised = supervise(sleeper, {
      checkInterval: 0,
      healthyAfter: 0,
      check: () => (answers.shift() ?? (() => 0))(),
    });
    supervised.on('checkFailed', (pid, reason) => reasons.push(reason));
    while (answers.length > 0) await turn();
    await once(supervised, 'start');
    await supervised.stop();
    assert.deepEqual(reasons, ['it says so', 'no luck', 'nothing']);
  },

  async 'never-starts'() {
    const records = [];
    const errors = [];
    const supervised = supervise(['/nonexistent/program', 'a b'], {
      maxFailures: 5,
      firstDelay: 10,
      longestDelay: 25,
      healthyAfter: 0,
      logRecord: (record) => records.push(record),
    });
    supervised.on('startFailed', (error) => errors.push(error.message));
    const began = performance.now();
    assert.equal(await supervised.ended, 'gave up');
    assert.ok(performance.now() - began >= 10 + 20 + 25 - 3);
    const message = "ENOENT: no such file or directory, execvp('/nonexistent/program')";
    assert.deepEqual(errors, Array(5).fill(message));
    const failed = { level: 'warn', event: 'start failed', reason: message };
    const restart = (ms, failures) => ({ level: 'info', event: 'restart', ms, failures });
    const expected = [
      { level: 'info', event: 'supervise', program: '/nonexistent/program a b' },
      ...[0, 10, 20, 25].flatMap((ms, index) => [failed, restart(ms, index + 1)]),
      failed,
      { level: 'error', event: 'giving up', failures: 5 },
      { level: 'info', event: 'stopped' },
    ];
    const common = { role: 'supervisor', pid: process.pid };
    assert.deepEqual(
      records,
      expected.map((record) => ({ ...record, ...common })),
    );
    assert.deepEqual(childrenOfThread(), []);
    assert.equal(await supervised.stop(), 'gave up');
  },

  // Twice as long a wait each time is none if the first is none, however often that is doubled.
  async 'never-waits'() {
    const waits = new Set();
    const supervised = supervise(['/nonexistent'], {
      firstDelay: 0,
      maxFailures: 1_100,
      logRecord: ({ event, ms }) => event === 'restart' && waits.add(ms),
    });
    await supervised.ended;
    assert.deepEqual(waits, new Set([0]));
  },

  // A run that was long enough makes good what was before it.
  async 'healthy-again'() {
    const failures = [];
    const supervised = supervise(sleeper, {
      firstDelay: 1,
      healthyAfter: 3_000,
      logRecord: ({ event, failures: count }) => event === 'restart' && failures.push(count),
    });
    for (const lifetime of [0, 0, 3_100, 0]) {
      const [pid] = await once(supervised, 'start');
      await sleep(lifetime);
      kill(pid, 'SIGKILL');
      await once(supervised, 'exit');
    }
    await once(supervised, 'start');
    await supervised.stop();
    assert.deepEqual(failures, [1, 2, 1, 2]);
  },

  async 'does-not-listen'() {
    const lines = [];
    const [reader, writer] = pipe2(0);
    const script = `trap '' TERM; sleep 1000 & echo $! >/dev/fd/${writer}; while :; do sleep 1000; done`;
    const supervised = supervise(['sh', '-c', script], { gracefulTimeout: 50, log: logTo(lines) });
    const [pid] = await once(supervised, 'start');
    const told = Buffer.alloc(16);
    const sleeping = Number(told.toString('latin1', 0, read(reader, told)));
    const twice = [supervised.stop(), supervised.stop('SIGINT')];
    assert.deepEqual(await Promise.all(twice), ['stopped', 'stopped']);
    await supervised[Symbol.asyncDispose]();
    assert.deepEqual(lines.slice(2), [
      'supervisor stopping signal=SIGTERM',
      'program killing signal=SIGKILL',
      'program exited signal=SIGKILL',
      'supervisor stopped',
    ]);
    for (const ended of [pid, sleeping]) await gone(ended);
  },

  // What a program leaves behind ends with it.
  async 'leaves-nobody'() {
    const [reader, writer] = pipe2(0);
    const supervised = supervise(['sh', '-c', `sleep 1000 & echo $! >/dev/fd/${writer}; kill -9 $$`], {
      maxFailures: 1,
    });
    assert.equal(await supervised.ended, 'gave up');
    const told = Buffer.alloc(16);
    await gone(Number(told.toString('latin1', 0, read(reader, told))));
  },

  async 'a-function'() {
    const parent = getpid();
    const [reader, writer] = pipe2(0);
    const supervised = supervise(
      async function worker() {
        await turn();
        const [, , , session] = readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ');
        const listeners = ['SIGTERM', 'SIGHUP'].reduce((sum, signal) => sum + process.listenerCount(signal), 0);
        write(writer, Int32Array.of(getppid(), getpid(), Number(session), listeners));
        return 9;
      },
      { maxFailures: 1, log: () => undefined },
    );
    const [pid, status] = await once(supervised, 'exit');
    assert.deepEqual(status, { state: 'exited', code: 9 });
    assert.equal(await supervised.ended, 'gave up');
    const told = new Int32Array(4);
    read(reader, told);
    assert.deepEqual([...told], [parent, pid, pid, 0]);
  },

  // A fork of the process that supervises has nothing to do with it.
  async 'in-a-fork'() {
    const supervised = supervise(sleeper, {
      checkInterval: 1,
      check: () => true,
      firstDelay: 60_000,
      maxFailures: Infinity,
    });
    const [pid] = await once(supervised, 'start');
    const child = fork();
    if (child === 0) {
      supervised.kill('SIGKILL');
      const ending = await supervised.stop();
      process.exit(ending === 'stopped' ? 0 : 1);
    }
    assert.deepEqual(decodeWaitStatus(waitpid(child, 0).status), { state: 'exited', code: 0 });
    assert.equal(processStat(pid).command, 'sleep');
    assert.equal(supervised.pid, pid);
    await supervised.stop();
    // Nor during the wait between two starts: the child ends, it waits for nothing.
    const failing = supervise(['/nonexistent'], { firstDelay: 60_000 });
    await once(failing, 'startFailed');
    await once(failing, 'startFailed');
    const other = fork();
    if (other === 0) process.exit((await failing.stop()) === 'stopped' ? 0 : 1);
    assert.equal(waitpid(other, 0).status, 0);
    assert.equal(await failing.stop(), 'stopped');
    assert.deepEqual(childrenOfThread(), []);
  },

  async 'stopped-early'() {
    const before = supervise(sleeper);
    assert.equal(await before.stop(), 'stopped');
    const starting = supervise(() => new Promise(() => undefined));
    await turn();
    assert.equal(await starting.stop(), 'stopped');
    assert.deepEqual(childrenOfThread(), []);
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) assert.equal(process.listenerCount(signal), 0);
    const others = supervise(sleeper, { signals: false });
    assert.equal(process.listenerCount('SIGTERM'), 0);
    await others.stop();
    // A listener that throws is an uncaught error, and the program is stopped nevertheless.
    const thrown = once(process, 'uncaughtException');
    const listened = supervise(sleeper);
    listened.once('start', () => {
      throw new Error('in a listener');
    });
    assert.equal((await thrown)[0].message, 'in a listener');
    await listened.stop();
    assert.deepEqual(childrenOfThread(), []);
  },

  // A disk that is full, say.
  async 'log-throws'() {
    const thrown = [];
    process.on('uncaughtException', ({ message }, origin) => {
      assert.equal(origin, 'uncaughtException');
      thrown.push(message);
    });
    const full = (line) => {
      throw new Error(line.replace(/pid=\d+ ?/, ''));
    };
    const supervised = supervise(sleeper, { check: () => false, checkInterval: 0, maxFailures: 2, log: full });
    assert.equal(await supervised.ended, 'gave up');
    const ended = ['check failed reason="it says so" failures=1', 'killing signal=SIGTERM', 'exited signal=SIGTERM'];
    const run = ['started', ...ended].map((text) => `program ${text}`);
    assert.deepEqual(thrown.splice(0), [
      'supervisor supervising program="sleep 1000"',
      ...[...run, 'supervisor restart ms=0 failures=1', ...run],
      ...['supervisor giving up failures=2', 'supervisor stopped'],
    ]);
    const stopped = supervise(sleeper, { log: full });
    await once(stopped, 'start');
    kill(getpid(), 'SIGTERM');
    assert.equal(await stopped.ended, 'stopped');
    assert.deepEqual(childrenOfThread(), []);
  },

  async probes() {
    const server = createServer((request, response) => {
      if (request.url === '/silent') return;
      response.statusCode = Number(request.url.slice(1));
      response.end('answer');
    }).listen(0, '127.0.0.1');
    const deaf = createTcpServer().listen(0, '127.0.0.1');
    await Promise.all([once(server, 'listening'), once(deaf, 'listening')]);
    const { port } = server.address();
    const ask = (check, signal = new AbortController().signal) => check({ pid: 1, signal });
    const url = `http://127.0.0.1:${port}`;
    for (const status of [200, 204, 302]) await ask(answersHttp(`${url}/${status}`));
    for (const status of [404, 500])
      await assert.rejects(ask(answersHttp(`${url}/${status}`)), { message: `status ${status}` });
    await assert.rejects(ask(answersHttp(`${url}/silent`), AbortSignal.timeout(20)));
    await ask(answersTcp(port));
    await ask(answersTcp(deaf.address().port));
    server.closeAllConnections();
    await Promise.all([new Promise((done) => server.close(done)), new Promise((done) => deaf.close(done))]);
    // A port that nobody else gets, and nobody listens on.
    const silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(silent, '127.0.0.1', 0);
    const { port: refusing } = getsockname(silent);
    await assert.rejects(ask(answersTcp(refusing)), { code: 'ECONNREFUSED' });
    await assert.rejects(ask(answersHttp(`http://127.0.0.1:${refusing}`)), {
      message: `connect ECONNREFUSED 127.0.0.1:${refusing}`,
    });
    await assert.rejects(ask(answersHttp(`http://localhost:${refusing}`)), { message: /ECONNREFUSED/ });
    close(silent);
    assert.throws(() => answersTcp(0), { code: 'ERR_OUT_OF_RANGE' });
    assert.throws(() => answersTcp('80'), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => answersTcp(80, ''), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => answersHttp('no url'), { code: 'ERR_INVALID_URL' });
    assert.throws(() => answersHttp('file:///etc/motd'), { code: 'ERR_INVALID_ARG_VALUE' });
  },

  mistakes() {
    const type = 'ERR_INVALID_ARG_TYPE';
    const value = 'ERR_INVALID_ARG_VALUE';
    const range = 'ERR_OUT_OF_RANGE';
    for (const [code, program, options] of [
      [type, 'sleep 1000'],
      [type, { 0: 'sleep', length: 1 }],
      // Holes, which map() and its like pass over.
      [type, Array(1)],
      [type, ['sleep'].concat(Array(1))],
      [type, undefined],
      [value, []],
      [value, ['']],
      [type, ['sleep', 1000]],
      [value, ['sleep', '\0']],
      [type, sleeper, null],
      [type, sleeper, { check: true }],
      [range, sleeper, { checkInterval: -1 }],
      [type, sleeper, { checkInterval: '5' }],
      [range, sleeper, { checkTimeout: NaN }],
      [range, sleeper, { checkFailures: 0 }],
      [range, sleeper, { gracefulTimeout: 2 ** 31 }],
      [range, sleeper, { firstDelay: 0.5 }],
      [range, sleeper, { longestDelay: Infinity }],
      [range, sleeper, { healthyAfter: -1 }],
      [range, sleeper, { maxFailures: 0 }],
      [type, sleeper, { signals: 'SIGHUP' }],
      [type, sleeper, { log: 'file' }],
      [type, sleeper, { log: '' }],
      [type, sleeper, { logRecord: 1 }],
    ]) {
      assert.throws(() => supervise(program, options), { code }, JSON.stringify([program, options]));
    }
    assert.deepEqual(childrenOfThread(), []);
  },
});
