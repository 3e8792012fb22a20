import { int, integer } from './arguments.js';
import { answered } from './errno.js';
import { runHandlers } from './handlers.js';
import { constant, native } from './native.js';
import { signalNumber, type Signal } from './signal.js';

export const PR_GET_DUMPABLE = constant('PR_GET_DUMPABLE');
export const PR_SET_DUMPABLE = constant('PR_SET_DUMPABLE');
export const PR_GET_CHILD_SUBREAPER = constant('PR_GET_CHILD_SUBREAPER');
export const PR_SET_CHILD_SUBREAPER = constant('PR_SET_CHILD_SUBREAPER');

/**
 * Ends the process at once: no 'exit' event, no flushing, nothing of Node's own shutdown.
 *
 * @param status 0 to 255
 * @see https://man7.org/linux/man-pages/man2/_exit.2.html
 */
export function _exit(status: number): never {
  return native._exit(integer('status', status, 0, 255));
}

/** The id of this process, asked of the kernel. @see https://man7.org/linux/man-pages/man2/getpid.2.html */
export function getpid(): number {
  return native.getpid();
}

/** The id of the parent process: 1 or a subreaper's when it has ended. @see https://man7.org/linux/man-pages/man2/getppid.2.html */
export function getppid(): number {
  return native.getppid();
}

/**
 * Sends a signal. One that the process sends itself, and does not block, has been handled when this returns.
 *
 * @param pid a process; 0: our process group; -1: every process that we may signal; less: the process group -pid
 * @param signal a name, or a number from 0 to 64; 0 sends nothing and tells whether one could
 * @throws {ProcessLookupError} ESRCH: there is no such process or group
 * @throws {PermissionError} EPERM: it is not ours
 * @see https://man7.org/linux/man-pages/man2/kill.2.html
 */
export function kill(pid: number, signal: Signal): void {
  int('pid', pid);
  const number = signal === 0 ? 0 : signalNumber(signal);
  const result = native.kill(pid, number);
  if (result < 0) answered(result, 'kill', `${pid}, ${signal}`, { pid }, kill);
  runHandlers();
}

/**
 * A descriptor that stands for a process, and becomes readable when it ends. It is close-on-exec.
 *
 * @param flags 0
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PosixError} ENOSYS: before Linux 5.3; EMFILE, ENFILE: too many descriptors
 * @see https://man7.org/linux/man-pages/man2/pidfd_open.2.html
 */
export function pidfd_open(pid: number, flags: number): number {
  int('pid', pid);
  int('flags', flags);
  return answered(native.pidfd_open(pid, flags), 'pidfd_open', pid, { pid }, pidfd_open);
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
 * Asks or sets a property of this process.
 *
 * @param option `PR_GET_DUMPABLE`; `PR_SET_DUMPABLE`: whether its memory may be dumped and read by processes of its user, 1
 *   or 0; `PR_GET_CHILD_SUBREAPER`; `PR_SET_CHILD_SUBREAPER`: whether descendants whose parents have ended become its
 *   children, 1 or 0, which its forks do not inherit; or another of those that take a number
 * @param value what the option takes, 0 and more; 0 for those that take none
 * @returns what the option gives; 0 for those that give nothing
 * @throws {PosixError} EINVAL: no such option or value; EPERM
 * @see https://man7.org/linux/man-pages/man2/prctl.2.html
 */
export function prctl(option: number, value: number): number {
  int('option', option);
  integer('value', value, 0, Number.MAX_SAFE_INTEGER);
  return answered(native.prctl(option, value), 'prctl', `${option}, ${value}`, {}, prctl);
}
