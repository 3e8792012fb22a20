// The process becomes another program: node posix-exec.mjs <case>. Where the program is `echo held`, it says so itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  execl,
  execle,
  execlp,
  execlpe,
  execv,
  execve,
  execvp,
  execvpe,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  fcntl,
  fexecve,
  dup3,
  getpid,
  getppid,
  ITIMER_REAL,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDONLY,
  open,
  pipe2,
  setitimer,
  SIG_DFL,
  SIG_IGN,
  SIG_SETMASK,
  signal,
  sigprocmask,
} from 'truefork';
import { library, runCase } from './posix-cases.mjs';
import { lineOf, printedAs, strings } from './support/printing.mjs';

const self = fileURLToPath(import.meta.url);

const script = 'printf "%s|" "$0" "$@"; printf "%s" "$GREETING"';
const ended = { state: 'exited', code: 0 };

/** What `become` makes a child print. */
function printed(become) {
  const { text, status } = printedAs(become);
  assert.deepEqual(status, ended, text);
  return text;
}

await runCase({
  'same-process'() {
    const test = `test $$ -eq ${getpid()} && test $PPID -eq ${getppid()} && test "$0" = name && echo held`;
    execv('/bin/sh', ['sh', '-c', test, 'name']);
  },

  'whole-family'() {
    process.env.GREETING = 'mine';
    const argv = ['sh', '-c', script, 'a', 'b c', '', 'ü'];
    const env = { GREETING: 'given' };
    const sh = open('/bin/sh', O_RDONLY | O_CLOEXEC);
    const inherited = 'a|b c||ü|mine';
    const given = 'a|b c||ü|given';
    assert.equal(
      printed(() => execv('/bin/sh', argv)),
      inherited,
    );
    assert.equal(
      printed(() => execl('/bin/sh', ...argv)),
      inherited,
    );
    assert.equal(
      printed(() => execvp('sh', argv)),
      inherited,
    );
    assert.equal(
      printed(() => execlp('sh', ...argv)),
      inherited,
    );
    assert.equal(
      printed(() => execve('/bin/sh', argv, env)),
      given,
    );
    assert.equal(
      printed(() => execle('/bin/sh', ...argv, env)),
      given,
    );
    assert.equal(
      printed(() => execvpe('sh', argv, env)),
      given,
    );
    assert.equal(
      printed(() => execlpe('sh', ...argv, env)),
      given,
    );
    assert.equal(
      printed(() => fexecve(sh, argv, env)),
      given,
    );
    execlp('echo', 'any name', 'held');
  },

  'argv-and-env'() {
    const argv = ['another name', '/proc/self/cmdline'];
    assert.deepEqual(strings(printed(() => execv('/bin/cat', argv))), argv);
    const environ = (env) => strings(printed(() => execve('/bin/cat', ['cat', '/proc/self/environ'], env)));
    assert.deepEqual(environ({ B: '2', A: '=1', NONE: undefined, EMPTY: '' }), ['B=2', 'A==1', 'EMPTY=']);
    assert.deepEqual(environ(['A=1', 'A=2', 'odd']), ['A=1', 'A=2', 'odd']);
    assert.deepEqual(environ({}), []);
    assert.deepEqual(environ([]), []);
    const { PATH } = process.env;
    process.env.PATH = '/nowhere';
    assert.throws(() => execvp('cat', ['cat']), { code: 'ENOENT' });
    assert.throws(() => execvpe('cat', ['cat'], { PATH }), { code: 'ENOENT' });
    process.env.PATH = PATH;
    console.log('held');
    process.exit();
  },

  signals() {
    for (const signal of ['SIGTERM', 'SIGUSR2', 'SIGCHLD']) process.on(signal, () => undefined);
    const status = () => printed(() => execv('/bin/cat', ['cat', '/proc/self/status']));
    const zeros = '0'.repeat(16);
    const before = status();
    for (const line of ['SigIgn', 'SigCgt', 'SigBlk', 'SigPnd']) assert.equal(lineOf(before, line), zeros, line);
    // The mask is the program's own doing, and inherited.
    sigprocmask(SIG_SETMASK, ['SIGUSR1']);
    assert.equal(lineOf(status(), 'SigBlk'), '0000000000000200');
    sigprocmask(SIG_SETMASK, []);
    // What the program itself ignores, the next one does.
    const ignoring = printed(() => {
      signal('SIGPIPE', SIG_IGN);
      signal('SIGUSR1', SIG_IGN);
      signal('SIGHUP', SIG_IGN);
      signal('SIGHUP', SIG_DFL);
      execv('/bin/cat', ['cat', '/proc/self/status']);
    });
    assert.equal(lineOf(ignoring, 'SigIgn'), '0000000000001200');
    // A timer goes on, and its signal has no handler any more.
    const timed = printedAs(() => {
      process.on('SIGALRM', () => undefined);
      setitimer(ITIMER_REAL, 0.05, 0);
      execlp('sleep', 'sleep', '1000');
    });
    assert.deepEqual(timed.status, { state: 'signaled', signal: 'SIGALRM', coreDumped: false });
    // Who writes what nobody reads ends.
    const broken = printedAs(() => {
      dup3(pipe2(O_CLOEXEC)[1], 1, 0);
      execlp('yes', 'yes');
    });
    assert.deepEqual(broken.status, { state: 'signaled', signal: 'SIGPIPE', coreDumped: false });
    execlp('echo', 'echo', 'held');
  },

  descriptors() {
    const [reader] = pipe2(O_NONBLOCK);
    const closed = open('/dev/null', O_RDONLY | O_CLOEXEC);
    const text = printed(() => {
      dup3(reader, 0, 0);
      for (const fd of [0, 1]) fcntl(fd, F_SETFD, FD_CLOEXEC);
      fcntl(1, F_SETFL, O_NONBLOCK);
      execlp('sh', 'sh', '-c', 'ls /proc/$$/fd; cat /proc/$$/fdinfo/[01]');
    });
    const open_ = text.split('\n').filter((line) => /^\d+$/.test(line));
    assert.ok(
      ['0', '1', '2', String(reader)].every((fd) => open_.includes(fd)),
      text,
    );
    assert.ok(!open_.includes(String(closed)), text);
    const flags = [...text.matchAll(/^flags:\s*(\d+)$/gm)].map(([, octal]) => parseInt(octal, 8));
    assert.equal(flags.length, 2);
    for (const bits of flags) assert.equal(bits & (O_NONBLOCK | O_CLOEXEC), 0);
    // None of Node's own is left, also after it has been busy.
    const before = new Set(readdirSync('/proc/self/fd'));
    const left = printed(() => execlp('ls', 'ls', '/proc/self/fd'));
    const inherited = (fd) => before.has(fd) || Number(fd) <= 3;
    assert.ok(left.trim().split('\n').every(inherited), left);
    execlp('echo', 'echo', 'held');
  },

  // All that was written comes before what the program writes, once, although nobody has read it yet.
  'output-first'() {
    const { stdout, status } = spawnSync(process.execPath, [self, 'much-output'], { maxBuffer: 2 ** 24 });
    assert.equal(status, 0);
    assert.equal(stdout.toString(), `${'x'.repeat(2 ** 20)}\n${'y'.repeat(2 ** 18)}\nlast\nprogram\n`);
    execlp('echo', 'echo', 'held');
  },

  'much-output'() {
    console.log('x'.repeat(2 ** 20));
    console.log('y'.repeat(2 ** 18));
    for (let n = 0; n < 3; n++) assert.throws(() => execv('/nonexistent', ['a']), { code: 'ENOENT' });
    process.stdout.write('last\n');
    execlp('echo', 'echo', 'program');
  },

  'no-exit-event'() {
    process.on('exit', () => console.log('exit event'));
    process.on('beforeExit', () => console.log('beforeExit event'));
    execlp('echo', 'echo', 'held');
  },

  async 'with-threads'() {
    const worker = new Worker('setInterval(() => undefined, 10)', { eval: true });
    await once(worker, 'online');
    for (let n = 0; n < 4; n++)
      void import('node:zlib').then(({ gzip }) => gzip(Buffer.alloc(2 ** 24), () => undefined));
    await new Promise(setImmediate);
    execlp('echo', 'echo', 'held');
  },

  async 'in-a-worker'() {
    const code = `
      const { execv, fexecve, execlp } = require(${JSON.stringify(library)});
      for (const call of [() => execv('/bin/true', ['a']), () => fexecve(0, ['a'], {}), () => execlp('true', 'a')]) {
        try { call(); } catch (error) { require('node:worker_threads').parentPort.postMessage([error.code, error.message]); }
      }`;
    const told = [];
    const worker = new Worker(code, { eval: true }).on('message', (message) => told.push(message));
    await once(worker, 'exit');
    assert.deepEqual(told, [
      ['ERR_WORKER_UNSUPPORTED_OPERATION', 'execv() works in the main thread only'],
      ['ERR_WORKER_UNSUPPORTED_OPERATION', 'fexecve() works in the main thread only'],
      ['ERR_WORKER_UNSUPPORTED_OPERATION', 'execlp() works in the main thread only'],
    ]);
    console.log('held');
    process.exit();
  },

  // The terminal leaves the raw mode, and is in it again when there was no program.
  terminal() {
    const typescript = spawnSync('script', ['-qec', `'${process.execPath}' '${self}' raw-mode`, '/dev/null'], {
      input: '',
    });
    const text = typescript.stdout.toString();
    const [, raw, again, program] = /\[(.*?)\]\[(.*?)\]\[(.*?)\]/s.exec(text) ?? [];
    assert.match(raw, / -icanon/, text);
    assert.equal(again, raw, text);
    assert.match(program, / icanon/, text);
    execlp('echo', 'echo', 'held');
  },

  'raw-mode'() {
    const modes = () => spawnSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'] }).stdout.toString();
    process.stdin.setRawMode(true);
    const raw = modes();
    assert.throws(() => execv('/nonexistent', ['a']), { code: 'ENOENT' });
    process.stdout.write(`[${raw.trim()}][${modes().trim()}][`);
    execlp('sh', 'sh', '-c', 'stty -a; printf "]"');
  },

  mistakes() {
    const path = 'ERR_INVALID_ARG_TYPE';
    const value = 'ERR_INVALID_ARG_VALUE';
    for (const [code, call] of [
      [path, () => execv(1, ['a'])],
      [value, () => execv('/bin/\0true', ['a'])],
      [path, () => execv('/bin/true')],
      [path, () => execv('/bin/true', 'a')],
      [value, () => execv('/bin/true', [])],
      [path, () => execv('/bin/true', [1])],
      [value, () => execv('/bin/true', ['a', 'b\0'])],
      [value, () => execl('/bin/true')],
      [path, () => execl('/bin/true', 'a', {})],
      [path, () => execve('/bin/true', ['a'])],
      [path, () => execve('/bin/true', ['a'], null)],
      [path, () => execve('/bin/true', ['a'], 'A=1')],
      [path, () => execve('/bin/true', ['a'], { A: 1 })],
      [path, () => execve('/bin/true', ['a'], { A: null })],
      [value, () => execve('/bin/true', ['a'], { A: '\0' })],
      [value, () => execve('/bin/true', ['a'], { '': 'a' })],
      [value, () => execve('/bin/true', ['a'], { 'A=B': 'a' })],
      [path, () => execve('/bin/true', ['a'], [1])],
      [value, () => execve('/bin/true', ['a'], ['A=\0'])],
      [path, () => execle('/bin/true', 'a')],
      [value, () => execle('/bin/true', {})],
      [path, () => fexecve('0', ['a'], {})],
      ['ERR_OUT_OF_RANGE', () => fexecve(-1, ['a'], {})],
      ['ERR_OUT_OF_RANGE', () => fexecve(1.5, ['a'], {})],
      ['ERR_OUT_OF_RANGE', () => fexecve(NaN, ['a'], {})],
      ['ERR_OUT_OF_RANGE', () => fexecve(2 ** 31, ['a'], {})],
    ]) {
      assert.throws(call, { code }, String(call));
    }
    assert.equal(readFileSync('/proc/self/comm', 'utf8').slice(0, 3), 'nod');
    console.log('held');
    process.exit();
  },
});
