// futexWait, futexWake and Atomics on memory that processes share.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import {
  blockedIn,
  decodeWaitStatus,
  futexWait,
  futexWake,
  getpid,
  InterruptedError,
  ITIMER_REAL,
  kill,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  PROT_READ,
  PROT_WRITE,
  setitimer,
  siginterrupt,
  waitpid,
} from 'truefork';
import { child, runCase, signalIsPending, temporaryFolder } from './posix-cases.mjs';

const ALL = 2 ** 31 - 1;

const main = getpid();
const anonymous = (flags) => mmap(null, 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
const words = new Int32Array(anonymous(MAP_SHARED));

let handled = 0;
process.on('SIGALRM', () => handled++);

/** Until a process that has said that it is about to wait does so. */
function untilAsleep(pid, said) {
  while (Atomics.load(words, said) === 0 || blockedIn(pid) !== 'futex(2)') continue;
}

/** Wakes one who sleeps there, or will at once. */
function wakeOne(array, index) {
  while (futexWake(array, index, 1) === 0) continue;
}

const ended = (pid) => assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });

// A lock in the manner of "Futexes Are Tricky": 0 free, 1 taken, 2 taken and waited for.
function lock() {
  if (Atomics.compareExchange(words, 1, 0, 1) === 0) return;
  while (Atomics.exchange(words, 1, 2) !== 0) futexWait(words, 1, 2);
}

function unlock() {
  if (Atomics.exchange(words, 1, 0) === 2) futexWake(words, 1, 1);
}

await runCase({
  woken() {
    const path = join(temporaryFolder(), 'words');
    const map = () => {
      const fd = openSync(path, 'a+');
      ftruncateSync(fd, 4096);
      const array = new Int32Array(mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
      closeSync(fd);
      return array;
    };
    const mine = map();
    const pid = child(() => {
      anonymous(MAP_SHARED);
      const other = map();
      Atomics.store(other, 6, 7);
      wakeOne(other, 5);
    });
    assert.equal(futexWait(mine, 5, 0), 'ok');
    assert.equal(Atomics.load(mine, 6), 7);
    ended(pid);
  },

  counted() {
    const pids = [10, 11, 12, 13].map((said) =>
      child(() => {
        Atomics.store(words, said, 1);
        assert.equal(futexWait(words, 0, 0), 'ok');
      }),
    );
    pids.forEach((pid, index) => untilAsleep(pid, 10 + index));
    const woken = [1, 2, ALL, ALL].map((count) => futexWake(words, 0, count));
    assert.deepEqual(woken, [1, 2, 1, 0]);
    pids.forEach(ended);
  },

  mutex() {
    const ROUNDS = 3000;
    const pids = [1, 2, 3, 4].map(() =>
      child(() => {
        for (let n = 0; n < ROUNDS; n++) {
          lock();
          words[2] += 1;
          unlock();
        }
      }),
    );
    pids.forEach(ended);
    assert.equal(words[2], 4 * ROUNDS);
    assert.equal(words[1], 0);
  },

  atomics() {
    const ROUNDS = 5000;
    const long = new BigInt64Array(words.buffer, 64);
    const short = new Uint8Array(words.buffer, 128);
    long[0] = 2n ** 32n - 100n;
    const body = (index) => {
      for (let n = 0; n < ROUNDS; n++) {
        Atomics.add(words, 3, 1);
        Atomics.add(long, 0, 3n);
        for (let old = Atomics.load(long, 1); ; old = Atomics.load(long, 1)) {
          if (Atomics.compareExchange(long, 1, old, old + 2n ** 33n) === old) break;
        }
      }
      Atomics.or(short, 0, 1 << index);
    };
    const pids = [0, 1, 2, 3].map((index) => child(() => body(index)));
    pids.forEach(ended);
    assert.equal(words[3], 4 * ROUNDS);
    assert.equal(long[0], 2n ** 32n - 100n + 3n * 4n * BigInt(ROUNDS));
    assert.equal(long[1], 4n * BigInt(ROUNDS) * 2n ** 33n);
    assert.equal(short[0], 0b1111);
    // Other memory than a SharedArrayBuffer's is not waited for so.
    assert.throws(() => Atomics.wait(words, 0, 0), TypeError);
  },

  'killed-holder'() {
    const pid = child(() => {
      lock();
      Atomics.store(words, 4, getpid());
      Atomics.store(words, 10, 1);
      // Nobody wakes it.
      futexWait(words, 5, 0);
    });
    untilAsleep(pid, 10);
    kill(pid, 'SIGKILL');
    assert.equal(decodeWaitStatus(waitpid(pid, 0).status).signal, 'SIGKILL');
    assert.deepEqual([...words.subarray(1, 5)], [1, 0, 0, pid]);
    assert.equal(futexWait(words, 1, 1, 20), 'timed-out');
    // Who holds it is in the memory; that he is gone, only his parent knows.
    unlock();
    ended(
      child(() => {
        lock();
        unlock();
      }),
    );
  },

  private() {
    const own = new Int32Array(anonymous(MAP_PRIVATE));
    const pid = child(() => {
      Atomics.store(words, 10, 1);
      do assert.equal(futexWait(own, 0, 0, 20), 'timed-out');
      while (Atomics.load(words, 11) === 0);
    });
    untilAsleep(pid, 10);
    own[0] = 1;
    assert.equal(futexWake(own, 0, ALL), 0);
    Atomics.store(words, 11, 1);
    ended(pid);
  },

  async interrupted() {
    siginterrupt('SIGALRM', true);
    for (const limit of [Infinity, 60_000]) {
      handled = 0;
      // Again and again: the first may come before the call.
      setitimer(ITIMER_REAL, 0.05, 0.05);
      const wait = () => futexWait(words, 0, 0, limit);
      assert.throws(wait, (error) => {
        assert.ok(error instanceof InterruptedError, String(error));
        assert.deepEqual([error.code, error.syscall], ['EINTR', 'futex']);
        return true;
      });
      setitimer(ITIMER_REAL, 0, 0);
      if (handled === 0) await once(process, 'SIGALRM');
    }
  },

  async restarted() {
    const pid = child(() => {
      for (let n = 0; n < 5; n++) {
        untilAsleep(main, 10);
        kill(main, 'SIGALRM');
        while (signalIsPending(main)) continue;
      }
      wakeOne(words, 0);
    });
    Atomics.store(words, 10, 1);
    assert.equal(futexWait(words, 0, 0), 'ok');
    ended(pid);
    if (handled === 0) await once(process, 'SIGALRM');
  },

  // The kernel begins a wait with a limit anew only where no handler has run.
  'interrupted-with-limit'() {
    const pid = child(() => {
      while (futexWait(words, 10, 0, 20) === 'timed-out') kill(main, 'SIGALRM');
    });
    assert.throws(() => futexWait(words, 0, 0, 60_000), { code: 'EINTR' });
    Atomics.store(words, 10, 1);
    ended(pid);
  },
});
