import { bytes, descriptor, flagBits, int, integer, list, view } from './arguments.js';
import { INT_MAX } from '../mistakes.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** `whence` of lseek: from the beginning. */
export const SEEK_SET = constant('SEEK_SET');
/** `whence` of lseek: from where it is. */
export const SEEK_CUR = constant('SEEK_CUR');
/** `whence` of lseek: from the end. */
export const SEEK_END = constant('SEEK_END');
/** The next byte that is no hole. */
export const SEEK_DATA = constant('SEEK_DATA');
/** The next hole; the end of the file is one. */
export const SEEK_HOLE = constant('SEEK_HOLE');
/** Flag of splice: has no effect since Linux 2.6.21. */
export const SPLICE_F_MOVE = constant('SPLICE_F_MOVE');
/** Flag of splice: does not wait for the pipe: EAGAIN. */
export const SPLICE_F_NONBLOCK = constant('SPLICE_F_NONBLOCK');
/** Flag of splice: more will come: a TCP socket waits to fill a packet. */
export const SPLICE_F_MORE = constant('SPLICE_F_MORE');

/** Memory that a call reads into or writes from: its bytes, not copied. */
export type Bytes = ArrayBuffer | ArrayBufferView;

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
export function read(fd: number, buffer: Bytes): number {
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
export function write(fd: number, buffer: Bytes): number {
  descriptor(fd);
  const result = native.write(fd, view('buffer', buffer));
  return result >= 0 ? result : answered(result, 'write', fd, { fd }, write);
}

/**
 * Reads once from a place in a file. The descriptor's offset stays as it is.
 *
 * @param offset bytes from the beginning of the file
 * @returns how many came; 0 at the end of the file
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} ESPIPE: a pipe, a socket or a terminal; and any other errno of pread(2)
 * @see https://man7.org/linux/man-pages/man2/pread.2.html
 */
export function pread(fd: number, buffer: Bytes, offset: number): number {
  descriptor(fd);
  const into = view('buffer', buffer);
  bytes('offset', offset);
  return answered(native.pread(fd, into, offset), 'pread', fd, { fd }, pread);
}

/**
 * Writes once to a place in a file. The descriptor's offset stays as it is. With O_APPEND, Linux writes to the end whatever the
 * offset.
 *
 * @param offset bytes from the beginning of the file
 * @returns how many bytes were taken
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} ESPIPE: a pipe, a socket or a terminal; EFBIG; and any other errno of pwrite(2)
 * @see https://man7.org/linux/man-pages/man2/pwrite.2.html
 */
export function pwrite(fd: number, buffer: Bytes, offset: number): number {
  descriptor(fd);
  const from = view('buffer', buffer);
  bytes('offset', offset);
  return answered(native.pwrite(fd, from, offset), 'pwrite', fd, { fd }, pwrite);
}

function views(buffers: readonly Bytes[]): Uint8Array[] {
  return list('buffers', 'buffers', buffers, view);
}

/**
 * Reads once into several buffers, one after the other.
 *
 * @param buffers up to 1,024
 * @returns how many bytes came; 0 at the end of the file
 * @throws {PosixError} EINVAL: too many buffers; and any errno of `read`
 * @see https://man7.org/linux/man-pages/man2/readv.2.html
 */
export function readv(fd: number, buffers: readonly Bytes[]): number {
  descriptor(fd);
  return answered(native.readv(fd, views(buffers)), 'readv', fd, { fd }, readv);
}

/**
 * Writes once from several buffers, one after the other; it may write less than it was given.
 *
 * @param buffers up to 1,024
 * @returns how many bytes were taken
 * @throws {PosixError} EINVAL: too many buffers; and any errno of `write`
 * @see https://man7.org/linux/man-pages/man2/writev.2.html
 */
export function writev(fd: number, buffers: readonly Bytes[]): number {
  descriptor(fd);
  return answered(native.writev(fd, views(buffers)), 'writev', fd, { fd }, writev);
}

/**
 * Moves the offset of what a descriptor is open for, which others may share.
 *
 * @param offset in bytes; negative to go back
 * @param whence what it counts from: `SEEK_SET`, the beginning; `SEEK_CUR`, the offset as it is; `SEEK_END`; or `SEEK_DATA`,
 * `SEEK_HOLE`: go to the next such place at `offset` or behind it
 * @returns the new offset, from the beginning
 * @throws {PosixError} EBADF; EINVAL: another whence, or before the beginning; ENXIO: there is no data or hole behind it;
 * ESPIPE: a pipe, a socket or a terminal
 * @see https://man7.org/linux/man-pages/man2/lseek.2.html
 */
export function lseek(fd: number, offset: number, whence: number): number {
  descriptor(fd);
  integer('offset', offset, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  int('whence', whence);
  return answered(native.lseek(fd, offset, whence), 'lseek', fd, { fd }, lseek);
}

/**
 * Makes a file as long as this: cuts it off, or fills it up with zeros, which take no room.
 *
 * @param length in bytes
 * @throws {PermissionError} EPERM: it is sealed
 * @throws {PosixError} EBADF; EFBIG; EINVAL: it is no file, or not open for writing
 * @see https://man7.org/linux/man-pages/man2/ftruncate.2.html
 */
export function ftruncate(fd: number, length: number): void {
  descriptor(fd);
  bytes('length', length);
  answered(native.ftruncate(fd, length), 'ftruncate', fd, { fd }, ftruncate);
}

/**
 * Waits until what was written to a file is on the disk.
 *
 * @throws {PosixError} EBADF; EINVAL: a pipe or a socket; EIO, ENOSPC, EDQUOT: it could not be written
 * @see https://man7.org/linux/man-pages/man2/fsync.2.html
 */
export function fsync(fd: number): void {
  descriptor(fd);
  answered(native.fsync(fd), 'fsync', fd, { fd }, fsync);
}

function offsetOrNull(name: string, value: unknown): number | null {
  return value === null ? null : bytes(name, value);
}

function end(name: string, value: unknown): number {
  return integer(name, value, 0, INT_MAX);
}

/**
 * Copies from a file to a descriptor within the kernel.
 *
 * @param to anything that can be written to
 * @param from a file
 * @param offset where to begin in `from`; null: at the offset of `from`, which moves then
 * @param length bytes, at most
 * @returns how many were copied; the next offset is so much further
 * @throws {BlockingIOError} EAGAIN: no room, and `to` does not block
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF; EINVAL: `from` is no such file, or `to` is open with O_APPEND; ESPIPE
 * @see https://man7.org/linux/man-pages/man2/sendfile.2.html
 */
export function sendfile(to: number, from: number, offset: number | null, length: number): number {
  end('to', to);
  end('from', from);
  offsetOrNull('offset', offset);
  bytes('length', length);
  return answered(native.sendfile(to, from, offset, length), 'sendfile', `${to}, ${from}`, { fd: to }, sendfile);
}

// Of two calls that have the same arguments.
function moved(call: 'splice' | 'copy_file_range', given: Parameters<typeof splice>, caller: typeof splice): number {
  const [from, fromOffset, to, toOffset, length, flags] = given;
  end('from', from);
  offsetOrNull('fromOffset', fromOffset);
  end('to', to);
  offsetOrNull('toOffset', toOffset);
  bytes('length', length);
  flagBits('flags', flags);
  return answered(native[call](...given), call, `${from}, ${to}`, { fd: from }, caller);
}

/**
 * Moves bytes between a pipe and another descriptor without copying them.
 *
 * @param fromOffset where to begin; null of a pipe, and for the descriptor's own offset
 * @param toOffset the same of `to`
 * @param length bytes, at most
 * @param flags 0, or `SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE`
 * @returns how many were moved; 0 at the end
 * @throws {BlockingIOError} EAGAIN: it would wait
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF; EINVAL: neither is a pipe, or one cannot be spliced; ESPIPE: an offset of a pipe
 * @see https://man7.org/linux/man-pages/man2/splice.2.html
 */
export function splice(
  from: number,
  fromOffset: number | null,
  to: number,
  toOffset: number | null,
  length: number,
  flags: number,
): number {
  return moved('splice', [from, fromOffset, to, toOffset, length, flags], splice);
}

/**
 * Copies a range of one file into another within the kernel, by sharing its blocks where the file system can.
 *
 * @param fromOffset where to begin; null: at the offset of `from`, which moves then
 * @param toOffset the same of `to`
 * @param length bytes, at most
 * @param flags 0
 * @returns how many were copied; 0 at the end of `from`
 * @throws {IsADirectoryError} EISDIR
 * @throws {PosixError} EBADF: not open as it must be; EINVAL: no file, or ranges of one file that overlap; EXDEV: of different
 * file systems
 * @see https://man7.org/linux/man-pages/man2/copy_file_range.2.html
 */
export function copy_file_range(
  from: number,
  fromOffset: number | null,
  to: number,
  toOffset: number | null,
  length: number,
  flags: number,
): number {
  return moved('copy_file_range', [from, fromOffset, to, toOffset, length, flags], copy_file_range);
}
