// How a process sleeps on a word of shared memory until another wakes it.
import { availableParallelism } from 'node:os';
import { futexWait, isPosixError } from '../posix/index.js';

/**
 * How often everyone who waits looks by itself, in milliseconds. Who is killed between a change and the waking of those who
 * wait for it takes the waking with it, and so does who is killed when it has been woken: nobody waits longer for that.
 */
export const LOOK_AGAIN = 250;

// Some twenty microseconds: what it takes one that is woken to wake another.
const MOST_SPINS = 5_000;

/** How often it is worth looking before sleeping: where there is another processor for whoever is waited for. */
export const SPINS = availableParallelism() > 1 ? MOST_SPINS : 0;

// After long waits, too: it may come just now.
const FEWEST_SPINS = Math.min(50, SPINS);

// In milliseconds: who sleeps for less would have done better to look.
const SHORT_SLEEP = 0.05;

/**
 * How often to look before sleeping. Who wakes a sleeper has to call the kernel, and it comes some microseconds later; who looks
 * has the processor meanwhile. As hypervisors do before they halt a processor: often after short waits, seldom after long ones.
 */
export class Patience {
  /** How often. */
  looks = SPINS;

  /** It has slept so many milliseconds. */
  slept(time: number): void {
    this.looks = time < SHORT_SLEEP ? SPINS : Math.max(this.looks >> 1, FEWEST_SPINS);
  }
}

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
