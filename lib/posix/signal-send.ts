import { descriptor, flagBits, int, wrongValue } from './arguments.js';
import { answered } from './errno.js';
import { runHandlers } from './handlers.js';
import { mainThreadOnly } from './main-thread.js';
import { native } from './native.js';
import { signalNumber, type Signal } from './signal.js';

/**
 * Sends a signal to the main thread. Its handler has run when this returns, unless it is blocked.
 *
 * @throws what the handler throws
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: in a worker thread
 * @see https://man7.org/linux/man-pages/man3/raise.3.html
 */
export function raise(signal: Signal): void {
  const number = signalNumber(signal);
  mainThreadOnly('raise');
  answered(native.raise(number), 'raise', signal, {}, raise);
  runHandlers();
}

/**
 * Sends a signal with a number. Real-time signals are queued, each with its own; of another one the first is kept until it is
 * taken.
 *
 * @param pid a process
 * @param signal a name, or a number from 0 to 64; 0 sends nothing and tells whether one could
 * @param value an int, the receiver's `info.value`
 * @throws {BlockingIOError} EAGAIN: too many signals are queued (RLIMIT_SIGPENDING)
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PermissionError} EPERM: it is not ours
 * @see https://man7.org/linux/man-pages/man3/sigqueue.3.html
 */
export function sigqueue(pid: number, signal: Signal, value: number): void {
  int('pid', pid);
  const number = signal === 0 ? 0 : signalNumber(signal);
  int('value', value);
  answered(native.sigqueue(pid, number, value), 'sigqueue', `${pid}, ${signal}`, { pid }, sigqueue);
  runHandlers();
}

/**
 * Sends a signal to the process that a descriptor stands for (`pidfd_open`), and never to another that has got its pid.
 *
 * @param pidfd the descriptor
 * @param signal a name, or a number from 0 to 64; 0 sends nothing and tells whether one could
 * @param info null: as kill(2) fills it in
 * @param flags 0
 * @throws {PosixError} EBADF: it stands for no process; EINVAL: other flags; ENOSYS: before Linux 5.1
 * @throws {ProcessLookupError} ESRCH: the process has ended and been waited for
 * @throws {PermissionError} EPERM: it is not ours
 * @see https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html
 */
export function pidfd_send_signal(pidfd: number, signal: Signal, info: null, flags: number): void {
  descriptor(pidfd);
  const number = signal === 0 ? 0 : signalNumber(signal);
  if ((info as unknown) !== null) throw wrongValue('info', 'must be null', info);
  flagBits('flags', flags);
  const result = native.pidfd_send_signal(pidfd, number, flags);
  answered(result, 'pidfd_send_signal', `${pidfd}, ${signal}`, { fd: pidfd }, pidfd_send_signal);
  runHandlers();
}
