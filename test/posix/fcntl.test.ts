import { spawnSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as truefork from 'truefork/posix';
import { close, dup, dup2, fcntl, memfd_create, mknod, pipe, read, write } from 'truefork/posix';
import { holds, thrownBy } from './cases';
import { file, folder, newPipe, openFile, opens } from './descriptors';

const { F_ADD_SEALS, F_DUPFD, F_GET_SEALS, F_GETFD, F_GETPIPE_SZ, F_SETPIPE_SZ, FD_CLOEXEC } = truefork;
const { O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR } = truefork;
const closed = 2 ** 20;

/** The descriptors that a program has that is executed now. */
function inherited(): number[] {
  return spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).stdout.split('\n').map(Number);
}

function text(fd: number, length = 100): string {
  const buffer = new Uint8Array(length);
  return Buffer.from(buffer.subarray(0, read(fd, buffer))).toString();
}

describe('pipe', () => {
  test('makes a pipe whose ends a program inherits that is executed', () => {
    const ends = opens(...pipe());
    expect(ends.map((fd) => fcntl(fd, F_GETFD))).toEqual([0, 0]);
    expect(inherited()).toEqual(expect.arrayContaining([...ends]));
    write(ends[1], Buffer.from('x'));
    expect(text(ends[0])).toBe('x');
  });
});

describe('dup and dup2', () => {
  test('make descriptors of the same open file, which are inherited', () => {
    const fd = openFile(file('0123456789'), O_RDONLY | O_CLOEXEC);
    const [one] = opens(dup(fd));
    const [other] = opens(dup2(fd, openFile('/dev/null', O_RDONLY | O_CLOEXEC)));
    expect([text(fd, 3), text(one, 3), text(other, 3)]).toEqual(['012', '345', '678']);
    expect(inherited()).toEqual(expect.arrayContaining([one, other]));
    expect(inherited()).not.toContain(fd);
  });

  test('dup2 closes what was there before', () => {
    const [readEnd, writeEnd] = newPipe();
    const nothing = openFile('/dev/null', O_RDWR);
    expect(dup2(nothing, writeEnd)).toBe(writeEnd);
    expect(text(readEnd)).toBe('');
  });

  test('dup2 onto itself does nothing, and leaves it close-on-exec', () => {
    const fd = openFile('/dev/null', O_RDONLY | O_CLOEXEC);
    expect(dup2(fd, fd)).toBe(fd);
    expect(fcntl(fd, F_GETFD)).toBe(FD_CLOEXEC);
  });

  test.each([
    ['dup of what is not open', () => dup(closed), 'dup', closed],
    ['dup2 of what is not open', () => dup2(closed, 1000), 'dup2', closed],
    ['dup2 of what is not open onto itself', () => dup2(closed, closed), 'dup2', closed],
    ['dup2 to a number beyond the limit', () => dup2(0, 2 ** 31 - 1), 'dup2', 0],
  ])('%s is EBADF', (_, call, syscall, fd) => {
    expect(thrownBy(call)).toMatchObject({ code: 'EBADF', syscall, fd });
  });
});

describe('fcntl', () => {
  test('F_DUPFD makes a duplicate from a number on, which is inherited', () => {
    const [fd] = opens(fcntl(openFile('/dev/null', O_RDONLY | O_CLOEXEC), F_DUPFD, 200));
    expect(fd).toBeGreaterThanOrEqual(200);
    expect(fcntl(fd, F_GETFD)).toBe(0);
    expect(thrownBy(() => fcntl(fd, F_DUPFD, 2 ** 31 - 1))).toMatchObject({ code: 'EINVAL' });
  });

  test('F_SETPIPE_SZ sets the room in a pipe, rounded up', () => {
    const [readEnd, writeEnd] = newPipe(O_NONBLOCK);
    expect(fcntl(readEnd, F_GETPIPE_SZ)).toBe(65_536);
    expect(fcntl(writeEnd, F_SETPIPE_SZ, 5000)).toBe(8192);
    expect(fcntl(readEnd, F_GETPIPE_SZ)).toBe(8192);
    expect(write(writeEnd, Buffer.alloc(100_000))).toBe(8192);
    expect(thrownBy(() => fcntl(writeEnd, F_SETPIPE_SZ, 4096))).toMatchObject({ code: 'EBUSY', syscall: 'fcntl' });
    const noPipe = openFile(file(), O_RDONLY);
    expect(thrownBy(() => fcntl(noPipe, F_GETPIPE_SZ))).toMatchObject({ code: 'EBADF' });
  });
});

describe('get_inheritable, set_inheritable, get_blocking and set_blocking', () => {
  const { get_blocking, get_inheritable, set_blocking, set_inheritable } = truefork;

  test('tell and say whether a program inherits a descriptor', () => {
    const fd = openFile('/dev/null', O_RDONLY | O_CLOEXEC);
    expect([get_inheritable(fd), inherited().includes(fd)]).toEqual([false, false]);
    set_inheritable(fd, true);
    expect([get_inheritable(fd), inherited().includes(fd)]).toEqual([true, true]);
    set_inheritable(fd, false);
    expect(get_inheritable(fd)).toBe(false);
  });

  test('tell and say whether a call waits', () => {
    const [readEnd] = newPipe();
    expect(get_blocking(readEnd)).toBe(true);
    set_blocking(readEnd, false);
    expect(get_blocking(readEnd)).toBe(false);
    expect(thrownBy(() => read(readEnd, Buffer.alloc(1)))).toBeInstanceOf(truefork.BlockingIOError);
    set_blocking(readEnd, true);
    expect(get_blocking(readEnd)).toBe(true);
  });
});

describe('mknod', () => {
  const { makedev, S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG, S_IFSOCK } = truefork;

  test('makes FIFOs, sockets and empty files', () => {
    const path = folder();
    for (const [kind, is] of [
      [S_IFIFO, 'isFIFO'],
      [S_IFSOCK, 'isSocket'],
      [S_IFREG, 'isFile'],
    ] as const) {
      mknod(join(path, is), kind | 0o600, 0);
      const stat = lstatSync(join(path, is));
      expect([stat[is](), stat.mode & 0o777]).toEqual([true, 0o600]);
    }
  });

  test('needs a permission for a device', () => {
    const path = join(folder(), 'device');
    const device = makedev(1, 3);
    const error = (() => {
      try {
        mknod(path, S_IFCHR | 0o600, device);
      } catch (caught) {
        return caught;
      }
      return undefined;
    })();
    if (error === undefined)
      expect([lstatSync(path).isCharacterDevice(), lstatSync(path).rdev]).toEqual([true, device]);
    else expect(error).toMatchObject({ code: 'EPERM', syscall: 'mknod', path });
  });

  test('makedev is the number that stat(2) tells', () => {
    const { rdev } = lstatSync('/dev/null');
    expect(makedev(1, 3)).toBe(rdev);
    expect([makedev(0, 2 ** 20 - 1), makedev(4095, 0)].every(Number.isSafeInteger)).toBe(true);
    expect(S_IFBLK).not.toBe(S_IFCHR);
  });

  test.each<[why: string, code: string, name: () => string]>([
    ['a file that is there', 'EEXIST', () => file()],
    ['a folder that is not there', 'ENOENT', () => join(folder(), 'x', 'y')],
    ['a file as a folder', 'ENOTDIR', () => join(file(), 'x')],
    ['a name that is too long', 'ENAMETOOLONG', () => join(folder(), 'x'.repeat(300))],
  ])('for %s is %s', (_, code, name) => {
    const path = name();
    const error = thrownBy(mknod.bind(null, path, S_IFIFO | 0o600, 0));
    expect(error).toMatchObject({ code, syscall: 'mknod', path });
  });

  test('of no kind that there is, is EINVAL', () => {
    const error = thrownBy(mknod.bind(null, join(folder(), 'x'), 0o150000, 0));
    expect(error).toMatchObject({ code: 'EINVAL' });
  });
});

describe('memfd_create', () => {
  const { MFD_ALLOW_SEALING, MFD_CLOEXEC } = truefork;
  const { F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE } = truefork;

  test('makes a file without a name, of which only /proc shows one', () => {
    const [fd] = opens(memfd_create('näme', MFD_CLOEXEC));
    expect(fcntl(fd, F_GETFD)).toBe(FD_CLOEXEC);
    write(fd, Buffer.from('in memory'));
    expect(readFileSync(`/proc/self/fd/${fd}`, 'utf8')).toBe('in memory');
    expect(readFileSync('/proc/self/maps', 'utf8')).not.toContain('näme');
    close(fd);
  });

  test('has seals only if it may have them', () => {
    const [fd] = opens(memfd_create('sealed', MFD_CLOEXEC));
    expect(fcntl(fd, F_GET_SEALS)).toBe(F_SEAL_SEAL);
    expect(thrownBy(() => fcntl(fd, F_ADD_SEALS, F_SEAL_GROW))).toMatchObject({ code: 'EPERM' });
  });

  test('keeps to its seals', () => {
    const [fd] = opens(memfd_create('sealed', MFD_CLOEXEC | MFD_ALLOW_SEALING));
    truefork.ftruncate(fd, 10);
    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    expect(fcntl(fd, F_GET_SEALS)).toBe(F_SEAL_SHRINK | F_SEAL_GROW);
    for (const length of [9, 11]) {
      const error = thrownBy(truefork.ftruncate.bind(null, fd, length));
      expect(error).toBeInstanceOf(truefork.PermissionError);
    }
    expect(write(fd, Buffer.from('x'))).toBe(1);
    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL);
    expect(thrownBy(() => write(fd, Buffer.from('x')))).toMatchObject({ code: 'EPERM', syscall: 'write' });
    expect(thrownBy(() => fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))).toMatchObject({ code: 'EPERM', syscall: 'fcntl' });
    expect(thrownBy(() => fcntl(newPipe()[0], F_GET_SEALS))).toMatchObject({ code: 'EINVAL' });
  });

  test('with a name that is too long is EINVAL', () => {
    opens(memfd_create('x'.repeat(249), MFD_CLOEXEC));
    expect(thrownBy(() => memfd_create('x'.repeat(250), MFD_CLOEXEC))).toMatchObject({ code: 'EINVAL' });
  });
});

holds('posix-descriptor-calls.mjs', {
  'too-many': 'beyond RLIMIT_NOFILE there is no pipe, no duplicate, and no descriptor that was sent',
  'dup2-onto-stdout': 'dup2 joins two programs by a pipe',
});
