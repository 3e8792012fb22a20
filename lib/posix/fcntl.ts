import { boolean } from '../mistakes.js';
import { descriptor, flagBits, INT_MAX, integer, wrongValue } from './arguments.js';
import { answered } from './errno.js';
import { F_GETLK, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_SETLK, F_SETLKW } from './lock.js';
import { lockRange, type Flock } from './lock-fields.js';
import { constant, native, needAddon } from './native.js';

/** Command of fcntl: the flags of the descriptor: `FD_CLOEXEC` or 0. */
export const F_GETFD = constant('F_GETFD');
/** Command of fcntl: sets the flags of the descriptor. */
export const F_SETFD = constant('F_SETFD');
/** Command of fcntl: the flags of the open file, with how it was opened; `O_RDONLY` is 0. */
export const F_GETFL = constant('F_GETFL');
/** Command of fcntl: sets `O_APPEND`, `O_NONBLOCK`, `O_DIRECT`; for all who share the open file. */
export const F_SETFL = constant('F_SETFL');
/** Flag of a descriptor: closed by exec. */
export const FD_CLOEXEC = constant('FD_CLOEXEC');
/** Command of fcntl: a copy of the descriptor, with the lowest free number from this one on. */
export const F_DUPFD = constant('F_DUPFD');
/** Command of fcntl: as F_DUPFD, and the copy is closed by exec. */
export const F_DUPFD_CLOEXEC = constant('F_DUPFD_CLOEXEC');
/** Command of fcntl: how many bytes a pipe holds. */
export const F_GETPIPE_SZ = constant('F_GETPIPE_SZ');
/** Command of fcntl: lets a pipe hold so many bytes, or more: answers how many. EPERM above /proc/sys/fs/pipe-max-size. */
export const F_SETPIPE_SZ = constant('F_SETPIPE_SZ');
/** Command of fcntl: the seals of a file of `memfd_create`. */
export const F_GET_SEALS = constant('F_GET_SEALS');
/** Command of fcntl: adds seals to a file of `memfd_create` that allows it; they stay. */
export const F_ADD_SEALS = constant('F_ADD_SEALS');
/** No more seals can be added. */
export const F_SEAL_SEAL = constant('F_SEAL_SEAL');
/** The file cannot become shorter: who has it mapped is safe from SIGBUS. */
export const F_SEAL_SHRINK = constant('F_SEAL_SHRINK');
/** The file cannot become longer. */
export const F_SEAL_GROW = constant('F_SEAL_GROW');
/** The file cannot be written to. */
export const F_SEAL_WRITE = constant('F_SEAL_WRITE');
/** The file cannot be written to, except through the mappings that are there already. Linux 5.1. */
export const F_SEAL_FUTURE_WRITE = constant('F_SEAL_FUTURE_WRITE');

type Check = (argument: unknown) => number;

const none: Check = () => 0;
const anyFlags: Check = (argument) => flagBits('flags', argument);
const least: Check = (argument) => integer('least', argument, 0, INT_MAX);

/** The commands whose argument is a number, or that have none. */
const commands = new Map<number, Check>([
  [F_GETFD, none],
  [F_SETFD, anyFlags],
  [F_GETFL, none],
  [F_SETFL, anyFlags],
  [F_DUPFD, least],
  [F_DUPFD_CLOEXEC, least],
  [F_GETPIPE_SZ, none],
  [F_SETPIPE_SZ, (argument) => integer('size', argument, 0, INT_MAX)],
  [F_GET_SEALS, none],
  [F_ADD_SEALS, (argument) => flagBits('seals', argument)],
]);

/** The commands that take a lock. */
const lockCommands: readonly number[] = [F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW];

/**
 * The flags of a descriptor: of itself (`FD_CLOEXEC`), or of what `open` made, which others may share (`O_NONBLOCK`, …). Its
 * duplicates: other descriptors of what `open` made. The room in a pipe. The seals of a `memfd_create`.
 *
 * @param command `F_GETFD`, `F_GETFL`: ask for the flags; `F_SETFD`, `F_SETFL`: set them, all that can be set; `F_DUPFD`,
 * `F_DUPFD_CLOEXEC`: make a duplicate, in the latter case one that no other program inherits; `F_GETPIPE_SZ`, `F_SETPIPE_SZ`:
 * ask for the capacity of a pipe in bytes, set it; `F_GET_SEALS`, `F_ADD_SEALS`
 * @param argument for `F_SETFD` 0 or `FD_CLOEXEC`; for `F_SETFL` such as `O_NONBLOCK | O_APPEND`; for the duplicates the least
 * number that they may have; for `F_SETPIPE_SZ` bytes, which the kernel rounds up to a power of 2; for `F_ADD_SEALS`
 * `F_SEAL_…`
 * @returns the flags that were asked for; 0 when they have been set; the duplicate; the capacity
 * @throws {PosixError} EBADF: it is not open, or no pipe; EMFILE: too many are; EINVAL: no descriptor can have such a number,
 * the file has no seals; EBUSY: more than the capacity is in the pipe, or there are mappings that a seal forbids
 * @throws {PermissionError} EPERM: more than /proc/sys/fs/pipe-max-size; the file is sealed against it
 * @see https://man7.org/linux/man-pages/man2/F_GETFD.2const.html
 * @see https://man7.org/linux/man-pages/man2/F_DUPFD.2const.html
 * @see https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html
 * @see https://man7.org/linux/man-pages/man2/F_GET_SEALS.2const.html
 */
export function fcntl(fd: number, command: number, argument?: number): number;
/**
 * The locks of fcntl(2) on a range of a file. An open file description lock (`F_OFD_…`) belongs to what `open` made: forked
 * children and duplicates of the descriptor share it, and it ends when the last of them is closed, at the latest with its
 * process. A record lock (`F_SETLK` and the others) belongs to the process: a forked child does not have it, and it ends when
 * the process closes any descriptor of the file.
 *
 * @param command `F_OFD_SETLK`, `F_SETLK`: set or free it; `F_OFD_SETLKW`, `F_SETLKW`: wait for it; `F_OFD_GETLK`, `F_GETLK`:
 * ask what is in its way
 * @param lock when asked what is in its way, it is changed: into that lock, with the pid of its owner (-1 of an open file
 * description lock); or its type into `F_UNLCK`
 * @returns the lock's type: when asked, `F_UNLCK` if nothing is in its way
 * @throws {BlockingIOError} EAGAIN: another lock is in the way
 * @throws {InterruptedError} EINTR: while waiting
 * @throws {PosixError} EBADF: not open, or not for reading (or writing) as the lock's type needs it; EDEADLK: its owner waits
 * for a lock of this process (record locks only); EINVAL: it begins before the file; ENOLCK; EOVERFLOW
 * @see https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html
 * @see https://man7.org/linux/man-pages/man2/F_GETLK.2const.html
 */
export function fcntl(fd: number, command: number, lock: Flock): number;
export function fcntl(fd: number, command: number, argument?: number | Flock): number {
  needAddon('fcntl');
  descriptor(fd);
  const check = commands.get(command);
  if (check) return answered(native.fcntl(fd, command, check(argument)), 'fcntl', fd, { fd }, fcntl);
  if (!lockCommands.includes(command)) {
    const names = 'F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD…, F_…PIPE_SZ, F_…SEALS, F_…LK, F_OFD_…';
    throw wrongValue('command', `must be one of ${names}`, command);
  }
  const { fields, tell } = lockRange(command, argument);
  answered(native.fcntlLock(fd, command, fields), 'fcntl', fd, { fd }, fcntl);
  return tell();
}

/**
 * Whether a program that is executed inherits the descriptor: it has no FD_CLOEXEC. Python's call.
 *
 * @throws {PosixError} EBADF
 * @see https://man7.org/linux/man-pages/man2/F_GETFD.2const.html
 */
export function get_inheritable(fd: number): boolean {
  descriptor(fd);
  return (answered(native.fcntl(fd, F_GETFD, 0), 'fcntl', fd, { fd }, get_inheritable) & FD_CLOEXEC) === 0;
}

/**
 * Says whether a program that is executed inherits the descriptor. Python's call.
 *
 * @throws {PosixError} EBADF
 * @see https://man7.org/linux/man-pages/man2/F_GETFD.2const.html
 */
export function set_inheritable(fd: number, inheritable: boolean): void {
  descriptor(fd);
  boolean('inheritable', inheritable);
  const old = answered(native.fcntl(fd, F_GETFD, 0), 'fcntl', fd, { fd }, set_inheritable);
  const flags = inheritable ? old & ~FD_CLOEXEC : old | FD_CLOEXEC;
  answered(native.fcntl(fd, F_SETFD, flags), 'fcntl', fd, { fd }, set_inheritable);
}

const O_NONBLOCK = constant('O_NONBLOCK');

/**
 * Whether calls on the descriptor wait: what it is open for has no O_NONBLOCK. Python's call.
 *
 * @throws {PosixError} EBADF
 * @see https://man7.org/linux/man-pages/man2/F_GETFL.2const.html
 */
export function get_blocking(fd: number): boolean {
  descriptor(fd);
  return (answered(native.fcntl(fd, F_GETFL, 0), 'fcntl', fd, { fd }, get_blocking) & O_NONBLOCK) === 0;
}

/**
 * Says whether calls on the descriptor wait, and on all others of the same open file, in other processes too. Python's call.
 *
 * @throws {PosixError} EBADF
 * @see https://man7.org/linux/man-pages/man2/F_GETFL.2const.html
 */
export function set_blocking(fd: number, blocking: boolean): void {
  descriptor(fd);
  boolean('blocking', blocking);
  const old = answered(native.fcntl(fd, F_GETFL, 0), 'fcntl', fd, { fd }, set_blocking);
  const flags = blocking ? old & ~O_NONBLOCK : old | O_NONBLOCK;
  answered(native.fcntl(fd, F_SETFL, flags), 'fcntl', fd, { fd }, set_blocking);
}
