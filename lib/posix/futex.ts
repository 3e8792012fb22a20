// Waiting for another process by a word of shared memory. `Atomics.wait` and `Atomics.notify` know the threads of one process
// only.
import { types } from 'node:util';
import { errno, answered } from './errno.js';
import { int, integer, INT_MAX, outOfRange, wrongType } from './arguments.js';
import { native } from './native.js';

function word(words: unknown, index: unknown): void {
  if (!types.isInt32Array(words)) throw wrongType('words', 'an Int32Array', words);
  integer('index', index, 0, Math.max(words.length - 1, 0));
  if (words.length === 0) throw outOfRange('index', 'within the memory, which has no bytes', index);
}

/**
 * Waits until another process, or none, wakes the waiters of a word, if the word still is what the caller has seen. It blocks
 * the process, its event loop too. `Atomics.wait` for memory of `mmap` with MAP_SHARED.
 *
 * Like that it may return 'ok' when nobody has woken it: look at the word, and wait again.
 *
 * There is no form of it that leaves the event loop free: futex(2) has no descriptor to watch, and a thread that sat in it
 * would be in the way of each `fork` and missing in the child. Who waits in the event loop waits for a pipe or an eventfd.
 *
 * @param words on a shared mapping; in other memory only threads of this process can wake the caller
 * @param index of the word
 * @param expected what it must be, an int32, for the caller to sleep at all
 * @param timeout milliseconds, 0 or more, with fractions down to the nanosecond. Default Infinity: no limit
 * @returns `'ok'`: woken; `'not-equal'`: the word was another at once; `'timed-out'`
 * @throws {InterruptedError} EINTR: a signal handler ran; with a timeout also one that has SA_RESTART
 * @throws {PosixError} EFAULT: the word cannot be read
 * @see https://man7.org/linux/man-pages/man2/FUTEX_WAIT.2const.html
 */
export function futexWait(
  words: Int32Array,
  index: number,
  expected: number,
  timeout = Infinity,
): 'ok' | 'not-equal' | 'timed-out' {
  word(words, index);
  int('expected', expected);
  if (typeof (timeout as unknown) !== 'number') throw wrongType('timeout', 'of type number', timeout);
  // In seconds a signed 64-bit number of the kernel: what a double has exactly is within it.
  if (!(timeout >= 0 && (timeout === Infinity || timeout <= Number.MAX_SAFE_INTEGER))) {
    throw outOfRange('timeout', `>= 0 and <= ${Number.MAX_SAFE_INTEGER}, or Infinity`, timeout);
  }
  const result = native.futexWait(words, index, expected, timeout);
  if (result === -errno.EAGAIN) return 'not-equal';
  if (result === -errno.ETIMEDOUT) return 'timed-out';
  answered(result, 'futex', `FUTEX_WAIT, ${expected}`, {}, futexWait);
  return 'ok';
}

/**
 * Wakes those who sit in `futexWait` for a word, in any process that has mapped the same memory.
 *
 * @param words on a shared mapping
 * @param index of the word
 * @param count how many, at most: 1 to 2³¹ - 1, which is all of them. (The kernel takes 0 for 1.)
 * @returns how many were woken
 * @throws {PosixError} EFAULT: the word cannot be read
 * @see https://man7.org/linux/man-pages/man2/FUTEX_WAKE.2const.html
 */
export function futexWake(words: Int32Array, index: number, count: number): number {
  word(words, index);
  integer('count', count, 1, INT_MAX);
  return answered(native.futexWake(words, index, count), 'futex', `FUTEX_WAKE, ${count}`, {}, futexWake);
}
