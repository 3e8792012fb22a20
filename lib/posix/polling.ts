// What the event loop waits for, apart from what its handles ask for.
import { descriptor } from './arguments.js';
import { boolean } from '../mistakes.js';
import { answered, errno } from './errno.js';
import { native } from './native.js';

const paused = new Set<number>();

/**
 * Has the event loop leave out a descriptor that one of its handles watches for input: a socket that listens, which Node.js
 * accepts from as long as it is open. What comes waits, or is another process's that has the socket too. The handle does not
 * know of it, still keeps the event loop alive, and may be closed as it is.
 *
 * A child that is forked meanwhile polls it.
 *
 * @param fd that the event loop has polled before: not one of a handle that is new in this turn
 * @throws {FileNotFoundError} ENOENT: the event loop does not poll it
 * @throws {PosixError} EBADF
 * @see https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
 */
export function pausePolling(fd: number): void {
  descriptor(fd);
  answered(native.pausePolling(fd), 'epoll_ctl', fd, { fd }, pausePolling);
  paused.add(fd);
}

/**
 * Has the event loop poll a descriptor again that `pausePolling` has left out. What has come meanwhile is found at once.
 *
 * @param fd whose handle is open still
 * @param options `exclusive`: of all who have the socket and poll it so, the kernel wakes one only (EPOLLEXCLUSIVE), the
 * longest there first. Others are not woken if that one does not look, because it closes the descriptor, say. Default false
 * @throws {FileExistsError} EEXIST: the event loop polls it
 * @throws {FileNotFoundError} ENOENT: `pausePolling` has not left it out
 * @throws {PosixError} EBADF, ENOMEM, ENOSPC
 * @see https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
 */
export function resumePolling(fd: number, { exclusive = false }: { exclusive?: boolean } = {}): void {
  descriptor(fd);
  boolean('options.exclusive', exclusive);
  answered(native.resumePolling(fd, exclusive), 'epoll_ctl', fd, { fd }, resumePolling);
  if (paused.delete(fd)) return;
  // Nobody's: libuv ends the process when it hears of a descriptor that is above all of its handles'.
  native.pausePolling(fd);
  answered(-errno.ENOENT, 'epoll_ctl', fd, { fd }, resumePolling);
}
