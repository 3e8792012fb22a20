// The JavaScript stack of a process, on a signal: what it is blocked by, that it goes on, and that a child tells of itself.
// Each case starts this program again, as a victim whose stderr it reads.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, stat, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  _exit,
  blockedIn,
  fork,
  getpid,
  isPosixError,
  pipe2,
  read,
  SIG_BLOCK,
  SIG_UNBLOCK,
  sigprocmask,
  stackOnSignal,
  waitpid,
} from 'truefork/posix';
import { library, runCase, temporaryFolder } from './posix-cases.mjs';

const SIGNAL = 'SIGSTKFLT';
const self = fileURLToPath(import.meta.url);

const threads = () => readdirSync('/proc/self/task').length;

const blockers = {
  loop: function guilty() {
    for (;;);
  },
  regexp: function guilty() {
    /^(a+)+$/.test(`${'a'.repeat(60)}b`);
  },
  compiledRegexp: function guilty() {
    const pattern = /^(a+)+$/;
    // From the second execution on it is machine code.
    for (const text of ['aab', 'aaab', `${'a'.repeat(60)}b`]) pattern.test(text);
  },
  wasm: function guilty() {
    // (module (func (export "spin") (loop (br 0))))
    const code = '0061736d01000000' + '0104016000 00' + '03020100' + '0708010473 70696e0000' + '0a0901070003400c000b0b';
    const module = new WebAssembly.Module(Buffer.from(code.replaceAll(' ', ''), 'hex'));
    new WebAssembly.Instance(module).exports.spin();
  },
  wait: function guilty() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  json: function guilty() {
    const text = `[${'{"a":[1,2,3]},'.repeat(100_000)}0]`;
    for (;;) JSON.parse(text);
  },
  deep: function guilty(depth = 200) {
    if (depth === 0) for (;;);
    guilty(depth - 1);
  },
  read: function guilty() {
    read(pipe2(0)[0], new Uint8Array(1));
  },
};

/** Rounds of all kinds of work, with the digest of what comes of each, which is always the same. */
function work() {
  const numbers = Array.from({ length: 500 }, (_, n) => (n * 7919) % 503).sort((a, b) => a - b);
  const text = JSON.stringify(numbers.map((n) => ({ n, text: `${n}`.padStart(5, '0') })));
  const parsed = JSON.parse(text).filter((row) => /^0*[1-4]+$/.test(row.text));
  const map = new Map(parsed.map((row) => [row.text, [row.n, Buffer.from(row.text).toString('hex')]]));
  return createHash('sha256')
    .update(JSON.stringify([...map]))
    .digest('hex');
}

const victims = {
  blocked(how) {
    stackOnSignal(SIGNAL);
    writeSync(1, 'armed\n');
    blockers[how]();
  },

  idle() {
    const before = threads();
    stackOnSignal(SIGNAL);
    writeSync(1, `armed ${threads() - before}\n`);
    process.stdin.on('end', () => process.exit(threads() - before)).resume();
  },

  // Blocked until this file is there, and so long in milliseconds at least; then it goes on.
  works(file, least) {
    stackOnSignal(SIGNAL);
    writeSync(1, 'armed\n');
    const expected = work();
    const begin = Date.now();
    do assert.equal(work(), expected);
    while (Date.now() - begin < Number(least) || !existsSync(file));
    // Its timers work, and its threadpool.
    setTimeout(() => stat('/', () => console.log('went on')), 1);
  },

  child() {
    stackOnSignal(SIGNAL);
    const pid = fork();
    if (pid === 0) blockers.loop();
    writeSync(1, `armed ${pid}\n`);
    process.stdin.on('end', () => process.exit()).resume();
  },

  // Forks while the signal rains on it and on its children.
  family() {
    stackOnSignal(SIGNAL);
    writeSync(1, 'armed\n');
    for (let n = 0; n < 100; n++) {
      const pid = fork();
      if (pid === 0) {
        process.kill(getpid(), SIGNAL);
        for (let m = 0; m < 5; m++) work();
        _exit(7);
      }
      process.kill(pid, SIGNAL);
      work();
      assert.deepEqual(waitpid(pid, 0), { pid, status: 7 << 8 });
    }
    console.log('went on');
  },

  exits(how) {
    stackOnSignal(SIGNAL);
    writeSync(1, 'armed\n');
    setTimeout(() => {
      if (how === 'exit') process.exit();
    }, 30);
  },

  masked() {
    stackOnSignal(SIGNAL);
    sigprocmask(SIG_BLOCK, [SIGNAL]);
    process.kill(process.pid, SIGNAL);
    // One of the other threads has it, and hands it on.
    while (!pendingInMain());
    writeSync(2, 'not yet\n');
    sigprocmask(SIG_UNBLOCK, [SIGNAL]);
    writeSync(1, 'armed\n');
    blockers.loop();
  },

  closed() {
    const first = stackOnSignal(SIGNAL);
    first.close();
    const second = stackOnSignal(SIGNAL);
    // Again is no mistake, and not the other's end.
    first.close();
    assert.throws(() => stackOnSignal('SIGXCPU'), { code: 'EBUSY' });
    second[Symbol.dispose]();
    writeSync(1, 'armed\n');
    setInterval(() => undefined, 1_000);
  },
};

/** Whether the signal waits for the main thread alone. */
function pendingInMain() {
  const status = execFileSync('cat', [`/proc/${process.pid}/task/${process.pid}/status`], { encoding: 'latin1' });
  return (BigInt(`0x${/^SigPnd:\s*(\w+)$/m.exec(status)[1]}`) >> 15n) & 1n;
}

class Victim {
  stdout = '';
  stderr = '';

  constructor(name, ...args) {
    this.process = spawn(process.execPath, [self, 'victim', name, ...args], { stdio: 'pipe' });
    this.closed = once(this.process, 'close');
    for (const stream of ['stdout', 'stderr']) {
      this.process[stream].setEncoding('utf8').on('data', (text) => (this[stream] += text));
    }
  }

  static async armed(...args) {
    const victim = new Victim(...args);
    await victim.printed(/^armed.*\n/m);
    return victim;
  }

  get pid() {
    return this.process.pid;
  }

  async printed(pattern, stream = 'stdout') {
    while (!pattern.test(this[stream])) {
      await Promise.race([once(this.process[stream], 'data'), this.closed.then(() => this.#ended(pattern))]);
    }
    return pattern.exec(this[stream]);
  }

  #ended(pattern) {
    throw new Error(`it ended and did not print ${pattern}:\n${this.stdout}${this.stderr}`);
  }

  /** Fulfilled when more has come to stderr, or when it is time to ask again: one that is just asking misses a signal. */
  async saysMore() {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 50);
    await once(this.process.stderr, 'data', { signal: patience.signal }).catch(() => undefined);
    clearTimeout(timer);
  }

  /** Asks until it says so: the first signal may come before it is blocked. */
  async says(pattern, pid = this.pid) {
    while (!pattern.test(this.stderr)) {
      process.kill(pid, SIGNAL);
      await this.saysMore();
      if (this.process.exitCode !== null || this.process.signalCode !== null) this.#ended(pattern);
    }
  }

  async ended() {
    const [code, signal] = await this.closed;
    return { code, signal, stdout: this.stdout };
  }

  kill() {
    this.process.kill('SIGKILL');
    return this.closed;
  }
}

/** What the victim is blocked by begins with the guilty function, in this file. */
async function blames(how, innermost = '') {
  const victim = await Victim.armed('blocked', how);
  const place = `    at (?:blockers\\.\\w+ \\(|guilty \\()file://${self.replaceAll('.', '\\.')}:\\d+:\\d+\\)\n`;
  await victim.says(
    new RegExp(
      `^process ${victim.pid}: the event loop is blocked by\n${innermost}${place}[^]*(?:at .*|and so on)\n$`,
      'm',
    ),
  );
  await victim.kill();
  return victim.stderr;
}

async function refusal(signal, call = stackOnSignal) {
  try {
    call(signal).close();
  } catch (error) {
    assert(isPosixError(error));
    return error.code;
  }
  return undefined;
}

if (process.argv[2] === 'victim') victims[process.argv[3]](...process.argv.slice(4));
else
  await runCase({
    loop: () => blames('loop'),
    regexp: () => blames('regexp'),
    'compiled-regexp': () => blames('compiledRegexp'),
    wasm: () => blames('wasm', '    at \\$?spin \\(wasm:.*\n'),
    wait: () => blames('wait'),
    json: () => blames('json'),

    async deep() {
      const text = await blames('deep');
      const [dump] = /^process[^]*?and so on\n/m.exec(text);
      assert.equal(dump.match(/^ {4}at guilty /gm).length, 50);
    },

    async idle() {
      const victim = await Victim.armed('idle');
      assert.equal(victim.stdout, 'armed 0\n');
      for (let n = 1; n <= 3; n++) {
        await victim.says(new RegExp(`(process ${victim.pid}: the event loop is not blocked\n){${n}}`));
      }
      victim.process.stdin.end();
      assert.deepEqual(await victim.ended(), { code: 0, signal: null, stdout: 'armed 0\n' });
    },

    async 'goes-on'() {
      const end = join(temporaryFolder(), 'end');
      const victim = await Victim.armed('works', end, '1000');
      await victim.says(/blocked by\n[^]*at .*work/);
      writeFileSync(end, '');
      assert.deepEqual(await victim.ended(), { code: 0, signal: null, stdout: 'armed\nwent on\n' });
    },

    async 'a-thousand-times'() {
      const end = join(temporaryFolder(), 'end');
      const victim = await Victim.armed('works', end, '0');
      const dumps = () => victim.stderr.split('blocked by\n').length - 1;
      while (dumps() < 1_000) {
        victim.process.kill(SIGNAL);
        await victim.saysMore();
        assert.equal(victim.process.exitCode, null);
      }
      writeFileSync(end, '');
      assert.deepEqual(await victim.ended(), { code: 0, signal: null, stdout: 'armed\nwent on\n' });
      // Each whole, one after the other.
      assert.match(
        victim.stderr,
        /^(process \d+: the event loop is (not blocked|blocked by\n( {4}at .*\n)*( {4}at .*))\n)+$/,
      );
    },

    async child() {
      const victim = await Victim.armed('child');
      const pid = Number(/\d+/.exec(victim.stdout)[0]);
      await victim.says(new RegExp(`^process ${pid}: the event loop is blocked by\n.*guilty`, 'm'), pid);
      await victim.says(new RegExp(`^process ${victim.pid}: the event loop is not blocked\n`, 'm'));
      process.kill(pid, 'SIGKILL');
      victim.process.stdin.end();
      assert.equal((await victim.ended()).code, 0);
    },

    async family() {
      const victim = await Victim.armed('family');
      let raining = true;
      const rain = (async () => {
        for (; raining; await sleep(1)) victim.process.kill(SIGNAL);
      })();
      await Promise.race([victim.closed, victim.printed(/went on/)]);
      raining = false;
      await rain;
      assert.deepEqual(await victim.ended(), { code: 0, signal: null, stdout: 'armed\nwent on\n' });
    },

    async exits() {
      for (const how of ['exit', 'end', 'exit', 'end', 'exit', 'end']) {
        const victim = await Victim.armed('exits', how);
        while (victim.process.exitCode === null && victim.process.signalCode === null) {
          victim.process.kill(SIGNAL);
          await sleep(1);
        }
        assert.deepEqual(await victim.ended(), { code: 0, signal: null, stdout: 'armed\n' });
      }
    },

    async 'other-thread'() {
      const victim = await Victim.armed('masked');
      await victim.printed(/^not yet\nprocess \d+: the event loop is blocked by\n/, 'stderr');
      await victim.kill();
    },

    async closed() {
      const victim = await Victim.armed('closed');
      victim.process.kill(SIGNAL);
      assert.equal((await victim.ended()).signal, SIGNAL);
    },

    async refused() {
      assert.equal(await refusal('SIGKILL'), 'EINVAL');
      process.on('SIGXCPU', () => undefined);
      assert.equal(await refusal('SIGXCPU'), 'EBUSY');
      assert.equal(await refusal(SIGNAL), undefined);
      const worker = new Worker(
        `const { stackOnSignal } = require(${JSON.stringify(library)});
         try { stackOnSignal('SIGSTKFLT'); } catch ({ code }) { require('node:worker_threads').parentPort.postMessage(code); }`,
        { eval: true },
      );
      assert.deepEqual(await once(worker, 'message'), ['EOPNOTSUPP']);
      await worker.terminate();
    },

    async 'blocked-in'() {
      const expected = { loop: /^running$/, wait: /^futex\(2\)$/, read: /^read\(2\)$/ };
      for (const [how, what] of Object.entries(expected)) {
        const victim = await Victim.armed('blocked', how);
        while (!what.test(blockedIn(victim.pid))) await sleep(5);
        await victim.kill();
      }
      const victim = await Victim.armed('idle');
      while (!/^epoll_p?wait\(2\)$/.test(blockedIn(victim.pid))) await sleep(5);
      victim.process.kill('SIGSTOP');
      while (blockedIn(victim.pid) !== 'stopped') await sleep(5);
      await victim.kill();
      assert.equal(blockedIn(victim.pid), undefined);
      assert.equal(blockedIn(getpid()), 'running');
      // A zombie.
      const pid = fork();
      if (pid === 0) _exit(0);
      while (blockedIn(pid) !== undefined);
      assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    },
  });
