// What is done to the pages of a mapping. Which pages: those of an ArrayBuffer or of a view on it, where C has an address and
// a length.
import { flagBits, outOfRange, view } from './arguments.js';
import { answered } from './errno.js';
import { PAGESIZE } from './mapping.js';
import { constant, native, needAddon } from './native.js';

/** Flag of msync: writing is arranged for; has no effect since Linux 2.6.19. */
export const MS_ASYNC = constant('MS_ASYNC');
/** Flag of msync: returns when it is written. */
export const MS_SYNC = constant('MS_SYNC');
/** Flag of msync: other mappings of the file are to see it; they always do on Linux. EBUSY if pages are locked. */
export const MS_INVALIDATE = constant('MS_INVALIDATE');
/** Flag of mlockall: all that is mapped now. */
export const MCL_CURRENT = constant('MCL_CURRENT');
/** Flag of mlockall: all that will be mapped. */
export const MCL_FUTURE = constant('MCL_FUTURE');
/** Flag of mlockall, with another: pages are locked when they are first used. Linux 4.4. */
export const MCL_ONFAULT = constant('MCL_ONFAULT');
/** Advice: none; as it is at first. */
export const MADV_NORMAL = constant('MADV_NORMAL');
/** Advice: will be used here and there: nothing is read ahead. */
export const MADV_RANDOM = constant('MADV_RANDOM');
/** Advice: will be used from one end to the other: much is read ahead. */
export const MADV_SEQUENTIAL = constant('MADV_SEQUENTIAL');
/** Advice: will be used soon: it is read ahead. */
export const MADV_WILLNEED = constant('MADV_WILLNEED');
/** Advice that loses data: the pages are given up; private anonymous memory is zeros when it is next used. */
export const MADV_DONTNEED = constant('MADV_DONTNEED');
/** Advice that loses data: as MADV_DONTNEED, when memory is short; a page that is written to before then stays. Linux 4.5. */
export const MADV_FREE = constant('MADV_FREE');
/** Advice that loses data: the pages and what is behind them are given up: a hole in a shared file of memory. */
export const MADV_REMOVE = constant('MADV_REMOVE');
/** It is not in forked children. */
export const MADV_DONTFORK = constant('MADV_DONTFORK');
/** Takes MADV_DONTFORK back. */
export const MADV_DOFORK = constant('MADV_DOFORK');
/** Pages with the same bytes may become one (KSM), until one is written to. */
export const MADV_MERGEABLE = constant('MADV_MERGEABLE');
/** Takes MADV_MERGEABLE back. */
export const MADV_UNMERGEABLE = constant('MADV_UNMERGEABLE');
/** May have huge pages. */
export const MADV_HUGEPAGE = constant('MADV_HUGEPAGE');
/** Has no huge pages. */
export const MADV_NOHUGEPAGE = constant('MADV_NOHUGEPAGE');
/** It is not in core dumps. */
export const MADV_DONTDUMP = constant('MADV_DONTDUMP');
/** Takes MADV_DONTDUMP back. */
export const MADV_DODUMP = constant('MADV_DODUMP');
/** It is zeros in forked children: private anonymous memory. Linux 4.14. */
export const MADV_WIPEONFORK = constant('MADV_WIPEONFORK');
/** Takes MADV_WIPEONFORK back. Linux 4.14. */
export const MADV_KEEPONFORK = constant('MADV_KEEPONFORK');
/** Advice: will not be used soon: the first to go when memory is short. Linux 5.4. */
export const MADV_COLD = constant('MADV_COLD');
/** Advice: will not be used soon: it goes to the swap or to its file at once. Linux 5.4. */
export const MADV_PAGEOUT = constant('MADV_PAGEOUT');
/** A test of the kernel's: the pages are treated as broken. It takes CAP_SYS_ADMIN. */
export const MADV_HWPOISON = constant('MADV_HWPOISON');
/** A test of the kernel's: the pages are moved away from their memory. It takes CAP_SYS_ADMIN. */
export const MADV_SOFT_OFFLINE = constant('MADV_SOFT_OFFLINE');
/** The pages are there, as after reading each. Linux 5.14. */
export const MADV_POPULATE_READ = constant('MADV_POPULATE_READ');
/** The pages are there, as after writing to each, and hold what they held. Linux 5.14. */
export const MADV_POPULATE_WRITE = constant('MADV_POPULATE_WRITE');
/** As MADV_DONTNEED, of locked pages too. Linux 5.18. */
export const MADV_DONTNEED_LOCKED = constant('MADV_DONTNEED_LOCKED');
/** Makes huge pages of what is there, at once, as far as possible. Linux 6.1. */
export const MADV_COLLAPSE = constant('MADV_COLLAPSE');
/** No access: SIGSEGV, without a mapping of its own; what was there is lost. Linux 6.13. */
export const MADV_GUARD_INSTALL = constant('MADV_GUARD_INSTALL');
/** Takes MADV_GUARD_INSTALL back: the pages are zeros. Linux 6.13. */
export const MADV_GUARD_REMOVE = constant('MADV_GUARD_REMOVE');

/** @inline */
type Memory = ArrayBuffer | ArrayBufferView;

/**
 * Writes what has changed in a shared mapping to its file.
 *
 * @param memory of `mmap`: an ArrayBuffer, all of it, or a view, which begins at a page
 * @param flags `MS_SYNC`: wait until it is written; `MS_ASYNC`: do not; `MS_INVALIDATE` or'ed to one of them
 * @throws {PosixError} EINVAL: it does not begin at a page, is not mmap's, or other flags; EBUSY: MS_INVALIDATE, and it is
 *   locked; EIO: it could not be written
 * @see https://man7.org/linux/man-pages/man2/msync.2.html
 */
export function msync(memory: Memory, flags: number): void {
  const bytes = view('memory', memory);
  flagBits('flags', flags);
  answered(native.msync(bytes, flags), 'msync', `${bytes.length}, ${flags}`, {}, msync);
}

/**
 * Tells the kernel how memory will be used, and for some advice has it do something at once: `MADV_DONTNEED` gives the pages
 * back, and they are zeros, or the file's, when they are touched again.
 *
 * `MADV_DONTFORK`: a forked child does not have it; who touches it there ends with SIGSEGV. `MADV_WIPEONFORK`: it is all zero
 * in a forked child; for private mappings of no file. `fork` keeps to both. What has `MADV_GUARD_INSTALL` ends the process
 * that touches it with SIGSEGV, what has `MADV_HWPOISON` with SIGBUS.
 *
 * @param memory of `mmap`: an ArrayBuffer, all of it, or a view, which begins at a page
 * @param advice one of `MADV_…`
 * @throws {BlockingIOError} EAGAIN: the kernel has no resources for it at the moment
 * @throws {PermissionError} EPERM: MADV_HWPOISON, without CAP_SYS_ADMIN
 * @throws {PosixError} EINVAL: it does not begin at a page, is not mmap's, is not of the kind that the advice is for, or this
 *   kernel does not know the advice; ENOMEM, EBADF, EIO and the others of madvise(2)
 * @see https://man7.org/linux/man-pages/man2/madvise.2.html
 */
export function madvise(memory: Memory, advice: number): void {
  const bytes = view('memory', memory);
  flagBits('advice', advice);
  answered(native.madvise(bytes, advice), 'madvise', `${bytes.length}, ${advice}`, {}, madvise);
}

/**
 * Changes what may be done with memory. What is not allowed any more ends the process with SIGSEGV when JavaScript does it:
 * an ArrayBuffer has no protection of its own.
 *
 * @param memory of `mmap`: an ArrayBuffer, all of it, or a view, which begins at a page
 * @param protection `PROT_READ | PROT_WRITE | PROT_EXEC`, or `PROT_NONE`
 * @throws {PermissionError} EACCES: a shared mapping of a file that is not open for writing
 * @throws {PosixError} EINVAL: it does not begin at a page, is not mmap's, or another protection; ENOMEM
 * @see https://man7.org/linux/man-pages/man2/mprotect.2.html
 */
export function mprotect(memory: Memory, protection: number): void {
  const bytes = view('memory', memory);
  flagBits('protection', protection);
  answered(native.mprotect(bytes, protection), 'mprotect', `${bytes.length}, ${protection}`, {}, mprotect);
}

/**
 * Keeps memory out of the swap: all pages that have a byte of it are in RAM now, and stay there until `munlock` or `munmap`.
 * A forked child's copy is not locked.
 *
 * @param memory of `mmap`: an ArrayBuffer, all of it, or a view
 * @throws {BlockingIOError} EAGAIN: some of it could not be locked
 * @throws {PermissionError} EPERM: RLIMIT_MEMLOCK is 0
 * @throws {PosixError} ENOMEM: more than RLIMIT_MEMLOCK; EINVAL: it is not mmap's
 * @see https://man7.org/linux/man-pages/man2/mlock.2.html
 */
export function mlock(memory: Memory): void {
  const bytes = view('memory', memory);
  answered(native.mlock(bytes), 'mlock', bytes.length, {}, mlock);
}

/**
 * Undoes `mlock`, however often it was called, for all pages that have a byte of the memory.
 *
 * @param memory of `mmap`: an ArrayBuffer, all of it, or a view
 * @throws {PosixError} EINVAL: it is not mmap's; ENOMEM
 * @see https://man7.org/linux/man-pages/man2/munlock.2.html
 */
export function munlock(memory: Memory): void {
  const bytes = view('memory', memory);
  answered(native.munlock(bytes), 'munlock', bytes.length, {}, munlock);
}

/**
 * Locks all memory of the process, V8's too, which reserves much more than it uses: without `MCL_ONFAULT` that may fill the
 * machine.
 *
 * Not for long: V8 ends the process with SIGTRAP and the message `Check failed: 0 == ret` when it gives back pages that are
 * locked, because the kernel refuses it (EINVAL of madvise). A garbage collection may do so, in a thread of V8's too, and a
 * Worker and the process do when they end: `munlockall` goes before that. What must never be swapped out belongs in memory of
 * `mmap`, locked with `mlock`.
 *
 * @param flags `MCL_CURRENT`: what is mapped; `MCL_FUTURE`: what will be; `MCL_ONFAULT` or'ed to them: each page when it is
 *   touched first
 * @throws {PermissionError} EPERM: without CAP_IPC_LOCK, RLIMIT_MEMLOCK is 0
 * @throws {PosixError} ENOMEM: more than RLIMIT_MEMLOCK; EINVAL: other flags
 * @see https://man7.org/linux/man-pages/man2/mlockall.2.html
 */
export function mlockall(flags: number): void {
  flagBits('flags', flags);
  answered(native.mlockall(flags), 'mlockall', flags, {}, mlockall);
}

/**
 * Unlocks all memory of the process, also what `mlock` has locked.
 *
 * @see https://man7.org/linux/man-pages/man2/munlockall.2.html
 */
export function munlockall(): void {
  answered(native.munlockall(), 'munlockall', '', {}, munlockall);
}

/**
 * Tells which pages are in RAM, and would not have to be read from a disk.
 *
 * @param memory of `mmap`: an ArrayBuffer, all of it, or a view, which begins at a page
 * @param vec where it goes, a byte for each page: bit 0 says it; the other bits have no meaning
 * @throws {RangeError} ERR_OUT_OF_RANGE: `vec` has fewer bytes than there are pages
 * @throws {BlockingIOError} EAGAIN: the kernel has no resources for it at the moment
 * @throws {PosixError} EINVAL: it does not begin at a page, or is not mmap's; ENOMEM
 * @see https://man7.org/linux/man-pages/man2/mincore.2.html
 */
export function mincore(memory: Memory, vec: Uint8Array): void {
  needAddon('mincore');
  const bytes = view('memory', memory);
  const into = view('vec', vec);
  const pages = Math.ceil(bytes.length / PAGESIZE);
  if (into.length < pages) throw outOfRange('vec.length', `>= ${pages}, a byte for each page`, into.length);
  answered(native.mincore(bytes, into), 'mincore', bytes.length, {}, mincore);
}
