import { INT_MAX } from '../mistakes.js';
import {
  bytes,
  descriptor,
  flags,
  integer,
  mode as modeBits,
  path as fileName,
  view,
  wrongType,
  wrongValue,
} from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

export const O_RDONLY = constant('O_RDONLY');
export const O_WRONLY = constant('O_WRONLY');
export const O_RDWR = constant('O_RDWR');
export const O_CREAT = constant('O_CREAT');
export const O_EXCL = constant('O_EXCL');
export const O_TRUNC = constant('O_TRUNC');
export const O_APPEND = constant('O_APPEND');
export const O_NONBLOCK = constant('O_NONBLOCK');
export const O_CLOEXEC = constant('O_CLOEXEC');
export const O_DIRECTORY = constant('O_DIRECTORY');
export const O_DIRECT = constant('O_DIRECT');
export const O_NOFOLLOW = constant('O_NOFOLLOW');
export const O_NOCTTY = constant('O_NOCTTY');
export const O_PATH = constant('O_PATH');
export const O_SYNC = constant('O_SYNC');
export const O_DSYNC = constant('O_DSYNC');
export const O_TMPFILE = constant('O_TMPFILE');
export const F_GETFD = constant('F_GETFD');
export const F_SETFD = constant('F_SETFD');
export const F_GETFL = constant('F_GETFL');
export const F_SETFL = constant('F_SETFL');
export const FD_CLOEXEC = constant('FD_CLOEXEC');
export const F_DUPFD_CLOEXEC = constant('F_DUPFD_CLOEXEC');
export const F_RDLCK = constant('F_RDLCK');
export const F_WRLCK = constant('F_WRLCK');
export const F_UNLCK = constant('F_UNLCK');
export const F_OFD_GETLK = constant('F_OFD_GETLK');
export const F_OFD_SETLK = constant('F_OFD_SETLK');
export const F_OFD_SETLKW = constant('F_OFD_SETLKW');

/**
 * Opens a file.
 *
 * @param flags `O_RDONLY`, `O_WRONLY` or `O_RDWR`, with others or'ed to it; nothing is added, not even `O_CLOEXEC`
 * @param mode permission bits, less the umask; with `O_CREAT` or `O_TMPFILE` it must be given
 * @returns the descriptor
 * @throws {PosixError} any errno of open(2), by its class; EINTR while it waits for the other end of a FIFO
 * @see https://man7.org/linux/man-pages/man2/open.2.html
 */
export function open(path: string, flags_: number, mode?: number): number {
  fileName(path);
  flags('flags', flags_);
  const creates = (flags_ & O_CREAT) !== 0 || (flags_ & O_TMPFILE) === O_TMPFILE;
  if (mode === undefined && creates) throw wrongType('mode', 'given with O_CREAT', mode);
  const bits = mode === undefined ? 0 : modeBits(mode);
  return answered(native.open(path, flags_, bits), 'open', `'${path}'`, { path }, open);
}

/**
 * Closes a descriptor. After an error it is closed too (Linux), and must not be closed again.
 *
 * @throws {PosixError} EBADF: it is not open; EIO, ENOSPC, EDQUOT: an earlier write has failed
 * @see https://man7.org/linux/man-pages/man2/close.2.html
 */
export function close(fd: number): void {
  descriptor(fd);
  answered(native.close(fd), 'close', fd, { fd }, close);
}

/**
 * Reads once, up to the length of the buffer. It may block the process.
 *
 * @param buffer where the bytes go
 * @returns how many came; 0 at the end of the file
 * @throws {BlockingIOError} EAGAIN: nothing there, and the descriptor does not block
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} any other errno of read(2)
 * @see https://man7.org/linux/man-pages/man2/read.2.html
 */
export function read(fd: number, buffer: ArrayBuffer | ArrayBufferView): number {
  descriptor(fd);
  const result = native.read(fd, view('buffer', buffer));
  return result >= 0 ? result : answered(result, 'read', fd, { fd }, read);
}

/**
 * Writes once; it may write less than it was given. It may block the process.
 *
 * @returns how many bytes were taken
 * @throws {BlockingIOError} EAGAIN: no room, and the descriptor does not block
 * @throws {BrokenPipeError} EPIPE: nobody reads the other end (Node ignores SIGPIPE)
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} any other errno of write(2)
 * @see https://man7.org/linux/man-pages/man2/write.2.html
 */
export function write(fd: number, buffer: ArrayBuffer | ArrayBufferView): number {
  descriptor(fd);
  const result = native.write(fd, view('buffer', buffer));
  return result >= 0 ? result : answered(result, 'write', fd, { fd }, write);
}

const ends = new Int32Array(2);

/**
 * Makes a pipe.
 *
 * @param flags 0, or `O_CLOEXEC | O_NONBLOCK | O_DIRECT`
 * @returns the end to read from and the end to write to
 * @throws {PosixError} EINVAL: other flags; EMFILE, ENFILE: too many descriptors
 * @see https://man7.org/linux/man-pages/man2/pipe.2.html
 */
export function pipe2(flags_: number): [read: number, write: number] {
  flags('flags', flags_);
  answered(native.pipe2(flags_, ends), 'pipe2', flags_, {}, pipe2);
  return [ends[0] ?? -1, ends[1] ?? -1];
}

/**
 * Makes `newfd` another descriptor of what `oldfd` is open for. What `newfd` was before is closed, without a word of errors.
 *
 * @param flags 0 or `O_CLOEXEC`
 * @returns newfd
 * @throws {PosixError} EBADF: `oldfd` is not open, or `newfd` is beyond the limit; EINVAL: they are the same, or other flags
 * @throws {InterruptedError} EINTR
 * @see https://man7.org/linux/man-pages/man2/dup.2.html
 */
export function dup3(oldfd: number, newfd: number, flags_: number): number {
  descriptor(oldfd);
  descriptor(newfd);
  flags('flags', flags_);
  return answered(native.dup3(oldfd, newfd, flags_), 'dup3', `${oldfd}, ${newfd}`, { fd: oldfd }, dup3);
}

/**
 * Makes a FIFO: a pipe with a name in the file system.
 *
 * @param mode permission bits, less the umask
 * @throws {FileExistsError} EEXIST
 * @throws {PosixError} any other errno of mkfifo(3)
 * @see https://man7.org/linux/man-pages/man3/mkfifo.3.html
 */
export function mkfifo(path: string, mode: number): void {
  fileName(path);
  modeBits(mode);
  answered(native.mkfifo(path, mode), 'mkfifo', `'${path}'`, { path }, mkfifo);
}

/** A lock on a range of a file. */
export interface Flock {
  /** `F_RDLCK` (shared), `F_WRLCK` (exclusive) or `F_UNLCK`. */
  type: number;
  /** Its first byte. Default 0. */
  start?: number;
  /** Its length in bytes; 0, the default: up to the end of the file, however far that moves. */
  length?: number;
}

/**
 * The flags of a descriptor: of itself (`FD_CLOEXEC`), or of what `open` made, which others may share (`O_NONBLOCK`, …).
 * And its duplicates: other descriptors of what `open` made.
 *
 * @param command `F_GETFD`, `F_GETFL`: ask for the flags; `F_SETFD`, `F_SETFL`: set them, all that can be set;
 * `F_DUPFD_CLOEXEC`: make a duplicate that no other program inherits
 * @param argument for `F_SETFD` 0 or `FD_CLOEXEC`; for `F_SETFL` such as `O_NONBLOCK | O_APPEND`; for `F_DUPFD_CLOEXEC`
 * the least number that the duplicate may have
 * @returns the flags that were asked for; 0 when they have been set; the duplicate
 * @throws {PosixError} EBADF: it is not open; EMFILE: too many are; EINVAL: no descriptor can have such a number
 * @see https://man7.org/linux/man-pages/man2/F_GETFD.2const.html
 * @see https://man7.org/linux/man-pages/man2/F_DUPFD.2const.html
 */
export function fcntl(fd: number, command: number, argument?: number): number;
/**
 * The open file description locks of fcntl(2). Such a lock belongs to what `open` made: forked children and
 * duplicates of the descriptor share it, and it ends when the last of them is closed, at the latest with its process.
 *
 * @param command `F_OFD_SETLK`: set or free it; `F_OFD_SETLKW`: wait for it; `F_OFD_GETLK`: ask what is in its way
 * @returns for `F_OFD_GETLK` the type of a lock that is in the way, `F_UNLCK` if none is; else the lock's own type
 * @throws {BlockingIOError} EAGAIN: another lock is in the way
 * @throws {InterruptedError} EINTR: while waiting
 * @throws {PosixError} EBADF: not open, or not for reading (or writing) as the lock's type needs it
 * @see https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html
 */
export function fcntl(fd: number, command: number, lock: Flock): number;
export function fcntl(fd: number, command: number, argument?: number | Flock): number {
  descriptor(fd);
  if (command === F_GETFD || command === F_GETFL) return number(fd, command, 0);
  if (command === F_SETFD || command === F_SETFL) return number(fd, command, flags('flags', argument));
  if (command === F_DUPFD_CLOEXEC) return number(fd, command, integer('least', argument, 0, INT_MAX));
  if (command !== F_OFD_GETLK && command !== F_OFD_SETLK && command !== F_OFD_SETLKW) {
    throw wrongValue('command', 'must be one of F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_OFD_…', command);
  }
  const lock = argument as Flock;
  if (typeof (lock as unknown) !== 'object' || (lock as unknown) === null)
    throw wrongType('lock', 'of type object', lock);
  const type = integer('lock.type', lock.type, 0, 2);
  const start = bytes('lock.start', lock.start ?? 0);
  const length = bytes('lock.length', lock.length ?? 0);
  return answered(native.fcntlLock(fd, command, type, start, length), 'fcntl', fd, { fd }, fcntl);
}

function number(fd: number, command: number, value: number): number {
  return answered(native.fcntl(fd, command, value), 'fcntl', fd, { fd }, fcntl);
}
