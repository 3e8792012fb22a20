import { constants } from 'node:buffer';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as truefork from 'truefork/posix';
import { Mapping, MappingError, type MappingOptions } from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';

const { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PAGESIZE, PROT_READ, PROT_WRITE } = truefork;

let folder: string;
let path: string;
let opened: number[];
let mapped: Mapping[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mapping-object-test-'));
  path = join(folder, 'file');
  opened = [];
  mapped = [];
});
afterEach(() => {
  for (const mapping of mapped) mapping.close();
  for (const fd of opened) closeSync(fd);
  rmSync(folder, { recursive: true });
});

/** A mapping, closed after the test. */
function kept(mapping: Mapping): Mapping {
  mapped.push(mapping);
  return mapping;
}

/** A descriptor of a file with these contents, closed after the test. */
function file(contents: string | Uint8Array, flags = 'r+'): number {
  writeFileSync(path, contents);
  const fd = openSync(path, flags);
  opened.push(fd);
  return fd;
}

const ofFile = (contents: string | Uint8Array, options?: MappingOptions) =>
  kept(new Mapping(file(contents), 0, options));
const anonymous = (contents: string, length = contents.length) => {
  const mapping = kept(Mapping.anonymous(length));
  mapping.setSlice(contents, 0, contents.length);
  return mapping;
};

const contents = () => readFileSync(path, 'latin1');
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const code = (call: () => unknown) => (thrownBy(call) as { code?: string }).code;
const thrown = (call: () => unknown) => {
  const error = thrownBy(call) as Error & { code?: string };
  return [error.constructor, error.code];
};

describe('a Mapping', () => {
  test('of a file is the file: what is written is there, and the other way round', () => {
    const mapping = ofFile('\0'.repeat(2 * PAGESIZE));
    mapping.setSlice('3', 0, 1);
    mapping.setSlice('foobar', PAGESIZE, PAGESIZE + 6);
    expect(mapping.length).toBe(2 * PAGESIZE);
    expect([mapping.find('foobar', 0), mapping.bytes[0]]).toEqual([PAGESIZE, 0x33]);
    mapping.flush();
    expect(contents().slice(PAGESIZE, PAGESIZE + 6)).toBe('foobar');
    mapping.close();
    expect(contents().startsWith('3\0')).toBe(true);
  });

  test('of length 0 is the whole file, or what there is of it behind the offset', () => {
    const fd = file('x'.repeat(2 * PAGESIZE + 3));
    expect(kept(new Mapping(fd, 0)).length).toBe(2 * PAGESIZE + 3);
    const rest = kept(new Mapping(fd, 0, { offset: 2 * PAGESIZE }));
    expect([rest.length, rest.offset, rest.size()]).toEqual([3, 2 * PAGESIZE, 2 * PAGESIZE + 3]);
  });

  test('of an empty file is a mistake, and so is an offset behind its end', () => {
    const fd = file('');
    expect(thrown(() => new Mapping(fd, 0))).toEqual([TypeError, 'ERR_INVALID_ARG_VALUE']);
    writeFileSync(path, 'x'.repeat(PAGESIZE));
    for (const offset of [PAGESIZE, 2 * PAGESIZE, 2 ** 40]) {
      expect(thrown(() => new Mapping(fd, 0, { offset }))).toEqual([RangeError, 'ERR_OUT_OF_RANGE']);
    }
  });

  test('cannot be longer than the file', () => {
    const fd = file('x'.repeat(10));
    for (const access of ['read', 'write', 'copy'] as const) {
      expect(thrown(() => new Mapping(fd, 11, { access }))).toEqual([RangeError, 'ERR_OUT_OF_RANGE']);
    }
  });

  test('of no open file is EBADF, of what cannot be mapped ENODEV, and within a page EINVAL', () => {
    expect(code(() => new Mapping(2 ** 31 - 1, 4096))).toBe('EBADF');
    const [readEnd, writeEnd] = truefork.pipe2(0);
    opened.push(readEnd, writeEnd);
    expect(code(() => new Mapping(readEnd, 4096, { access: 'read' }))).toBe('ENODEV');
    const fd = file('x'.repeat(10));
    expect(code(() => new Mapping(fd, 5, { offset: 1 }))).toBe('EINVAL');
  });

  test.each<[string, unknown[]]>([
    ['fd -2', [-2, 4096]],
    ['a descriptor that is no number', ['1', 4096]],
    ['a negative length', [0, -1]],
    ['a length of half a byte', [0, 0.5]],
    ['length 0 of no file', [-1, 0]],
    ['a negative offset', [0, 1, { offset: -1 }]],
    ['access 4', [0, 1, { access: 4 }]],
    ['access with flags', [0, 1, { access: 'read', flags: 1 }]],
    ['access with prot', [0, 1, { access: 'write', prot: 3 }]],
    ['prot without PROT_READ', [-1, 1, { prot: PROT_WRITE }]],
    ['flags that are a name', [-1, 1, { flags: 'MAP_SHARED' }]],
    ['trackfd 1', [-1, 1, { trackfd: 1 }]],
    ['options that are none', [-1, 1, 3]],
  ])('of %s is a mistake', (_, args) => {
    const call = () => new Mapping(...(args as ConstructorParameters<typeof Mapping>));
    expect(code(call)).toMatch(/^ERR_(INVALID_ARG_|OUT_OF_RANGE)/);
  });

  test('outlives the descriptor that it was made of, and the name', () => {
    const mapping = ofFile('abc');
    closeSync(opened.pop() ?? -1);
    rmSync(path);
    expect([text(mapping.read()), mapping.size()]).toEqual(['abc', 3]);
  });

  test('of no file is memory of zeros', () => {
    const mapping = kept(new Mapping(-1, PAGESIZE + 1));
    expect([mapping.length, mapping.size(), mapping.bytes.every((byte) => byte === 0)]).toEqual([
      PAGESIZE + 1,
      PAGESIZE + 1,
      true,
    ]);
    const own = kept(new Mapping(-1, 8, { flags: MAP_PRIVATE | MAP_ANONYMOUS }));
    own.writeByte(255);
    expect(own.bytes[0]).toBe(255);
  });
});

describe('access', () => {
  test("'read': nothing can be written, and the file stays as it is", () => {
    const fd = file('abc', 'r');
    const mapping = kept(new Mapping(fd, 0, { access: 'read' }));
    expect(text(mapping.read())).toBe('abc');
    const writes = [
      () => mapping.write('x'),
      () => {
        mapping.writeByte(1);
      },
      () => {
        mapping.setSlice('x', 0, 1);
      },
      () => {
        mapping.move(0, 1, 1);
      },
    ];
    for (const write of writes) expect(thrown(write)).toEqual([MappingError, 'ERR_MAPPING_READ_ONLY']);
    const resize = () => {
      mapping.resize(10);
    };
    expect(thrown(resize)).toEqual([MappingError, 'ERR_MAPPING_FIXED_SIZE']);
    mapping.flush();
    expect(contents()).toBe('abc');
  });

  test("'read': its buffer is a copy from the first write on", () => {
    const mapping = ofFile('abc', { access: 'read' });
    writeFileSync(path, 'ABC', { flag: 'r+' });
    expect(text(mapping.bytes)).toBe('ABC');
    new Uint8Array(mapping.buffer)[0] = 0x78;
    expect([text(mapping.slice()), contents()]).toEqual(['xBC', 'ABC']);
  });

  test("'write': what is written is in the file", () => {
    const mapping = ofFile('abc', { access: 'write' });
    mapping.write('xy');
    mapping.flush();
    expect(contents()).toBe('xyc');
  });

  test("'copy': what is written stays here", () => {
    const fd = file('abc', 'r');
    const mapping = kept(new Mapping(fd, 0, { access: 'copy' }));
    mapping.write('xy');
    mapping.flush();
    expect([text(mapping.slice()), contents()]).toEqual(['xyc', 'abc']);
    const resize = () => {
      mapping.resize(10);
    };
    expect(thrown(resize)).toEqual([MappingError, 'ERR_MAPPING_FIXED_SIZE']);
    expect(statSync(path).size).toBe(3);
  });

  test("'write' of what is open for reading only is a PermissionError", () => {
    const fd = file('abc', 'r');
    for (const options of [{ access: 'write' }, {}] as const) {
      expect(thrownBy(() => new Mapping(fd, 0, options))).toBeInstanceOf(truefork.PermissionError);
    }
  });

  test('PROT_READ alone: nothing can be written, and there is no buffer', () => {
    const fd = file('abc', 'r');
    for (const flags of [MAP_SHARED, MAP_PRIVATE]) {
      const mapping = kept(new Mapping(fd, 0, { prot: PROT_READ, flags }));
      expect([text(mapping.read()), mapping.find('c', 0)]).toEqual(['abc', 2]);
      for (const call of [() => mapping.write('x'), () => mapping.buffer, () => mapping.bytes]) {
        expect(thrown(call)).toEqual([MappingError, 'ERR_MAPPING_READ_ONLY']);
      }
    }
  });
});

describe('read and write', () => {
  test('go on from the position', () => {
    const mapping = anonymous('0123456789');
    expect([text(mapping.read(3)), mapping.tell()]).toEqual(['012', 3]);
    expect([mapping.write('abc'), mapping.tell()]).toEqual([3, 6]);
    expect([mapping.readByte(), text(mapping.read()), mapping.tell()]).toEqual([0x36, '789', 10]);
    expect([text(mapping.read()), text(mapping.read(5)), text(mapping.readline())]).toEqual(['', '', '']);
    mapping.seek(2);
    mapping.writeByte(0x21);
    expect(text(mapping.slice())).toBe('01!abc6789');
    expect([text(mapping.read(0)), mapping.tell()]).toEqual(['', 3]);
    expect(text(mapping.read(1000))).toBe('abc6789');
  });

  test('what is read is a copy', () => {
    const mapping = anonymous('abc');
    const copy = mapping.read();
    mapping.bytes[0] = 0x78;
    expect(text(copy)).toBe('abc');
  });

  test('a text is written in UTF-8, and any bytes as they are', () => {
    const mapping = anonymous('.'.repeat(8));
    expect(mapping.write('é€')).toBe(5);
    expect(mapping.write(new Uint16Array([0x6161]))).toBe(2);
    expect(mapping.write(Uint8Array.of(0x62).buffer)).toBe(1);
    expect(mapping.slice().toString()).toBe('é€aab');
  });

  test('there is no room behind the end, and then nothing is written', () => {
    const mapping = anonymous('abc');
    mapping.seek(1);
    expect(thrown(() => mapping.write('xyz'))).toEqual([RangeError, 'ERR_OUT_OF_RANGE']);
    expect([text(mapping.slice()), mapping.tell()]).toEqual(['abc', 1]);
    mapping.seek(0, 2);
    const writeByte = () => {
      mapping.writeByte(1);
    };
    expect(thrown(writeByte)).toEqual([RangeError, 'ERR_OUT_OF_RANGE']);
    expect(thrown(() => mapping.readByte())).toEqual([RangeError, 'ERR_OUT_OF_RANGE']);
    expect(mapping.write('')).toBe(0);
  });

  test('readline answers a line with its newline, and lines() all that follow', () => {
    const mapping = anonymous('one\n\nthree\nend');
    expect(text(mapping.readline())).toBe('one\n');
    expect([...mapping.lines()].map(text)).toEqual(['\n', 'three\n', 'end']);
    expect([...mapping.lines()]).toEqual([]);
    mapping.seek(0);
    for (const line of mapping.lines()) if (text(line) === '\n') break;
    expect(mapping.tell()).toBe(5);
  });

  test('seek counts from the beginning, the position or the end, and stays within', () => {
    const mapping = anonymous('0123456789');
    expect([mapping.seek(5), mapping.seek(-2, 1), mapping.seek(4, 1), mapping.seek(-1, 2), mapping.seek(0, 2)]).toEqual(
      [5, 3, 7, 9, 10],
    );
    for (const args of [[-1], [11], [1, 1], [-11, 1], [1, 2], [-11, 2], [0, 3], [0, -1], [0.5]]) {
      expect(code(() => mapping.seek(...(args as [number, 0])))).toBe('ERR_OUT_OF_RANGE');
      expect(mapping.tell()).toBe(10);
    }
  });

  test.each<[string, (mapping: Mapping) => unknown]>([
    ['read(-1)', (mapping) => mapping.read(-1)],
    ['read(1.5)', (mapping) => mapping.read(1.5)],
    ['read(NaN)', (mapping) => mapping.read(NaN)],
    ['read("1")', (mapping) => mapping.read('1' as never)],
    ['write(1)', (mapping) => mapping.write(1 as never)],
    ['write(null)', (mapping) => mapping.write(null as never)],
    [
      'writeByte(256)',
      (mapping) => {
        mapping.writeByte(256);
      },
    ],
    [
      'writeByte("a")',
      (mapping) => {
        mapping.writeByte('a' as never);
      },
    ],
    ['find(1)', (mapping) => mapping.find(1 as never)],
    ['find(start 0.5)', (mapping) => mapping.find('a', 0.5)],
    ['slice("0")', (mapping) => mapping.slice('0' as never)],
    ['slice with step 0', (mapping) => mapping.slice(0, 1, 0)],
    [
      'move(-1, 0, 1)',
      (mapping) => {
        mapping.move(-1, 0, 1);
      },
    ],
    [
      'resize(0)',
      (mapping) => {
        mapping.resize(0);
      },
    ],
    [
      'resize(-1)',
      (mapping) => {
        mapping.resize(-1);
      },
    ],
    [
      'flush(-1)',
      (mapping) => {
        mapping.flush(-1);
      },
    ],
    [
      'madvise(-1)',
      (mapping) => {
        mapping.madvise(-1);
      },
    ],
  ])('%s is a mistake', (_, call) => {
    const mapping = anonymous('abc');
    expect(code(() => call(mapping))).toMatch(/^ERR_(INVALID_ARG_|OUT_OF_RANGE)/);
    expect([text(mapping.slice()), mapping.tell()]).toEqual(['abc', 0]);
  });
});

describe('find and rfind', () => {
  test('answer the first and the last place, between start and end', () => {
    const mapping = anonymous('one two ones onesie');
    expect(mapping.find('one')).toBe(0);
    expect([mapping.find('one', 1), mapping.find('one', 8), mapping.find('one', 9), mapping.find('one', 14)]).toEqual([
      8, 8, 13, -1,
    ]);
    expect([mapping.find('one', 1, -1), mapping.find('one', 1, -9), mapping.find('one', 1, 10)]).toEqual([8, -1, -1]);
    expect([mapping.rfind('one'), mapping.rfind('one', 0, -1), mapping.rfind('one', 0, 15)]).toEqual([13, 13, 8]);
    expect([mapping.rfind('one', -7), mapping.rfind('one', -2), mapping.rfind('one', 1, 3)]).toEqual([13, -1, -1]);
    expect(mapping.find(new Uint16Array(Buffer.from('two ').buffer.slice(0, 0)), 4)).toBe(4);
  });

  test('begin at the position if they are not told where', () => {
    const mapping = anonymous('abcabc');
    mapping.seek(1);
    expect([mapping.find('abc'), mapping.rfind('abc'), mapping.find('abc', 0)]).toEqual([3, 3, 0]);
    expect(mapping.tell()).toBe(1);
    mapping.seek(4);
    expect([mapping.find('abc'), mapping.rfind('abc')]).toEqual([-1, -1]);
  });

  test('agree with those of a string, whatever is sought', () => {
    const data = 'aabaacaab\0aab';
    const mapping = anonymous(data);
    for (let start = 0; start <= data.length; start++) {
      for (let end = start; end <= data.length; end++) {
        for (const sought of ['aab', 'a', '', '\0', 'aabaacaab\0aab', 'aabaacaab\0aab.', 'b\0a']) {
          const part = data.slice(start, end);
          const at = (index: number) => (index < 0 ? -1 : index + start);
          expect(mapping.find(sought, start, end)).toBe(at(part.indexOf(sought)));
          expect(mapping.rfind(sought, start, end)).toBe(at(part.lastIndexOf(sought)));
        }
      }
    }
  });
});

describe('slices', () => {
  // What Python makes of bytes(range(11))[start:end:step].
  const data = Array.from({ length: 11 }, (_, index) => index);
  const bounds = [undefined, 0, 1, 3, 10, 11, 12, 300, -1, -2, -10, -11, -12, -300];

  function python(start: number | undefined, end: number | undefined, step: number): number[] {
    const { length } = data;
    const within = (value: number, least: number, most: number) =>
      Math.min(Math.max(value < 0 ? value + length : value, least), most);
    const picked = [];
    if (step > 0) {
      const limit = within(end ?? length, 0, length);
      for (let n = within(start ?? 0, 0, length); n < limit; n += step) picked.push(n);
    } else {
      const limit = end === undefined ? -1 : within(end, -1, length - 1);
      for (let n = start === undefined ? length - 1 : within(start, -1, length - 1); n > limit; n += step)
        picked.push(n);
    }
    return picked;
  }

  test.each([1, 2, 3, 10, 11, 300, -1, -2, -3, -11, -300])('with step %d are those of Python', (step) => {
    const mapping = anonymous(String.fromCharCode(...data));
    for (const start of bounds) {
      for (const end of bounds) {
        const expected = python(start, end, step);
        expect([...mapping.slice(start, end, step)]).toEqual(expected);
        // And written, each byte as its complement.
        mapping.setSlice(
          Uint8Array.from(expected, (n) => 255 - n),
          start,
          end,
          step,
        );
        expect([...mapping.slice()]).toEqual(data.map((n) => (expected.includes(n) ? 255 - n : n)));
        mapping.setSlice(Uint8Array.from(data));
      }
    }
  });

  test('are written as long as they are, or not at all', () => {
    const mapping = anonymous('0123456789');
    for (const [written, start, end, step] of [
      ['ab', 0, 1, 1],
      ['', 0, 1, 1],
      ['a', 5, 5, 1],
      ['ab', 0, 5, 2],
    ] as const) {
      const call = () => {
        mapping.setSlice(written, start, end, step);
      };
      expect(thrown(call)).toEqual([RangeError, 'ERR_OUT_OF_RANGE']);
    }
    expect([text(mapping.slice()), mapping.tell()]).toEqual(['0123456789', 0]);
  });
});

describe('move', () => {
  test('copies as if by way of another place, however the two overlap', () => {
    const data = '0123456789';
    for (let destination = 0; destination < 10; destination++) {
      for (let source = 0; source < 10; source++) {
        for (let count = 0; count <= 10 - Math.max(source, destination); count++) {
          const mapping = Mapping.anonymous(10);
          mapping.write(data);
          mapping.move(destination, source, count);
          const moved = data.slice(source, source + count);
          expect(text(mapping.slice())).toBe(data.slice(0, destination) + moved + data.slice(destination + count));
          mapping.close();
        }
      }
    }
  });

  test('of what is not all within is a RangeError', () => {
    const mapping = anonymous('0123456789');
    for (const [destination, source, count] of [
      [0, 0, 11],
      [5, 0, 6],
      [0, 5, 6],
      [0, 0, -1],
      [-1, 0, 1],
      [0, -1, 1],
      [10, 10, 1],
      [0, 2 ** 53 - 1, 2 ** 53 - 1],
    ] as const) {
      const call = () => {
        mapping.move(destination, source, count);
      };
      expect(thrown(call)).toEqual([RangeError, 'ERR_OUT_OF_RANGE']);
    }
    expect(text(mapping.slice())).toBe('0123456789');
    mapping.move(10, 10, 0);
  });
});

describe('flush', () => {
  test('of all, or of some pages', () => {
    const mapping = ofFile('\0'.repeat(3 * PAGESIZE));
    mapping.setSlice('x', PAGESIZE, PAGESIZE + 1);
    mapping.flush();
    mapping.flush(PAGESIZE);
    mapping.flush(PAGESIZE, 10);
    mapping.flush(3 * PAGESIZE);
    expect(contents()[PAGESIZE]).toBe('x');
  });

  test('within a page is EINVAL, and outside a RangeError', () => {
    const mapping = ofFile('\0'.repeat(PAGESIZE));
    const flush = (offset: number, length?: number) => {
      return code(() => {
        mapping.flush(offset, length);
      });
    };
    expect([flush(1), flush(1, 2)]).toEqual(['EINVAL', 'EINVAL']);
    expect([flush(PAGESIZE + 1), flush(0, PAGESIZE + 1), flush(PAGESIZE, 1), flush(0, -1)]).toEqual(
      Array(4).fill('ERR_OUT_OF_RANGE'),
    );
  });
});

describe('resize', () => {
  test('of a file changes the file, and detaches what was seen of it', () => {
    const mapping = ofFile('abc');
    const { buffer, bytes } = mapping;
    mapping.resize(PAGESIZE + 5);
    expect([buffer.byteLength, bytes.length]).toEqual([0, 0]);
    expect([mapping.length, mapping.size(), statSync(path).size]).toEqual([PAGESIZE + 5, PAGESIZE + 5, PAGESIZE + 5]);
    mapping.seek(-3, 2);
    mapping.write('end');
    expect([contents().slice(0, 4), contents().slice(-4)]).toEqual(['abc\0', '\0end']);
    mapping.resize(2);
    expect([text(mapping.slice()), contents()]).toEqual(['ab', 'ab']);
  });

  test('to more than Node.js can map is a mistake, and the file stays as it is', () => {
    const mapping = ofFile('abc');
    const resize = () => {
      mapping.resize(constants.MAX_LENGTH + 1);
    };
    expect(code(resize)).toBe('ERR_OUT_OF_RANGE');
    expect([mapping.length, statSync(path).size]).toEqual([3, 3]);
  });

  test('counts from the offset', () => {
    const fd = file('x'.repeat(3 * PAGESIZE));
    const mapping = kept(new Mapping(fd, PAGESIZE, { offset: PAGESIZE }));
    mapping.resize(10);
    expect([mapping.length, statSync(path).size]).toEqual([10, PAGESIZE + 10]);
  });

  test('may leave the position behind the end: there is nothing to read, and no room to write', () => {
    const mapping = ofFile('x'.repeat(2 * PAGESIZE));
    mapping.seek(0, 2);
    mapping.resize(10);
    expect([mapping.tell(), text(mapping.read()), text(mapping.read(1)), text(mapping.readline())]).toEqual([
      2 * PAGESIZE,
      '',
      '',
      '',
    ]);
    expect(code(() => mapping.readByte())).toBe('ERR_OUT_OF_RANGE');
    expect(code(() => mapping.write('x'))).toBe('ERR_OUT_OF_RANGE');
    expect([mapping.find('x'), mapping.find('x', 0), mapping.write('')]).toEqual([-1, 0, 0]);
    mapping.seek(0);
    expect(mapping.read()).toHaveLength(10);
  });

  test('of shared memory of no file can make it shorter, not longer', () => {
    const mapping = anonymous('abc', 2 * PAGESIZE);
    mapping.resize(PAGESIZE);
    expect([mapping.length, text(mapping.slice(0, 3))]).toEqual([PAGESIZE, 'abc']);
    const grow = () => {
      mapping.resize(PAGESIZE + 1);
    };
    expect(thrown(grow)).toEqual([MappingError, 'ERR_MAPPING_FIXED_SIZE']);
    const own = kept(new Mapping(-1, PAGESIZE, { flags: MAP_PRIVATE }));
    own.resize(3 * PAGESIZE);
    expect([own.length, own.bytes[2 * PAGESIZE]]).toEqual([3 * PAGESIZE, 0]);
  });
});

describe('trackfd: false', () => {
  test('keeps no descriptor: there is no size and no resize, and all else', () => {
    const before = truefork.fcntl(file('abc'), truefork.F_DUPFD_CLOEXEC, 0);
    closeSync(before);
    const mapping = kept(new Mapping(opened[0] ?? -1, 0, { trackfd: false }));
    const after = truefork.fcntl(opened[0] ?? -1, truefork.F_DUPFD_CLOEXEC, 0);
    closeSync(after);
    expect(after).toBe(before);
    expect([mapping.length, text(mapping.read())]).toEqual([3, 'abc']);
    const resize = () => {
      mapping.resize(1);
    };
    expect(thrown(() => mapping.size())).toEqual([MappingError, 'ERR_MAPPING_NO_DESCRIPTOR']);
    expect(thrown(resize)).toEqual([MappingError, 'ERR_MAPPING_NO_DESCRIPTOR']);
  });
});

describe('close', () => {
  test('may come twice, detaches what was seen, and closes the descriptor', () => {
    const fd = file('abc');
    const mapping = new Mapping(fd, 0);
    const { bytes, buffer } = mapping;
    mapping.close();
    mapping.close();
    expect([mapping.closed, bytes.length, buffer.byteLength]).toEqual([true, 0, 0]);
    const next = truefork.fcntl(fd, truefork.F_DUPFD_CLOEXEC, 0);
    opened.push(next);
    expect(next).toBe(fd + 1);
  });

  test('a block that uses it closes it', () => {
    const mapping = anonymous('abc');
    expect(mapping.closed).toBe(false);
    mapping[Symbol.dispose]();
    expect(mapping.closed).toBe(true);
  });

  test('afterwards everything else is a MappingError', () => {
    const mapping = anonymous('abc');
    mapping.close();
    const calls: (() => unknown)[] = [
      () => mapping.length,
      () => mapping.buffer,
      () => mapping.bytes,
      () => mapping.tell(),
      () => mapping.seek(0),
      () => mapping.read(),
      () => mapping.readline(),
      () => [...mapping.lines()],
      () => mapping.readByte(),
      () => mapping.write('x'),
      () => {
        mapping.writeByte(1);
      },
      () => mapping.find('x'),
      () => mapping.rfind('x'),
      () => mapping.slice(),
      () => {
        mapping.setSlice('x');
      },
      () => {
        mapping.move(0, 0, 0);
      },
      () => {
        mapping.flush();
      },
      () => {
        mapping.madvise(truefork.MADV_NORMAL);
      },
      () => mapping.size(),
      () => {
        mapping.resize(1);
      },
    ];
    for (const call of calls) expect(thrown(call)).toEqual([MappingError, 'ERR_MAPPING_CLOSED']);
  });

  test('a mapping that was unmapped by hand is closed too', () => {
    const mapping = anonymous('abc');
    truefork.munmap(mapping.buffer);
    expect(thrown(() => mapping.read())).toEqual([MappingError, 'ERR_MAPPING_CLOSED']);
    mapping.close();
    expect(mapping.closed).toBe(true);
  });
});

test('madvise is that of mmap, for all or for a part', () => {
  const mapping = kept(new Mapping(-1, 2 * PAGESIZE, { flags: MAP_PRIVATE }));
  mapping.bytes.fill(7);
  mapping.madvise(truefork.MADV_DONTNEED, PAGESIZE);
  expect([mapping.bytes[0], mapping.bytes[PAGESIZE]]).toEqual([7, 0]);
  mapping.madvise(truefork.MADV_DONTNEED, 0, PAGESIZE);
  expect(mapping.bytes[0]).toBe(0);
  const advise = (advice: number, offset?: number, length?: number) => {
    return code(() => {
      mapping.madvise(advice, offset, length);
    });
  };
  expect(advise(truefork.MADV_NORMAL, 1)).toBe('EINVAL');
  expect(advise(9999)).toBe('EINVAL');
  expect([advise(0, 2 * PAGESIZE + 1), advise(0, 0, 2 * PAGESIZE + 1), advise(0, -1)]).toEqual(
    Array(3).fill('ERR_OUT_OF_RANGE'),
  );
});

const family = {
  'shared-with-children': 'a Mapping is shared with forked children, of a file and of none',
  'closed-by-one': 'a Mapping that a child closes is still its parent’s',
  forgotten: 'a Mapping that nothing refers to is unmapped, and its descriptor closed',
  truncated: 'a file that another truncates ends the process that touches what is gone, with SIGBUS',
  'tail-of-the-page': 'what is behind the end of the file in its last page is zero, and is not written',
  'far-behind': 'offsets and sizes beyond 2 and 4 GiB are where they should be',
  'killed-writer': 'what a process wrote before it was killed is there',
};

holdsOnEveryNode('posix-mapping-object.mjs', family, { nodeArgs: ['--expose-gc'] });

holdsOnEveryNode(
  'posix-mapping-object.mjs',
  { transferred: 'a Mapping whose buffer was transferred away has lost it, and close leaves it to who has it' },
  { nodeArgs: ['--expose-gc'], since: 22 },
);

holds('posix-mapping-object.mjs', { 'long-search': 'find and rfind search more than 2 GiB' });
