import { cString, ID_MAX, integer } from './arguments.js';
import { answered } from './errno.js';
import { native } from './native.js';

/** A user, as the user database has it. */
export interface Passwd {
  /** Its name. */
  readonly name: string;
  /** Its number. */
  readonly uid: number;
  /** Of its primary group. */
  readonly gid: number;
  /** Its home. */
  readonly dir: string;
  /** The program that it logs in with. */
  readonly shell: string;
}

/** A group, as the group database has it. */
export interface Group {
  /** Its name. */
  readonly name: string;
  /** Its number. */
  readonly gid: number;
}

function found<T extends object>(
  result: T | number | null,
  call: string,
  shown: string | number,
  caller: (...args: never[]) => unknown,
): T | null {
  if (typeof result !== 'number') return result;
  answered(result, call, shown, {}, caller);
  return null;
}

/**
 * Looks a user up by its name, wherever the system keeps users (nsswitch.conf(5)); it may block the process.
 *
 * @returns null: there is no such user
 * @throws {PosixError} EIO, EMFILE, ENFILE, ENOMEM: the database could not be read
 * @see https://man7.org/linux/man-pages/man3/getpwnam.3.html
 */
export function getpwnam(name: string): Passwd | null {
  return found(native.getpwnam(cString('name', name)), 'getpwnam', `'${name}'`, getpwnam);
}

/**
 * Looks a user up by its id, as `getpwnam` does by its name.
 *
 * @param uid 0 to 2³² - 2
 * @returns null: there is no such user
 * @throws {PosixError} EIO, EMFILE, ENFILE, ENOMEM: the database could not be read
 * @see https://man7.org/linux/man-pages/man3/getpwnam.3.html
 */
export function getpwuid(uid: number): Passwd | null {
  return found(native.getpwuid(integer('uid', uid, 0, ID_MAX)), 'getpwuid', uid, getpwuid);
}

/**
 * Looks a group up by its name, wherever the system keeps groups (nsswitch.conf(5)); it may block the process.
 *
 * @returns null: there is no such group
 * @throws {PosixError} EIO, EMFILE, ENFILE, ENOMEM: the database could not be read
 * @see https://man7.org/linux/man-pages/man3/getgrnam.3.html
 */
export function getgrnam(name: string): Group | null {
  return found(native.getgrnam(cString('name', name)), 'getgrnam', `'${name}'`, getgrnam);
}
