import { int, INT_MAX, integer, outOfRange } from './arguments.js';
import { answered } from './errno.js';
import { runHandlers } from './handlers.js';
import { constant, native } from './native.js';
import { signalNumber, type Signal } from './signal.js';

/** Flag of pidfd_open: to wait for a process that lives by `waitid(P_PIDFD, …)` is EAGAIN, and does not block. Linux 5.10. */
export const PIDFD_NONBLOCK = constant('PIDFD_NONBLOCK');

/**
 * Ends the process at once: no 'exit' event, no flushing, nothing of Node's own shutdown.
 *
 * @param status 0 to 255
 * @see https://man7.org/linux/man-pages/man2/_exit.2.html
 */
export function _exit(status: number): never {
  return native._exit(integer('status', status, 0, 255));
}

/**
 * Ends the process at once by SIGABRT, with a core dump where that is allowed. A handler of the signal runs, but that of
 * `process.on`, which would have to wait for the event loop, does not; the process ends either way.
 *
 * @see https://man7.org/linux/man-pages/man3/abort.3.html
 */
export function abort(): never {
  return native.abort();
}

/** The id of this process, asked of the kernel. @see https://man7.org/linux/man-pages/man2/getpid.2.html */
export function getpid(): number {
  return native.getpid();
}

/** The id of the parent process: 1 or a subreaper's when it has ended. @see https://man7.org/linux/man-pages/man2/getppid.2.html */
export function getppid(): number {
  return native.getppid();
}

/** The id of the calling thread; that of the main thread is the process's. @see https://man7.org/linux/man-pages/man2/gettid.2.html */
export function gettid(): number {
  return native.gettid();
}

function number(signal: Signal): number {
  return signal === 0 ? 0 : signalNumber(signal);
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
  const result = native.kill(pid, number(signal));
  if (result < 0) answered(result, 'kill', `${pid}, ${signal}`, { pid }, kill);
  runHandlers();
}

/**
 * Sends a signal to a process group.
 *
 * @param pgrp a process group; 0: our own. 1 is refused, which POSIX leaves undefined: for the C library it is every process
 *   that we may signal
 * @param signal a name, or a number from 0 to 64; 0 sends nothing and tells whether one could
 * @throws {ProcessLookupError} ESRCH: there is no such group
 * @throws {PermissionError} EPERM: no process of it is ours
 * @throws {PosixError} EINVAL: `pgrp` is negative
 * @see https://man7.org/linux/man-pages/man3/killpg.3.html
 */
export function killpg(pgrp: number, signal: Signal): void {
  int('pgrp', pgrp);
  if (pgrp === 1) throw outOfRange('pgrp', '0 or > 1', pgrp);
  answered(native.killpg(pgrp, number(signal)), 'killpg', `${pgrp}, ${signal}`, {}, killpg);
  runHandlers();
}

/**
 * A descriptor that stands for a process, and becomes readable when it ends. It is close-on-exec.
 *
 * @param flags 0, or `PIDFD_NONBLOCK`
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PosixError} EINVAL: other flags, or `pid` is not above 0; ENOSYS: before Linux 5.3; EMFILE, ENFILE: too many
 *   descriptors
 * @see https://man7.org/linux/man-pages/man2/pidfd_open.2.html
 */
export function pidfd_open(pid: number, flags: number): number {
  int('pid', pid);
  int('flags', flags);
  return answered(native.pidfd_open(pid, flags), 'pidfd_open', pid, { pid }, pidfd_open);
}

/**
 * A copy of another process's descriptor, as if it had been inherited from it. It is close-on-exec.
 *
 * @param pidfd the process, by `pidfd_open`
 * @param targetfd its descriptor
 * @param flags 0
 * @throws {PermissionError} EPERM: we may not trace the process (ptrace(2))
 * @throws {ProcessLookupError} ESRCH: it has ended
 * @throws {PosixError} EBADF: `pidfd` is no descriptor of a process, or it does not have `targetfd`; EINVAL: other flags;
 *   ENOSYS: before Linux 5.6; EMFILE, ENFILE: too many descriptors
 * @see https://man7.org/linux/man-pages/man2/pidfd_getfd.2.html
 */
export function pidfd_getfd(pidfd: number, targetfd: number, flags: number): number {
  integer('pidfd', pidfd, 0, INT_MAX);
  integer('targetfd', targetfd, 0, INT_MAX);
  int('flags', flags);
  const shown = `${pidfd}, ${targetfd}`;
  return answered(native.pidfd_getfd(pidfd, targetfd, flags), 'pidfd_getfd', shown, { fd: pidfd }, pidfd_getfd);
}
