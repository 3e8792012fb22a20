import { seconds } from './arguments.js';
import { answered } from './errno.js';
import { runHandlers } from './handlers.js';
import { native } from './native.js';

const left = new Float64Array(1);

/**
 * Sleeps, and blocks the whole process meanwhile, its event loop too. A signal that is handled ends it; its handler has run
 * when this returns. In a worker thread only that thread sleeps, and runs no handlers.
 *
 * @param duration seconds, also parts of them, to the nanosecond
 * @returns the seconds that were left, 0 if none
 * @throws what the handler throws
 * @see https://man7.org/linux/man-pages/man3/sleep.3.html
 */
export function sleep(duration: number): number {
  seconds('duration', duration);
  native.nanosleep(duration, left);
  const [rest = 0] = left;
  // Also when it has slept to its end: a signal may have come at that moment.
  runHandlers();
  return rest;
}

/**
 * As `sleep`, but a signal that is handled is an error.
 *
 * @param duration seconds, also parts of them, to the nanosecond
 * @throws {InterruptedError} EINTR, after the handler has run; `remaining` has the seconds that were left
 * @see https://man7.org/linux/man-pages/man2/nanosleep.2.html
 */
export function nanosleep(duration: number): void {
  seconds('duration', duration);
  const result = native.nanosleep(duration, left);
  const [remaining = 0] = left;
  answered(result, 'nanosleep', duration, { remaining }, nanosleep);
  runHandlers();
}

/**
 * Sleeps the whole time, whatever signals come: their handlers run when they come, and the time that they take counts. What
 * Python's time.sleep() does.
 *
 * @param duration seconds, also parts of them, to the nanosecond
 * @throws what a handler throws
 * @see https://peps.python.org/pep-0475/
 */
export function sleepThrough(duration: number): void {
  const end = performance.now() / 1000 + seconds('duration', duration);
  for (let rest = duration; rest > 0 && sleep(rest) > 0;) rest = end - performance.now() / 1000;
}
