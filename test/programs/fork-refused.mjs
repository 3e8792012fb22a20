// Forks where it must be refused, and then, with the reason gone, where it must work. The case is the first argument.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, promises as fs, readdirSync, readFileSync, rmSync } from 'node:fs';
import { close as closeInspector, open as openInspector } from 'node:inspector';
import { register } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const early = process.argv[2] === 'worker-before-import' && isMainThread ? await idleWorker() : undefined;

const {
  _exit,
  atfork,
  decodeWaitStatus,
  fork,
  ForkUnsafeError,
  mkfifo,
  prctl,
  PR_SET_DUMPABLE,
  sigprocmask,
  SIG_BLOCK,
  waitpid,
} = await import('truefork');
const { untilAThreadIsIn } = await import('./support/threads.mjs');

async function idleWorker() {
  const worker = new Worker('require("worker_threads").parentPort.on("message", () => process.exit())', { eval: true });
  await once(worker, 'online');
  return worker;
}

const threads = () => readdirSync('/proc/self/task').length;
const descriptors = () => readdirSync('/proc/self/fd').length;

function refusal(options) {
  const state = () => [threads(), descriptors(), sigprocmask(SIG_BLOCK, null)];
  const before = state();
  let hooks = '';
  const takeBack = atfork({ before: () => (hooks += 'b'), parent: () => (hooks += 'p'), child: () => (hooks += 'c') });
  try {
    const pid = fork(options);
    if (pid === 0) _exit(99);
    waitpid(pid, 0);
    assert.fail('the fork was not refused');
  } catch (error) {
    assert(error instanceof ForkUnsafeError, error);
    assert.equal(error.code, 'ERR_FORK_UNSAFE');
    assert.deepEqual(state(), before, 'nothing has changed');
    assert(hooks === '' || hooks === 'bp', hooks);
    return error;
  } finally {
    takeBack();
  }
}

function works() {
  const pid = fork();
  if (pid === 0) process.exit(5);
  assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 5 });
}

const cases = {
  async 'not-main-thread'() {
    const worker = new Worker(new URL(import.meta.url), { argv: [process.argv[2]] });
    const [[{ reason, message }]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    assert.equal(reason, 'not-main-thread');
    assert.match(message, /main thread/);
    works();
  },

  async 'worker-threads'() {
    const worker = await idleWorker();
    const { reason, message } = refusal();
    assert.equal(reason, 'worker-threads');
    assert.match(message, new RegExp(`worker thread ${worker.threadId}`));
    worker.postMessage('end');
    await once(worker, 'exit');
    works();
  },

  // Also before the event loop has turned, when it has no event loop of its own yet, and until its end is told.
  async 'worker-at-once'() {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const code = `const { workerData: words } = require('worker_threads');
      Atomics.store(words, 1, 1);
      Atomics.notify(words, 1);
      Atomics.wait(words, 0, 0);`;
    const worker = new Worker(code, { eval: true, workerData: words });
    Atomics.wait(words, 1, 0);
    const { reason, message } = refusal();
    assert.equal(reason, 'worker-threads');
    assert.match(message, new RegExp(`worker thread ${worker.threadId}`));
    const ended = new Promise((resolve) => {
      worker.on('exit', () => {
        works();
        resolve();
      });
    });
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    await ended;
  },

  async 'worker-before-import'() {
    const { reason, message } = refusal();
    assert.equal(reason, 'worker-threads');
    assert.match(message, /tid \d+/);
    early.postMessage('end');
    await once(early, 'exit');
    works();
  },

  // Node.js runs them in a worker of its own, for as long as the process lives.
  'loader-of-modules'() {
    process.noDeprecation = true;
    register('data:text/javascript,export const load = (url, context, next) => next(url, context);');
    const { reason, message } = refusal();
    assert.equal(reason, 'worker-threads');
    assert.match(message, /a loader of modules.*worker thread 1$/);
  },

  // A thread of the threadpool that sits in open(2) of a FIFO.
  async 'busy-threads'() {
    const directory = mkdtempSync(join(tmpdir(), 'truefork-'));
    const fifo = join(directory, 'fifo');
    mkfifo(fifo, 0o600);
    const opening = fs.open(fifo, 'r');
    untilAThreadIsIn('openat(2)');
    const { reason, message } = refusal({ timeout: 200 });
    assert.equal(reason, 'busy-threads');
    assert.match(message, /\(tid \d+\) is in openat\(2\)/);
    const writer = openSync(fifo, 'w');
    const reader = await opening;
    works();
    await reader.close();
    closeSync(writer);
    rmSync(directory, { recursive: true });
  },

  inspector() {
    openInspector(0, '127.0.0.1');
    const { reason, message } = refusal();
    assert.equal(reason, 'inspector');
    assert.match(message, /the inspector listens on ws:\/\/127\.0\.0\.1:\d+/);
    closeInspector();
    works();
  },

  // Started with --cpu-prof, --heap-prof or --prof.
  profiler() {
    const { reason, message } = refusal();
    assert.equal(reason, 'inspector');
    assert(message.endsWith(process.execArgv[0]), message);
  },

  async 'trace-events'() {
    const { createTracing } = await import('node:trace_events');
    createTracing({ categories: ['node.perf'] }).enable();
    const { reason, message } = refusal();
    assert.equal(reason, 'inspector');
    assert.match(message, /events are traced \(node\.perf\)/);
  },

  // Started with UV_USE_IO_URING=1.
  async 'io-uring'() {
    await fs.readFile(new URL(import.meta.url));
    const names = readdirSync('/proc/self/task').map((tid) => readFileSync(`/proc/self/task/${tid}/comm`, 'utf8'));
    // Later versions of libuv do not do it, whatever the variable says.
    if (!names.some((name) => name.startsWith('iou-sqp-'))) return works();
    const { reason, message } = refusal();
    assert.equal(reason, 'io-uring');
    assert.match(message, /UV_USE_IO_URING.*iou-sqp-\d+ \(tid \d+\)/);
  },

  'frozen-math'() {
    Object.freeze(Math);
    const { reason, message } = refusal();
    assert.equal(reason, 'unsupported-platform');
    assert.match(message, /Math\.random is frozen/);
  },

  // It gives what its owner wants it to give.
  'frozen-generator'() {
    Math.random = () => 0.5;
    Object.freeze(Math);
    works();
  },

  'frozen-process'() {
    Object.defineProperty(process, 'pid', { value: process.pid, configurable: false, writable: false });
    const { reason, message } = refusal();
    assert.equal(reason, 'unsupported-platform');
    assert.match(message, /process\.pid is frozen/);
  },

  // By setuid(2) the kernel does to root what anybody may do to himself. At once: it would not become better by waiting.
  'changed-user'() {
    if (process.getuid() === 0) process.setuid(65534);
    else prctl(PR_SET_DUMPABLE, 0);
    const { reason, message } = refusal({ timeout: 2 ** 31 - 1 });
    assert.equal(reason, 'unsupported-platform');
    assert.match(message, /it has changed its user; prctl\(PR_SET_DUMPABLE, 1\) opens them$/);
    prctl(PR_SET_DUMPABLE, 1);
    works();
  },

  'argument mistakes'() {
    const code = (wanted) => (error) => error.code === wanted;
    assert.throws(() => fork(1), code('ERR_INVALID_ARG_TYPE'));
    assert.throws(() => fork(null), code('ERR_INVALID_ARG_TYPE'));
    assert.throws(() => fork({ timeout: '1' }), code('ERR_INVALID_ARG_TYPE'));
    assert.throws(() => fork({ timeout: NaN }), code('ERR_OUT_OF_RANGE'));
    assert.throws(() => fork({ timeout: -1 }), code('ERR_OUT_OF_RANGE'));
    assert.throws(() => fork({ threads: 'none' }), code('ERR_INVALID_ARG_VALUE'));
    assert.throws(() => fork({ threads: true }), code('ERR_INVALID_ARG_VALUE'));
    assert.throws(() => fork({ keepDontfork: 1 }), code('ERR_INVALID_ARG_TYPE'));
    assert.throws(() => fork({ sibling: 'yes' }), code('ERR_INVALID_ARG_TYPE'));
    assert.throws(() => atfork({ child: 1 }), code('ERR_INVALID_ARG_TYPE'));
    works();
  },
};

if (isMainThread) {
  await cases[process.argv[2]]();
  console.log('passed');
} else {
  const { reason, message } = refusal();
  parentPort.postMessage({ reason, message });
}
