import { fstatSync } from 'node:fs';
import { arrayBuffer, bytes, flagBits, integer, INT_MAX, outOfRange, wrongType, wrongValue } from './arguments.js';
import { answered } from './errno.js';
import { LONGEST } from './mapping-ranges.js';
import { constant, native } from './native.js';

/** Protection of a mapping: no access. */
export const PROT_NONE = constant('PROT_NONE');
/** Protection of a mapping: it can be read. */
export const PROT_READ = constant('PROT_READ');
/** Protection of a mapping: it can be written to. */
export const PROT_WRITE = constant('PROT_WRITE');
/** Protection of a mapping: it can be executed. */
export const PROT_EXEC = constant('PROT_EXEC');
/** Flag of mmap: writes are seen by all who have it mapped, forked children too, and reach the file. */
export const MAP_SHARED = constant('MAP_SHARED');
/** Flag of mmap: writes are seen by this process alone; a forked child has a copy. */
export const MAP_PRIVATE = constant('MAP_PRIVATE');
/** Flag of mmap: as MAP_SHARED, and EOPNOTSUPP for flags that the kernel does not know. Linux 4.15. */
export const MAP_SHARED_VALIDATE = constant('MAP_SHARED_VALIDATE');
/** Flag of mmap: no file: zeros at first. `fd` is -1. */
export const MAP_ANONYMOUS = constant('MAP_ANONYMOUS');
/** Flag of mmap: all pages are there at once. */
export const MAP_POPULATE = constant('MAP_POPULATE');
/** Flag of mmap: with MAP_POPULATE only, which it takes the effect of. */
export const MAP_NONBLOCK = constant('MAP_NONBLOCK');
/** Flag of mmap: no swap is set aside for it: a write may be SIGSEGV where memory is short. */
export const MAP_NORESERVE = constant('MAP_NORESERVE');
/** Flag of mmap: its pages stay in memory, as by `mlock`; that some are not there is no error. */
export const MAP_LOCKED = constant('MAP_LOCKED');
/** Flag of mmap: for a stack. Its one effect on Linux is that it gets no huge pages, since 6.7. */
export const MAP_STACK = constant('MAP_STACK');
/** Flag of mmap, with MAP_SHARED_VALIDATE: of a file in persistent memory (DAX). Linux 4.15. */
export const MAP_SYNC = constant('MAP_SYNC');
/** Flag of mremap: it may get another address; without, ENOMEM where it cannot grow. */
export const MREMAP_MAYMOVE = constant('MREMAP_MAYMOVE');
/** Flag of mremap: the old place stays, empty. Linux 5.7; of more than private anonymous memory, Linux 5.13. */
export const MREMAP_DONTUNMAP = constant('MREMAP_DONTUNMAP');

/** The bytes of a page: offsets into files, and views for `msync` and its like, begin at a multiple of it. */
export const PAGESIZE = constant('PAGESIZE');

const FIXED = constant('MAP_FIXED') | constant('MAP_FIXED_NOREPLACE');
const MOVED_TO = constant('MREMAP_FIXED');

/**
 * Maps a file or new memory into the process, as an ArrayBuffer. With `MAP_SHARED` a forked child sees what the
 * parent writes, and the other way round; with `MAP_PRIVATE` each has a copy of its own from its first write on.
 *
 * The memory is unmapped by `munmap`, or when nothing refers to the ArrayBuffer any more. Two things end the process,
 * by POSIX: what the protection does not allow (SIGSEGV: an ArrayBuffer cannot forbid a write), and touching a page behind
 * the end of a file that was truncated after it was mapped (SIGBUS). A file that others could truncate is better a memfd with
 * `F_SEAL_SHRINK`, or locked by all who change it.
 *
 * @param address null: an ArrayBuffer lies where the kernel puts it
 * @param length bytes, 1 or more, up to `buffer.constants.MAX_LENGTH` (4 GiB in Node 20); with the offset within the
 *   file's present size
 * @param protection `PROT_READ | PROT_WRITE | PROT_EXEC`, or `PROT_NONE`
 * @param flags `MAP_SHARED` or `MAP_PRIVATE`, with others or'ed to it; not `MAP_FIXED`
 * @param fd the file; -1 with `MAP_ANONYMOUS`
 * @param offset bytes into the file, a multiple of the page size
 * @throws {RangeError} ERR_OUT_OF_RANGE: the range reaches behind the end of the file, or is longer than Node allows
 * @throws {PermissionError} EACCES: the file is not open for what the mapping asks
 * @throws {PosixError} EINVAL, ENODEV, ENOMEM and the others of mmap(2); ENOTSUP where V8 has no outside memory
 * @see https://man7.org/linux/man-pages/man2/mmap.2.html
 */
export function mmap(
  address: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
): ArrayBuffer {
  if ((address as unknown) !== null) throw wrongType('address', 'null', address);
  integer('length', length, 1, LONGEST);
  flagBits('protection', protection);
  flagBits('flags', flags);
  if ((flags & FIXED) !== 0) throw wrongValue('flags', 'must not have MAP_FIXED: it could replace V8 itself', flags);
  integer('fd', fd, -1, INT_MAX);
  bytes('offset', offset);
  if ((flags & MAP_ANONYMOUS) === 0 && fd >= 0) checkSize(fd, offset, length);
  const result = native.mmap(length, protection, flags, fd, offset);
  if (typeof result !== 'number') return result;
  answered(result, 'mmap', `${length}, fd ${fd}`, fd < 0 ? {} : { fd }, mmap);
  throw new Error('unreachable: mmap answers an ArrayBuffer or an error');
}

function checkSize(fd: number, offset: number, length: number): void {
  let stat;
  try {
    stat = fstatSync(fd);
  } catch {
    return; // Not open: mmap says so, in its own name.
  }
  if (stat.isFile() && offset + length > stat.size) {
    throw outOfRange('offset + length', `<= ${stat.size}, the size of the file`, offset + length);
  }
}

/**
 * Unmaps what `mmap` mapped, all of it. The ArrayBuffer and every view on it have length 0 afterwards. What Node.js still does with
 * it by another thread, or later (`crypto.randomFill`, `zlib`, `fs.read`), must have called back before.
 *
 * @param buffer the ArrayBuffer of mmap, or the one that it was transferred to
 * @throws {PosixError} EINVAL: it is no mapping, has been unmapped, or was transferred away; EBUSY: it is in use and
 *   cannot be detached
 * @see https://man7.org/linux/man-pages/man2/munmap.2.html
 */
export function munmap(buffer: ArrayBuffer): void {
  arrayBuffer('buffer', buffer);
  answered(native.munmap(buffer), 'munmap', buffer.byteLength, {}, munmap);
}

/**
 * Makes a mapping longer or shorter, all of it. The old ArrayBuffer and every view on it have length 0 afterwards; when the
 * call fails, nothing has changed.
 *
 * A mapping may become longer than its file: to touch a page behind the end of the file is SIGBUS. So is what a shared
 * mapping of no file grows by.
 *
 * @param buffer the ArrayBuffer of mmap or mremap
 * @param length bytes, 1 or more, up to `buffer.constants.MAX_LENGTH`
 * @param flags 0: only if it need not move; `MREMAP_MAYMOVE`, with `MREMAP_DONTUNMAP`: the pages move, and the old
 *   ArrayBuffer keeps its range, as if it had just been mapped, with the same length; not `MREMAP_FIXED`
 * @returns the mapping as it is now
 * @throws {BlockingIOError} EAGAIN: it is locked (`mlock`), and would exceed RLIMIT_MEMLOCK
 * @throws {PosixError} EINVAL: it is no mapping, has been unmapped, or was transferred away, or other flags; ENOMEM: there is
 *   no room; EFAULT: parts of it differ, in protection or advice
 * @see https://man7.org/linux/man-pages/man2/mremap.2.html
 */
export function mremap(buffer: ArrayBuffer, length: number, flags: number): ArrayBuffer {
  arrayBuffer('buffer', buffer);
  integer('length', length, 1, LONGEST);
  flagBits('flags', flags);
  if ((flags & MOVED_TO) !== 0)
    throw wrongValue('flags', 'must not have MREMAP_FIXED: it could replace V8 itself', flags);
  const result = native.mremap(buffer, length, flags);
  if (typeof result !== 'number') return result;
  answered(result, 'mremap', `${buffer.byteLength}, ${length}`, {}, mremap);
  throw new Error('unreachable: mremap answers an ArrayBuffer or an error');
}
