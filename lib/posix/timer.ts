import { int, seconds } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** A timer of real time; it sends SIGALRM. */
export const ITIMER_REAL = constant('ITIMER_REAL');
/** A timer of the processor time that the process spends outside the kernel; it sends SIGVTALRM. */
export const ITIMER_VIRTUAL = constant('ITIMER_VIRTUAL');
/** A timer of the processor time of the process; it sends SIGPROF. */
export const ITIMER_PROF = constant('ITIMER_PROF');

/** An interval timer, in seconds. */
export interface IntervalTimer {
  /** Until the next signal; 0: the timer is off. */
  value: number;
  /** From then on, between signals; 0: there is one only. */
  interval: number;
}

const out = new Float64Array(2);

function read(): IntervalTimer {
  return { value: out[0] ?? 0, interval: out[1] ?? 0 };
}

/**
 * Sets an interval timer of the process. A forked child has none.
 *
 * @param which `ITIMER_REAL`, `ITIMER_VIRTUAL` or `ITIMER_PROF`
 * @param value seconds until the first signal, in microseconds' resolution, rounded up; 0 turns the timer off
 * @param interval seconds between the signals after that; 0: there is one only
 * @returns what was set before
 * @throws {PosixError} EINVAL: another `which`
 * @see https://man7.org/linux/man-pages/man2/setitimer.2.html
 */
export function setitimer(which: number, value: number, interval: number): IntervalTimer {
  int('which', which);
  seconds('value', value);
  seconds('interval', interval);
  answered(native.setitimer(which, value, interval, out), 'setitimer', which, {}, setitimer);
  return read();
}

/**
 * What an interval timer is set to, with the time that is left.
 *
 * @throws {PosixError} EINVAL: another `which`
 * @see https://man7.org/linux/man-pages/man2/getitimer.2.html
 */
export function getitimer(which: number): IntervalTimer {
  int('which', which);
  answered(native.getitimer(which, out), 'getitimer', which, {}, getitimer);
  return read();
}
