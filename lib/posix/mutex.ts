// Robust mutexes in shared memory: the kernel knows who holds one, and tells the next that its holder has died.
import { types } from 'node:util';
import { errno, answered } from './errno.js';
import { integer, outOfRange, wrongType } from './arguments.js';
import { constant, native } from './native.js';

/** How many words of an Int32Array a mutex takes, from an even index on. */
export const PTHREAD_MUTEX_WORDS = constant('PTHREAD_MUTEX_SIZE') / Int32Array.BYTES_PER_ELEMENT;
/** Of the first word of a mutex, as the kernel has it: somebody sleeps for it (futex(2)). */
export const FUTEX_WAITERS = -(2 ** 31);
/** Of the first word: who held it has died. */
export const FUTEX_OWNER_DIED = 2 ** 30;
/** Of the first word: the thread that holds it, by its id; 0: nobody. */
export const FUTEX_TID_MASK = 2 ** 30 - 1;

function mutex(words: unknown, index: unknown): void {
  if (!types.isInt32Array(words)) throw wrongType('words', 'an Int32Array', words);
  integer('index', index, 0, Math.max(words.length - PTHREAD_MUTEX_WORDS, 0));
  const aligned = (words.byteOffset + (index as number) * Int32Array.BYTES_PER_ELEMENT) % 8 === 0;
  if (words.length < PTHREAD_MUTEX_WORDS || !aligned) {
    throw outOfRange('index', `that of ${PTHREAD_MUTEX_WORDS} words, from a multiple of 8 bytes on`, index);
  }
}

/**
 * Makes a mutex, which nobody holds: one that is shared between processes, robust, and checks for errors
 * (PTHREAD_PROCESS_SHARED, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_ERRORCHECK). Once, by one process.
 *
 * The memory has to stay mapped while the caller holds the mutex: the C library has it in a list.
 *
 * @param words on a shared mapping
 * @param index of the first of its `PTHREAD_MUTEX_WORDS` words, at a multiple of 8 bytes
 * @throws {TypeError | RangeError} it cannot lie there
 * @see https://man7.org/linux/man-pages/man3/pthread_mutex_init.3p.html
 */
export function pthread_mutex_init(words: Int32Array, index: number): void {
  mutex(words, index);
  answered(native.pthread_mutex_init(words, index), 'pthread_mutex_init', index, {}, pthread_mutex_init);
}

/**
 * Takes a mutex if nobody holds it. There is no call that waits for it: pthread_mutex_lock(3) lets no signal interrupt it. Who
 * waits sleeps on the first word (`futexWait`), after setting `FUTEX_WAITERS` in it.
 *
 * @param words on a shared mapping
 * @param index of its first word
 * @returns `'locked'`; `'owner-dead'`: it is the caller's now, and who held it before has died with it: put right what it
 *   protects, then call `pthread_mutex_consistent`; `'busy'`: somebody holds it, or the caller itself does
 * @throws {PosixError} ENOTRECOVERABLE: one that was `'owner-dead'` has been unlocked without `pthread_mutex_consistent`
 * @see https://man7.org/linux/man-pages/man3/pthread_mutex_trylock.3p.html
 */
export function pthread_mutex_trylock(words: Int32Array, index: number): 'locked' | 'owner-dead' | 'busy' {
  mutex(words, index);
  const result = native.pthread_mutex_trylock(words, index);
  if (result === 0) return 'locked';
  if (result === -errno.EBUSY || result === -errno.EDEADLK) return 'busy';
  if (result === -errno.EOWNERDEAD) return 'owner-dead';
  answered(result, 'pthread_mutex_trylock', index, {}, pthread_mutex_trylock);
  return 'locked';
}

/**
 * Gives a mutex back, and wakes one of those who sleep on its first word.
 *
 * @param words on a shared mapping
 * @param index of its first word
 * @throws {PermissionError} EPERM: the calling thread does not hold it
 * @see https://man7.org/linux/man-pages/man3/pthread_mutex_unlock.3p.html
 */
export function pthread_mutex_unlock(words: Int32Array, index: number): void {
  mutex(words, index);
  answered(native.pthread_mutex_unlock(words, index), 'pthread_mutex_unlock', index, {}, pthread_mutex_unlock);
}

/**
 * Says that what a mutex protects is right again after its holder's death.
 *
 * @param words on a shared mapping
 * @param index of its first word
 * @throws {PosixError} EINVAL: the caller does not hold it, or nobody has died with it
 * @see https://man7.org/linux/man-pages/man3/pthread_mutex_consistent.3.html
 */
export function pthread_mutex_consistent(words: Int32Array, index: number): void {
  mutex(words, index);
  const result = native.pthread_mutex_consistent(words, index);
  answered(result, 'pthread_mutex_consistent', index, {}, pthread_mutex_consistent);
}
