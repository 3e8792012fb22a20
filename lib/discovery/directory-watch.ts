import {
  close,
  IN_CLOEXEC,
  IN_CLOSE_WRITE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_EXCL_UNLINK,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_NONBLOCK,
  IN_ONLYDIR,
  IN_Q_OVERFLOW,
  inotify_add_watch,
  inotify_init1,
  inotify_rm_watch,
  inotifyEvents,
  isPosixError,
  read,
  Watcher,
} from '../posix/index.js';

// Not IN_CREATE: a file becomes an instance when it is renamed into place. What crashes before that leaves a file that
// is closed (IN_CLOSE_WRITE). Nor files that have lost their name: who closes one that was unlinked or replaced tells
// nothing new.
const mask =
  IN_CLOSE_WRITE |
  IN_DELETE |
  IN_MOVED_FROM |
  IN_MOVED_TO |
  IN_DELETE_SELF |
  IN_MOVE_SELF |
  IN_ONLYDIR |
  IN_EXCL_UNLINK;

// The queue of a user holds 16,384 events by default (max_queued_events); what one read leaves, the next one gets.
const bufferSize = 64 * 1024;

/**
 * Is told that a directory has changed, or is gone.
 *
 * @param closed the names of the files in it that were closed by who could write to them; undefined: any may have been
 */
export type DirectoryListener = (closed: ReadonlySet<string> | undefined) => void;

interface Queue {
  readonly fd: number;
  readonly watcher: Watcher;
  readonly buffer: Buffer;
}

/** Watches directories with one inotify queue: a user has 128 queues by default (max_user_instances). inotify(7) */
export class DirectoryWatch {
  readonly #listeners = new Map<number, DirectoryListener>();
  #queue: Queue | undefined;
  #keepAlive = 0;

  /**
   * Watches what is at `path` now, which must be a directory. A second call for the same directory changes nothing.
   *
   * @returns the mark to `disarm`; a mark of its own for each directory that was ever at `path`
   * @throws {PosixError} those of inotify_init1(2) and inotify_add_watch(2)
   */
  arm(path: string, listener: DirectoryListener): number {
    this.#queue ??= this.#open();
    const mark = inotify_add_watch(this.#queue.fd, path, mask);
    this.#listeners.set(mark, listener);
    return mark;
  }

  /** Ends the watch of a directory, which may be gone. */
  disarm(mark: number): void {
    if (!this.#listeners.delete(mark) || !this.#queue) return;
    try {
      inotify_rm_watch(this.#queue.fd, mark);
    } catch (error) {
      // The kernel has ended it itself: the directory was deleted.
      if (!isPosixError(error, 'EINVAL')) throw error;
    }
  }

  /** Counts who wants the process to stay alive while this watches. */
  keepAlive(on: boolean): void {
    this.#keepAlive += on ? 1 : -1;
    this.#applyKeepAlive();
  }

  #applyKeepAlive(): void {
    if (this.#keepAlive > 0) this.#queue?.watcher.ref();
    else this.#queue?.watcher.unref();
  }

  #open(): Queue {
    const fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    try {
      const watcher = new Watcher(fd, () => {
        this.#dispatch();
      });
      if (this.#keepAlive === 0) watcher.unref();
      return { fd, watcher, buffer: Buffer.allocUnsafeSlow(bufferSize) };
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  #dispatch(): void {
    if (!this.#queue) return;
    const { fd, buffer } = this.#queue;
    let length: number;
    try {
      length = read(fd, buffer);
    } catch (error) {
      if (isPosixError(error, 'EAGAIN') || isPosixError(error, 'EINTR')) return;
      throw error;
    }
    const changed = new Map<number, Set<string>>();
    let overflow = false;
    for (const event of inotifyEvents(buffer.subarray(0, length))) {
      if ((event.mask & IN_Q_OVERFLOW) !== 0) overflow = true;
      const closed = changed.get(event.watch) ?? new Set<string>();
      changed.set(event.watch, closed);
      if ((event.mask & IN_CLOSE_WRITE) !== 0) closed.add(event.name);
    }
    // A listener may arm, disarm and close.
    for (const [mark, listener] of [...this.#listeners]) {
      if (overflow) listener(undefined);
      else if (changed.has(mark)) listener(changed.get(mark));
    }
  }

  /**
   * Ends all watches; again is no mistake. In a forked child too it ends only the child's: to close its copy of the
   * queue changes nothing for the parent, inotify_rm_watch would.
   */
  close(): void {
    this.#listeners.clear();
    const queue = this.#queue;
    this.#queue = undefined;
    queue?.watcher.close();
    if (queue) close(queue.fd);
  }
}
