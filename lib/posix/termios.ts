import { descriptor, int } from './arguments.js';
import { answered } from './errno.js';
import { TIOCGWINSZ, TIOCSWINSZ } from './ioctl.js';
import { constant, native } from './native.js';
import { nameAnswered } from './terminal-name.js';
import { fromWords, newWords, toWinsize, toWords, type Termios, type WindowSize } from './termios-words.js';

export type { Termios, WindowSize };

/** When `tcsetattr` changes the modes: at once. */
export const TCSANOW = constant('TCSANOW');
/** When `tcsetattr` changes the modes: when all output is sent. */
export const TCSADRAIN = constant('TCSADRAIN');
/** When `tcsetattr` changes the modes: when all output is sent, and input that nobody has read is thrown away. */
export const TCSAFLUSH = constant('TCSAFLUSH');
export const TCIFLUSH = constant('TCIFLUSH');
export const TCOFLUSH = constant('TCOFLUSH');
export const TCIOFLUSH = constant('TCIOFLUSH');
export const TCOOFF = constant('TCOOFF');
export const TCOON = constant('TCOON');
export const TCIOFF = constant('TCIOFF');
export const TCION = constant('TCION');

// Flags of input.
export const BRKINT = constant('BRKINT');
export const ICRNL = constant('ICRNL');
export const IGNBRK = constant('IGNBRK');
export const IGNCR = constant('IGNCR');
export const IGNPAR = constant('IGNPAR');
export const INLCR = constant('INLCR');
export const INPCK = constant('INPCK');
export const ISTRIP = constant('ISTRIP');
export const IUTF8 = constant('IUTF8');
export const IXANY = constant('IXANY');
export const IXOFF = constant('IXOFF');
export const IXON = constant('IXON');
export const PARMRK = constant('PARMRK');

// Flags of output.
export const OCRNL = constant('OCRNL');
export const ONLCR = constant('ONLCR');
export const ONLRET = constant('ONLRET');
export const ONOCR = constant('ONOCR');
export const OPOST = constant('OPOST');

// Flags of the line.
export const CLOCAL = constant('CLOCAL');
export const CREAD = constant('CREAD');
export const CS5 = constant('CS5');
export const CS6 = constant('CS6');
export const CS7 = constant('CS7');
export const CS8 = constant('CS8');
export const CSIZE = constant('CSIZE');
export const CSTOPB = constant('CSTOPB');
export const HUPCL = constant('HUPCL');
export const PARENB = constant('PARENB');
export const PARODD = constant('PARODD');

// Flags of the local side.
export const ECHO = constant('ECHO');
export const ECHOCTL = constant('ECHOCTL');
export const ECHOE = constant('ECHOE');
export const ECHOK = constant('ECHOK');
export const ECHONL = constant('ECHONL');
export const ICANON = constant('ICANON');
export const IEXTEN = constant('IEXTEN');
export const ISIG = constant('ISIG');
export const NOFLSH = constant('NOFLSH');
export const TOSTOP = constant('TOSTOP');

// Where the special characters are.
export const VEOF = constant('VEOF');
export const VEOL = constant('VEOL');
export const VEOL2 = constant('VEOL2');
export const VERASE = constant('VERASE');
export const VINTR = constant('VINTR');
export const VKILL = constant('VKILL');
export const VLNEXT = constant('VLNEXT');
export const VMIN = constant('VMIN');
export const VQUIT = constant('VQUIT');
export const VREPRINT = constant('VREPRINT');
export const VSTART = constant('VSTART');
export const VSTOP = constant('VSTOP');
export const VSUSP = constant('VSUSP');
export const VTIME = constant('VTIME');
export const VWERASE = constant('VWERASE');

// Speeds.
export const B0 = constant('B0');
export const B9600 = constant('B9600');
export const B19200 = constant('B19200');
export const B38400 = constant('B38400');
export const B57600 = constant('B57600');
export const B115200 = constant('B115200');
export const B230400 = constant('B230400');

/**
 * The modes of a terminal.
 *
 * @throws {PosixError} EBADF; ENOTTY: it is no terminal
 * @see https://man7.org/linux/man-pages/man3/termios.3.html
 */
export function tcgetattr(fd: number): Termios {
  descriptor(fd);
  const words = newWords();
  answered(native.tcgetattr(fd, words), 'tcgetattr', fd, { fd }, tcgetattr);
  return fromWords(words);
}

/**
 * Sets the modes of a terminal. A process in the background is stopped for it by SIGTTOU.
 *
 * @param actions `TCSANOW`, `TCSADRAIN` or `TCSAFLUSH`
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF; EINVAL: other actions; EIO: the terminal is gone, or the process group has no leader; ENOTTY
 * @see https://man7.org/linux/man-pages/man3/termios.3.html
 */
export function tcsetattr(fd: number, actions: number, termios: Termios): void {
  descriptor(fd);
  int('actions', actions);
  const words = toWords('termios', termios);
  answered(native.tcsetattr(fd, actions, words), 'tcsetattr', fd, { fd }, tcsetattr);
}

/**
 * Changes modes, not yet the terminal, to those in which each byte goes through at once and as it is: no echo, no lines, no
 * signals of the keyboard.
 *
 * @param termios is changed
 * @see https://man7.org/linux/man-pages/man3/termios.3.html
 */
export function cfmakeraw(termios: Termios): void {
  const words = toWords('termios', termios);
  native.cfmakeraw(words);
  Object.assign(termios, fromWords(words));
}

/**
 * Sends zeros for a while: a break. A pseudoterminal has none.
 *
 * @param duration 0: a quarter to half a second
 * @throws {PosixError} EBADF, ENOTTY
 * @see https://man7.org/linux/man-pages/man3/termios.3.html
 */
export function tcsendbreak(fd: number, duration: number): void {
  descriptor(fd);
  int('duration', duration);
  answered(native.tcsendbreak(fd, duration), 'tcsendbreak', fd, { fd }, tcsendbreak);
}

/**
 * Waits until all output is sent. It may block the process.
 *
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF, EIO, ENOTTY
 * @see https://man7.org/linux/man-pages/man3/termios.3.html
 */
export function tcdrain(fd: number): void {
  descriptor(fd);
  answered(native.tcdrain(fd), 'tcdrain', fd, { fd }, tcdrain);
}

/**
 * Throws away what has come and nobody has read, or what was written and is not sent.
 *
 * @param queue `TCIFLUSH`, `TCOFLUSH` or `TCIOFLUSH`
 * @throws {PosixError} EBADF; EINVAL: another queue; EIO, ENOTTY
 * @see https://man7.org/linux/man-pages/man3/termios.3.html
 */
export function tcflush(fd: number, queue: number): void {
  descriptor(fd);
  int('queue', queue);
  answered(native.tcflush(fd, queue), 'tcflush', fd, { fd }, tcflush);
}

/**
 * Halts output or input, or lets it go on.
 *
 * @param action `TCOOFF`, `TCOON`: output; `TCIOFF`, `TCION`: input, by sending the characters for it
 * @throws {PosixError} EBADF; EINVAL: another action; EIO, ENOTTY
 * @see https://man7.org/linux/man-pages/man3/termios.3.html
 */
export function tcflow(fd: number, action: number): void {
  descriptor(fd);
  int('action', action);
  answered(native.tcflow(fd, action), 'tcflow', fd, { fd }, tcflow);
}

function asBytes(fields: Uint16Array): Uint8Array {
  return new Uint8Array(fields.buffer);
}

/**
 * The size of a terminal.
 *
 * @throws {PosixError} EBADF, ENOTTY
 * @see https://man7.org/linux/man-pages/man2/TIOCGWINSZ.2const.html
 */
export function tcgetwinsize(fd: number): WindowSize {
  descriptor(fd);
  const fields = new Uint16Array(4);
  answered(native.ioctlBuffer(fd, TIOCGWINSZ, asBytes(fields)), 'tcgetwinsize', fd, { fd }, tcgetwinsize);
  return { rows: fields[0] ?? 0, cols: fields[1] ?? 0 };
}

/**
 * Sets the size of a terminal. If it is another one, the process group in the foreground gets SIGWINCH.
 *
 * @throws {PosixError} EBADF, ENOTTY
 * @see https://man7.org/linux/man-pages/man2/TIOCGWINSZ.2const.html
 */
export function tcsetwinsize(fd: number, size: WindowSize): void {
  descriptor(fd);
  const fields = toWinsize('size', size);
  answered(native.ioctlBuffer(fd, TIOCSWINSZ, asBytes(fields)), 'tcsetwinsize', fd, { fd }, tcsetwinsize);
}

/**
 * Whether this is a terminal; false of what is not open.
 *
 * @see https://man7.org/linux/man-pages/man3/isatty.3.html
 */
export function isatty(fd: number): boolean {
  return native.isatty(descriptor(fd));
}

/**
 * The path of a terminal, `/dev/pts/3` say.
 *
 * @throws {PosixError} EBADF; ENODEV: it is one of another mount namespace; ENOTTY: it is no terminal
 * @see https://man7.org/linux/man-pages/man3/ttyname.3.html
 */
export function ttyname(fd: number): string {
  return nameAnswered(native.ttyname(descriptor(fd)), 'ttyname', fd, ttyname);
}

/** The path that stands for the controlling terminal, `/dev/tty`. @see https://man7.org/linux/man-pages/man3/ctermid.3.html */
export function ctermid(): string {
  return native.ctermid();
}
