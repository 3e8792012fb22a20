import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as truefork from 'truefork/posix';
import { close, dup3, fcntl, mkfifo, open, pipe2, read, write } from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';

const umask = parseInt(/^Umask:\s*(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '', 8);

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK, O_CLOEXEC } = truefork;

let folder: string;
let opened: number[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'descriptor-test-'));
  opened = [];
});
afterEach(() => {
  for (const fd of opened) {
    try {
      close(fd);
    } catch (error) {
      if (!truefork.isPosixError(error, 'EBADF')) throw error;
    }
  }
  rmSync(folder, { recursive: true });
});

/** `open`, closed after the test. */
function opens(path: string, flags: number, mode?: number): number {
  const fd = open(path, flags, mode);
  opened.push(fd);
  return fd;
}

/** `pipe2`, closed after the test. */
function pipe(flags: number): [read: number, write: number] {
  const ends = pipe2(flags);
  opened.push(...ends);
  return ends;
}

function file(content: string): string {
  const path = join(folder, 'file');
  writeFileSync(path, content);
  return path;
}

/** The flags of a descriptor, as /proc has them. */
function flagsOf(fd: number): number {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  return parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8);
}

function text(fd: number, length = 100): string {
  const buffer = new Uint8Array(length);
  return Buffer.from(buffer.subarray(0, read(fd, buffer))).toString();
}

describe('open', () => {
  test('adds no flags of its own, not even O_CLOEXEC', () => {
    const path = file('');
    expect(flagsOf(opens(path, O_RDONLY)) & O_CLOEXEC).toBe(0);
    expect(flagsOf(opens(path, O_RDONLY | O_CLOEXEC)) & O_CLOEXEC).toBe(O_CLOEXEC);
    expect(flagsOf(opens(path, O_WRONLY | O_APPEND | O_NONBLOCK)) & (O_APPEND | O_NONBLOCK | O_WRONLY)).toBe(
      O_APPEND | O_NONBLOCK | O_WRONLY,
    );
  });

  test('makes a file with the mode, less the umask', () => {
    const path = join(folder, 'new');
    opens(path, O_WRONLY | O_CREAT, 0o640);
    expect(statSync(path).mode & 0o7777).toBe(0o640 & ~umask);
  });

  test('leaves the mode of a file that is there alone', () => {
    const path = file('');
    const before = statSync(path).mode;
    opens(path, O_WRONLY | O_CREAT, 0o600);
    expect(statSync(path).mode).toBe(before);
  });

  test('appends, truncates and makes nameless files', () => {
    const path = file('abc');
    write(opens(path, O_WRONLY | O_APPEND), Buffer.from('def'));
    expect(readFileSync(path, 'utf8')).toBe('abcdef');
    opens(path, O_WRONLY | O_TRUNC);
    expect(readFileSync(path, 'utf8')).toBe('');
    const nameless = opens(folder, O_RDWR | truefork.O_TMPFILE, 0o600);
    expect(write(nameless, Buffer.from('x'))).toBe(1);
  });

  test('with O_DIRECTORY needs no mode, though O_TMPFILE has its bit', () => {
    expect(opens(folder, O_RDONLY | truefork.O_DIRECTORY)).toBeGreaterThan(2);
  });

  test('takes names that are not ASCII', () => {
    const path = join(folder, 'naïve 文件 🙂');
    write(opens(path, O_WRONLY | O_CREAT, 0o600), Buffer.from('x'));
    expect(readFileSync(path, 'utf8')).toBe('x');
  });

  test.each<[why: string, code: string, kind: keyof typeof truefork, open: () => number]>([
    ['a file that is not there', 'ENOENT', 'FileNotFoundError', () => open(join(folder, 'x'), O_RDONLY)],
    ['a file that must be new', 'EEXIST', 'FileExistsError', () => open(file(''), O_CREAT | O_EXCL, 0o600)],
    ['a file as a directory', 'ENOTDIR', 'NotADirectoryError', () => open(join(file(''), 'x'), O_RDONLY)],
    ['a directory to write to', 'EISDIR', 'IsADirectoryError', () => open(folder, O_WRONLY)],
    ['a name that is too long', 'ENAMETOOLONG', 'PosixError', () => open(join(folder, 'x'.repeat(300)), O_RDONLY)],
    ['no name', 'ENOENT', 'FileNotFoundError', () => open('', O_RDONLY)],
  ])('of %s is %s, a %s', (_, code, kind, call) => {
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(truefork[kind]);
    expect(error).toMatchObject({ code, name: kind, syscall: 'open', path: expect.any(String) as string });
  });

  test('does not follow a symbolic link with O_NOFOLLOW', () => {
    const path = join(folder, 'link');
    symlinkSync(file(''), path);
    expect(thrownBy(() => open(path, O_RDONLY | truefork.O_NOFOLLOW))).toMatchObject({ code: 'ELOOP' });
  });

  test('of a FIFO without a reader is ENXIO, if it must not block', () => {
    const path = join(folder, 'fifo');
    mkfifo(path, 0o600);
    expect(thrownBy(() => open(path, O_WRONLY | O_NONBLOCK))).toMatchObject({ code: 'ENXIO', path });
  });
});

describe('close', () => {
  test('a second time is EBADF', () => {
    const fd = opens(file(''), O_RDONLY);
    close(fd);
    expect(thrownBy(close.bind(null, fd))).toMatchObject({ code: 'EBADF', syscall: 'close', fd });
  });
});

describe('read and write', () => {
  test('take what there is, and 0 at the end of the file', () => {
    const fd = opens(file('0123456789'), O_RDONLY);
    expect([text(fd, 4), text(fd, 100), text(fd)]).toEqual(['0123', '456789', '']);
  });

  test('go into and come from exactly the bytes of a view', () => {
    const bytes = Buffer.from('..........');
    const fd = opens(file('abcd'), O_RDWR);
    expect(read(fd, bytes.subarray(2, 4))).toBe(2);
    expect(read(fd, new DataView(bytes.buffer, bytes.byteOffset + 6, 2))).toBe(2);
    expect(bytes.toString()).toBe('..ab..cd..');
    expect(write(fd, bytes.subarray(1, 3))).toBe(2);
    expect(write(fd, new Uint16Array([0x4141, 0x4242]))).toBe(4);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('abcd.aAABB');
  });

  test('take ArrayBuffers and views of shared memory', () => {
    const fd = opens(file('abcdef'), O_RDONLY);
    const buffer = new ArrayBuffer(2);
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    expect([read(fd, buffer), read(fd, shared)]).toEqual([2, 2]);
    expect(Buffer.from(buffer).toString() + Buffer.from(shared).toString()).toBe('abcd');
  });

  test('of nothing do nothing', () => {
    const fd = opens(file('abc'), O_RDWR);
    expect([read(fd, new Uint8Array(0)), write(fd, new Uint8Array(0)), read(fd, new ArrayBuffer(0))]).toEqual([
      0, 0, 0,
    ]);
    expect(text(fd)).toBe('abc');
  });

  test('refuse a view of memory that is gone', () => {
    const view = new Uint8Array(8);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    const fd = opens(file('abc'), O_RDONLY);
    for (const gone of [view, view.buffer]) {
      const error = thrownBy(() => read(fd, gone));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    }
  });

  test('are errors that name the call and the descriptor', () => {
    const directory = opens(folder, O_RDONLY);
    const error = thrownBy(() => read(directory, new Uint8Array(1)));
    expect(error).toBeInstanceOf(truefork.IsADirectoryError);
    expect(error).toMatchObject({ code: 'EISDIR', syscall: 'read', fd: directory });
    const full = opens('/dev/full', O_WRONLY);
    const noSpace = thrownBy(() => write(full, Buffer.from('x')));
    expect(noSpace).toMatchObject({ code: 'ENOSPC', syscall: 'write', fd: full });
  });
});

describe('pipe2', () => {
  test('makes two descriptors with the flags it was given', () => {
    for (const flags of [0, O_CLOEXEC, O_NONBLOCK, O_CLOEXEC | O_NONBLOCK]) {
      for (const fd of pipe(flags)) expect(flagsOf(fd) & (O_CLOEXEC | O_NONBLOCK)).toBe(flags);
    }
  });

  test('gives the end to read from first', () => {
    const [readEnd, writeEnd] = pipe(0);
    expect(write(writeEnd, Buffer.from('abc'))).toBe(3);
    expect(text(readEnd)).toBe('abc');
    expect(thrownBy(() => write(readEnd, Buffer.from('x')))).toMatchObject({ code: 'EBADF', fd: readEnd });
    expect(thrownBy(() => read(writeEnd, new Uint8Array(1)))).toMatchObject({ code: 'EBADF', fd: writeEnd });
  });

  test('an empty pipe that does not block is a BlockingIOError', () => {
    const [readEnd] = pipe(O_NONBLOCK);
    const error = thrownBy(() => read(readEnd, new Uint8Array(1)));
    expect(error).toBeInstanceOf(truefork.BlockingIOError);
    expect(error).toMatchObject({ code: 'EAGAIN', errno: 11, syscall: 'read', fd: readEnd });
  });

  test('a pipe takes less than it was given when it becomes full, and nothing when it is', () => {
    const [readEnd, writeEnd] = pipe(O_NONBLOCK);
    const size = 1_000_000;
    const taken = write(writeEnd, Buffer.alloc(size));
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(size);
    const error = thrownBy(() => write(writeEnd, Buffer.alloc(size)));
    expect(error).toBeInstanceOf(truefork.BlockingIOError);
    expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'write', fd: writeEnd });
    expect(read(readEnd, new Uint8Array(size))).toBe(taken);
    expect(write(writeEnd, Buffer.from('x'))).toBe(1);
  });

  test('a pipe that nobody reads is a BrokenPipeError', () => {
    const [readEnd, writeEnd] = pipe(0);
    close(readEnd);
    const error = thrownBy(() => write(writeEnd, Buffer.from('x')));
    expect(error).toBeInstanceOf(truefork.BrokenPipeError);
    expect(error).toMatchObject({ code: 'EPIPE', errno: 32, syscall: 'write', fd: writeEnd });
  });

  test('a pipe that nobody can write to ends, after what is in it', () => {
    const [readEnd, writeEnd] = pipe(0);
    write(writeEnd, Buffer.from('last'));
    close(writeEnd);
    expect([text(readEnd), text(readEnd), text(readEnd)]).toEqual(['last', '', '']);
  });

  test('O_DIRECT keeps writes apart', () => {
    const [readEnd, writeEnd] = pipe(truefork.O_DIRECT);
    for (const packet of ['one', 'two']) write(writeEnd, Buffer.from(packet));
    expect([text(readEnd), text(readEnd)]).toEqual(['one', 'two']);
  });

  test('a program that is executed has the end without O_CLOEXEC only', () => {
    const [kept] = pipe(0);
    const [closed] = pipe(O_CLOEXEC);
    const { stdout } = spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8' });
    const descriptors = stdout.split('\n').map(Number);
    expect(descriptors).toContain(kept);
    expect(descriptors).not.toContain(closed);
  });

  test('other flags are EINVAL', () => {
    expect(thrownBy(() => pipe2(O_CREAT))).toMatchObject({ code: 'EINVAL', syscall: 'pipe2' });
  });
});

describe('dup3', () => {
  test('makes a descriptor another one of the same open file, with the flag that it was given', () => {
    const fd = opens(file('0123456789'), O_RDONLY);
    const other = opens('/dev/null', O_RDONLY);
    expect(dup3(fd, other, 0)).toBe(other);
    expect(flagsOf(other) & O_CLOEXEC).toBe(0);
    expect([text(fd, 4), text(other, 4)]).toEqual(['0123', '4567']);
    expect(dup3(fd, other, O_CLOEXEC)).toBe(other);
    expect(flagsOf(other) & O_CLOEXEC).toBe(O_CLOEXEC);
  });

  test.each([
    ['what is not open', () => dup3(2 ** 20, 2 ** 20 + 1, 0), 'EBADF', 2 ** 20],
    ['onto itself', () => dup3(1, 1, 0), 'EINVAL', 1],
    ['with other flags', () => dup3(1, 1000, O_CREAT), 'EINVAL', 1],
  ])('of %s is an error', (_, call, code, fd) => {
    expect(thrownBy(call)).toMatchObject({ code, syscall: 'dup3', fd });
  });
});

describe('mkfifo', () => {
  test('makes a FIFO with the mode, less the umask', () => {
    const path = join(folder, 'fifo');
    mkfifo(path, 0o666);
    expect(statSync(path).isFIFO()).toBe(true);
    expect(statSync(path).mode & 0o7777).toBe(0o666 & ~umask);
  });

  test.each<[why: string, code: string, kind: keyof typeof truefork, name: () => string]>([
    ['a file that is there', 'EEXIST', 'FileExistsError', () => file('')],
    ['a directory that is there', 'EEXIST', 'FileExistsError', () => folder],
    ['a folder that is not there', 'ENOENT', 'FileNotFoundError', () => join(folder, 'x', 'fifo')],
    ['a file as a folder', 'ENOTDIR', 'NotADirectoryError', () => join(file(''), 'fifo')],
    ['a name that is too long', 'ENAMETOOLONG', 'PosixError', () => join(folder, 'x'.repeat(300))],
  ])('for %s is %s, a %s', (_, code, kind, name) => {
    const path = name();
    const make = () => {
      mkfifo(path, 0o600);
    };
    const error = thrownBy(make);
    expect(error).toBeInstanceOf(truefork[kind]);
    expect(error).toMatchObject({ code, syscall: 'mkfifo', path });
  });

  test('what is written to a FIFO can be read from it', () => {
    const path = join(folder, 'fifo');
    mkfifo(path, 0o600);
    mkdirSync(join(folder, 'other'));
    const readEnd = opens(path, O_RDONLY | O_NONBLOCK);
    write(opens(path, O_WRONLY), Buffer.from('through'));
    expect(text(readEnd)).toBe('through');
  });
});

test('fcntl tells and sets the flags of a descriptor, and duplicates it', () => {
  const { F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_SETFD, F_SETFL, FD_CLOEXEC, O_NONBLOCK } = truefork;
  const [reader, writer] = pipe2(0);
  expect([fcntl(reader, F_GETFD), fcntl(reader, F_GETFL) & O_NONBLOCK]).toEqual([0, 0]);
  expect([fcntl(reader, F_SETFD, FD_CLOEXEC), fcntl(reader, F_SETFL, O_NONBLOCK)]).toEqual([0, 0]);
  expect([fcntl(reader, F_GETFD), fcntl(reader, F_GETFL) & O_NONBLOCK]).toEqual([FD_CLOEXEC, O_NONBLOCK]);
  expect(fcntl(writer, F_GETFD)).toBe(0);
  const duplicate = fcntl(writer, F_DUPFD_CLOEXEC, 100);
  expect(duplicate).toBeGreaterThanOrEqual(100);
  expect(fcntl(duplicate, F_GETFD)).toBe(FD_CLOEXEC);
  close(writer);
  expect(write(duplicate, new Uint8Array(1))).toBe(1);
  close(reader);
  close(duplicate);
  expect(thrownBy(() => fcntl(reader, F_GETFD))).toMatchObject({ code: 'EBADF', syscall: 'fcntl', fd: reader });
});

describe('fcntl', () => {
  const { F_OFD_SETLK, F_OFD_GETLK, F_WRLCK, F_RDLCK, F_UNLCK } = truefork;
  let one: number;
  let other: number;

  beforeEach(() => {
    one = opens(file('0123456789'), O_RDWR);
    other = opens(join(folder, 'file'), O_RDWR);
  });

  function refuses(type: number, start = 0, length = 0): boolean {
    try {
      fcntl(other, F_OFD_SETLK, { type, start, length });
    } catch (error) {
      expect(error).toBeInstanceOf(truefork.BlockingIOError);
      expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'fcntl', fd: other });
      return true;
    }
    fcntl(other, F_OFD_SETLK, { type: F_UNLCK, start, length });
    return false;
  }

  test('an exclusive lock keeps out every other open of the file, in the same process too', () => {
    expect(fcntl(one, F_OFD_SETLK, { type: F_WRLCK })).toBe(F_WRLCK);
    expect([refuses(F_WRLCK), refuses(F_RDLCK)]).toEqual([true, true]);
    expect(fcntl(one, F_OFD_SETLK, { type: F_UNLCK })).toBe(F_UNLCK);
    expect([refuses(F_WRLCK), refuses(F_RDLCK)]).toEqual([false, false]);
  });

  test('a shared lock keeps out exclusive ones', () => {
    fcntl(one, F_OFD_SETLK, { type: F_RDLCK });
    expect([refuses(F_WRLCK), refuses(F_RDLCK)]).toEqual([true, false]);
  });

  test('a lock is on its range alone', () => {
    fcntl(one, F_OFD_SETLK, { type: F_WRLCK, start: 10, length: 5 });
    expect([refuses(F_WRLCK, 0, 10), refuses(F_WRLCK, 15, 100)]).toEqual([false, false]);
    expect([refuses(F_WRLCK, 14, 1), refuses(F_WRLCK)]).toEqual([true, true]);
  });

  test('a lock reaches beyond 2 and 4 GiB', () => {
    fcntl(one, F_OFD_SETLK, { type: F_WRLCK, start: 5 * 2 ** 30, length: 1 });
    expect(refuses(F_WRLCK, 5 * 2 ** 30, 1)).toBe(true);
    expect([refuses(F_WRLCK, 5 * 2 ** 30 - 1, 1), refuses(F_WRLCK, 2 ** 30, 1)]).toEqual([false, false]);
    fcntl(one, F_OFD_SETLK, { type: F_WRLCK, start: 0, length: 3 * 2 ** 30 });
    expect([refuses(F_WRLCK, 3 * 2 ** 30 - 1, 1), refuses(F_WRLCK, 3 * 2 ** 30, 1)]).toEqual([true, false]);
  });

  test('F_OFD_GETLK tells what is in the way, and sets nothing', () => {
    expect(fcntl(other, F_OFD_GETLK, { type: F_WRLCK })).toBe(F_UNLCK);
    fcntl(one, F_OFD_SETLK, { type: F_RDLCK });
    expect(fcntl(other, F_OFD_GETLK, { type: F_WRLCK })).toBe(F_RDLCK);
    expect(fcntl(other, F_OFD_GETLK, { type: F_RDLCK })).toBe(F_UNLCK);
    fcntl(one, F_OFD_SETLK, { type: F_WRLCK });
    expect(fcntl(other, F_OFD_GETLK, { type: F_RDLCK })).toBe(F_WRLCK);
  });

  test('a lock goes from shared to exclusive and back', () => {
    for (const type of [F_RDLCK, F_WRLCK, F_RDLCK]) expect(fcntl(one, F_OFD_SETLK, { type })).toBe(type);
    expect(refuses(F_RDLCK)).toBe(false);
  });

  test('closing the descriptor frees the lock, and closing another open of the file does not', () => {
    fcntl(one, F_OFD_SETLK, { type: F_WRLCK });
    close(opens(join(folder, 'file'), O_RDONLY));
    expect(refuses(F_WRLCK)).toBe(true);
    close(one);
    expect(refuses(F_WRLCK)).toBe(false);
  });

  test('a lock that the descriptor is not open for is EBADF', () => {
    const readOnly = opens(join(folder, 'file'), O_RDONLY);
    const lock = () => fcntl(readOnly, F_OFD_SETLK, { type: F_WRLCK });
    expect(thrownBy(lock)).toMatchObject({ code: 'EBADF', syscall: 'fcntl', fd: readOnly });
  });

  holds('posix-descriptor.mjs', {
    'lock-between-processes': 'a lock keeps out other processes until it is freed',
    'lock-waits': 'F_OFD_SETLKW waits until the lock is freed',
    'lock-of-the-dead': 'a process that is killed loses its locks',
    'lock-inherited': 'a forked child shares the lock, which ends when both have closed it',
  });
});

holdsOnEveryNode('posix-descriptor.mjs', {
  'end-of-file': 'a pipe ends when the last of the processes that could write to it has ended',
  fifo: 'a FIFO opens when its other end is opened, and joins two processes',
});
holds('posix-descriptor.mjs', {
  'shared-offset': 'a child shares the offset of what it inherits, and closes its own descriptor',
  umask: 'the umask takes permission bits away from files and FIFOs',
  'blocking-write': 'a blocking write to a full pipe goes on as it is read',
});
