import { readFileSync } from 'node:fs';
import * as truefork from 'truefork/posix';
import { madvise, mincore, mlock, mprotect, mremap, msync, munlock, munmap } from 'truefork/posix';
import { holdsOnEveryNode, thrownBy } from './cases';
import { file, filePath, kept, maps } from './mappings';

const { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, O_RDONLY, PAGESIZE, PROT_NONE, PROT_READ, PROT_WRITE } = truefork;
const READ_WRITE = PROT_READ | PROT_WRITE;

/** So many pages of a file, or of none, unmapped after the test. */
function pages(count: number, flags: number, fd = -1, protection = READ_WRITE): ArrayBuffer {
  return maps(count * PAGESIZE, protection, fd < 0 ? flags | MAP_ANONYMOUS : flags, fd);
}

const page = (buffer: ArrayBuffer, index: number, count = 1) =>
  new Uint8Array(buffer, index * PAGESIZE, count * PAGESIZE);

/** What a call throws. */
const thrown = (call: (...args: never[]) => unknown, ...args: unknown[]) => thrownBy(() => call(...(args as never[])));

test('the size of a page is a power of two', () => {
  expect(PAGESIZE).toBeGreaterThanOrEqual(4096);
  expect(Math.log2(PAGESIZE) % 1).toBe(0);
});

const onMemory: [string, (memory: ArrayBuffer | ArrayBufferView) => unknown][] = [
  ['msync', (memory) => thrown(msync, memory, truefork.MS_SYNC)],
  ['madvise', (memory) => thrown(madvise, memory, truefork.MADV_NORMAL)],
  ['mprotect', (memory) => thrown(mprotect, memory, READ_WRITE)],
  ['mlock', (memory) => thrown(mlock, memory)],
  ['munlock', (memory) => thrown(munlock, memory)],
  ['mincore', (memory) => thrown(mincore, memory, new Uint8Array(8))],
];

describe.each(onMemory)('%s', (syscall, thrownWith) => {
  test('of memory that is not mmap’s is EINVAL', () => {
    for (const memory of [new ArrayBuffer(2 * PAGESIZE), Buffer.alloc(8), new Uint8Array(0)]) {
      expect(thrownWith(memory)).toMatchObject({ code: 'EINVAL', syscall });
    }
  });

  test('of memory that was unmapped is a TypeError', () => {
    const buffer = pages(1, MAP_PRIVATE);
    const view = new Uint8Array(buffer);
    munmap(buffer);
    for (const memory of [buffer, view]) expect(thrownWith(memory)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  if (!syscall.endsWith('lock')) {
    test('of what does not begin at a page is EINVAL', () => {
      expect(thrownWith(new Uint8Array(pages(2, MAP_PRIVATE), 8))).toMatchObject({ code: 'EINVAL', syscall });
    });
  }
});

describe('msync', () => {
  test('writes what has changed, all of it or some pages', () => {
    const buffer = pages(3, MAP_SHARED, file(3 * PAGESIZE));
    page(buffer, 2).fill(0x61);
    msync(page(buffer, 2), truefork.MS_SYNC);
    msync(buffer, truefork.MS_ASYNC);
    msync(buffer, truefork.MS_SYNC | truefork.MS_INVALIDATE);
    expect(readFileSync(filePath(), 'latin1').slice(2 * PAGESIZE - 1, 2 * PAGESIZE + 1)).toBe('.a');
  });

  test('with flags that exclude each other is EINVAL', () => {
    const buffer = pages(1, MAP_SHARED, file(PAGESIZE));
    expect(thrown(msync, buffer, truefork.MS_SYNC | truefork.MS_ASYNC)).toMatchObject({ code: 'EINVAL' });
    expect(thrown(msync, buffer, 64)).toMatchObject({ code: 'EINVAL' });
  });

  test('with MS_INVALIDATE of locked memory is EBUSY', () => {
    const buffer = pages(1, MAP_SHARED, file(PAGESIZE));
    mlock(buffer);
    expect(thrown(msync, buffer, truefork.MS_INVALIDATE)).toMatchObject({ code: 'EBUSY' });
    munlock(buffer);
    msync(buffer, truefork.MS_INVALIDATE);
  });
});

describe('madvise', () => {
  test('MADV_DONTNEED: private memory is zero again, page by page', () => {
    const buffer = pages(3, MAP_PRIVATE);
    new Uint8Array(buffer).fill(7);
    madvise(page(buffer, 1), truefork.MADV_DONTNEED);
    expect([0, 1, 2].map((index) => page(buffer, index)[5])).toEqual([7, 0, 7]);
    madvise(buffer, truefork.MADV_DONTNEED);
    expect([0, 1, 2].map((index) => page(buffer, index)[5])).toEqual([0, 0, 0]);
  });

  test('MADV_DONTNEED: a private copy of a file is the file again', () => {
    const buffer = pages(1, MAP_PRIVATE, file(PAGESIZE));
    page(buffer, 0).fill(7);
    madvise(buffer, truefork.MADV_DONTNEED);
    expect(page(buffer, 0)[0]).toBe(0x2e);
  });

  test.each([
    'NORMAL',
    'RANDOM',
    'SEQUENTIAL',
    'WILLNEED',
    'FREE',
    'DONTFORK',
    'DOFORK',
    'DONTDUMP',
    'DODUMP',
  ] as const)('MADV_%s is taken', (name) => {
    madvise(pages(1, MAP_PRIVATE), truefork[`MADV_${name}`]);
  });

  test('that does not exist is EINVAL', () => {
    expect(thrown(madvise, pages(1, MAP_PRIVATE), 9999)).toMatchObject({ code: 'EINVAL', syscall: 'madvise' });
  });

  test('MADV_WIPEONFORK of shared memory is EINVAL', () => {
    expect(thrown(madvise, pages(1, MAP_SHARED), truefork.MADV_WIPEONFORK)).toMatchObject({ code: 'EINVAL' });
  });
});

describe('mprotect', () => {
  test('takes the right to write, and gives it back', () => {
    const buffer = pages(2, MAP_PRIVATE);
    page(buffer, 0)[0] = 1;
    mprotect(page(buffer, 0), PROT_READ);
    expect(page(buffer, 0)[0]).toBe(1);
    page(buffer, 1)[0] = 2;
    mprotect(buffer, READ_WRITE);
    page(buffer, 0)[0] = 3;
    expect([page(buffer, 0)[0], page(buffer, 1)[0]]).toEqual([3, 2]);
  });

  test('cannot give what the file is not open for', () => {
    const buffer = pages(1, MAP_SHARED, file(PAGESIZE, O_RDONLY), PROT_READ);
    expect(thrown(mprotect, buffer, READ_WRITE)).toBeInstanceOf(truefork.PermissionError);
    expect(thrown(mprotect, buffer, READ_WRITE)).toMatchObject({ code: 'EACCES', syscall: 'mprotect' });
  });

  test('memory that was mapped with PROT_NONE can be used when it may be', () => {
    const buffer = pages(1, MAP_PRIVATE, -1, PROT_NONE);
    mprotect(buffer, READ_WRITE);
    page(buffer, 0)[0] = 1;
    expect(page(buffer, 0)[0]).toBe(1);
  });
});

describe('mincore', () => {
  test('tells which pages are there: those that were touched', () => {
    const buffer = pages(4, MAP_PRIVATE);
    page(buffer, 1)[0] = 1;
    page(buffer, 3)[0] = 1;
    const vec = new Uint8Array(4);
    mincore(buffer, vec);
    expect([...vec].map((byte) => byte & 1)).toEqual([0, 1, 0, 1]);
    mincore(page(buffer, 1), vec);
    expect((vec[0] ?? 0) & 1).toBe(1);
  });

  test('needs a byte for each page, also for the last one that is not whole', () => {
    const buffer = pages(2, MAP_PRIVATE);
    expect(thrown(mincore, buffer, new Uint8Array(1))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(thrown(mincore, new Uint8Array(buffer, 0, PAGESIZE + 1), new Uint8Array(1))).toBeInstanceOf(RangeError);
  });
});

test('mlock brings the pages in, and munlock may come twice', () => {
  const buffer = pages(2, MAP_PRIVATE);
  mlock(new Uint8Array(buffer, PAGESIZE - 1, 2));
  const vec = new Uint8Array(2);
  mincore(buffer, vec);
  expect([...vec].map((byte) => byte & 1)).toEqual([1, 1]);
  munlock(buffer);
  munlock(buffer);
});

describe('mremap', () => {
  const remapped = (buffer: ArrayBuffer, length: number, flags: number = truefork.MREMAP_MAYMOVE) =>
    kept(mremap(buffer, length, flags));

  test('grows: what was there is there, what is new is zero, and the old buffer is empty', () => {
    const buffer = pages(1, MAP_PRIVATE);
    const view = new Uint8Array(buffer).fill(7);
    const grown = remapped(buffer, 100 * PAGESIZE + 1);
    expect([buffer.byteLength, view.length, grown.byteLength]).toEqual([0, 0, 100 * PAGESIZE + 1]);
    expect([page(grown, 0)[PAGESIZE - 1], page(grown, 1)[0]]).toEqual([7, 0]);
  });

  test('shrinks, and grows again with zeros', () => {
    const buffer = pages(4, MAP_PRIVATE);
    new Uint8Array(buffer).fill(7);
    const shrunk = remapped(buffer, PAGESIZE, 0);
    expect([...new Set(new Uint8Array(shrunk))]).toEqual([7]);
    expect(page(remapped(shrunk, 2 * PAGESIZE), 1)[0]).toBe(0);
  });

  test('of a shared file stays the file', () => {
    const buffer = pages(1, MAP_SHARED, file(2 * PAGESIZE));
    page(remapped(buffer, 2 * PAGESIZE), 1)[0] = 0x61;
    expect(readFileSync(filePath(), 'latin1').slice(PAGESIZE - 1, PAGESIZE + 1)).toBe('.a');
  });

  test('that fails leaves all as it was', () => {
    const buffer = pages(2, MAP_PRIVATE);
    // Two kinds of pages cannot be moved together.
    mprotect(page(buffer, 1), PROT_READ);
    const error = thrown(mremap, buffer, 3 * PAGESIZE, truefork.MREMAP_MAYMOVE);
    expect(error).toMatchObject({ code: 'EFAULT', syscall: 'mremap' });
    expect(buffer.byteLength).toBe(2 * PAGESIZE);
    page(buffer, 0)[0] = 1;
  });

  test('with other flags is EINVAL, and to a fixed address is refused', () => {
    const buffer = pages(1, MAP_PRIVATE);
    expect(thrown(mremap, buffer, PAGESIZE, 64)).toMatchObject({ code: 'EINVAL' });
    expect(thrown(mremap, buffer, PAGESIZE, 3)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(buffer.byteLength).toBe(PAGESIZE);
  });

  test('of what is no mapping, or not any more, is EINVAL', () => {
    const buffer = pages(1, MAP_PRIVATE);
    remapped(buffer, 2 * PAGESIZE);
    for (const other of [buffer, new ArrayBuffer(8)]) {
      expect(thrown(mremap, other, PAGESIZE, 0)).toMatchObject({ code: 'EINVAL', syscall: 'mremap' });
    }
  });

  test('with MREMAP_DONTUNMAP leaves the old range, empty, and moves what was in it', () => {
    const buffer = pages(2, MAP_PRIVATE);
    new Uint8Array(buffer).fill(7);
    const moved = remapped(buffer, 2 * PAGESIZE, truefork.MREMAP_MAYMOVE | truefork.MREMAP_DONTUNMAP);
    expect([buffer.byteLength, moved.byteLength]).toEqual([2 * PAGESIZE, 2 * PAGESIZE]);
    expect([page(buffer, 1)[0], page(moved, 1)[0]]).toEqual([0, 7]);
    munmap(buffer);
    expect(page(moved, 0)[0]).toBe(7);
  });
});

holdsOnEveryNode(
  'posix-pages.mjs',
  {
    'not-for-children':
      'what is marked MADV_DONTFORK is not in a child, which keeps its place free, nor in grandchildren',
    'for-children-again': 'MADV_DOFORK takes the mark off again, of some pages too',
    'moved-marked': 'mremap takes the marks along',
    'marked-after-forks': 'what the program has marked stays marked, however often it forks',
    'wiped-in-children': 'what is marked MADV_WIPEONFORK is zero in a child, and MADV_KEEPONFORK takes the mark off',
    'no-access': 'memory without the right to it ends the process that touches it with SIGSEGV',
    'data-view': 'a DataView is as good as any view, however often it is used',
    'remapped-thousand-times': 'a thousand mremaps leave nothing behind',
    'remapped-shared': 'a shared mapping that has moved is still shared with a child',
    'remapped-long': 'mremap beyond 2 and 4 GiB maps as far as Node allows, and is a RangeError beyond',
  },
  { nodeArgs: ['--expose-gc'] },
);

// With threads of V8's, one may just then give back pages that are locked: V8 ends the process for it, as is documented.
holdsOnEveryNode(
  'posix-pages.mjs',
  { 'locked-all': 'mlockall locks what is mapped, or will be, as far as one may; munlockall unlocks it' },
  { nodeArgs: ['--expose-gc', '--single-threaded'] },
);
