// How a process sleeps on a word of shared memory until another wakes it.
import { availableParallelism } from 'node:os';
import { futexWait, isPosixError } from '../posix/index.js';

/**
 * How often everyone who waits looks by itself, in milliseconds. Who is killed between a change and the waking of those who
 * wait for it takes the waking with it, and so does who is killed when it has been woken: nobody waits longer for that.
 */
export const LOOK_AGAIN = 250;

// About ten microseconds: less than a sleep and a waking take.
const MOST_SPINS = 2_000;

/** How often it is worth looking before sleeping: where there is another processor for whoever is waited for. */
export const SPINS = availableParallelism() > 1 ? MOST_SPINS : 0;

/**
 * Sleeps while a word is what it was seen to be, for a time at most. A signal ends it, after its handler has run.
 *
 * @returns whether another process has woken it
 * @throws what a signal's handler throws
 */
export function sleepOn(words: Int32Array, index: number, seen: number, timeout: number): boolean {
  try {
    return futexWait(words, index, seen, timeout) === 'ok';
  } catch (error) {
    if (!isPosixError(error, 'EINTR')) throw error;
    return false;
  }
}
