// To become another user for good.
import { ID_MAX, integer, object } from '../mistakes.js';
import * as posix from '../posix/index.js';
import { getgrnam, getpwnam, getpwuid, PR_SET_DUMPABLE, prctl, type Passwd } from '../posix/index.js';

/** Who a process shall be. */
export interface Identity {
  /** Its real, effective and saved user, 0 to 2³² - 2. */
  readonly uid: number;
  /** Its real, effective and saved group, 0 to 2³² - 2. */
  readonly gid: number;
  /** As the user database has the user; undefined: it has none of this number. */
  readonly user: Passwd | undefined;
}

/** An identity that there is not, or that this process may not have. */
export class IdentityError extends Error {
  readonly code: 'ERR_UNKNOWN_USER' | 'ERR_UNKNOWN_GROUP' | 'ERR_IDENTITY_NOT_PERMITTED';
  override readonly name = 'IdentityError';

  constructor(code: IdentityError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

// A name may be made of digits: as with chown(1), it goes before the number.
function numberIn(text: string): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : undefined;
  return number !== undefined && number <= ID_MAX ? number : undefined;
}

function lookUp(user: string): { uid: number; entry: Passwd | undefined } {
  const named = getpwnam(user);
  if (named) return { uid: named.uid, entry: named };
  const uid = numberIn(user);
  if (uid === undefined) throw new IdentityError('ERR_UNKNOWN_USER', `there is no user ${user}`);
  return { uid, entry: getpwuid(uid) ?? undefined };
}

function gidOf(group: string): number {
  const gid = getgrnam(group)?.gid ?? numberIn(group);
  if (gid === undefined) throw new IdentityError('ERR_UNKNOWN_GROUP', `there is no group ${group}`);
  return gid;
}

// Node.js has none on Windows, where there is no addon either: its call says so.
function id(which: 'getuid' | 'geteuid' | 'getgid' | 'getegid'): number {
  return (process[which] ?? posix[which])();
}

function isOurs({ uid, gid }: Identity): boolean {
  return id('getuid') === uid && id('geteuid') === uid && id('getgid') === gid && id('getegid') === gid;
}

/**
 * Looks up who a process shall be, and whether this one may become that. Nothing is changed yet.
 *
 * @param user a name or a number; absent: the user stays who it is
 * @param group a name or a number; absent: the user's primary group
 * @throws {IdentityError} ERR_UNKNOWN_USER; ERR_UNKNOWN_GROUP: also that a number without a user needs a group;
 * ERR_IDENTITY_NOT_PERMITTED: only root can become somebody else
 */
export function identityOf(user: string | undefined, group: string | undefined): Identity {
  const { uid, entry } = user === undefined ? { uid: id('geteuid'), entry: undefined } : lookUp(user);
  const gid = group === undefined ? entry?.gid : gidOf(group);
  if (gid === undefined) {
    throw new IdentityError(
      'ERR_UNKNOWN_GROUP',
      `there is no user of number ${uid}, whose group it could be: name a group`,
    );
  }
  const identity = { uid, gid, user: entry };
  if (id('geteuid') !== 0 && !isOurs(identity)) {
    const message = `only root can become user ${uid} of group ${gid}, this is user ${id('geteuid')}`;
    throw new IdentityError('ERR_IDENTITY_NOT_PERMITTED', message);
  }
  return identity;
}

/**
 * Makes this process somebody else for good: its groups, its user, and `HOME`, `USER` and `LOGNAME` as systemd sets them.
 * `XDG_RUNTIME_DIR`, which nobody else may enter, is unset. What is open stays open.
 *
 * @param identity as `identityOf` makes it
 * @throws {TypeError | RangeError} an identity that is none
 * @throws {Error} the error of the system call that failed; root could be had back
 * @see https://man7.org/linux/man-pages/man7/credentials.7.html
 */
export function become(identity: Identity): void {
  const { uid, gid, user } = object('identity', identity);
  integer('identity.uid', uid, 0, ID_MAX);
  integer('identity.gid', gid, 0, ID_MAX);
  if (id('geteuid') !== 0 && isOurs(identity)) return;
  const changes = id('geteuid') !== uid;
  // The user last: nobody else may change the groups.
  if (user) (process as WithInitgroups).initgroups?.(user.name, gid);
  else process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (!isOurs(identity)) throw new Error(`the process did not become user ${uid} of group ${gid}`);
  if (!changes) return;
  if (regainsRoot()) throw new Error(`the process became user ${uid}, and could be root again`);
  if (user) Object.assign(process.env, { HOME: user.dir, USER: user.name, LOGNAME: user.name });
  delete process.env['XDG_RUNTIME_DIR'];
  // The kernel has made it a process that its own user may not look at: neither at its memory in /proc, nor at a core dump.
  prctl(PR_SET_DUMPABLE, 1);
}

// The types of Node.js do not have it.
type WithInitgroups = NodeJS.Process & { initgroups?: (user: string, extraGroup: number) => void };

function regainsRoot(): boolean {
  try {
    process.setuid?.(0);
    return true;
  } catch {
    return false;
  }
}
