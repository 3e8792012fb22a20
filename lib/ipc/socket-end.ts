// One end of a socketpair that does not block, and when the event loop looks at it.
import {
  close,
  F_DUPFD_CLOEXEC,
  fcntl,
  isPosixError,
  poll,
  POLLIN,
  POLLOUT,
  read,
  Watcher,
  write,
  type Readiness,
} from '../posix/index.js';
import { inChildren } from './forks.js';

const LONGEST = 2 ** 31 - 1;

/** What wants to know of a fork: in a child, what is under way is its parent's. */
export interface Forked {
  forked(): void;
}

const forkedToo = new Set<Forked>();
const hook = inChildren(() => {
  for (const one of [...forkedToo]) one.forked();
});

/** Until it is called, it is told of forks in the child. */
export function tellOfForks(who: Forked): () => void {
  hook();
  forkedToo.add(who);
  return () => forkedToo.delete(who);
}

export class SocketEnd {
  #fd: number;
  // The event loop watches a descriptor for one thing only.
  #writeFd = -1;
  #watchers = new Map<Readiness, Watcher>();
  #keepsAlive = true;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get fd(): number {
    return this.#fd;
  }

  /**
   * Reads what there is.
   *
   * @returns how many bytes; 0: the other end is closed; -1: there is nothing yet
   */
  read(into: Uint8Array): number {
    try {
      return read(this.#fd, into);
    } catch (error) {
      if (isPosixError(error, 'EAGAIN') || isPosixError(error, 'EINTR')) return -1;
      // The other end was closed with messages that nobody had read.
      if (isPosixError(error, 'ECONNRESET')) return 0;
      throw error;
    }
  }

  /** Writes as much as there is room for. */
  write(bytes: Uint8Array): number {
    try {
      return write(this.#fd, bytes);
    } catch (error) {
      if (isPosixError(error, 'EAGAIN') || isPosixError(error, 'EINTR')) return 0;
      throw error;
    }
  }

  /** Blocks until there is something to read, or room to write; false: the time is over. A signal ends it, too. */
  block(readiness: Readiness, timeout: number): boolean {
    return this.#is(readiness === 'readable' ? POLLIN : POLLOUT, timeout);
  }

  #is(events: number, timeout: number): boolean {
    try {
      return poll([{ fd: this.#fd, events }], timeout > LONGEST ? -1 : Math.ceil(timeout)).length > 0;
    } catch (error) {
      if (!isPosixError(error, 'EINTR')) throw error;
      return true;
    }
  }

  /** Calls back from the event loop as long as it is so, until `unwatch`. */
  watch(readiness: Readiness, callback: () => void): void {
    if (this.#watchers.has(readiness)) return;
    if (readiness === 'writable' && this.#writeFd < 0) this.#writeFd = fcntl(this.#fd, F_DUPFD_CLOEXEC, 0);
    const watcher = new Watcher(readiness === 'readable' ? this.#fd : this.#writeFd, callback, readiness);
    this.#watchers.set(readiness, watcher);
    if (!this.#keepsAlive) watcher.unref();
  }

  /** Whether the other end is closed. The event loop tells that once, and is to watch anew for what there still is to read. */
  hasHungUp(): boolean {
    return this.#is(0, 0);
  }

  unwatch(readiness: Readiness): void {
    this.#watchers.get(readiness)?.close();
    this.#watchers.delete(readiness);
  }

  /** Whether what it watches keeps the event loop alive. */
  keepAlive(alive: boolean): void {
    if (this.#keepsAlive === alive) return;
    this.#keepsAlive = alive;
    for (const watcher of this.#watchers.values()) {
      if (alive) watcher.ref();
      else watcher.unref();
    }
  }

  close(): void {
    this.unwatch('readable');
    this.unwatch('writable');
    if (this.#fd >= 0) close(this.#fd);
    if (this.#writeFd >= 0) close(this.#writeFd);
    this.#fd = -1;
    this.#writeFd = -1;
  }
}
