import * as truefork from 'truefork/posix';
import {
  cfmakeraw,
  close,
  openpty,
  read,
  tcdrain,
  tcflow,
  tcflush,
  tcgetattr,
  tcgetwinsize,
  tcsendbreak,
  tcsetattr,
  tcsetwinsize,
  write,
} from 'truefork/posix';
import { thrownBy } from './cases';
import { file, newPipe, newPty, openFile, opens } from './descriptors';

const { ECHO, ICANON, ICRNL, ISIG, ONLCR, OPOST, VEOF, VINTR, VMIN, VTIME, B38400, B9600 } = truefork;
const { O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, POLLIN, TCSADRAIN, TCSAFLUSH, TCSANOW } = truefork;

function text(fd: number): string {
  const buffer = Buffer.alloc(1000);
  return buffer.subarray(0, read(fd, buffer)).toString();
}

function isReadable(fd: number): boolean {
  return truefork.poll([{ fd, events: POLLIN }], 0).length > 0;
}

/** Types a line; it has come when this returns. A worker of the kernel takes it from one end to the other. */
function type(master: number, slave: number, line: string): void {
  write(master, Buffer.from(line));
  truefork.poll([{ fd: slave, events: POLLIN }], -1);
}

describe('openpty', () => {
  test('joins two ends: what is typed comes back as an echo, and its line to the program', () => {
    const { master, slave } = newPty();
    write(master, Buffer.from('a line\n'));
    expect([text(slave), text(master)]).toEqual(['a line\n', 'a line\r\n']);
    write(slave, Buffer.from('answer\n'));
    expect(text(master)).toBe('answer\r\n');
  });

  test('of modes and a size begins with them', () => {
    const modes = tcgetattr(newPty().slave);
    modes.lflag &= ~ECHO;
    modes.oflag &= ~ONLCR;
    modes.cc[VINTR] = 0x11;
    const { master, slave } = newPty(modes, { rows: 43, cols: 132 });
    write(master, Buffer.from('x\n'));
    write(slave, Buffer.from('y\n'));
    expect([text(slave), text(master)]).toEqual(['x\n', 'y\n']);
    expect([tcgetattr(slave), tcgetwinsize(master)]).toEqual([modes, { rows: 43, cols: 132 }]);
  });

  test('whose slave is closed ends with EIO, after what was written', () => {
    const { master, slave } = newPty();
    write(slave, Buffer.from('last'));
    close(slave);
    expect(text(master)).toBe('last');
    expect(thrownBy(() => text(master))).toMatchObject({ code: 'EIO', syscall: 'read', fd: master });
  });

  test('whose master is closed ends for the program', () => {
    const { master, slave } = newPty();
    close(master);
    expect(text(slave)).toBe('');
    expect(thrownBy(() => write(slave, Buffer.from('x')))).toMatchObject({ code: 'EIO' });
  });
});

describe('posix_openpt, grantpt, unlockpt and ptsname', () => {
  const { grantpt, open, posix_openpt, ptsname, ttyname, unlockpt } = truefork;

  test('make a pseudoterminal step by step', () => {
    const [master] = opens(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    grantpt(master);
    const path = ptsname(master);
    expect(thrownBy(() => open(path, O_RDWR | O_NOCTTY))).toMatchObject({ code: 'EIO' });
    unlockpt(master);
    const slave = openFile(path, O_RDWR | O_NOCTTY);
    expect([ttyname(slave), truefork.isatty(slave), truefork.isatty(master)]).toEqual([path, true, true]);
    expect(path).toMatch(/^\/dev\/pts\/\d+$/);
  });

  test('of what is no master are errors', () => {
    const { slave } = newPty();
    expect(thrownBy(() => ptsname(slave))).toMatchObject({ code: 'ENOTTY', syscall: 'ptsname', fd: slave });
    expect(thrownBy(unlockpt.bind(null, slave))).toMatchObject({ syscall: 'unlockpt' });
    expect(thrownBy(grantpt.bind(null, openFile(file(), O_RDONLY)))).toMatchObject({ syscall: 'grantpt' });
  });
});

describe('isatty, ttyname and ctermid', () => {
  test('know what is no terminal, and what is not open', () => {
    const fd = openFile('/dev/null', O_RDONLY);
    expect([truefork.isatty(fd), truefork.isatty(2 ** 20)]).toEqual([false, false]);
    expect(thrownBy(() => truefork.ttyname(fd))).toMatchObject({ code: 'ENOTTY', syscall: 'ttyname', fd });
    expect(truefork.ctermid()).toBe('/dev/tty');
  });
});

describe('the modes of a terminal', () => {
  test('are those of the kernel at first', () => {
    const { iflag, oflag, lflag, line, ispeed, ospeed, cc } = tcgetattr(newPty().slave);
    expect(iflag & ICRNL).toBe(ICRNL);
    expect(oflag & (OPOST | ONLCR)).toBe(OPOST | ONLCR);
    expect(lflag & (ECHO | ICANON | ISIG)).toBe(ECHO | ICANON | ISIG);
    expect([line, ispeed, ospeed]).toEqual([0, B38400, B38400]);
    expect([cc[VINTR], cc[VEOF], cc[VMIN], cc[VTIME]]).toEqual([3, 4, 1, 0]);
  });

  test.each([TCSANOW, TCSADRAIN, TCSAFLUSH])('are set, by %d', (when) => {
    const { slave } = newPty();
    const modes = tcgetattr(slave);
    modes.lflag &= ~(ECHO | ICANON);
    modes.cc[VMIN] = 3;
    modes.ispeed = B9600;
    modes.ospeed = B9600;
    modes.cflag = (modes.cflag & ~B38400) | B9600;
    tcsetattr(slave, when, modes);
    expect(tcgetattr(slave)).toEqual(modes);
  });

  test.each(['ispeed', 'ospeed'])('%s in bits per second is EINVAL: it is one of B…', (field) => {
    // To glibc 2.42 and later they are the same.
    if (truefork.B115200 === 115_200) return;
    const { slave } = newPty();
    const modes = tcgetattr(slave);
    const wrong = { ...modes, [field]: 115_200 };
    const error = thrownBy(() => {
      tcsetattr(slave, TCSANOW, wrong);
    });
    expect(error).toMatchObject({ code: 'EINVAL', syscall: 'tcsetattr', fd: slave });
    for (const call of [
      () => truefork.openpty(wrong),
      () => {
        cfmakeraw(wrong);
      },
    ])
      expect(thrownBy(call)).toMatchObject({ code: 'EINVAL' });
    expect(tcgetattr(slave)).toEqual(modes);
  });

  test('TCSAFLUSH throws away what nobody has read', () => {
    const { master, slave } = newPty();
    type(master, slave, 'a line\n');
    tcsetattr(slave, TCSAFLUSH, tcgetattr(slave));
    expect(isReadable(slave)).toBe(false);
  });

  test('cfmakeraw makes each byte go through as it is', () => {
    const { master, slave } = newPty();
    const modes = tcgetattr(slave);
    cfmakeraw(modes);
    tcsetattr(slave, TCSANOW, modes);
    write(master, Buffer.from('\x03\r'));
    expect(text(slave)).toBe('\x03\r');
    write(slave, Buffer.from('\n'));
    expect(text(master)).toBe('\n');
    expect(modes.lflag & (ECHO | ICANON | ISIG)).toBe(0);
  });

  test('of what is no terminal are ENOTTY, and other actions EINVAL', () => {
    const [readEnd] = newPipe();
    const { slave } = newPty();
    const modes = tcgetattr(slave);
    expect(thrownBy(() => tcgetattr(readEnd))).toMatchObject({ code: 'ENOTTY', syscall: 'tcgetattr', fd: readEnd });
    expect(thrownBy(tcsetattr.bind(null, readEnd, TCSANOW, modes))).toMatchObject({ code: 'ENOTTY' });
    expect(thrownBy(tcsetattr.bind(null, slave, 99, modes))).toMatchObject({ code: 'EINVAL', syscall: 'tcsetattr' });
  });
});

describe('the line of a terminal', () => {
  test('is flushed: of input, of output', () => {
    const { master, slave } = newPty();
    type(master, slave, 'typed\n');
    tcflush(slave, truefork.TCIFLUSH);
    expect(isReadable(slave)).toBe(false);
    tcdrain(slave);
    tcsendbreak(slave, 0);
    expect(thrownBy(tcflush.bind(null, slave, 99))).toMatchObject({ code: 'EINVAL', syscall: 'tcflush' });
  });

  test('is halted, and goes on', () => {
    const { master, slave } = openpty();
    opens(master, slave);
    truefork.set_blocking(slave, false);
    tcflow(slave, truefork.TCOOFF);
    expect(thrownBy(() => write(slave, Buffer.from('x')))).toMatchObject({ code: 'EAGAIN' });
    tcflow(slave, truefork.TCOON);
    expect(write(slave, Buffer.from('x'))).toBe(1);
    expect(text(master)).toBe('x');
    expect(thrownBy(tcflow.bind(null, slave, 99))).toMatchObject({ code: 'EINVAL', syscall: 'tcflow' });
    expect(O_NONBLOCK).not.toBe(0);
  });

  test('has a size, which both ends see', () => {
    const { master, slave } = newPty();
    expect(tcgetwinsize(slave)).toEqual({ rows: 0, cols: 0 });
    tcsetwinsize(master, { rows: 24, cols: 65_535 });
    expect(tcgetwinsize(slave)).toEqual({ rows: 24, cols: 65_535 });
    tcsetwinsize(slave, { rows: 1, cols: 2 });
    expect(tcgetwinsize(master)).toEqual({ rows: 1, cols: 2 });
    const [readEnd] = newPipe();
    expect(thrownBy(() => tcgetwinsize(readEnd))).toMatchObject({ code: 'ENOTTY', syscall: 'tcgetwinsize' });
  });
});
