// Process groups, sessions, and the terminal that a session has: job control.
import { descriptor, int } from './arguments.js';
import { answered } from './errno.js';
import { native } from './native.js';

/**
 * The process group of a process.
 *
 * @param pid 0: this process
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @see https://man7.org/linux/man-pages/man2/getpgid.2.html
 */
export function getpgid(pid: number): number {
  int('pid', pid);
  return answered(native.getpgid(pid), 'getpgid', pid, { pid }, getpgid);
}

/** The process group of this process. @see https://man7.org/linux/man-pages/man2/getpgrp.2.html */
export function getpgrp(): number {
  return answered(native.getpgid(0), 'getpgrp', '', {}, getpgrp);
}

/**
 * Puts a process, this one or a child that has not called exec yet, into a process group of its session, or makes it the
 * leader of a new one.
 *
 * @param pid 0: this process
 * @param pgid 0, or the same as `pid`: a new group, of which the process is the leader
 * @throws {PermissionError} EACCES: the child has called exec; EPERM: it leads a session, or it or the group is in another
 *   session
 * @throws {ProcessLookupError} ESRCH: it is neither this process nor a child
 * @throws {PosixError} EINVAL: `pgid` is negative
 * @see https://man7.org/linux/man-pages/man2/setpgid.2.html
 */
export function setpgid(pid: number, pgid: number): void {
  int('pid', pid);
  int('pgid', pgid);
  answered(native.setpgid(pid, pgid), 'setpgid', `${pid}, ${pgid}`, { pid }, setpgid);
}

/**
 * Makes this process the leader of a process group of its own: `setpgid(0, 0)`.
 *
 * @throws {PermissionError} EPERM: it leads a session
 * @see https://man7.org/linux/man-pages/man2/setpgrp.2.html
 */
export function setpgrp(): void {
  answered(native.setpgid(0, 0), 'setpgrp', '', {}, setpgrp);
}

/**
 * The session of a process: the pid of its leader.
 *
 * @param pid 0: this process
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @see https://man7.org/linux/man-pages/man2/getsid.2.html
 */
export function getsid(pid: number): number {
  int('pid', pid);
  return answered(native.getsid(pid), 'getsid', pid, { pid }, getsid);
}

/**
 * Makes this process the leader of a new session and a new process group, without a controlling terminal.
 *
 * @returns the session's id, which is that of the process
 * @throws {PermissionError} EPERM: it leads a process group already
 * @see https://man7.org/linux/man-pages/man2/setsid.2.html
 */
export function setsid(): number {
  return answered(native.setsid(), 'setsid', '', {}, setsid);
}

/**
 * The process group in the foreground of a terminal: the one that may read from it, and gets its Ctrl-C.
 *
 * @param fd the controlling terminal of this process
 * @returns the group; a number above 1 that is no group's if there is none
 * @throws {PosixError} ENOTTY: it is no terminal, or not that of this process; EBADF
 * @see https://man7.org/linux/man-pages/man3/tcgetpgrp.3.html
 */
export function tcgetpgrp(fd: number): number {
  descriptor(fd);
  return answered(native.tcgetpgrp(fd), 'tcgetpgrp', fd, { fd }, tcgetpgrp);
}

/**
 * Puts a process group of this session into the foreground of its terminal. Called from the background it sends our own
 * group SIGTTOU, which stops it, unless the signal is blocked or ignored; in an orphaned group it is ENOTTY.
 *
 * @param fd the controlling terminal of this process
 * @param pgrp the group
 * @throws {PermissionError} EPERM: the group is in another session
 * @throws {ProcessLookupError} ESRCH: there is no such group
 * @throws {InterruptedError} EINTR: SIGTTOU has a handler
 * @throws {PosixError} ENOTTY: `fd` is no terminal, or not that of this process; EINVAL: `pgrp` is negative; EBADF
 * @see https://man7.org/linux/man-pages/man3/tcsetpgrp.3.html
 */
export function tcsetpgrp(fd: number, pgrp: number): void {
  descriptor(fd);
  int('pgrp', pgrp);
  answered(native.tcsetpgrp(fd, pgrp), 'tcsetpgrp', `${fd}, ${pgrp}`, { fd }, tcsetpgrp);
}
