// What is done to the pages of mappings, as far as it takes other processes to see it. With --expose-gc.
import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { setImmediate as immediate } from 'node:timers/promises';
import {
  decodeWaitStatus,
  fork,
  forkMany,
  MADV_DOFORK,
  MADV_DONTFORK,
  MADV_KEEPONFORK,
  MADV_NORMAL,
  MADV_WIPEONFORK,
  madvise,
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  mlockall,
  mmap,
  mprotect,
  MREMAP_MAYMOVE,
  mremap,
  munlockall,
  munmap,
  PAGESIZE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  waitpid,
} from 'truefork';
import { child, maps, runCase, statusOf } from './posix-cases.mjs';

const READ_WRITE = PROT_READ | PROT_WRITE;

const pages = (count, flags = MAP_PRIVATE) => mmap(null, count * PAGESIZE, READ_WRITE, MAP_ANONYMOUS | flags, -1, 0);
const page = (buffer, index) => new Uint8Array(buffer, index * PAGESIZE, PAGESIZE);

function endOf(pid) {
  const ended = decodeWaitStatus(waitpid(pid, 0).status);
  return ended.state === 'signaled' ? ended.signal : ended.code;
}

/** How a child ends that does this. */
const inChild = (body) => endOf(child(body));

/** Whether a child can read the page, and what its first byte is there. */
function seenByChild(buffer, index) {
  const end = inChild(() => page(buffer, index)[0]);
  return end === 'SIGSEGV' ? undefined : end;
}

const seen = (buffer, count) => Array.from({ length: count }, (_, index) => seenByChild(buffer, index));

await runCase({
  'not-for-children'() {
    for (const flags of [MAP_PRIVATE, MAP_SHARED]) {
      const buffer = pages(3, flags);
      new Uint8Array(buffer).fill(7);
      madvise(page(buffer, 1), MADV_DONTFORK);
      assert.deepEqual(seen(buffer, 3), [7, undefined, 7]);
      assert.equal(page(buffer, 1)[0], 7);
      const throughChild = () => inChild(() => assert.deepEqual(seen(buffer, 3), [7, undefined, 7]));
      assert.equal(throughChild(), 0);
      // Nothing else has come to lie there: unmapped, it takes nobody's memory away.
      const unmapping = () => {
        const others = Array.from({ length: 500 }, () => pages(1));
        munmap(buffer);
        for (const other of others) page(other, 0)[0] = 1;
        globalThis.gc();
      };
      assert.equal(inChild(unmapping), 0);
      munmap(buffer);
    }
  },

  'for-children-again'() {
    const buffer = pages(5);
    new Uint8Array(buffer).fill(7);
    madvise(buffer, MADV_DONTFORK);
    madvise(page(buffer, 2), MADV_DOFORK);
    assert.deepEqual(seen(buffer, 5), [undefined, undefined, 7, undefined, undefined]);
    madvise(page(buffer, 0), MADV_DOFORK);
    madvise(page(buffer, 2), MADV_DONTFORK);
    assert.deepEqual(seen(buffer, 5), [7, undefined, undefined, undefined, undefined]);
    madvise(buffer, MADV_DOFORK);
    assert.deepEqual(seen(buffer, 5), [7, 7, 7, 7, 7]);
  },

  'moved-marked'() {
    const buffer = pages(4);
    new Uint8Array(buffer).fill(7);
    madvise(new Uint8Array(buffer, 2 * PAGESIZE), MADV_DONTFORK);
    const shrunk = mremap(buffer, 3 * PAGESIZE, 0);
    assert.deepEqual(seen(shrunk, 3), [7, 7, undefined]);
    madvise(shrunk, MADV_DONTFORK);
    const grown = mremap(shrunk, 100 * PAGESIZE, MREMAP_MAYMOVE);
    assert.deepEqual([seenByChild(grown, 0), seenByChild(grown, 99)], [undefined, undefined]);
    madvise(grown, MADV_DOFORK);
    assert.deepEqual(seen(grown, 3), [7, 7, 7]);
  },

  'marked-after-forks'() {
    const buffer = pages(2);
    new Uint8Array(buffer).fill(7);
    madvise(page(buffer, 0), MADV_DONTFORK);
    for (const options of [{}, { keepDontfork: true }, {}]) {
      const pid = fork(options);
      if (pid === 0) process.reallyExit(page(buffer, 1)[0]);
      assert.equal(endOf(pid), 7);
      assert.deepEqual(seen(buffer, 2), [undefined, 7]);
    }
    const made = forkMany(3);
    if (made.role === 'child') process.reallyExit(page(buffer, 0)[0]);
    for (const pid of made.pids) assert.equal(endOf(pid), 'SIGSEGV');
  },

  'wiped-in-children'() {
    const buffer = pages(3);
    new Uint8Array(buffer).fill(7);
    madvise(page(buffer, 1), MADV_WIPEONFORK);
    assert.deepEqual(seen(buffer, 3), [7, 0, 7]);
    assert.equal(page(buffer, 1)[0], 7);
    const ofGrandchild = () => {
      page(buffer, 1)[0] = 9;
      assert.deepEqual(seen(buffer, 3), [7, 0, 7]);
    };
    assert.equal(inChild(ofGrandchild), 0);
    madvise(buffer, MADV_KEEPONFORK);
    assert.deepEqual(seen(buffer, 3), [7, 7, 7]);
  },

  'no-access'() {
    const buffer = pages(2);
    page(buffer, 0)[0] = 7;
    mprotect(page(buffer, 0), PROT_READ);
    assert.equal(
      inChild(() => page(buffer, 0)[0]),
      7,
    );
    assert.equal(
      inChild(() => void (page(buffer, 0)[0] = 1)),
      'SIGSEGV',
    );
    mprotect(page(buffer, 0), PROT_NONE);
    assert.equal(
      inChild(() => page(buffer, 0)[0]),
      'SIGSEGV',
    );
    assert.equal(
      inChild(() => page(buffer, 1)[0]),
      0,
    );
    mprotect(buffer, READ_WRITE);
    assert.equal(
      inChild(() => page(buffer, 0)[0]),
      7,
    );
  },

  'data-view'() {
    const fields = new DataView(pages(1));
    const advise = () => madvise(fields, MADV_NORMAL);
    for (let n = 0; n < 100_000; n++) advise();
  },

  'locked-all'() {
    const locked = () => Number.parseInt(statusOf('self', 'VmLck'), 10) * 1024;
    // So that there is no reason for a collection while the memory is locked.
    globalThis.gc();
    assert.equal(locked(), 0);
    try {
      mlockall(MCL_CURRENT | MCL_ONFAULT);
    } catch (error) {
      // Without CAP_IPC_LOCK, V8's reservations alone are more than anybody may lock.
      assert.match(error.code, /^(ENOMEM|EPERM)$/);
      return;
    }
    assert.ok(locked() > 0);
    munlockall();
    assert.equal(locked(), 0);
    mlockall(MCL_FUTURE | MCL_ONFAULT);
    const buffer = pages(4);
    assert.ok(locked() >= 4 * PAGESIZE);
    munlockall();
    assert.equal(locked(), 0);
    munmap(buffer);
  },

  async 'remapped-thousand-times'() {
    const before = maps('').length;
    let buffer = pages(1);
    for (let n = 1; n <= 1000; n++) {
      buffer = mremap(buffer, ((n % 7) + 1) * PAGESIZE, MREMAP_MAYMOVE);
      page(buffer, n % 7)[0] = n;
    }
    munmap(buffer);
    globalThis.gc();
    await immediate();
    // The heap has mappings of its own, which come and go.
    assert.ok(maps('').length < before + 200, readFileSync('/proc/self/maps', 'utf8'));
  },

  'remapped-shared'() {
    const buffer = pages(2, MAP_SHARED);
    // In between, so that it has to move.
    const moved = mremap(buffer, PAGESIZE, 0);
    const numbers = new Int32Array(moved);
    assert.equal(
      inChild(() => void (numbers[0] = 5)),
      0,
    );
    assert.equal(numbers[0], 5);
    munmap(moved);
  },

  'remapped-long'() {
    let buffer = pages(1, MAP_PRIVATE | MAP_NORESERVE);
    page(buffer, 0)[0] = 7;
    for (const length of [2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32 + PAGESIZE + 1, 6 * 2 ** 30]) {
      if (length > constants.MAX_LENGTH) {
        assert.throws(() => mremap(buffer, length, MREMAP_MAYMOVE), { code: 'ERR_OUT_OF_RANGE' });
        continue;
      }
      buffer = mremap(buffer, length, MREMAP_MAYMOVE);
      const bytes = new Uint8Array(buffer);
      assert.deepEqual([bytes.length, bytes[0], bytes[length - 1]], [length, 7, 0]);
      bytes[length - 1] = 1;
    }
    munmap(buffer);
  },
});
