import { cString, int, integer, wrongValue } from './arguments.js';
import { answered } from './errno.js';
import { constant, native, needAddon } from './native.js';

/** Whether this process is a subreaper: processes whose parents have ended become its children. */
export const PR_GET_CHILD_SUBREAPER = constant('PR_GET_CHILD_SUBREAPER');
/** 1: be a subreaper; 0: be none. Forks do not inherit it. */
export const PR_SET_CHILD_SUBREAPER = constant('PR_SET_CHILD_SUBREAPER');
/** Whether the memory of this process may be dumped, and read by processes of its user. */
export const PR_GET_DUMPABLE = constant('PR_GET_DUMPABLE');
/** 1: it may; 0: it may not. */
export const PR_SET_DUMPABLE = constant('PR_SET_DUMPABLE');
/** Whether the calling thread keeps its permitted capabilities when it gives up user 0. */
export const PR_GET_KEEPCAPS = constant('PR_GET_KEEPCAPS');
/** 1: it does; 0: it does not, the default. */
export const PR_SET_KEEPCAPS = constant('PR_SET_KEEPCAPS');
/** Whether exec grants nothing that the calling thread could not do without it. */
export const PR_GET_NO_NEW_PRIVS = constant('PR_GET_NO_NEW_PRIVS');
/** 1: so it is from now on, and for all children; it cannot be undone. */
export const PR_SET_NO_NEW_PRIVS = constant('PR_SET_NO_NEW_PRIVS');
/** The signal that this process gets when its parent ends; 0: none. */
export const PR_GET_PDEATHSIG = constant('PR_GET_PDEATHSIG');
/**
 * The number of the signal to get when the parent ends; 0: none. The parent is the thread that has made this process, and if
 * it has ended already there is no signal: look at `getppid` afterwards. Forks do not inherit it.
 */
export const PR_SET_PDEATHSIG = constant('PR_SET_PDEATHSIG');
/** By how many nanoseconds the kernel may wake the calling thread late. */
export const PR_GET_TIMERSLACK = constant('PR_GET_TIMERSLACK');
/** So many; 0: the default. */
export const PR_SET_TIMERSLACK = constant('PR_SET_TIMERSLACK');

// Those whose argument is an address: a number from JavaScript would have the kernel write, or read, anywhere.
const ofAddresses = ['PR_GET_NAME', 'PR_SET_NAME', 'PR_GET_TID_ADDRESS'].map(constant);

/**
 * Asks or sets a property of this process, or of the calling thread.
 *
 * @param option such as `PR_SET_CHILD_SUBREAPER`, `PR_SET_PDEATHSIG`, or another of those that take a number. For PR_SET_NAME
 *   and PR_GET_NAME there are `setThreadName` and `threadName`
 * @param value what the option takes, 0 and more; 0 for those that take none
 * @returns what the option gives; 0 for those that give nothing
 * @throws {PosixError} EINVAL: no such option or value; EPERM
 * @see https://man7.org/linux/man-pages/man2/prctl.2.html
 *
 * @example
 * prctl(PR_SET_PDEATHSIG, signalNumber('SIGTERM')); // In a child: do not outlive the parent.
 */
export function prctl(option: number, value: number): number {
  needAddon('prctl');
  int('option', option);
  integer('value', value, 0, Number.MAX_SAFE_INTEGER);
  if (ofAddresses.includes(option)) throw wrongValue('option', 'must be one that takes a number', option);
  return answered(native.prctl(option, value), 'prctl', `${option}, ${value}`, {}, prctl);
}

/**
 * The name of the calling thread, PR_GET_NAME of prctl(2): that of the main thread is the name of the process, which `ps` shows
 * as its command.
 *
 * @see https://man7.org/linux/man-pages/man2/PR_GET_NAME.2const.html
 */
export function threadName(): string {
  const name = native.threadName();
  if (typeof name === 'number') answered(name, 'prctl', 'PR_GET_NAME', {}, threadName);
  return String(name);
}

/**
 * Names the calling thread, PR_SET_NAME of prctl(2). Unlike `process.title` it leaves the arguments alone, which `ps` shows too.
 *
 * @param name of which the kernel keeps the first 15 bytes
 * @throws {TypeError} it is no string, or has a null byte
 * @see https://man7.org/linux/man-pages/man2/PR_SET_NAME.2const.html
 */
export function setThreadName(name: string): void {
  cString('name', name);
  answered(native.setThreadName(name), 'prctl', `PR_SET_NAME, '${name}'`, {}, setThreadName);
}
