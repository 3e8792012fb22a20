import { randomUUID } from 'node:crypto';
import { fstatSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import {
  close,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  open,
  write,
} from '../posix/index.js';
import { hasCode, RegistrationFailedError } from './errors.js';
import {
  fileOf,
  isHeld,
  isSameFile,
  hold,
  makeDirectory,
  ownUser,
  statOf,
  temporaryFileOf,
  unlinkIfThere,
} from './service-directory.js';

// Each attempt fails only if somebody deletes something between two system calls of ours.
const maxAttempts = 1000;

// How often a file that somebody keeps deleting is restored, in milliseconds.
const restoreInterval = 1000;

function writeAll(fd: number, payload: Buffer): void {
  for (let rest = payload; rest.length > 0;) rest = rest.subarray(write(fd, rest));
}

/**
 * Makes a file whole and locked, and only then visible under its name, in place of what had it.
 *
 * @returns its descriptor, which holds the lock; undefined: it, or the directory, was deleted meanwhile
 */
function publishOnce(directory: string, name: string, payload: Buffer): number | undefined {
  makeDirectory(directory);
  const temporary = join(directory, temporaryFileOf(randomUUID()));
  let fd: number;
  try {
    fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    hold(fd);
    writeAll(fd, payload);
    renameSync(temporary, join(directory, name));
    return fd;
  } catch (error) {
    unlinkIfThere(temporary);
    close(fd);
    // Before it was locked, a reader took it for what a crash has left, and has removed it.
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function publish(directory: string, name: string, payload: Buffer): number {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const fd = publishOnce(directory, name, payload);
    if (fd !== undefined) return fd;
  }
  throw new RegistrationFailedError(
    `${join(directory, name)} could not be put in place: each time it was deleted before`,
  );
}

/**
 * A registration as a file: it lives for as long as its descriptor holds the lock, at most as long as its process.
 *
 * The file at its name is locked from before it is visible until after it is replaced or gone, and no other registrant
 * uses the name, but one that takes it over. So a file that is not locked, and is what the name stands for, is dead, and will
 * be for ever: a reader that has seen this may unlink the name whenever it comes to it, without a lock of its own. (Only one
 * that stood by while its successor died can be unlinked so, in the moment in which it comes back; then it comes back again.)
 */
export class FileInstance {
  readonly #directory: string;
  readonly #name: string;
  #payload: Buffer;
  #fd: number | undefined;
  #restored = -Infinity;

  /** @throws {Error} that of the system call that failed; then there is no file */
  constructor(directory: string, id: string, payload: Buffer) {
    this.#directory = directory;
    this.#name = fileOf(id);
    this.#payload = payload;
    this.#fd = publish(directory, this.#name, payload);
  }

  /** Replaces the payload. If it fails, the one before stays. */
  update(payload: Buffer): void {
    if (!this.#isTakenOver()) this.#replace(payload);
    this.#payload = payload;
  }

  // First the new file has the name, then the lock of the old one ends: who then finds that unlocked finds another
  // file at the name.
  #replace(payload: Buffer): void {
    const old = this.#fd;
    if (old === undefined) return;
    this.#fd = publish(this.#directory, this.#name, payload);
    close(old);
  }

  /**
   * Puts the file back if somebody has deleted, moved or replaced it: an operator, or who clears /tmp of what is old. One
   * that has the same id and lives has taken its place, and keeps it.
   *
   * @returns false if that must wait, since it was done less than a second ago
   */
  keep(): boolean {
    if (this.#fd === undefined || this.#isInPlace(this.#fd) || this.#isTakenOver()) return true;
    const now = performance.now();
    if (now - this.#restored < restoreInterval) return false;
    this.#restored = now;
    this.#replace(this.#payload);
    return true;
  }

  #isInPlace(fd: number): boolean {
    return isSameFile(fstatSync(fd, { bigint: true }), statOf(join(this.#directory, this.#name)));
  }

  #isTakenOver(): boolean {
    if (this.#fd === undefined || this.#isInPlace(this.#fd)) return false;
    let fd: number;
    try {
      fd = open(join(this.#directory, this.#name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    } catch {
      return false;
    }
    try {
      const stat = fstatSync(fd);
      return stat.isFile() && stat.uid === ownUser() && isHeld(fd);
    } finally {
      close(fd);
    }
  }

  /** Removes it; again is no mistake. */
  remove(): void {
    if (this.#fd === undefined) return;
    try {
      if (this.#isInPlace(this.#fd)) unlinkIfThere(join(this.#directory, this.#name));
    } catch {
      // Without its lock it is a dead one, and whoever looks next removes it.
    }
    this.abandon();
  }

  /** Closes the descriptor and no more, as in a forked child: the lock is the parent's as long as it has it open. */
  abandon(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) close(fd);
  }
}
