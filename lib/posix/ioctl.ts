import { descriptor, INT_MAX, integer, outOfRange, view } from './arguments.js';
import { answered } from './errno.js';
import { constant, native, needAddon } from './native.js';

/** How many bytes can be read; into an int. */
export const FIONREAD = constant('FIONREAD');
/** Sets or takes away O_NONBLOCK; from an int. */
export const FIONBIO = constant('FIONBIO');
/** How many bytes a terminal or a socket has not sent yet; into an int. */
export const TIOCOUTQ = constant('TIOCOUTQ');
/** The size of a terminal, into four unsigned shorts: rows, columns, and two that nobody uses. */
export const TIOCGWINSZ = constant('TIOCGWINSZ');
/** Sets the size of a terminal, from four unsigned shorts as of TIOCGWINSZ: SIGWINCH to its foreground. */
export const TIOCSWINSZ = constant('TIOCSWINSZ');
/** Makes it the controlling terminal of this session's leader. A number: 1 takes it from another session, as root. */
export const TIOCSCTTY = constant('TIOCSCTTY');
/** Gives up the controlling terminal. */
export const TIOCNOTTY = constant('TIOCNOTTY');
/** The process group in the foreground, into an int. */
export const TIOCGPGRP = constant('TIOCGPGRP');
/** Sets the process group in the foreground, from an int. */
export const TIOCSPGRP = constant('TIOCSPGRP');
/** The session of a terminal, into an int. */
export const TIOCGSID = constant('TIOCGSID');
/** Packet mode of a terminal's master; from an int. */
export const TIOCPKT = constant('TIOCPKT');
/** Nobody but root may open the terminal any more. */
export const TIOCEXCL = constant('TIOCEXCL');
/** Anybody may open the terminal again. */
export const TIOCNXCL = constant('TIOCNXCL');

const INT_SIZE = 4;
const WINSIZE_SIZE = 8;

/** The structures of the requests that do not say themselves how long these are. */
const sizes = new Map<number, number>([
  ...[FIONREAD, FIONBIO, TIOCOUTQ, TIOCGPGRP, TIOCSPGRP, TIOCGSID, TIOCPKT].map((r) => [r, INT_SIZE] as const),
  [TIOCGWINSZ, WINSIZE_SIZE],
  [TIOCSWINSZ, WINSIZE_SIZE],
]);

// The size in a request, of 14 bits: _IOC_SIZE of <linux/ioctl.h>.
function sizeOf(request: number): number {
  return sizes.get(request) ?? Math.floor(request / 2 ** 16) % 2 ** 14;
}

/**
 * Asks a device or its driver for something.
 *
 * @param request `FIONREAD`, `TIOCGWINSZ` and the like, 0 to 2³² - 1
 * @param argument a number; or the structure that the request takes or gives, in the machine's byte order. The kernel never
 * writes behind its end: of a request that is not known here, and says no size itself, what does not fit is dropped
 * @returns what the request gives, mostly 0
 * @throws {RangeError} ERR_OUT_OF_RANGE: the buffer is shorter than the request's structure
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF; EINVAL; ENOTTY: what is open there does not know such a request; EPERM; and others of the driver
 * @see https://man7.org/linux/man-pages/man2/ioctl.2.html https://man7.org/linux/man-pages/man2/ioctl_tty.2.html
 */
export function ioctl(fd: number, request: number, argument: number | ArrayBuffer | ArrayBufferView): number {
  needAddon('ioctl');
  descriptor(fd);
  integer('request', request, 0, 2 ** 32 - 1);
  const shown = `${fd}, 0x${request.toString(16)}`;
  const size = sizeOf(request);
  if (typeof argument === 'number' && size === 0) {
    integer('argument', argument, 0, INT_MAX);
    return answered(native.ioctl(fd, request, argument), 'ioctl', shown, { fd }, ioctl);
  }
  // Of a request that has a structure, a number would be its address.
  const buffer = view('argument', argument);
  if (buffer.length < size) throw outOfRange('argument.byteLength', `>= ${size}`, buffer.length);
  return answered(native.ioctlBuffer(fd, request, buffer), 'ioctl', shown, { fd }, ioctl);
}
