import { readFileSync, rmSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import * as truefork from 'truefork/posix';
import { close, mmap, munmap, PosixError, read, write } from 'truefork/posix';
import { holdsOnEveryNode, thrownBy } from './cases';
import { newPipe } from './descriptors';
import { file, filePath, maps } from './mappings';

const { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, O_RDONLY, O_WRONLY, PROT_READ, PROT_WRITE } = truefork;
const READ_WRITE = PROT_READ | PROT_WRITE;
const PAGE = 4096;

const anonymous = (length: number) => maps(length, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

describe('mmap', () => {
  test('of no file is new memory, all zero, of any length', () => {
    for (const length of [1, PAGE - 1, PAGE, PAGE + 1, 1_000_000]) {
      const bytes = new Uint8Array(anonymous(length));
      expect(bytes).toHaveLength(length);
      expect(bytes.every((byte) => byte === 0)).toBe(true);
      bytes.fill(7);
      expect(bytes[length - 1]).toBe(7);
    }
  });

  test('of a file, shared, is the file: both ways, and beside read and write', () => {
    const fd = file(10);
    const bytes = Buffer.from(maps(10, READ_WRITE, MAP_SHARED, fd));
    expect(bytes.toString()).toBe('..........');
    bytes.write('map', 1);
    expect(readFileSync(filePath(), 'utf8')).toBe('.map......');
    write(fd, Buffer.from('write'));
    expect(bytes.toString()).toBe('write.....');
  });

  test('of a file, private, leaves the file alone', () => {
    const bytes = Buffer.from(maps(10, READ_WRITE, MAP_PRIVATE, file(10, O_RDONLY)));
    bytes.write('copy');
    expect(bytes.toString()).toBe('copy......');
    expect(readFileSync(filePath(), 'utf8')).toBe('..........');
  });

  test('begins at the offset', () => {
    const fd = file(2 * PAGE + 3);
    Buffer.from(maps(3, READ_WRITE, MAP_SHARED, fd, 2 * PAGE)).write('end');
    expect(readFileSync(filePath(), 'utf8').slice(2 * PAGE - 1)).toBe('.end');
  });

  test('outlives its descriptor, and its file’s name', () => {
    const fd = file(10);
    const bytes = Buffer.from(maps(10, READ_WRITE, MAP_SHARED, fd));
    close(fd);
    rmSync(filePath());
    bytes.write('still');
    expect(bytes.toString()).toBe('still.....');
  });

  test('a mapping is memory like any other: read fills it, write takes from it', () => {
    const buffer = anonymous(PAGE);
    const [readEnd, writeEnd] = newPipe();
    write(writeEnd, Buffer.from('abc'));
    expect(read(readEnd, buffer)).toBe(3);
    expect(write(writeEnd, new Uint8Array(buffer, 1, 2))).toBe(2);
    const got = new Uint8Array(8);
    expect(read(readEnd, got)).toBe(2);
    expect(Buffer.from(got).toString('utf8', 0, 2)).toBe('bc');
  });

  test('of the same file twice are two mappings of the same bytes', () => {
    const fd = file(PAGE);
    const [one, other] = [maps(PAGE, READ_WRITE, MAP_SHARED, fd), maps(PAGE, READ_WRITE, MAP_SHARED, fd)];
    new Uint8Array(one)[5] = 1;
    munmap(one);
    expect(new Uint8Array(other)[5]).toBe(1);
  });

  test('that asks for more than the file is open for is a PermissionError', () => {
    const fd = file(10, O_RDONLY);
    const error = thrownBy(() => mmap(null, 10, READ_WRITE, MAP_SHARED, fd, 0));
    expect(error).toBeInstanceOf(truefork.PermissionError);
    expect(error).toMatchObject({ code: 'EACCES', errno: 13, syscall: 'mmap', fd });
    const writeOnly = file(10, O_WRONLY);
    expect(thrownBy(() => mmap(null, 10, PROT_READ, MAP_SHARED, writeOnly, 0))).toMatchObject({ code: 'EACCES' });
  });

  test('at an offset within a page is EINVAL', () => {
    const fd = file(PAGE);
    expect(thrownBy(() => mmap(null, 1, PROT_READ, MAP_SHARED, fd, 1))).toMatchObject({ code: 'EINVAL', fd });
  });

  test('that is neither shared nor private is EINVAL', () => {
    expect(thrownBy(() => mmap(null, 1, PROT_READ, MAP_ANONYMOUS, -1, 0))).toMatchObject({ code: 'EINVAL' });
  });

  test('of what cannot be mapped is ENODEV', () => {
    const [fd] = newPipe();
    expect(thrownBy(() => mmap(null, 1, PROT_READ, MAP_PRIVATE, fd, 0))).toMatchObject({ code: 'ENODEV', fd });
  });

  test('of no open file is EBADF', () => {
    for (const fd of [-1, 2 ** 31 - 1]) {
      const error = thrownBy(() => mmap(null, 1, PROT_READ, MAP_SHARED, fd, 0));
      expect(error).toMatchObject({ code: 'EBADF', syscall: 'mmap' });
      // -1 is no descriptor to tell of.
      expect(Object.hasOwn(error as object, 'fd')).toBe(fd >= 0);
    }
  });

  test('beyond the end of the file is a RangeError', () => {
    const fd = file(PAGE + 10);
    for (const [length, offset] of [
      [PAGE + 11, 0],
      [11, PAGE],
      [1, 2 * PAGE],
      [1, Number.MAX_SAFE_INTEGER],
    ] as const) {
      const error = thrownBy(() => mmap(null, length, PROT_READ, MAP_SHARED, fd, offset));
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    }
    expect(maps(10, PROT_READ, MAP_SHARED, fd, PAGE).byteLength).toBe(10);
  });

  test('of an empty file is a RangeError', () => {
    const fd = file(0);
    expect(thrownBy(() => mmap(null, 1, PROT_READ, MAP_SHARED, fd, 0))).toBeInstanceOf(RangeError);
  });

  test('of length 0 is a RangeError', () => {
    const fd = file(10);
    for (const flags of [MAP_SHARED, MAP_PRIVATE | MAP_ANONYMOUS]) {
      expect(thrownBy(() => mmap(null, 0, PROT_READ, flags, fd, 0))).toBeInstanceOf(RangeError);
    }
  });

  test('at a fixed address is refused: V8 could be there', () => {
    for (const fixed of [0x10, 0x100000]) {
      const error = thrownBy(() => mmap(null, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    }
    expect(thrownBy(() => mmap(0 as never, 1, PROT_READ, MAP_PRIVATE, -1, 0))).toBeInstanceOf(TypeError);
  });
});

describe('munmap', () => {
  test('leaves length 0 in the buffer and in all its views', () => {
    const buffer = anonymous(PAGE);
    const views = [new Uint8Array(buffer), Buffer.from(buffer, 8, 8), new Float64Array(buffer, 64)];
    munmap(buffer);
    expect([buffer, ...views].map(({ byteLength }) => byteLength)).toEqual([0, 0, 0, 0]);
    expect(views[0]?.[0]).toBeUndefined();
  });

  test('a second time is EINVAL', () => {
    const buffer = anonymous(PAGE);
    munmap(buffer);
    const again = () => {
      munmap(buffer);
    };
    const error = thrownBy(again);
    expect(error).toBeInstanceOf(PosixError);
    expect(error).toMatchObject({ code: 'EINVAL', errno: 22, syscall: 'munmap' });
  });

  test('of memory that is no mapping is EINVAL, and leaves it alone', () => {
    const copy = anonymous(PAGE).slice(0);
    const foreign = runInNewContext('new ArrayBuffer(8)') as ArrayBuffer;
    for (const buffer of [new ArrayBuffer(8), new ArrayBuffer(0), foreign, copy, Buffer.from('pooled').buffer]) {
      const { byteLength } = buffer;
      const unmap = () => {
        munmap(buffer);
      };
      expect(thrownBy(unmap)).toMatchObject({ code: 'EINVAL', syscall: 'munmap' });
      expect(buffer.byteLength).toBe(byteLength);
    }
  });

  test('of anything but an ArrayBuffer is a TypeError', () => {
    for (const value of [null, undefined, 0, {}, new Uint8Array(anonymous(1)), new SharedArrayBuffer(8)]) {
      const unmap = () => {
        munmap(value as never);
      };
      const error = thrownBy(unmap);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
});

holdsOnEveryNode(
  'posix-mapping.mjs',
  {
    'shared-with-a-child': 'what a child writes to a shared mapping, its parent sees',
    'private-to-each': 'what a child writes to a private mapping, it alone sees',
    'after-the-fork': 'a shared mapping stays shared, and atomic operations on it are',
    'unmapped-by-one': 'a mapping that a child has unmapped is still its parent’s',
    'not-writable': 'a write to a mapping without PROT_WRITE ends the process with SIGSEGV',
    truncated: 'a page behind the end of a truncated file ends the process with SIGBUS',
    'views-of-the-unmapped': 'no view reaches unmapped memory',
    'a-thousand-times': 'a thousand mappings, unmapped, leave nothing behind',
    forgotten: 'a mapping that nothing refers to is unmapped',
    'forgotten-view-kept': 'a mapping that a view refers to stays',
    'forgotten-unmapped': 'the collector of an unmapped buffer leaves the next mapping at its address alone',
    cloned: 'a mapping cannot be transferred to another thread, and stays whole when one tries',
    sparse: 'offsets beyond 2 and 4 GiB are where they should be',
    long: 'lengths beyond 2 and 4 GiB are mapped as far as Node allows, and a RangeError beyond',
    'too-long': 'more than there can be is ENOMEM',
  },
  { nodeArgs: ['--expose-gc'] },
);

// ArrayBuffer.prototype.transfer came with Node.js 22.
holdsOnEveryNode(
  'posix-mapping.mjs',
  {
    transferred: 'transfer() takes a mapping along, which is unmapped under its new name alone',
    'transferred-shorter': 'transfer() to another length makes a copy, and the mapping goes',
    'transferred-forgotten': 'a mapping that was transferred and forgotten is unmapped',
  },
  { nodeArgs: ['--expose-gc'], since: 22 },
);
