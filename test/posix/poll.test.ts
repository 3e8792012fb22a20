import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as truefork from 'truefork/posix';
import { close, eventfd, eventfd_read, eventfd_write, ioctl, poll, write } from 'truefork/posix';
import { thrownBy } from './cases';
import { file, newPipe, newPty, openFile, opens } from './descriptors';

const { EFD_CLOEXEC, EFD_NONBLOCK, EFD_SEMAPHORE, O_NONBLOCK, O_RDONLY } = truefork;
const { FIONBIO, FIONREAD, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, TIOCGWINSZ, TIOCSWINSZ } = truefork;

describe('poll', () => {
  test('tells which descriptors are ready, in the order in which they were given', () => {
    const [emptyEnd] = newPipe();
    const [readEnd, writeEnd] = newPipe();
    write(writeEnd, Buffer.from('x'));
    const fds = [
      { fd: writeEnd, events: POLLOUT | POLLIN },
      { fd: emptyEnd, events: POLLIN },
      { fd: readEnd, events: POLLIN },
    ];
    expect(poll(fds, -1)).toEqual([
      { fd: writeEnd, events: POLLOUT | POLLIN, revents: POLLOUT },
      { fd: readEnd, events: POLLIN, revents: POLLIN },
    ]);
  });

  test('gives nothing when the time is over', () => {
    const [readEnd] = newPipe();
    const start = performance.now();
    expect(poll([{ fd: readEnd, events: POLLIN }], 30)).toEqual([]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
    expect(poll([{ fd: readEnd, events: POLLIN }], 0)).toEqual([]);
    expect(poll([], 0)).toEqual([]);
  });

  test('tells a hang-up, an error and what is not open without being asked', () => {
    const [hungUp, writeEnd] = newPipe();
    close(writeEnd);
    const [readEnd, broken] = newPipe();
    close(readEnd);
    const asked = [hungUp, broken, 2 ** 20].map((fd) => ({ fd, events: 0 }));
    expect(poll(asked, -1).map(({ revents }) => revents)).toEqual([POLLHUP, POLLERR, POLLNVAL]);
  });

  test('leaves out negative descriptors', () => {
    expect(poll([{ fd: -1, events: POLLIN }], 0)).toEqual([]);
  });

  test('takes a thousand descriptors', () => {
    const [readEnd, writeEnd] = newPipe();
    write(writeEnd, Buffer.from('x'));
    const fds = Array.from({ length: 1000 }, () => ({ fd: readEnd, events: POLLIN }));
    expect(poll(fds, -1)).toHaveLength(1000);
  });
});

describe('eventfd', () => {
  test('counts, and gives all at once', () => {
    const [fd] = opens(eventfd(2, EFD_CLOEXEC | EFD_NONBLOCK));
    eventfd_write(fd, 3);
    eventfd_write(fd, 0);
    expect(eventfd_read(fd)).toBe(5);
    const error = thrownBy(() => eventfd_read(fd));
    expect(error).toBeInstanceOf(truefork.BlockingIOError);
    expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'eventfd_read', fd });
  });

  test('as a semaphore gives 1 at a time', () => {
    const [fd] = opens(eventfd(2, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
    expect([eventfd_read(fd), eventfd_read(fd)]).toEqual([1, 1]);
    expect(thrownBy(() => eventfd_read(fd))).toMatchObject({ code: 'EAGAIN' });
  });

  test('takes large numbers, exact up to 2⁵³', () => {
    const [fd] = opens(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    eventfd_write(fd, Number.MAX_SAFE_INTEGER);
    expect(eventfd_read(fd)).toBe(Number.MAX_SAFE_INTEGER);
    for (let n = 0; n < 2047; n++) eventfd_write(fd, Number.MAX_SAFE_INTEGER);
    expect(poll([{ fd, events: POLLIN | POLLOUT }], 0)).toMatchObject([{ revents: POLLIN | POLLOUT }]);
    const full = thrownBy(() => {
      for (;;) eventfd_write(fd, Number.MAX_SAFE_INTEGER);
    });
    expect(full).toMatchObject({ code: 'EAGAIN', syscall: 'eventfd_write' });
    expect(eventfd_read(fd)).toBeGreaterThan(2 ** 63);
  });

  test('of what is none, and gives less than a number, is EINVAL', () => {
    const fd = openFile(file('1234567'), O_RDONLY);
    expect(thrownBy(() => eventfd_read(fd))).toMatchObject({ code: 'EINVAL', syscall: 'eventfd_read', fd });
    expect(thrownBy(eventfd_write.bind(null, fd, 1))).toMatchObject({ code: 'EBADF' });
  });
});

describe('ioctl', () => {
  test('FIONREAD tells how much is in a pipe', () => {
    const [readEnd, writeEnd] = newPipe();
    write(writeEnd, Buffer.from('12345'));
    const count = new Int32Array(1);
    expect(ioctl(readEnd, FIONREAD, count)).toBe(0);
    expect(count[0]).toBe(5);
  });

  test('takes a structure and gives one', () => {
    const { slave } = newPty();
    expect(ioctl(slave, TIOCSWINSZ, Uint16Array.of(25, 80, 1, 2))).toBe(0);
    const size = new Uint16Array(4);
    ioctl(slave, TIOCGWINSZ, size);
    expect([...size]).toEqual([25, 80, 1, 2]);
  });

  test('FIONBIO sets O_NONBLOCK', () => {
    const [readEnd] = newPipe();
    ioctl(readEnd, FIONBIO, Int32Array.of(1));
    expect(truefork.fcntl(readEnd, truefork.F_GETFL) & O_NONBLOCK).toBe(O_NONBLOCK);
  });

  test('writes nothing behind the end of a buffer that is longer, and nothing on an error', () => {
    const [readEnd] = newPipe();
    const bytes = new Uint8Array(64).fill(0xff);
    ioctl(readEnd, FIONREAD, bytes.subarray(0, 8));
    expect([...bytes]).toEqual([0, 0, 0, 0, ...Array<number>(60).fill(0xff)]);
    bytes.fill(0xff);
    const error = thrownBy(() => ioctl(readEnd, TIOCGWINSZ, bytes));
    expect(error).toMatchObject({ code: 'ENOTTY', syscall: 'ioctl', fd: readEnd });
    expect(bytes.every((byte) => byte === 0xff)).toBe(true);
  });

  test('of a request that gives more than it names, fills a long buffer, and nothing behind the end of it', () => {
    // FS_IOC_FIEMAP of <linux/fs.h>: its struct fiemap of 32 bytes, and 56 for each extent.
    const FS_IOC_FIEMAP = 0xc020660b;
    // Of more bytes than pages of 64 KiB have.
    const extents = 1_300;
    const apart = 16_384;
    const folder = mkdtempSync(join(__dirname, 'extents-'));
    const fd = openSync(join(folder, 'file'), 'w+');
    rmSync(folder, { recursive: true });
    try {
      for (let n = 0; n < extents; n++) writeSync(fd, 'x', n * apart);
      fsyncSync(fd);
      const asked = (room: number) => {
        const bytes = Buffer.alloc(32 + 56 * room);
        bytes.writeBigUInt64LE(2n ** 40n, 8); // fm_length
        bytes.writeUInt32LE(extents, 24); // fm_extent_count
        return bytes;
      };
      const bytes = asked(extents);
      ioctl(fd, FS_IOC_FIEMAP, bytes);
      expect(bytes.readUInt32LE(20)).toBe(extents); // fm_mapped_extents
      expect(bytes.readBigUInt64LE(32 + 56 * (extents - 1))).toBe(BigInt((extents - 1) * apart));
      expect(thrownBy(() => ioctl(fd, FS_IOC_FIEMAP, asked(1)))).toMatchObject({
        code: 'EFAULT',
        syscall: 'ioctl',
        fd,
      });
    } finally {
      closeSync(fd);
    }
  });

  test('of a request that says itself how long its structure is, refuses a shorter one', () => {
    const { master } = newPty();
    // TIOCGPTN of <asm/ioctls.h>: the number of a pseudoterminal, an unsigned int.
    const TIOCGPTN = 0x80045430;
    expect(thrownBy(() => ioctl(master, TIOCGPTN, new Uint8Array(3)))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    const number = new Uint32Array(1);
    ioctl(master, TIOCGPTN, number);
    expect(truefork.ptsname(master)).toBe(`/dev/pts/${number[0] ?? -1}`);
  });
});
