import { flagBits, mode as modeBits, path } from './arguments.js';
import { answered } from './errno.js';
import { native } from './native.js';

/**
 * Opens a shared memory object: a file without a disk, for all processes that know its name, until `shm_unlink` or the next
 * start of the machine. A new one has size 0: `ftruncate` gives it one, `mmap` maps it.
 *
 * @param name such as `'/name'`: a slash, and up to 254 other characters without a slash
 * @param flags `O_RDONLY` or `O_RDWR`, with `O_CREAT`, `O_EXCL` and `O_TRUNC` or'ed to it; the C library adds `O_CLOEXEC`
 *   and `O_NOFOLLOW`
 * @param mode permission bits of a new one, less the umask; 0 without O_CREAT
 * @returns the descriptor
 * @throws {FileExistsError} EEXIST: with O_CREAT and O_EXCL, there is one
 * @throws {FileNotFoundError} ENOENT: without O_CREAT, there is none
 * @throws {PermissionError} EACCES
 * @throws {PosixError} EINVAL: the name, also one that is too long (where POSIX has ENAMETOOLONG); EMFILE, ENFILE: too many
 *   descriptors
 * @see https://man7.org/linux/man-pages/man3/shm_open.3.html
 */
export function shm_open(name: string, flags: number, mode: number): number {
  path(name);
  flagBits('flags', flags);
  modeBits(mode);
  return answered(native.shm_open(name, flags, mode), 'shm_open', `'${name}'`, { path: name }, shm_open);
}

/**
 * Takes the name of a shared memory object away. It lives on for those who have it open or mapped.
 *
 * @throws {FileNotFoundError} ENOENT: there is none of this name
 * @throws {PermissionError} EACCES: it is another user's
 * @throws {PosixError} EINVAL: the name
 * @see https://man7.org/linux/man-pages/man3/shm_unlink.3.html
 */
export function shm_unlink(name: string): void {
  path(name);
  answered(native.shm_unlink(name), 'shm_unlink', `'${name}'`, { path: name }, shm_unlink);
}
