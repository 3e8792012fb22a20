import { integer, INT_MAX } from './arguments.js';
import { answered } from './errno.js';
import { runHandlers } from './handlers.js';
import { constant, native } from './native.js';
import { emptySet, toSet, toWords } from './signal-set.js';
import type { Signal } from './signal.js';

/** `how` of sigprocmask: the set is added to the mask. */
export const SIG_BLOCK = constant('SIG_BLOCK');
/** `how` of sigprocmask: the set is taken out of the mask. */
export const SIG_UNBLOCK = constant('SIG_UNBLOCK');
/** `how` of sigprocmask: the set is the mask. */
export const SIG_SETMASK = constant('SIG_SETMASK');

/**
 * Reads and changes the set of signals that are blocked. In the main thread that is the process's: what it blocks stays
 * pending, for Node's other threads do not take it. (But a signal that has listeners of `process.on`, which may be told by any
 * thread.) Handlers of pending signals that are let in have run when this returns. In a worker thread it is that thread's
 * mask, which matters to signals that are sent to the thread alone.
 *
 * SIGKILL and SIGSTOP are never blocked, without a word; nor are 32 and 33, which are glibc's own, nor one real-time signal
 * of this library's, the last but one as a rule, once there is a handler.
 *
 * @param how `SIG_BLOCK`, `SIG_UNBLOCK` or `SIG_SETMASK`
 * @param set the signals; null changes nothing
 * @returns the set that was blocked before
 * @throws {PosixError} EINVAL: another `how`
 * @see https://man7.org/linux/man-pages/man2/sigprocmask.2.html
 */
export function sigprocmask(how: number, set: readonly Signal[] | null): Signal[] {
  integer('how', how, 0, INT_MAX);
  const words = set === null ? null : toWords('set', set);
  const old = emptySet();
  answered(native.sigprocmask(how, words, old), 'sigprocmask', how, {}, sigprocmask);
  if (words) runHandlers();
  return toSet(old);
}

/**
 * The signals that have come and wait because they are blocked.
 *
 * @see https://man7.org/linux/man-pages/man2/sigpending.2.html
 */
export function sigpending(): Signal[] {
  const set = emptySet();
  answered(native.sigpending(set), 'sigpending', '', {}, sigpending);
  return toSet(set);
}
