// Closing many descriptors at once: as the calls do it, and as a process can that goes on being a Node.js.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { descriptor, flagBits, INT_MAX, integer, list } from './arguments.js';
import { O_NONBLOCK } from './descriptor.js';
import { answered, errno } from './errno.js';
import { F_GETFD, F_GETFL, FD_CLOEXEC } from './fcntl.js';
import { constant, native } from './native.js';

/** For `close_range`: do not close them, but set their FD_CLOEXEC. Linux 5.11. */
export const CLOSE_RANGE_CLOEXEC = constant('CLOSE_RANGE_CLOEXEC');
/** For `close_range`: first have a table of descriptors of one's own, apart from other threads. */
export const CLOSE_RANGE_UNSHARE = constant('CLOSE_RANGE_UNSHARE');

/**
 * Closes all descriptors from `first` to `last`: also those that Node.js and its event loop live on, which have numbers
 * from 3 up. A process without those may be gone a millisecond later, before it executes or ends as it means to: libuv calls
 * abort() when any thread of Node.js polls. A process that goes on running wants `closeFrom`; one that executes another program
 * next, `CLOSE_RANGE_CLOEXEC`.
 *
 * @param first 0 to 2³² - 1
 * @param last 0 to 2³² - 1, which is the end of all
 * @param flags 0, or `CLOSE_RANGE_CLOEXEC`; `CLOSE_RANGE_UNSHARE` is for threads
 * @throws {PosixError} EINVAL: `first` is behind `last`, or other flags; EMFILE, ENOMEM: with `CLOSE_RANGE_UNSHARE`
 * @see https://man7.org/linux/man-pages/man2/close_range.2.html
 */
export function close_range(first: number, last: number, flags: number): void {
  integer('first', first, 0, 2 ** 32 - 1);
  integer('last', last, 0, 2 ** 32 - 1);
  flagBits('flags', flags);
  answered(native.close_range(first, last, flags), 'close_range', `${first}, ${last}`, {}, close_range);
}

/**
 * Closes all descriptors from `low` up to but not including `high`, as Python's `os.closerange` does: also those that Node.js
 * lives on (see `close_range`). Numbers at which nothing is open are passed over.
 *
 * @param low the first, 0 to 2³¹ - 1
 * @param high the first that is left alone, 0 to 2³¹ - 1; nothing is closed if it is not above `low`
 * @throws {PosixError} ENOSYS: Linux before 5.9
 * @see https://man7.org/linux/man-pages/man2/close_range.2.html
 */
export function closerange(low: number, high: number): void {
  integer('low', low, 0, INT_MAX);
  integer('high', high, 0, INT_MAX);
  if (low < high) answered(native.close_range(low, high - 1, 0), 'closerange', `${low}, ${high}`, {}, closerange);
}

/**
 * Closes what a daemon does not want to have from who started it: all descriptors from `least` up, but not those that Node.js
 * lives on (its event loops, and what wakes them) or that a handle of the event loop has (a server, a socket, a watched
 * file, `process.stdout`): close the handle. What looks like theirs stays too: an eventfd, a pipe both ends of which are here
 * and do not block. All else is closed, a library's files too. For the main thread.
 *
 * @param least the first one, 0 and more; 3 leaves the standard streams
 * @param options `keep`: descriptors to leave alone. Default none
 * @returns those that were closed
 * @throws {PosixError} EIO, ENOSPC, EDQUOT: an earlier write to one of them has failed; the others are closed
 * @see https://man7.org/linux/man-pages/man2/close_range.2.html
 */
export function closeFrom(least: number, { keep = [] }: { keep?: readonly number[] } = {}): number[] {
  descriptor(least);
  const given = list('options.keep', 'descriptors', keep, (name, fd) => integer(name, fd, 0, INT_MAX));
  const kept = new Set([...given, ...nodesOwn()]);
  const closed = [];
  let failure: { result: number; fd: number } | undefined;
  for (const fd of openDescriptors()) {
    if (fd < least || kept.has(fd)) continue;
    const result = native.close(fd);
    // The list itself was read through a descriptor that is closed by now.
    if (result === -errno.EBADF) continue;
    closed.push(fd);
    if (result < 0) failure ??= { result, fd };
  }
  if (failure) answered(failure.result, 'close', failure.fd, { fd: failure.fd }, closeFrom);
  return closed;
}

function openDescriptors(): number[] {
  return readdirSync('/proc/self/fd').map(Number);
}

function targetOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

/** Where an event loop waits, the queue through which it changes what it waits for, and what wakes it. */
const LOOPS = ['anon_inode:[eventpoll]', 'anon_inode:[io_uring]', 'anon_inode:[eventfd]'];

// Not by what the loops watch alone: a loop asks for that when it is run next.
function nodesOwn(): Set<number> {
  const own = new Set(native.signalLock());
  const handles = native.handleDescriptors();
  if (typeof handles !== 'number') for (const fd of handles) own.add(fd);
  const targets = new Map(openDescriptors().map((fd) => [fd, targetOf(fd) ?? '']));
  for (const [fd, target] of targets) {
    if (LOOPS.includes(target)) own.add(fd);
    if (target === 'anon_inode:[eventpoll]') for (const watched of watchedBy(fd)) own.add(watched);
    // By which libuv refuses connections when there are too many descriptors.
    if (target === '/dev/null' && (native.fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) !== 0) own.add(fd);
  }
  // Each loop has a pipe, from its signal handlers to itself.
  const pipes = [...targets].filter(([fd, target]) => target.startsWith('pipe:') && neverWaits(fd));
  const both = (target: string) => pipes.filter(([, other]) => other === target).length > 1;
  for (const [fd, target] of pipes) if (both(target)) own.add(fd);
  return own;
}

function neverWaits(fd: number): boolean {
  return (native.fcntl(fd, F_GETFL, 0) & O_NONBLOCK) !== 0 && (native.fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) !== 0;
}

/** What is in an epoll set. @see https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html */
function watchedBy(epoll: number): number[] {
  const info = readFileSync(`/proc/self/fdinfo/${epoll}`, 'latin1');
  return [...info.matchAll(/^tfd:\s*(\d+)/gm)].map(([, fd]) => Number(fd));
}
