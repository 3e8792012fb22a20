import { int, integer } from './arguments.js';
import { answered } from './errno.js';
import { native } from './native.js';
import { signalNumber, type Signal } from './signal.js';

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
 * Sends a signal.
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
  answered(native.kill(pid, number), 'kill', `${pid}, ${signal}`, { pid }, kill);
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
