import { int, wrongValue } from './arguments.js';
import { answered } from './errno.js';
import { native, needAddon } from './native.js';

/** What sysconf can be asked, and its numbers: `sysconfNames.SC_NPROCESSORS_ONLN`. The names are Python's, C's without the `_`. */
export const sysconfNames: Readonly<Record<string, number>> = Object.fromEntries(native.sysconfNames());

const value = new Float64Array(1);

/**
 * What this system has, or can do.
 *
 * @param name a name of `sysconfNames`, or a number
 * @returns undefined: the limit is not definite, or the option is not supported, for which C has -1
 * @throws {PosixError} EINVAL: no such number
 * @throws {TypeError} ERR_INVALID_ARG_VALUE: no such name
 * @see https://man7.org/linux/man-pages/man3/sysconf.3.html
 *
 * @example
 * sysconf('SC_NPROCESSORS_ONLN'); // processors that are online
 */
export function sysconf(name: string | number): number | undefined {
  needAddon('sysconf');
  const found = answered(native.sysconf(numberOf(name), value), 'sysconf', name, {}, sysconf);
  return found === 0 ? undefined : value[0];
}

function numberOf(name: string | number): number {
  if (typeof name !== 'string') return int('name', name);
  const number = Object.hasOwn(sysconfNames, name) ? sysconfNames[name] : undefined;
  if (number === undefined) throw wrongValue('name', 'must be one of sysconfNames', name);
  return number;
}

/** The size of a page of memory, in bytes. @see https://man7.org/linux/man-pages/man2/getpagesize.2.html */
export function getpagesize(): number {
  return sysconf('SC_PAGESIZE') ?? 0;
}
