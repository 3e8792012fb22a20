import { callback as aFunction, descriptor, wrongValue } from './arguments.js';
import { answered } from './errno.js';
import { native, type NativeWatcher } from './native.js';

/** What a watcher tells of. */
export type Readiness = 'readable' | 'writable';

/**
 * Calls back from the event loop for as long as a descriptor is readable: a pidfd whose process has ended, an inotify
 * queue, a pipe; or for as long as it is writable, which it is, too, when nobody reads its other end any more. The descriptor
 * stays its owner's: close the watcher first, then the descriptor.
 *
 * What the descriptor is open for does not block from then on (libuv sets O_NONBLOCK), in other processes that share it
 * either: `set_blocking(fd, true)` takes that back.
 *
 * It keeps the event loop alive unless it is unref'ed. A forked child has a copy that watches too; whoever made it
 * closes it there (`atfork`).
 *
 * @throws {PosixError} EBADF: not open; EEXIST: the event loop watches it already; EPERM: it cannot be watched (a file)
 */
export class Watcher implements Disposable {
  #native: NativeWatcher | undefined;

  constructor(fd: number, callback: () => void, readiness: Readiness = 'readable') {
    descriptor(fd);
    aFunction('callback', callback);
    if (!['readable', 'writable'].includes(readiness)) {
      throw wrongValue('readiness', "must be 'readable' or 'writable'", readiness);
    }
    const result = native.watch(fd, readiness === 'writable', () => {
      callback();
    });
    if (typeof result === 'number') answered(result, 'epoll_ctl', fd, { fd }, Watcher as never);
    else this.#native = result;
  }

  /** Lets the event loop end while this watches. */
  unref(): this {
    if (this.#native) native.refWatcher(this.#native, false);
    return this;
  }

  /** Keeps the event loop alive while this watches, which is the default. */
  ref(): this {
    if (this.#native) native.refWatcher(this.#native, true);
    return this;
  }

  /** Ends it; again is no mistake. */
  close(): void {
    if (this.#native) native.unwatch(this.#native);
    this.#native = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
