import { bytes, descriptor, flagBits, integer } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** Flag of eventfd: closed by exec. */
export const EFD_CLOEXEC = constant('EFD_CLOEXEC');
/** Flag of eventfd: who would have to wait gets EAGAIN. */
export const EFD_NONBLOCK = constant('EFD_NONBLOCK');
/** Each read takes 1 from the counter. */
export const EFD_SEMAPHORE = constant('EFD_SEMAPHORE');

/**
 * A counter as a descriptor, which is readable while it is not 0.
 *
 * @param initval 0 to 2³² - 1
 * @param flags 0, or `EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE`
 * @returns the descriptor
 * @throws {PosixError} EINVAL: other flags; EMFILE, ENFILE: too many descriptors
 * @see https://man7.org/linux/man-pages/man2/eventfd.2.html
 */
export function eventfd(initval: number, flags: number): number {
  integer('initval', initval, 0, 2 ** 32 - 1);
  flagBits('flags', flags);
  return answered(native.eventfd(initval, flags), 'eventfd', `${initval}, ${flags}`, {}, eventfd);
}

const value = new Float64Array(1);

/**
 * Takes what is in the counter, or 1 of it (`EFD_SEMAPHORE`). While it is 0, it waits.
 *
 * @returns how much; above 2⁵³ to the nearest number that there is
 * @throws {BlockingIOError} EAGAIN: it is 0, and the descriptor does not block
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF; EINVAL: it is no eventfd, and gives less than 8 bytes
 * @see https://man7.org/linux/man-pages/man3/eventfd_read.3.html
 */
export function eventfd_read(fd: number): number {
  descriptor(fd);
  answered(native.eventfd_read(fd, value), 'eventfd_read', fd, { fd }, eventfd_read);
  return value[0] ?? 0;
}

/**
 * Adds to the counter. While there is no room in it, above 2⁶⁴ - 2, it waits.
 *
 * @param value 0 to 2⁵³ - 1
 * @throws {BlockingIOError} EAGAIN: no room, and the descriptor does not block
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF
 * @see https://man7.org/linux/man-pages/man3/eventfd_write.3.html
 */
export function eventfd_write(fd: number, value: number): void {
  descriptor(fd);
  bytes('value', value);
  answered(native.eventfd_write(fd, value), 'eventfd_write', `${fd}, ${value}`, { fd }, eventfd_write);
}
