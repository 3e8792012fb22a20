import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as truefork from 'truefork/posix';
import {
  copy_file_range,
  fsync,
  ftruncate,
  lseek,
  openat,
  pread,
  pwrite,
  read,
  readv,
  sendfile,
  splice,
  write,
  writev,
} from 'truefork/posix';
import { thrownBy } from './cases';
import { file, folder, newPipe, openFile, opens } from './descriptors';

const { AT_FDCWD, O_APPEND, O_CREAT, O_DIRECTORY, O_RDONLY, O_RDWR, O_WRONLY } = truefork;
const { SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET } = truefork;

function text(fd: number, length = 100): string {
  const buffer = new Uint8Array(length);
  return Buffer.from(buffer.subarray(0, read(fd, buffer))).toString();
}

describe('openat', () => {
  test('takes a name in a directory that is open, and an absolute one', () => {
    const path = folder();
    const directory = openFile(path, O_RDONLY | O_DIRECTORY);
    opens(openat(directory, 'made', O_WRONLY | O_CREAT, 0o600));
    const [absolute] = opens(openat(directory, join(path, 'made'), O_RDWR));
    write(absolute, Buffer.from('x'));
    expect(readFileSync(join(path, 'made'), 'utf8')).toBe('x');
  });

  test('of AT_FDCWD takes a name in the working directory', () => {
    const [fd] = opens(openat(AT_FDCWD, 'package.json', O_RDONLY));
    expect(text(fd, 1)).toBe('{');
  });

  test('in a file is a NotADirectoryError', () => {
    const fd = openFile(file(), O_RDONLY);
    const error = thrownBy(() => openat(fd, 'x', O_RDONLY));
    expect(error).toBeInstanceOf(truefork.NotADirectoryError);
    expect(error).toMatchObject({ code: 'ENOTDIR', syscall: 'openat', path: 'x', fd });
  });
});

describe('pread and pwrite', () => {
  test('read and write in a place, and leave the offset where it is', () => {
    const path = file('0123456789');
    const fd = openFile(path, O_RDWR);
    const bytes = Buffer.alloc(3);
    expect(pread(fd, bytes, 4)).toBe(3);
    expect(bytes.toString()).toBe('456');
    expect(pwrite(fd, Buffer.from('xyz'), 8)).toBe(3);
    expect(lseek(fd, 0, SEEK_CUR)).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('01234567xyz');
    expect(pread(fd, bytes, 100)).toBe(0);
  });

  test('reach beyond 2 and 4 GiB', () => {
    const fd = openFile(file(), O_RDWR);
    const far = 5 * 2 ** 30;
    expect(pwrite(fd, Buffer.from('far'), far)).toBe(3);
    const bytes = Buffer.alloc(3);
    expect(pread(fd, bytes, far)).toBe(3);
    expect([bytes.toString(), lseek(fd, 0, SEEK_END)]).toEqual(['far', far + 3]);
  });

  test('of a pipe are ESPIPE', () => {
    const [readEnd, writeEnd] = newPipe();
    expect(thrownBy(() => pread(readEnd, Buffer.alloc(1), 0))).toMatchObject({ code: 'ESPIPE', syscall: 'pread' });
    expect(thrownBy(() => pwrite(writeEnd, Buffer.alloc(1), 0))).toMatchObject({ code: 'ESPIPE', syscall: 'pwrite' });
  });
});

describe('readv and writev', () => {
  test('fill and write buffers one after the other', () => {
    const [readEnd, writeEnd] = newPipe();
    expect(writev(writeEnd, [Buffer.from('ab'), new Uint8Array(0), Buffer.from('cdef')])).toBe(6);
    const one = Buffer.alloc(1);
    const other = new Uint8Array(8);
    expect(readv(readEnd, [one, other])).toBe(6);
    expect(one.toString() + Buffer.from(other.subarray(0, 5)).toString()).toBe('abcdef');
  });

  test('take no buffers, 1,024, and not more', () => {
    const fd = openFile('/dev/null', O_WRONLY);
    const many = (count: number) => Array.from({ length: count }, () => Buffer.from('x'));
    expect([writev(fd, []), writev(fd, many(1024))]).toEqual([0, 1024]);
    expect(thrownBy(() => writev(fd, many(1025)))).toMatchObject({ code: 'EINVAL', syscall: 'writev', fd });
  });
});

describe('lseek', () => {
  test('moves the offset from the beginning, from where it is, and from the end', () => {
    const fd = openFile(file('0123456789'), O_RDONLY);
    expect([lseek(fd, 4, SEEK_SET), lseek(fd, -1, SEEK_CUR), lseek(fd, -2, SEEK_END)]).toEqual([4, 3, 8]);
    expect(text(fd)).toBe('89');
    expect(lseek(fd, 100, SEEK_SET)).toBe(100);
    expect(text(fd)).toBe('');
  });

  test('is shared by duplicates of a descriptor', () => {
    const fd = openFile(file('0123456789'), O_RDONLY);
    const [other] = opens(truefork.dup(fd));
    lseek(fd, 7, SEEK_SET);
    expect([lseek(other, 0, SEEK_CUR), text(other)]).toEqual([7, '789']);
  });

  test('finds holes and data', () => {
    const fd = openFile(file(), O_RDWR);
    const far = 2 ** 20;
    pwrite(fd, Buffer.from('data'), far);
    expect([lseek(fd, 0, SEEK_DATA), lseek(fd, far, SEEK_HOLE)]).toEqual([far, far + 4]);
    expect(thrownBy(() => lseek(fd, far + 4, SEEK_DATA))).toMatchObject({ code: 'ENXIO' });
  });

  test('before the beginning is EINVAL, of a pipe ESPIPE', () => {
    const fd = openFile(file('x'), O_RDONLY);
    expect(thrownBy(() => lseek(fd, -2, SEEK_END))).toMatchObject({ code: 'EINVAL', syscall: 'lseek', fd });
    expect(thrownBy(() => lseek(fd, 0, 99))).toMatchObject({ code: 'EINVAL' });
    expect(thrownBy(() => lseek(newPipe()[0], 0, SEEK_CUR))).toMatchObject({ code: 'ESPIPE' });
  });
});

describe('ftruncate and fsync', () => {
  test('cut a file off and fill it up with zeros', () => {
    const path = file('0123456789');
    const fd = openFile(path, O_RDWR);
    ftruncate(fd, 4);
    fsync(fd);
    expect(readFileSync(path, 'utf8')).toBe('0123');
    ftruncate(fd, 6);
    expect(readFileSync(path, 'utf8')).toBe('0123\0\0');
    ftruncate(fd, 5 * 2 ** 30);
    expect(lseek(fd, 0, SEEK_END)).toBe(5 * 2 ** 30);
  });

  test('of what is no file, or not for writing, are EINVAL', () => {
    const [readEnd] = newPipe();
    const einval = (call: () => void) => {
      const error = thrownBy(() => {
        call();
      });
      expect(error).toMatchObject({ code: 'EINVAL' });
    };
    einval(ftruncate.bind(null, readEnd, 0));
    einval(ftruncate.bind(null, openFile(file(), O_RDONLY), 0));
    einval(fsync.bind(null, readEnd));
  });
});

describe('within the kernel', () => {
  test('sendfile copies from a place or from the offset', () => {
    const from = openFile(file('0123456789'), O_RDONLY);
    const [readEnd, writeEnd] = newPipe();
    expect([sendfile(writeEnd, from, 6, 100), lseek(from, 0, SEEK_CUR)]).toEqual([4, 0]);
    expect([sendfile(writeEnd, from, null, 2), lseek(from, 0, SEEK_CUR)]).toEqual([2, 2]);
    expect(text(readEnd)).toBe('678901');
    expect(sendfile(writeEnd, from, 100, 1)).toBe(0);
  });

  test('splice moves between a pipe and a file', () => {
    const path = file('0123456789');
    const fd = openFile(path, O_RDWR);
    const [readEnd, writeEnd] = newPipe();
    expect([splice(fd, 8, writeEnd, null, 100, 0), lseek(fd, 0, SEEK_CUR)]).toEqual([2, 0]);
    expect(splice(readEnd, null, fd, 1, 100, 0)).toBe(2);
    expect(readFileSync(path, 'utf8')).toBe('0893456789');
    expect(thrownBy(() => splice(readEnd, 0, fd, 1, 1, 0))).toMatchObject({ code: 'ESPIPE', syscall: 'splice' });
    const other = openFile(path, O_RDWR);
    expect(thrownBy(() => splice(fd, 0, other, 1, 1, 0))).toMatchObject({ code: 'EINVAL' });
    const empty = splice.bind(null, readEnd, null, fd, 0, 1, truefork.SPLICE_F_NONBLOCK);
    expect(thrownBy(empty)).toBeInstanceOf(truefork.BlockingIOError);
  });

  test('copy_file_range copies between files', () => {
    const from = openFile(file('0123456789'), O_RDONLY);
    const path = file('abcdef');
    const to = openFile(path, O_RDWR);
    expect([copy_file_range(from, 8, to, 4, 100, 0), copy_file_range(from, null, to, null, 2, 0)]).toEqual([2, 2]);
    expect(readFileSync(path, 'utf8')).toBe('01cd89');
    expect([lseek(from, 0, SEEK_CUR), lseek(to, 0, SEEK_CUR)]).toEqual([2, 2]);
    const appending = openFile(path, O_WRONLY | O_APPEND);
    expect(thrownBy(() => copy_file_range(from, 0, appending, 0, 1, 0))).toMatchObject({ code: 'EBADF' });
    expect(thrownBy(() => copy_file_range(from, 0, to, 0, 1, 1))).toMatchObject({ code: 'EINVAL' });
  });
});
