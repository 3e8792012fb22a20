import { seconds } from './arguments.js';
import { answered, errno } from './errno.js';
import { runHandlers } from './handlers.js';
import { mainThreadOnly } from './main-thread.js';
import { constant, native } from './native.js';
import { emptyFields, toSiginfo, type Siginfo } from './siginfo.js';
import { emptySet, toWords } from './signal-set.js';
import { signalName, type Signal } from './signal.js';

const SIG_SETMASK = constant('SIG_SETMASK');

// The handlers run with the mask of the call, which the addon has left as the mask.
function suspend(set: Uint32Array | null): void {
  const old = emptySet();
  native.sigsuspend(set, old);
  try {
    runHandlers();
  } finally {
    native.sigprocmask(SIG_SETMASK, old, emptySet());
  }
}

/**
 * Sleeps with another mask until a signal has been handled; then the mask is what it was. A signal that is blocked, and let in
 * by this alone, cannot come too early.
 *
 * @param mask the signals that are blocked meanwhile
 * @throws what the handler throws. That it was interrupted (EINTR) is how it ends, and no error
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: in a worker thread
 * @see https://man7.org/linux/man-pages/man2/sigsuspend.2.html
 */
export function sigsuspend(mask: readonly Signal[]): void {
  const words = toWords('mask', mask);
  mainThreadOnly('sigsuspend');
  suspend(words);
  runHandlers();
}

/**
 * Sleeps until a signal has been handled. One that has come before, and whose handler has not run yet, ends it at once.
 *
 * @throws what the handler throws. That it was interrupted (EINTR) is how it ends, and no error
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: in a worker thread
 * @see https://man7.org/linux/man-pages/man2/pause.2.html
 */
export function pause(): void {
  mainThreadOnly('pause');
  suspend(null);
}

function wait(set: readonly Signal[], timeout: number | null, fields: Int32Array, caller: { name: string }): number {
  const words = toWords('set', set);
  mainThreadOnly(caller.name);
  return native.sigtimedwait(words, timeout, fields);
}

/**
 * Waits for one of these signals, and takes it: its handler does not run. They must be blocked. Handlers of other signals run
 * meanwhile, and the wait goes on.
 *
 * @returns the signal's name; of a real-time signal its number
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: in a worker thread
 * @see https://man7.org/linux/man-pages/man3/sigwait.3.html
 */
export function sigwait(set: readonly Signal[]): Signal {
  for (;;) {
    const number = wait(set, null, emptyFields(), sigwait);
    if (number === -errno.EINTR) runHandlers();
    else return signalName(answered(number, 'sigwait', set.join(', '), {}, sigwait));
  }
}

/**
 * Waits for one of these signals, takes it, and tells all of it. They must be blocked.
 *
 * @throws {InterruptedError} EINTR: another signal was handled, or the process was stopped and goes on (signal(7))
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: in a worker thread
 * @see https://man7.org/linux/man-pages/man2/sigwaitinfo.2.html
 */
export function sigwaitinfo(set: readonly Signal[]): Siginfo {
  const fields = emptyFields();
  answered(wait(set, null, fields, sigwaitinfo), 'sigwaitinfo', set.join(', '), {}, sigwaitinfo);
  return toSiginfo(fields);
}

/**
 * As `sigwaitinfo`, for some time.
 *
 * @param timeout seconds; 0 only looks
 * @returns null: none came in time
 * @throws {InterruptedError} EINTR: another signal was handled, or the process was stopped and goes on (signal(7))
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: in a worker thread
 * @see https://man7.org/linux/man-pages/man2/sigtimedwait.2.html
 */
export function sigtimedwait(set: readonly Signal[], timeout: number): Siginfo | null {
  const fields = emptyFields();
  const result = wait(set, seconds('timeout', timeout), fields, sigtimedwait);
  if (result === -errno.EAGAIN) return null;
  answered(result, 'sigtimedwait', set.join(', '), {}, sigtimedwait);
  return toSiginfo(fields);
}
