import { flagBits, view } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** Do not wait for the kernel's generator to be seeded: EAGAIN. */
export const GRND_NONBLOCK = constant('GRND_NONBLOCK');
/** From the source of /dev/random, which is that of /dev/urandom since Linux 5.6. */
export const GRND_RANDOM = constant('GRND_RANDOM');

/**
 * Fills a buffer with random bytes of the kernel. Unlike those of a generator in the process, they are never the same in
 * a parent and its child.
 *
 * @param buffer where the bytes go
 * @param flags 0, or `GRND_NONBLOCK | GRND_RANDOM`
 * @returns how many came: all, up to 256; of more a signal may cut the rest off
 * @throws {BlockingIOError} EAGAIN: the generator is not seeded yet (at boot), and `GRND_NONBLOCK`
 * @throws {InterruptedError} EINTR: while it waited for that
 * @throws {PosixError} EINVAL: other flags; ENOSYS
 * @see https://man7.org/linux/man-pages/man2/getrandom.2.html
 */
export function getrandom(buffer: ArrayBuffer | ArrayBufferView, flags: number): number {
  const into = view('buffer', buffer);
  flagBits('flags', flags);
  return answered(native.getrandom(into, flags), 'getrandom', `${into.length} bytes`, {}, getrandom);
}
