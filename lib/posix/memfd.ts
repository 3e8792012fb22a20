import { cString, integer } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** Flag of memfd_create: closed by exec. */
export const MFD_CLOEXEC = constant('MFD_CLOEXEC');
/** The file may get seals: `fcntl(fd, F_ADD_SEALS, …)`. */
export const MFD_ALLOW_SEALING = constant('MFD_ALLOW_SEALING');
/** Its pages are huge. */
export const MFD_HUGETLB = constant('MFD_HUGETLB');

/**
 * Makes a file in memory that has no name in the file system and ends with its last descriptor.
 *
 * @param name what /proc/self/fd shows of it, up to 249 bytes; several may have the same
 * @param flags 0, or `MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB`
 * @returns the descriptor, open for reading and writing
 * @throws {PosixError} EINVAL: other flags, the name is too long; EMFILE, ENFILE, ENOMEM
 * @see https://man7.org/linux/man-pages/man2/memfd_create.2.html
 */
export function memfd_create(name: string, flags: number): number {
  cString('name', name);
  integer('flags', flags, 0, 2 ** 32 - 1);
  return answered(native.memfd_create(name, flags), 'memfd_create', `'${name}'`, {}, memfd_create);
}
