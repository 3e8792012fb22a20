import { descriptor, int } from './arguments.js';
import { answered } from './errno.js';
import { distance, type Flock } from './lock-fields.js';
import { constant, native } from './native.js';

export type { Flock };

/** Type of a lock: to read; others may have one too. */
export const F_RDLCK = constant('F_RDLCK');
/** Type of a lock: to write; nobody else has one. */
export const F_WRLCK = constant('F_WRLCK');
/** Type of a lock: none: it is freed; or, as an answer, nobody is in the way. */
export const F_UNLCK = constant('F_UNLCK');
/** Command of fcntl: who is in the way of this lock of a process. */
export const F_GETLK = constant('F_GETLK');
/** Command of fcntl: takes or frees a lock of the process, which all its threads share; does not wait: EAGAIN. */
export const F_SETLK = constant('F_SETLK');
/** Command of fcntl: as F_SETLK, and waits; EDEADLK if processes would wait for each other. */
export const F_SETLKW = constant('F_SETLKW');
/** Command of fcntl: who is in the way of this lock of an open file. */
export const F_OFD_GETLK = constant('F_OFD_GETLK');
/** Command of fcntl: takes or frees a lock of the open file, which a forked child shares; does not wait: EAGAIN. */
export const F_OFD_SETLK = constant('F_OFD_SETLK');
/** Command of fcntl: as F_OFD_SETLK, and waits. Nobody looks for deadlocks. */
export const F_OFD_SETLKW = constant('F_OFD_SETLKW');
/** Operation of flock: a lock that others may have too. */
export const LOCK_SH = constant('LOCK_SH');
/** Operation of flock: a lock that nobody else may have. */
export const LOCK_EX = constant('LOCK_EX');
/** Operation of flock: free it. */
export const LOCK_UN = constant('LOCK_UN');
/** Or'ed to an operation of flock: do not wait. */
export const LOCK_NB = constant('LOCK_NB');
/** Command of lockf: wait for the lock. */
export const F_LOCK = constant('F_LOCK');
/** Command of lockf: do not wait. */
export const F_TLOCK = constant('F_TLOCK');
/** Command of lockf: free it. */
export const F_ULOCK = constant('F_ULOCK');
/** Command of lockf: ask whether another process has a lock there. */
export const F_TEST = constant('F_TEST');

/**
 * Locks a whole file. The lock belongs to what `open` made: forked children and duplicates of the descriptor share it. It
 * knows nothing of those of fcntl(2).
 *
 * @param operation `LOCK_SH`, `LOCK_EX` or `LOCK_UN`, with `LOCK_NB` or'ed to it
 * @throws {BlockingIOError} EAGAIN: another has it, with `LOCK_NB`
 * @throws {InterruptedError} EINTR: while waiting
 * @throws {PosixError} EBADF; EINVAL: another operation; ENOLCK
 * @see https://man7.org/linux/man-pages/man2/flock.2.html
 */
export function flock(fd: number, operation: number): void {
  descriptor(fd);
  int('operation', operation);
  answered(native.flock(fd, operation), 'flock', fd, { fd }, flock);
}

/**
 * Locks a range of a file, from the descriptor's offset on: an exclusive record lock, as `fcntl` sets it with `F_SETLK`. It
 * belongs to the process. (Python's `fcntl.lockf` has other arguments; this is its `os.lockf`.)
 *
 * @param command `F_LOCK`, `F_TLOCK`, `F_ULOCK` or `F_TEST`
 * @param length in bytes; 0: up to the end of the file, however far that moves; negative: in front of the offset
 * @throws {BlockingIOError | PermissionError} EAGAIN, EACCES: another process has a lock there (`F_TLOCK`, `F_TEST`)
 * @throws {InterruptedError} EINTR: while waiting
 * @throws {PosixError} EBADF: not open, or not for writing; EDEADLK; EINVAL: another command; ENOLCK
 * @see https://man7.org/linux/man-pages/man3/lockf.3.html
 */
export function lockf(fd: number, command: number, length: number): void {
  descriptor(fd);
  int('command', command);
  distance('length', length);
  answered(native.lockf(fd, command, length), 'lockf', fd, { fd }, lockf);
}
