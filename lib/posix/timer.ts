import { descriptor, flagBits, int, INT_MAX, integer, seconds } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** A timer of real time; it sends SIGALRM. */
export const ITIMER_REAL = constant('ITIMER_REAL');
/** A timer of the processor time that the process spends outside the kernel; it sends SIGVTALRM. */
export const ITIMER_VIRTUAL = constant('ITIMER_VIRTUAL');
/** A timer of the processor time of the process; it sends SIGPROF. */
export const ITIMER_PROF = constant('ITIMER_PROF');

/** A clock that is set: seconds since 1970. */
export const CLOCK_REALTIME = constant('CLOCK_REALTIME');
/** A clock that nobody sets; it stands still while the system sleeps. */
export const CLOCK_MONOTONIC = constant('CLOCK_MONOTONIC');
/** As CLOCK_MONOTONIC, and it goes on while the system sleeps. */
export const CLOCK_BOOTTIME = constant('CLOCK_BOOTTIME');
/** Flag of timerfd_create: closed by exec. */
export const TFD_CLOEXEC = constant('TFD_CLOEXEC');
/** Flag of timerfd_create: who would have to wait gets EAGAIN. */
export const TFD_NONBLOCK = constant('TFD_NONBLOCK');
/** The time is one of the clock's, not from now on. */
export const TFD_TIMER_ABSTIME = constant('TFD_TIMER_ABSTIME');
/** A read fails with ECANCELED when the clock is set (with TFD_TIMER_ABSTIME, of CLOCK_REALTIME). */
export const TFD_TIMER_CANCEL_ON_SET = constant('TFD_TIMER_CANCEL_ON_SET');

/** A timer, in seconds. */
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

/**
 * Has a SIGALRM sent, once. It is the timer of `setitimer(ITIMER_REAL, …)`: the later call counts. A forked child has none.
 *
 * @param duration whole seconds; 0 turns the timer off
 * @returns the seconds that were left of the one before; 0: there was none
 * @see https://man7.org/linux/man-pages/man2/alarm.2.html
 */
export function alarm(duration: number): number {
  return native.alarm(integer('duration', duration, 0, INT_MAX));
}

/**
 * A timer as a descriptor, which is readable when the time has come: `read` gives how often it has, 64 bits in the machine's
 * byte order. Forked children share it.
 *
 * @param clock `CLOCK_REALTIME`, `CLOCK_MONOTONIC` or `CLOCK_BOOTTIME`
 * @param flags 0, or `TFD_CLOEXEC | TFD_NONBLOCK`
 * @throws {PosixError} EINVAL: another clock, or other flags; EMFILE, ENFILE: too many descriptors
 * @see https://man7.org/linux/man-pages/man2/timerfd_create.2.html
 */
export function timerfd_create(clock: number, flags: number): number {
  int('clock', clock);
  flagBits('flags', flags);
  return answered(native.timerfd_create(clock, flags), 'timerfd_create', `${clock}, ${flags}`, {}, timerfd_create);
}

/**
 * Sets a timer.
 *
 * @param flags 0, or `TFD_TIMER_ABSTIME`, with `TFD_TIMER_CANCEL_ON_SET`
 * @param value seconds until the first time, to the nanosecond, rounded up; with TFD_TIMER_ABSTIME the clock's time, of which
 * a number has a quarter of a microsecond; 0 turns the timer off
 * @param interval seconds between the times after that; 0: there is one only
 * @returns what was set before, with the time that was left
 * @throws {PosixError} EBADF: not open; EINVAL: no timer, or other flags
 * @see https://man7.org/linux/man-pages/man2/timerfd_create.2.html
 */
export function timerfd_settime(fd: number, flags: number, value: number, interval: number): IntervalTimer {
  descriptor(fd);
  flagBits('flags', flags);
  seconds('value', value);
  seconds('interval', interval);
  const result = native.timerfd_settime(fd, flags, value, interval, out);
  answered(result, 'timerfd_settime', fd, { fd }, timerfd_settime);
  return read();
}

/**
 * What a timer is set to, with the time that is left.
 *
 * @throws {PosixError} EBADF: not open; EINVAL: no timer
 * @see https://man7.org/linux/man-pages/man2/timerfd_create.2.html
 */
export function timerfd_gettime(fd: number): IntervalTimer {
  descriptor(fd);
  answered(native.timerfd_gettime(fd, out), 'timerfd_gettime', fd, { fd }, timerfd_gettime);
  return read();
}
