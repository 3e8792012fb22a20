import { uncaught } from '../uncaught.js';
import { callback, INT_MAX, integer } from './arguments.js';
import { close } from './descriptor.js';
import { isPosixError } from './errors.js';
import { atfork } from './fork.js';
import { needAddon } from './native.js';
import { pidfd_open } from './process.js';
import { retryOnIntr } from './retry.js';
import { P_PID, P_PIDFD, waitid, waitpid, WEXITED, WNOHANG, WNOWAIT } from './wait.js';
import { Watcher } from './watcher.js';

/** What a watcher of a child is told: its raw status; undefined if somebody else has waited for it, or it is no child of ours. */
export type OnEnd = (status: number | undefined) => void;

/** How to learn that a child has ended. */
export type EndSource = 'pidfd' | 'sigchld';

/** A child that somebody waits for. Whoever asks for its status takes it away: so it is asked here for all who want it. */
interface Awaited {
  readonly told: Set<OnEnd>;
  /** Says when the child has ended; absent where SIGCHLD has to. */
  readonly pidfd: { readonly fd: number; readonly watcher: Watcher } | undefined;
}

const awaited = new Map<number, Awaited>();

let takeHookBack: (() => void) | undefined;
let keepAlive: NodeJS.Timeout | undefined;

function openPidfd(pid: number): Awaited['pidfd'] {
  let fd;
  try {
    fd = pidfd_open(pid, 0);
    const watcher = new Watcher(fd, () => {
      ask(pid);
    });
    return { fd, watcher };
  } catch {
    // ENOSYS, EPERM in a sandbox, EMFILE; or ESRCH, which asking for the child tells in its own way.
    if (fd !== undefined) close(fd);
    return undefined;
  }
}

function askAll(): void {
  for (const pid of [...awaited.keys()]) ask(pid);
}

function listenForSigchld(): void {
  if (keepAlive) return;
  process.on('SIGCHLD', askAll);
  // A signal handler does not keep the event loop alive.
  keepAlive = setInterval(() => undefined, INT_MAX);
}

function begin(pid: number, by: EndSource): Awaited {
  needAddon('waitpid');
  const entry = { told: new Set<OnEnd>(), pidfd: by === 'pidfd' ? openPidfd(pid) : undefined };
  awaited.set(pid, entry);
  if (!entry.pidfd) listenForSigchld();
  // In a child: they are its parent's.
  takeHookBack ??= atfork({
    child: () => {
      for (const other of [...awaited.keys()]) end(other);
    },
  });
  // It may have ended before anybody listened, or be somebody else's. Not from within: the caller has no watcher yet.
  setImmediate(() => {
    if (awaited.get(pid) === entry) ask(pid);
  });
  return entry;
}

function end(pid: number): void {
  const pidfd = awaited.get(pid)?.pidfd;
  awaited.delete(pid);
  if (pidfd) {
    pidfd.watcher.close();
    close(pidfd.fd);
  }
  if (![...awaited.values()].some((entry) => entry.pidfd === undefined)) {
    process.off('SIGCHLD', askAll);
    clearInterval(keepAlive);
    keepAlive = undefined;
  }
  if (awaited.size > 0) return;
  takeHookBack?.();
  takeHookBack = undefined;
}

function ask(pid: number): void {
  const entry = awaited.get(pid);
  if (!entry) return;
  let status: number | undefined;
  try {
    const result = retryOnIntr(() => waitpid(pid, WNOHANG));
    if (result.pid === 0) return;
    status = result.status;
  } catch (error) {
    if (!isPosixError(error, 'ECHILD')) throw error;
  }
  end(pid);
  for (const tell of entry.told) {
    // What one throws does not keep the others from being told.
    uncaught(() => {
      tell(status);
    });
  }
}

/**
 * Calls back from the event loop when a child has ended, and waits for it: for this child, and no other. `waitpidAsync` is the
 * same as a promise, and the `Reaper` of `truefork/reaper` is for many children. Several may watch one child: all are told.
 *
 * It keeps the event loop alive until the child has ended. In a forked child it is closed: the child is not its own.
 */
export class ChildWatcher implements Disposable {
  /** The child. */
  readonly pid: number;
  readonly #awaited: Awaited;
  readonly #told: OnEnd;

  /**
   * @param pid a child of this process. One of `child_process` would not have an 'exit' event any more
   * @param told is called once: with the child's raw status; with undefined if somebody else has waited for it, or it is no
   *   child of ours
   * @param options `by`: how to learn that it has ended: `'pidfd'`, the default, by a descriptor of the child (Linux 5.3), and
   *   for one that can have none as by `'sigchld'`: by the signal, after which each child is asked
   * @throws {TypeError | RangeError} no pid: 0 and less mean several children to waitpid(2)
   */
  constructor(pid: number, told: OnEnd, { by = 'pidfd' }: { by?: EndSource } = {}) {
    this.pid = integer('pid', pid, 1, INT_MAX);
    callback('told', told);
    // Of its own: the same function may be told twice.
    this.#told = (status) => {
      told(status);
    };
    this.#awaited = awaited.get(pid) ?? begin(pid, by);
    this.#awaited.told.add(this.#told);
  }

  /** Whether any watcher of this process waits for this child. */
  static watches(pid: number): boolean {
    return awaited.has(pid);
  }

  /** The descriptor that tells the end of the child; undefined when it has been told, or is told by the signal. */
  get pidfd(): number | undefined {
    const watches = this.#awaited.told.has(this.#told) && awaited.get(this.pid) === this.#awaited;
    return watches ? this.#awaited.pidfd?.fd : undefined;
  }

  /**
   * Whether the child has been waited for, also by somebody else, of which its watchers are told when the event loop turns: its
   * pid may be another's by now. By the descriptor that is certain; by the pid, a later child of this process may have it.
   */
  get isGone(): boolean {
    if (awaited.get(this.pid) !== this.#awaited) return true;
    const { pidfd } = this;
    try {
      waitid(pidfd === undefined ? P_PID : P_PIDFD, pidfd ?? this.pid, WEXITED | WNOHANG | WNOWAIT);
      return false;
    } catch (error) {
      return isPosixError(error, 'ECHILD');
    }
  }

  /** Stops waiting, and leaves the child to be waited for by others. Again is no mistake. */
  close(): void {
    this.#awaited.told.delete(this.#told);
    if (this.#awaited.told.size === 0 && awaited.get(this.pid) === this.#awaited) end(this.pid);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
