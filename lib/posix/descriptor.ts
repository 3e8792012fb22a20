import { INT_MAX } from '../mistakes.js';
import { descriptor, flagBits, integer, mode as modeBits, path as fileName, wrongType } from './arguments.js';
import { answered } from './errno.js';
import { constant, native, needAddon } from './native.js';

/** Flag of open: to read only. Its value is 0. */
export const O_RDONLY = constant('O_RDONLY');
/** Flag of open: to write only. */
export const O_WRONLY = constant('O_WRONLY');
/** Flag of open: to read and to write. */
export const O_RDWR = constant('O_RDWR');
/** Flag of open: makes the file if there is none, with the permissions of `mode`, less the umask. */
export const O_CREAT = constant('O_CREAT');
/** Flag of open, with O_CREAT: EEXIST if there is such a file, or a symbolic link, already. */
export const O_EXCL = constant('O_EXCL');
/** Flag of open: a file that can be written to has no bytes then. */
export const O_TRUNC = constant('O_TRUNC');
/** Flag of open: each write goes to the end of the file, in one step with finding it. */
export const O_APPEND = constant('O_APPEND');
/** Flag of open, pipe2, fcntl: who would have to wait gets EAGAIN. Opening a FIFO does not wait for its other end. */
export const O_NONBLOCK = constant('O_NONBLOCK');
/** Flag of open, pipe2, dup3: closed by exec. */
export const O_CLOEXEC = constant('O_CLOEXEC');
/** Flag of open: ENOTDIR if it is no directory. */
export const O_DIRECTORY = constant('O_DIRECTORY');
/** Flag of open: past the page cache, in whole blocks. Flag of pipe2: each write is a packet, and read as one. */
export const O_DIRECT = constant('O_DIRECT');
/** Flag of open: ELOOP if the last name of the path is a symbolic link. */
export const O_NOFOLLOW = constant('O_NOFOLLOW');
/** Flag of open: a terminal does not become the controlling terminal. */
export const O_NOCTTY = constant('O_NOCTTY');
/** Flag of open: a descriptor that stands for the place of the file only: not to read, not to write. */
export const O_PATH = constant('O_PATH');
/** Flag of open: a write returns when its data, and what the file system keeps of it, are on the disk. */
export const O_SYNC = constant('O_SYNC');
/** Flag of open: as O_SYNC, without what is not needed to read the data. */
export const O_DSYNC = constant('O_DSYNC');
/** Flag of open: a file without a name in the directory `path`; it is gone when nobody has it open. To write, too. */
export const O_TMPFILE = constant('O_TMPFILE');
/** For `openat`: the working directory. */
export const AT_FDCWD = constant('AT_FDCWD');
/** For `mknod`: the kinds of files. */
export const S_IFIFO = constant('S_IFIFO');
/** For `mknod`: a regular file. */
export const S_IFREG = constant('S_IFREG');
/** For `mknod`: a character device; it takes CAP_MKNOD. */
export const S_IFCHR = constant('S_IFCHR');
/** For `mknod`: a block device; it takes CAP_MKNOD. */
export const S_IFBLK = constant('S_IFBLK');
/** For `mknod`: a Unix socket. */
export const S_IFSOCK = constant('S_IFSOCK');

/**
 * Opens a file.
 *
 * @param flags `O_RDONLY`, `O_WRONLY` or `O_RDWR`, with others or'ed to it; nothing is added, not even `O_CLOEXEC`
 * @param mode permission bits, less the umask; with `O_CREAT` or `O_TMPFILE` it must be given
 * @returns the descriptor
 * @throws {PosixError} any errno of open(2), by its class; EINTR while it waits for the other end of a FIFO
 * @see https://man7.org/linux/man-pages/man2/open.2.html
 */
export function open(path: string, flags: number, mode?: number): number {
  needAddon('open');
  fileName(path);
  const bits = bitsFor(flags, mode);
  return answered(native.open(path, flags, bits), 'open', `'${path}'`, { path }, open);
}

/**
 * Opens a file whose name, if it does not begin with a slash, is one in a directory that is open.
 *
 * @param directory a descriptor of the directory, or `AT_FDCWD`: the working directory
 * @param flags as of `open`
 * @param mode as of `open`
 * @returns the descriptor
 * @throws {NotADirectoryError} ENOTDIR: `directory` is something else
 * @throws {PosixError} any errno of open(2), by its class; EBADF: `directory` is not open; EINTR
 * @see https://man7.org/linux/man-pages/man2/openat.2.html
 */
export function openat(directory: number, path: string, flags: number, mode?: number): number {
  needAddon('openat');
  if (directory !== AT_FDCWD) integer('directory', directory, 0, INT_MAX);
  fileName(path);
  const bits = bitsFor(flags, mode);
  const details = directory === AT_FDCWD ? { path } : { path, fd: directory };
  return answered(native.openat(directory, path, flags, bits), 'openat', `${directory}, '${path}'`, details, openat);
}

function bitsFor(flags: number, mode: number | undefined): number {
  flagBits('flags', flags);
  const creates = (flags & O_CREAT) !== 0 || (flags & O_TMPFILE) === O_TMPFILE;
  if (mode === undefined && creates) throw wrongType('mode', 'given with O_CREAT', mode);
  return mode === undefined ? 0 : modeBits(mode);
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

const ends = new Int32Array(2);

/**
 * Makes a pipe, of which a program that is executed inherits both ends.
 *
 * @returns the end to read from and the end to write to
 * @throws {PosixError} EMFILE, ENFILE: too many descriptors
 * @see https://man7.org/linux/man-pages/man2/pipe.2.html
 */
export function pipe(): [read: number, write: number] {
  answered(native.pipe2(0, ends), 'pipe', '', {}, pipe);
  return [ends[0] ?? -1, ends[1] ?? -1];
}

/**
 * Makes a pipe.
 *
 * @param flags 0, or `O_CLOEXEC | O_NONBLOCK | O_DIRECT`
 * @returns the end to read from and the end to write to
 * @throws {PosixError} EINVAL: other flags; EMFILE, ENFILE: too many descriptors
 * @see https://man7.org/linux/man-pages/man2/pipe.2.html
 */
export function pipe2(flags: number): [read: number, write: number] {
  flagBits('flags', flags);
  answered(native.pipe2(flags, ends), 'pipe2', flags, {}, pipe2);
  return [ends[0] ?? -1, ends[1] ?? -1];
}

/**
 * Makes another descriptor of what this one is open for, with the lowest number that is free. A program that is executed
 * inherits it. (Python's `os.dup` makes one that it does not: `fcntl(fd, F_DUPFD_CLOEXEC, 0)`.)
 *
 * @returns the new descriptor
 * @throws {PosixError} EBADF: it is not open; EMFILE: too many descriptors
 * @see https://man7.org/linux/man-pages/man2/dup.2.html
 */
export function dup(fd: number): number {
  descriptor(fd);
  return answered(native.dup(fd), 'dup', fd, { fd }, dup);
}

/**
 * Makes `newfd` another descriptor of what `oldfd` is open for, which a program that is executed inherits. What `newfd` was
 * before is closed, without a word of errors. If they are the same, nothing happens.
 *
 * `dup2(fd, 1)` is what `write(1, …)` and executed programs write to. Node's own `process.stdout`, where it has been used and
 * is a terminal, has a descriptor of its own, and goes on writing to that.
 *
 * @returns newfd
 * @throws {PosixError} EBADF: `oldfd` is not open, or `newfd` is beyond the limit
 * @throws {InterruptedError} EINTR
 * @see https://man7.org/linux/man-pages/man2/dup.2.html
 */
export function dup2(oldfd: number, newfd: number): number {
  integer('oldfd', oldfd, 0, INT_MAX);
  integer('newfd', newfd, 0, INT_MAX);
  return answered(native.dup2(oldfd, newfd), 'dup2', `${oldfd}, ${newfd}`, { fd: oldfd }, dup2);
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
export function dup3(oldfd: number, newfd: number, flags: number): number {
  descriptor(oldfd);
  descriptor(newfd);
  flagBits('flags', flags);
  return answered(native.dup3(oldfd, newfd, flags), 'dup3', `${oldfd}, ${newfd}`, { fd: oldfd }, dup3);
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

const MODE_MAX = 0o177777;

/**
 * Makes a file of a kind: a FIFO, a device, an empty file, a socket.
 *
 * @param mode `S_IFIFO`, `S_IFREG`, `S_IFCHR`, `S_IFBLK` or `S_IFSOCK`, or'ed with permission bits, less the umask
 * @param device of `S_IFCHR` and `S_IFBLK`, by `makedev`; otherwise 0
 * @throws {FileExistsError} EEXIST
 * @throws {PermissionError} EPERM: a device needs CAP_MKNOD
 * @throws {PosixError} EINVAL: no such kind; and any other errno of mknod(2)
 * @see https://man7.org/linux/man-pages/man2/mknod.2.html
 */
export function mknod(path: string, mode: number, device: number): void {
  fileName(path);
  integer('mode', mode, 0, MODE_MAX);
  integer('device', device, 0, Number.MAX_SAFE_INTEGER);
  answered(native.mknod(path, mode, device), 'mknod', `'${path}'`, { path }, mknod);
}

/**
 * The number of a device, for `mknod`.
 *
 * @param major 0 to 4095
 * @param minor 0 to 1,048,575
 * @see https://man7.org/linux/man-pages/man3/makedev.3.html
 */
export function makedev(major: number, minor: number): number {
  integer('major', major, 0, 2 ** 12 - 1);
  integer('minor', minor, 0, 2 ** 20 - 1);
  return native.makedev(major, minor);
}
