// The users and groups that a process acts as. Each has three: the real one, which says whose it is; the effective one, which
// says what it may; and the saved one, which the effective one may become again. The kernel keeps them for each thread by
// itself; here, as POSIX has it, a change is one of the whole process, of all its threads.
import { cString, ID_MAX, integer, list } from './arguments.js';
import { answered } from './errno.js';
import { native } from './native.js';

/** Three ids of a process. */
export interface ResIds {
  /** The real one. */
  readonly real: number;
  /** The effective one. */
  readonly effective: number;
  /** The saved one. */
  readonly saved: number;
}

const three = new Uint32Array(3);

function threeIds(): ResIds {
  const [real = 0, effective = 0, saved = 0] = three;
  return { real, effective, saved };
}

function id(name: string, value: unknown): number {
  return integer(name, value, 0, ID_MAX);
}

/** -1 leaves the id as it is. */
function idOrNone(name: string, value: unknown): number {
  return integer(name, value, -1, ID_MAX);
}

/** The real user. @see https://man7.org/linux/man-pages/man2/getuid.2.html */
export function getuid(): number {
  return native.getuid();
}

/** The effective user. @see https://man7.org/linux/man-pages/man2/geteuid.2.html */
export function geteuid(): number {
  return native.geteuid();
}

/** The real group. @see https://man7.org/linux/man-pages/man2/getgid.2.html */
export function getgid(): number {
  return native.getgid();
}

/** The effective group. @see https://man7.org/linux/man-pages/man2/getegid.2.html */
export function getegid(): number {
  return native.getegid();
}

/** The real, the effective and the saved user. @see https://man7.org/linux/man-pages/man2/getresuid.2.html */
export function getresuid(): ResIds {
  answered(native.getresuid(three), 'getresuid', '', {}, getresuid);
  return threeIds();
}

/** The real, the effective and the saved group. @see https://man7.org/linux/man-pages/man2/getresgid.2.html */
export function getresgid(): ResIds {
  answered(native.getresgid(three), 'getresgid', '', {}, getresgid);
  return threeIds();
}

/**
 * Sets the effective user; for root, the real and the saved one too, which is for good. The kernel keeps the files in /proc of a
 * process that has changed its user from itself, and `fork` needs them: `prctl(PR_SET_DUMPABLE, 1)` afterwards.
 *
 * @param uid 0 to 2³² - 2
 * @throws {PermissionError} EPERM: this is not root, and it is neither the real nor the saved user
 * @throws {BlockingIOError} EAGAIN: there is no memory, or (before Linux 5.14) the user has too many processes
 * @see https://man7.org/linux/man-pages/man2/setuid.2.html
 */
export function setuid(uid: number): void {
  answered(native.setuid(id('uid', uid)), 'setuid', uid, {}, setuid);
}

/**
 * Sets the effective user.
 *
 * @param euid 0 to 2³² - 2
 * @throws {PermissionError} EPERM: this is not root, and it is neither the real nor the saved user
 * @see https://man7.org/linux/man-pages/man2/seteuid.2.html
 */
export function seteuid(euid: number): void {
  answered(native.seteuid(id('euid', euid)), 'seteuid', euid, {}, seteuid);
}

/**
 * Sets the effective group; for root, the real and the saved one too.
 *
 * @param gid 0 to 2³² - 2
 * @throws {PermissionError} EPERM: this is not root, and it is neither the real nor the saved group
 * @see https://man7.org/linux/man-pages/man2/setgid.2.html
 */
export function setgid(gid: number): void {
  answered(native.setgid(id('gid', gid)), 'setgid', gid, {}, setgid);
}

/**
 * Sets the effective group.
 *
 * @param egid 0 to 2³² - 2
 * @throws {PermissionError} EPERM: this is not root, and it is neither the real nor the saved group
 * @see https://man7.org/linux/man-pages/man2/setegid.2.html
 */
export function setegid(egid: number): void {
  answered(native.setegid(id('egid', egid)), 'setegid', egid, {}, setegid);
}

/**
 * Sets the real and the effective user; the saved one becomes the effective one if the real one is set, or the effective one is
 * set to another than the real one was.
 *
 * @param ruid 0 to 2³² - 2; -1: as it is
 * @param euid the same
 * @throws {PermissionError} EPERM: this is not root, and they are not among its users
 * @see https://man7.org/linux/man-pages/man2/setreuid.2.html
 */
export function setreuid(ruid: number, euid: number): void {
  idOrNone('ruid', ruid);
  idOrNone('euid', euid);
  answered(native.setreuid(ruid, euid), 'setreuid', `${ruid}, ${euid}`, {}, setreuid);
}

/**
 * Sets the real and the effective group, as `setreuid` does the users.
 *
 * @param rgid 0 to 2³² - 2; -1: as it is
 * @param egid the same
 * @throws {PermissionError} EPERM: this is not root, and they are not among its groups
 * @see https://man7.org/linux/man-pages/man2/setregid.2.html
 */
export function setregid(rgid: number, egid: number): void {
  idOrNone('rgid', rgid);
  idOrNone('egid', egid);
  answered(native.setregid(rgid, egid), 'setregid', `${rgid}, ${egid}`, {}, setregid);
}

/**
 * Sets the real, the effective and the saved user. For `fork` afterwards see `setuid`.
 *
 * @param ruid 0 to 2³² - 2; -1: as it is
 * @param euid the same
 * @param suid the same
 * @throws {PermissionError} EPERM: this is not root, and one of them is not among its users; nothing is changed
 * @throws {BlockingIOError} EAGAIN
 * @see https://man7.org/linux/man-pages/man2/setresuid.2.html
 */
export function setresuid(ruid: number, euid: number, suid: number): void {
  idOrNone('ruid', ruid);
  idOrNone('euid', euid);
  idOrNone('suid', suid);
  answered(native.setresuid(ruid, euid, suid), 'setresuid', `${ruid}, ${euid}, ${suid}`, {}, setresuid);
}

/**
 * Sets the real, the effective and the saved group.
 *
 * @param rgid 0 to 2³² - 2; -1: as it is
 * @param egid the same
 * @param sgid the same
 * @throws {PermissionError} EPERM: this is not root, and one of them is not among its groups; nothing is changed
 * @see https://man7.org/linux/man-pages/man2/setresgid.2.html
 */
export function setresgid(rgid: number, egid: number, sgid: number): void {
  idOrNone('rgid', rgid);
  idOrNone('egid', egid);
  idOrNone('sgid', sgid);
  answered(native.setresgid(rgid, egid, sgid), 'setresgid', `${rgid}, ${egid}, ${sgid}`, {}, setresgid);
}

/**
 * The supplementary groups, in which it is besides the effective one. Whether that is among them is not said.
 *
 * @see https://man7.org/linux/man-pages/man2/getgroups.2.html
 */
export function getgroups(): number[] {
  const groups = native.getgroups();
  if (typeof groups === 'object') return groups;
  answered(groups, 'getgroups', '', {}, getgroups);
  return [];
}

/**
 * Sets the supplementary groups.
 *
 * @param groups their ids, 0 to 2³² - 2, at most 65,536
 * @throws {PermissionError} EPERM: only root may
 * @throws {PosixError} EINVAL: too many; ENOMEM
 * @see https://man7.org/linux/man-pages/man2/setgroups.2.html
 */
export function setgroups(groups: readonly number[]): void {
  const checked = Uint32Array.from(list('groups', 'numbers', groups, id));
  answered(native.setgroups(checked), 'setgroups', `${checked.length} groups`, {}, setgroups);
}

/**
 * Sets the supplementary groups to those that the group database has a user in, and one more. It may block the process.
 *
 * @param user its name
 * @param group the group to add: the user's own, mostly
 * @throws {PermissionError} EPERM: only root may
 * @throws {PosixError} ENOMEM, EIO: the database could not be read
 * @see https://man7.org/linux/man-pages/man3/initgroups.3.html
 */
export function initgroups(user: string, group: number): void {
  cString('user', user);
  answered(native.initgroups(user, id('group', group)), 'initgroups', `'${user}', ${group}`, {}, initgroups);
}
