// What processes have used, and what they may.
import { int, outOfRange, wrongType } from './arguments.js';
import { object } from '../mistakes.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';
import { usage, usageOut, type ResourceUsage } from './usage.js';

/** `who` of getrusage: this process, all its threads. */
export const RUSAGE_SELF = constant('RUSAGE_SELF');
/** `who`: the children that have ended and been waited for, and theirs. */
export const RUSAGE_CHILDREN = constant('RUSAGE_CHILDREN');
/** `who`: the calling thread. */
export const RUSAGE_THREAD = constant('RUSAGE_THREAD');

/** No limit. */
export const RLIM_INFINITY = Infinity;

/** Bytes of address space. */
export const RLIMIT_AS = constant('RLIMIT_AS');
/** Bytes of a core dump. */
export const RLIMIT_CORE = constant('RLIMIT_CORE');
/** Seconds of processor time: SIGXCPU at the soft limit, SIGKILL at the hard one. */
export const RLIMIT_CPU = constant('RLIMIT_CPU');
/** Bytes of data: private memory that can be written to. */
export const RLIMIT_DATA = constant('RLIMIT_DATA');
/** Bytes of a file that it writes: SIGXFSZ, which Node.js ignores, and EFBIG. */
export const RLIMIT_FSIZE = constant('RLIMIT_FSIZE');
/** Has no effect since Linux 2.4.25. */
export const RLIMIT_LOCKS = constant('RLIMIT_LOCKS');
/** Bytes of memory that it may lock. */
export const RLIMIT_MEMLOCK = constant('RLIMIT_MEMLOCK');
/** Bytes in POSIX message queues of its user. */
export const RLIMIT_MSGQUEUE = constant('RLIMIT_MSGQUEUE');
/** 20 less the nice value down to which it may go. */
export const RLIMIT_NICE = constant('RLIMIT_NICE');
/** One more than the greatest descriptor that it may open: EMFILE. Node.js raises the soft limit to the hard one. */
export const RLIMIT_NOFILE = constant('RLIMIT_NOFILE');
/** Threads of its real user, not for root: EAGAIN. */
export const RLIMIT_NPROC = constant('RLIMIT_NPROC');
/** Has no effect since Linux 2.4.30. */
export const RLIMIT_RSS = constant('RLIMIT_RSS');
/** The highest real-time priority. */
export const RLIMIT_RTPRIO = constant('RLIMIT_RTPRIO');
/** Microseconds of processor time between two waits, in real time. */
export const RLIMIT_RTTIME = constant('RLIMIT_RTTIME');
/** Signals of its real user that wait. */
export const RLIMIT_SIGPENDING = constant('RLIMIT_SIGPENDING');
/** Bytes of the main thread's stack. */
export const RLIMIT_STACK = constant('RLIMIT_STACK');

/**
 * What was used so far.
 *
 * @param who `RUSAGE_SELF`, `RUSAGE_CHILDREN` or `RUSAGE_THREAD`
 * @throws {PosixError} EINVAL: another `who`
 * @see https://man7.org/linux/man-pages/man2/getrusage.2.html
 */
export function getrusage(who: number): ResourceUsage {
  int('who', who);
  answered(native.getrusage(who, usageOut), 'getrusage', who, {}, getrusage);
  return usage();
}

/** A limit on a resource: `struct rlimit`. Each is a whole number from 0 to 2⁵³ - 1, or `RLIM_INFINITY`. */
export interface ResourceLimit {
  /** The soft limit, which is the one that counts. */
  readonly cur: number;
  /** The hard limit, up to which the soft one may be raised. */
  readonly max: number;
}

function limit(name: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(name, 'of type number', value);
  if (value !== RLIM_INFINITY && !(Number.isSafeInteger(value) && value >= 0)) {
    throw outOfRange(name, `an integer >= 0 and <= ${Number.MAX_SAFE_INTEGER}, or Infinity`, value);
  }
  return value;
}

function limits(name: string, value: ResourceLimit): Float64Array {
  const { cur, max } = object(name, value);
  return Float64Array.of(limit(`${name}.cur`, cur), limit(`${name}.max`, max));
}

const out = new Float64Array(2);

function found(): ResourceLimit {
  const [cur = 0, max = 0] = out;
  return { cur, max };
}

/**
 * A limit of this process.
 *
 * @param resource `RLIMIT_NOFILE` and so on
 * @throws {PosixError} EINVAL: another resource
 * @see https://man7.org/linux/man-pages/man2/getrlimit.2.html
 */
export function getrlimit(resource: number): ResourceLimit {
  int('resource', resource);
  answered(native.prlimit(0, resource, null, out), 'getrlimit', resource, {}, getrlimit);
  return found();
}

/**
 * Sets a limit of this process, and of the children to come. Only the privileged may raise a hard limit.
 *
 * @param resource `RLIMIT_NOFILE` and so on
 * @throws {PermissionError} EPERM: the hard limit would be raised, or RLIMIT_NOFILE be more than the system allows
 * @throws {PosixError} EINVAL: another resource, or the soft limit is above the hard one
 * @see https://man7.org/linux/man-pages/man2/setrlimit.2.html
 */
export function setrlimit(resource: number, rlim: ResourceLimit): void {
  int('resource', resource);
  answered(native.prlimit(0, resource, limits('rlim', rlim), out), 'setrlimit', resource, {}, setrlimit);
}

/**
 * Sets a limit of a process, and tells what it was.
 *
 * @param pid 0: this process
 * @param resource `RLIMIT_NOFILE` and so on
 * @param newLimit null changes nothing
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PermissionError} EPERM: it is not ours, or its hard limit would be raised
 * @throws {PosixError} EINVAL: another resource, or the soft limit is above the hard one
 * @see https://man7.org/linux/man-pages/man2/prlimit.2.html
 */
export function prlimit(pid: number, resource: number, newLimit: ResourceLimit | null): ResourceLimit {
  int('pid', pid);
  int('resource', resource);
  const wanted = newLimit === null ? null : limits('newLimit', newLimit);
  answered(native.prlimit(pid, resource, wanted, out), 'prlimit', `${pid}, ${resource}`, { pid }, prlimit);
  return found();
}

/** Processor times in seconds, `struct tms`, in steps of the clock's tick, mostly 0.01. */
export interface ProcessTimes {
  /** Of this process, outside the kernel. */
  utime: number;
  /** Of this process, in the kernel. */
  stime: number;
  /** Of the children that it has waited for, outside the kernel. */
  cutime: number;
  /** Of the children that it has waited for, in the kernel. */
  cstime: number;
  /** What the call itself returns: the time since some point in the past, the same for all calls of a process. */
  elapsed: number;
}

const timesOut = new Float64Array(5);

/** The processor times of this process and of its children. @see https://man7.org/linux/man-pages/man2/times.2.html */
export function times(): ProcessTimes {
  answered(native.times(timesOut), 'times', '', {}, times);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0, elapsed = 0] = timesOut;
  return { utime, stime, cutime, cstime, elapsed };
}

const averages = new Float64Array(3);

/**
 * How many threads of the whole system were running, or ready to, on average.
 *
 * @returns over the last 1, 5 and 15 minutes
 * @throws {PosixError} the error of the kernel's file: ENOENT, EMFILE
 * @see https://man7.org/linux/man-pages/man3/getloadavg.3.html
 */
export function getloadavg(): [one: number, five: number, fifteen: number] {
  answered(native.getloadavg(averages), 'getloadavg', '', {}, getloadavg);
  const [one = 0, five = 0, fifteen = 0] = averages;
  return [one, five, fifteen];
}
