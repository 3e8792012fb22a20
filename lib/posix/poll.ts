import { int, INT_MAX, integer, list, object } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** There is something to read, or the end. */
export const POLLIN = constant('POLLIN');
/** There is something urgent. */
export const POLLPRI = constant('POLLPRI');
/** There is room to write. */
export const POLLOUT = constant('POLLOUT');
/** The other end of a socket writes no more. */
export const POLLRDHUP = constant('POLLRDHUP');
/** Of revents: an error; of a pipe to write to, that nobody reads it. */
export const POLLERR = constant('POLLERR');
/** Of revents: the other end is closed. */
export const POLLHUP = constant('POLLHUP');
/** Of revents: it is not open. */
export const POLLNVAL = constant('POLLNVAL');

/** What to wait for: `struct pollfd`. */
export interface PollFd {
  /** A descriptor; a negative one is left out. */
  fd: number;
  /** `POLLIN | POLLPRI | POLLOUT | POLLRDHUP`, or 0: errors and hang-ups alone. */
  events: number;
}

/** What has happened. */
export interface PolledFd extends PollFd {
  /** Which of `events`, and any of `POLLERR | POLLHUP | POLLNVAL`. */
  revents: number;
}

const SHORT_MAX = 2 ** 15 - 1;

/**
 * Waits until one of the descriptors is ready. It blocks the process, its event loop too.
 *
 * @param fds the descriptors, and what to wait for of each
 * @param timeout how long, in milliseconds; 0: do not wait; -1: without end. After an interruption it is for the caller to say
 * how much of it is left
 * @returns those that something has happened to, in the order of `fds`; none when the time is over
 * @throws {InterruptedError} EINTR: a signal came, also one whose handler has SA_RESTART
 * @throws {PosixError} EINVAL: more descriptors than RLIMIT_NOFILE; ENOMEM
 * @see https://man7.org/linux/man-pages/man2/poll.2.html
 */
export function poll(fds: readonly PollFd[], timeout: number): PolledFd[] {
  const words: number[] = [];
  list('fds', '{ fd, events }', fds, (name, entry) => {
    const { fd, events } = object(name, entry) as PollFd;
    words.push(int(`${name}.fd`, fd), integer(`${name}.events`, events, 0, SHORT_MAX), 0);
  });
  const table = new Int32Array(words);
  integer('timeout', timeout, -1, INT_MAX);
  answered(native.poll(table, timeout), 'poll', `${fds.length} descriptors, ${timeout}`, {}, poll);
  const found: PolledFd[] = [];
  for (let at = 0; at < table.length; at += 3) {
    const revents = table[at + 2] ?? 0;
    if (revents !== 0) found.push({ fd: table[at] ?? -1, events: table[at + 1] ?? 0, revents });
  }
  return found;
}
