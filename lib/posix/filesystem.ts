// What a process has of the file system: its working directory, its root, and what new files may not be.
import process from 'node:process';
import { descriptor, integer, path as checkedPath } from './arguments.js';
import { answered } from './errno.js';
import { mainThreadOnly } from './main-thread.js';
import { native } from './native.js';

/**
 * Sets the permissions that new files and directories do not get, whatever is asked for them.
 *
 * @param mask bits of 0o777
 * @returns what was set before; to look at it, set it twice
 * @see https://man7.org/linux/man-pages/man2/umask.2.html
 */
export function umask(mask: number): number {
  return native.umask(integer('mask', mask, 0, 0o777));
}

// Node.js keeps what process.cwd() returns until process.chdir() is called, and lets only the main thread do that.
const DIRECTORIES = 'directories are';

function forgetCwd(): void {
  process.chdir('.');
}

/**
 * Changes the working directory, for `process.cwd()` too.
 *
 * @throws {FileNotFoundError} ENOENT
 * @throws {NotADirectoryError} ENOTDIR
 * @throws {PermissionError} EACCES
 * @throws {PosixError} ELOOP, ENAMETOOLONG, EIO
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: this is a worker thread
 * @see https://man7.org/linux/man-pages/man2/chdir.2.html
 */
export function chdir(path: string): void {
  checkedPath(path);
  mainThreadOnly('chdir', DIRECTORIES);
  answered(native.chdir(path), 'chdir', `'${path}'`, { path }, chdir);
  forgetCwd();
}

/**
 * Changes the working directory to one that is open, for `process.cwd()` too.
 *
 * @throws {NotADirectoryError} ENOTDIR
 * @throws {PermissionError} EACCES
 * @throws {PosixError} EBADF
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: this is a worker thread
 * @see https://man7.org/linux/man-pages/man2/fchdir.2.html
 */
export function fchdir(fd: number): void {
  descriptor(fd);
  mainThreadOnly('fchdir', DIRECTORIES);
  answered(native.fchdir(fd), 'fchdir', fd, { fd }, fchdir);
  forgetCwd();
}

/**
 * The working directory, asked of the kernel.
 *
 * @throws {FileNotFoundError} ENOENT: it has been removed, or is outside of the root
 * @throws {PermissionError} EACCES
 * @see https://man7.org/linux/man-pages/man3/getcwd.3.html
 */
export function getcwd(): string {
  const path = native.getcwd();
  if (typeof path === 'number') answered(path, 'getcwd', '', {}, getcwd);
  return String(path);
}

/**
 * Changes the root directory of this process and of the children to come. The working directory stays, which may be outside of
 * it then: `chdir('/')` afterwards. Descriptors stay open.
 *
 * @throws {PermissionError} EPERM: only root may; EACCES
 * @throws {FileNotFoundError} ENOENT
 * @throws {NotADirectoryError} ENOTDIR
 * @throws {PosixError} ELOOP, ENAMETOOLONG, EIO
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: this is a worker thread
 * @see https://man7.org/linux/man-pages/man2/chroot.2.html
 */
export function chroot(path: string): void {
  checkedPath(path);
  mainThreadOnly('chroot', DIRECTORIES);
  answered(native.chroot(path), 'chroot', `'${path}'`, { path }, chroot);
  forgetCwd();
}
