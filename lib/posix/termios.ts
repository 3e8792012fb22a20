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
/** For `tcflush`: input that nobody has read is thrown away. */
export const TCIFLUSH = constant('TCIFLUSH');
/** For `tcflush`: output that is not sent is thrown away. */
export const TCOFLUSH = constant('TCOFLUSH');
/** For `tcflush`: both. */
export const TCIOFLUSH = constant('TCIOFLUSH');
/** For `tcflow`: output stops. */
export const TCOOFF = constant('TCOOFF');
/** For `tcflow`: output goes on. */
export const TCOON = constant('TCOON');
/** For `tcflow`: sends a STOP character, so that the terminal stops sending. */
export const TCIOFF = constant('TCIOFF');
/** For `tcflow`: sends a START character. */
export const TCION = constant('TCION');

// Flags of input.
/** Flag of input: a break sends SIGINT to the foreground. */
export const BRKINT = constant('BRKINT');
/** Flag of input: carriage return becomes newline. */
export const ICRNL = constant('ICRNL');
/** Flag of input: a break is nothing. */
export const IGNBRK = constant('IGNBRK');
/** Flag of input: carriage return is nothing. */
export const IGNCR = constant('IGNCR');
/** Flag of input: a byte with a wrong parity is nothing. */
export const IGNPAR = constant('IGNPAR');
/** Flag of input: newline becomes carriage return. */
export const INLCR = constant('INLCR');
/** Flag of input: the parity is checked. */
export const INPCK = constant('INPCK');
/** Flag of input: the eighth bit is taken off. */
export const ISTRIP = constant('ISTRIP');
/** Flag of input: it is UTF-8: erasing takes whole characters. */
export const IUTF8 = constant('IUTF8');
/** Flag of input: any character lets output go on that was stopped. */
export const IXANY = constant('IXANY');
/** Flag of input: STOP and START are sent when the queue of input fills and empties. */
export const IXOFF = constant('IXOFF');
/** Flag of input: STOP and START (Ctrl-S, Ctrl-Q) stop output and let it go on. */
export const IXON = constant('IXON');
/** Flag of input: bytes with a wrong parity, and breaks, are marked by the bytes 0o377 and 0. */
export const PARMRK = constant('PARMRK');

// Flags of output.
/** Flag of output: carriage return becomes newline. */
export const OCRNL = constant('OCRNL');
/** Flag of output: newline becomes carriage return and newline. */
export const ONLCR = constant('ONLCR');
/** Flag of output: newline does what carriage return does. */
export const ONLRET = constant('ONLRET');
/** Flag of output: no carriage return in column 0. */
export const ONOCR = constant('ONOCR');
/** Flag of output: the other flags of output count. */
export const OPOST = constant('OPOST');

// Flags of the line.
/** Flag of the line: the modem's lines are not looked at. */
export const CLOCAL = constant('CLOCAL');
/** Flag of the line: it receives. */
export const CREAD = constant('CREAD');
/** Flag of the line, in CSIZE: bytes of 5 bits. Its value is 0. */
export const CS5 = constant('CS5');
/** Flag of the line, in CSIZE: bytes of 6 bits. */
export const CS6 = constant('CS6');
/** Flag of the line, in CSIZE: bytes of 7 bits. */
export const CS7 = constant('CS7');
/** Flag of the line, in CSIZE: bytes of 8 bits. */
export const CS8 = constant('CS8');
/** Flags of the line: the bits that hold CS5 to CS8. */
export const CSIZE = constant('CSIZE');
/** Flag of the line: two stop bits. */
export const CSTOPB = constant('CSTOPB');
/** Flag of the line: hangs up when the last process closes it. */
export const HUPCL = constant('HUPCL');
/** Flag of the line: with parity. */
export const PARENB = constant('PARENB');
/** Flag of the line: the parity is odd. */
export const PARODD = constant('PARODD');

// Flags of the local side.
/** Flag of the local side: what is typed is shown. */
export const ECHO = constant('ECHO');
/** Flag of the local side, with ECHO: control characters are shown as ^X. */
export const ECHOCTL = constant('ECHOCTL');
/** Flag of the local side, with ICANON: ERASE takes the character off the screen. */
export const ECHOE = constant('ECHOE');
/** Flag of the local side, with ICANON: KILL takes the line off the screen. */
export const ECHOK = constant('ECHOK');
/** Flag of the local side, with ICANON: newline is shown, without ECHO too. */
export const ECHONL = constant('ECHONL');
/** Flag of the local side: input comes in lines, which can be edited. */
export const ICANON = constant('ICANON');
/** Flag of the local side: LNEXT, REPRINT, WERASE and EOL2 count. */
export const IEXTEN = constant('IEXTEN');
/** Flag of the local side: INTR, QUIT and SUSP send signals to the foreground. */
export const ISIG = constant('ISIG');
/** Flag of the local side: these signals do not throw away what is queued. */
export const NOFLSH = constant('NOFLSH');
/** Flag of the local side: SIGTTOU to who writes from the background. */
export const TOSTOP = constant('TOSTOP');

// Where the special characters are.
/** Place of a special character: the end of input (Ctrl-D), with ICANON. */
export const VEOF = constant('VEOF');
/** Place of a special character: another end of a line. */
export const VEOL = constant('VEOL');
/** Place of a special character: yet another end of a line. */
export const VEOL2 = constant('VEOL2');
/** Place of a special character: erases a character. */
export const VERASE = constant('VERASE');
/** Place of a special character: SIGINT (Ctrl-C). */
export const VINTR = constant('VINTR');
/** Place of a special character: erases the line (Ctrl-U). */
export const VKILL = constant('VKILL');
/** Place of a special character: the next one is taken as it is (Ctrl-V). */
export const VLNEXT = constant('VLNEXT');
/** Place of a number, without ICANON: how many bytes a read waits for. */
export const VMIN = constant('VMIN');
/** Place of a special character: SIGQUIT (Ctrl-\). */
export const VQUIT = constant('VQUIT');
/** Place of a special character: shows again what was typed (Ctrl-R). */
export const VREPRINT = constant('VREPRINT');
/** Place of a special character: output goes on (Ctrl-Q). */
export const VSTART = constant('VSTART');
/** Place of a special character: output stops (Ctrl-S). */
export const VSTOP = constant('VSTOP');
/** Place of a special character: SIGTSTP (Ctrl-Z). */
export const VSUSP = constant('VSUSP');
/** Place of a number, without ICANON: how long a read waits, in tenths of a second. */
export const VTIME = constant('VTIME');
/** Place of a special character: erases a word (Ctrl-W). */
export const VWERASE = constant('VWERASE');

// Speeds.
/** Speed: hang up. */
export const B0 = constant('B0');
/** Speed: 9,600 bits a second. */
export const B9600 = constant('B9600');
/** Speed: 19,200 bits a second. */
export const B19200 = constant('B19200');
/** Speed: 38,400 bits a second. */
export const B38400 = constant('B38400');
/** Speed: 57,600 bits a second. */
export const B57600 = constant('B57600');
/** Speed: 115,200 bits a second. */
export const B115200 = constant('B115200');
/** Speed: 230,400 bits a second. */
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
 * @throws {PosixError} EBADF; EINVAL: other actions, or a speed that is none of `B…`; EIO: the terminal is gone, or the process group has no leader; ENOTTY
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
 * @throws {PosixError} EINVAL: a speed that is none of `B…`
 * @see https://man7.org/linux/man-pages/man3/termios.3.html
 */
export function cfmakeraw(termios: Termios): void {
  const words = toWords('termios', termios);
  answered(native.cfmakeraw(words), 'cfmakeraw', '', {}, cfmakeraw);
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
