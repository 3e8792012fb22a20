// The directory of a service: who may use it, which of its files are whose, and the locks that say who lives.
import { lstatSync, unlinkSync, type BigIntStats } from 'node:fs';
import { F_OFD_GETLK, F_OFD_SETLK, F_UNLCK, F_RDLCK, F_WRLCK, fcntl, geteuid } from '../posix/index.js';
import { makeDirectories } from '../runtime-directory.js';
import { hasCode, UnsafeDirectoryError } from './errors.js';

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const instanceName = new RegExp(`^(${uuid})\\.json$`);
const temporaryName = new RegExp(`^\\.${uuid}\\.tmp$`);

/** The name of an instance's file. */
export function fileOf(id: string): string {
  return `${id}.json`;
}

/** The name of a file that will be an instance's when it is complete. */
export function temporaryFileOf(id: string): string {
  return `.${id}.tmp`;
}

/** The id of the instance whose file this is, if it is one's. */
export function idOf(name: string): string | undefined {
  return instanceName.exec(name)?.[1];
}

/** Whether this is a file that is, or was, to become an instance's. */
export function isTemporary(name: string): boolean {
  return temporaryName.test(name);
}

/** This process's user. */
export function ownUser(): number {
  return (process.geteuid ?? geteuid)();
}

function checkOwner(path: string): void {
  const stat = lstatSync(path);
  const uid = ownUser();
  if (stat.isDirectory() && stat.uid === uid && (stat.mode & 0o022) === 0) return;
  throw new UnsafeDirectoryError(`${path} must be a directory of user ${uid} that nobody else can write to`);
}

/**
 * Makes the directory, if it is missing, for this user alone.
 *
 * @throws {UnsafeDirectoryError} ERR_UNSAFE_DIRECTORY: it is there, and not only this user's
 */
export function makeDirectory(path: string): void {
  makeDirectories(path);
  checkOwner(path);
}

/**
 * Whether the directory is there.
 *
 * @throws as `makeDirectory`
 */
export function directoryExists(path: string): boolean {
  try {
    checkOwner(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** What is at the path, if anything; a link is not followed. */
export function statOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Unlinks a file, if it is there. */
export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** Whether both are the same file, under whatever name. One must be open, or its number may be another's by now. */
export function isSameFile(a: BigIntStats, b: BigIntStats | undefined): boolean {
  return a.ino === b?.ino && a.dev === b.dev;
}

/**
 * Takes the lock that says that the registrant of a file lives; it ends when the descriptor is closed. Nobody else ever
 * locks the file.
 */
export function hold(fd: number): void {
  fcntl(fd, F_OFD_SETLK, { type: F_WRLCK });
}

/** Whether somebody has that lock: whether a reader would have to wait. */
export function isHeld(fd: number): boolean {
  return fcntl(fd, F_OFD_GETLK, { type: F_RDLCK }) !== F_UNLCK;
}
