import { EventEmitter } from 'node:events';
import { INT_MAX, integer } from '../mistakes.js';
import {
  atfork,
  close,
  decodeWaitStatus,
  isPosixError,
  kill,
  pidfd_open,
  ProcessLookupError,
  errno,
  waitpid,
  Watcher,
  WNOHANG,
  type Signal,
  type WaitStatus,
} from '../posix/index.js';

/** How a child ended. */
export type ExitStatus = Extract<WaitStatus, { state: 'exited' | 'signaled' }>;

interface ReaperEvents {
  /** A child ended and has been waited for. Once for each. */
  exit: [pid: number, status: ExitStatus];
  /** A child was waited for by somebody else (`waitpid(-1)`, say), so its status is lost. */
  lost: [pid: number];
}

/** Somebody else has waited for a child of a reaper. */
export class StatusLostError extends Error {
  readonly code = 'ERR_STATUS_LOST';
  override readonly name = 'StatusLostError';
  readonly pid: number;

  constructor(pid: number) {
    super(`the exit status of process ${pid} is lost: it was waited for elsewhere, or is no child of ours`);
    this.pid = pid;
  }
}

interface Child {
  readonly resolve: (status: ExitStatus) => void;
  readonly reject: (error: StatusLostError) => void;
  readonly exited: Promise<ExitStatus>;
  /** Says when the child has ended; absent where SIGCHLD has to. */
  pidfd?: { readonly fd: number; readonly watcher: Watcher };
}

export interface ReaperOptions {
  /**
   * How to learn that a child has ended. `'pidfd'`: by a descriptor of the child, since Linux 5.3. `'sigchld'`: by the
   * signal, after which each child is asked. Default: `'pidfd'`, and for a child that can have none `'sigchld'`.
   */
  by?: 'pidfd' | 'sigchld';
}

// Those that have not been closed.
const reapers = new Set<Reaper>();

/** Whether a reaper of this process waits for this child. */
export function isWatched(pid: number): boolean {
  return [...reapers].some((reaper) => reaper.has(pid));
}

/**
 * Waits for the children that it is told of, and for no others: those of `child_process` keep their 'exit' events. Each
 * child's end is told once, as an event and as a promise.
 *
 * It keeps the event loop alive while it has children. In a forked child it is closed: its children are not theirs.
 */
export class Reaper extends EventEmitter<ReaperEvents> implements Disposable {
  readonly #children = new Map<number, Child>();
  readonly #by: 'pidfd' | 'sigchld';
  #takeHookBack: (() => void) | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  readonly #onSigchld = () => {
    // Each by itself: a listener that throws does not keep the others from being told.
    for (const pid of this.#children.keys()) this.#askSoon(pid);
  };

  constructor({ by = 'pidfd' }: ReaperOptions = {}) {
    super();
    this.#by = by;
  }

  /** The children that have not been reaped, by pid. */
  get pids(): number[] {
    return [...this.#children.keys()];
  }

  /** Whether this child has not been reaped yet: its pid is still its own. */
  has(pid: number): boolean {
    return this.#children.has(pid);
  }

  /** The descriptor that tells the end of this child; undefined when it has been reaped, or is watched by the signal. */
  pidfd(pid: number): number | undefined {
    return this.#children.get(pid)?.pidfd?.fd;
  }

  /**
   * Takes over a child of this process.
   *
   * @param pid what `fork` returned
   * @returns its exit status; rejected with `StatusLostError` if somebody else waits for it, or it is not our child
   * @throws {TypeError | RangeError} no pid: 0 and less mean several children to waitpid(2)
   */
  watch(pid: number): Promise<ExitStatus> {
    integer('pid', pid, 1, INT_MAX);
    const known = this.#children.get(pid);
    if (known) return known.exited;
    const child = newChild();
    this.#children.set(pid, child);
    reapers.add(this);
    this.#takeHookBack ??= atfork({
      child: () => {
        this.close();
      },
    });
    if (this.#by === 'sigchld' || !this.#watchPidfd(pid, child)) this.#listenForSigchld();
    // It may have ended before anybody listened, or be somebody else's. Not from within: the caller has no promise yet.
    setImmediate(() => {
      this.#ask(pid);
    });
    return child.exited;
  }

  /**
   * Signals a child, and never a process that got the pid of one that has been reaped.
   *
   * @throws {ProcessLookupError} ESRCH: it is not, or no longer, a child of this reaper
   */
  kill(pid: number, signal: Signal): void {
    if (!this.#children.has(pid)) {
      const message = `ESRCH: ${pid} is not a child that this reaper waits for, kill(${pid}, ${signal})`;
      throw new ProcessLookupError('ESRCH', errno.ESRCH, 'kill', message, { pid });
    }
    kill(pid, signal);
  }

  /** Stops waiting; the promises of children that still live stay pending. Again is no mistake. */
  close(): void {
    for (const child of this.#children.values()) closePidfd(child);
    this.#children.clear();
    this.#stopListening();
    reapers.delete(this);
    this.#takeHookBack?.();
    this.#takeHookBack = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #watchPidfd(pid: number, child: Child): boolean {
    let fd;
    try {
      fd = pidfd_open(pid, 0);
      const watcher = new Watcher(fd, () => {
        this.#ask(pid);
      });
      child.pidfd = { fd, watcher };
      return true;
    } catch {
      // ENOSYS, EPERM in a sandbox, EMFILE; or ESRCH, which asking for the child tells in its own way.
      if (fd !== undefined) close(fd);
      return false;
    }
  }

  #listenForSigchld(): void {
    process.off('SIGCHLD', this.#onSigchld);
    process.on('SIGCHLD', this.#onSigchld);
    // A signal handler does not keep the event loop alive.
    this.#keepAlive ??= setInterval(() => undefined, INT_MAX);
  }

  #stopListening(): void {
    process.off('SIGCHLD', this.#onSigchld);
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }

  #askSoon(pid: number): void {
    queueMicrotask(() => {
      this.#ask(pid);
    });
  }

  #ask(pid: number): void {
    const child = this.#children.get(pid);
    if (!child) return;
    let result;
    try {
      result = waitpid(pid, WNOHANG);
    } catch (error) {
      if (isPosixError(error, 'EINTR')) {
        this.#ask(pid);
        return;
      }
      if (!isPosixError(error, 'ECHILD')) throw error;
      this.#forget(pid, child);
      child.reject(new StatusLostError(pid));
      this.emit('lost', pid);
      return;
    }
    if (result.pid === 0) return;
    this.#forget(pid, child);
    const status = decodeWaitStatus(result.status) as ExitStatus;
    child.resolve(status);
    this.emit('exit', pid, status);
  }

  #forget(pid: number, child: Child): void {
    closePidfd(child);
    this.#children.delete(pid);
    if (![...this.#children.values()].some(({ pidfd }) => pidfd === undefined)) this.#stopListening();
  }
}

function newChild(): Child {
  const { promise, resolve, reject } = withResolvers<ExitStatus>();
  // Who only listens to events must not die of an unhandled rejection.
  promise.catch(() => undefined);
  return { exited: promise, resolve, reject };
}

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

function closePidfd(child: Child): void {
  if (!child.pidfd) return;
  child.pidfd.watcher.close();
  close(child.pidfd.fd);
  delete child.pidfd;
}
