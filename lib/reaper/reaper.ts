import { EventEmitter } from 'node:events';
import {
  atfork,
  ChildWatcher,
  decodeWaitStatus,
  errno,
  kill,
  ProcessLookupError,
  type Signal,
  type EndSource,
  type ExitStatus,
} from '../posix/index.js';

/** @inline */
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
  /** The child. */
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
  readonly watcher: ChildWatcher;
}

/** How a reaper learns of ends. */
export interface ReaperOptions {
  /**
   * How to learn that a child has ended. `'pidfd'`: by a descriptor of the child, since Linux 5.3. `'sigchld'`: by the
   * signal, after which each child is asked. Default: `'pidfd'`, and for a child that can have none `'sigchld'`.
   */
  by?: EndSource;
}

/**
 * Waits for the children that it is told of, and for no others: those of `child_process` keep their 'exit' events. Each
 * child's end is told once, as an event and as a promise.
 *
 * It keeps the event loop alive while it has children. In a forked child it is closed: its children are not theirs.
 */
export class Reaper extends EventEmitter<ReaperEvents> implements Disposable {
  readonly #children = new Map<number, Child>();
  readonly #by: EndSource;
  #takeHookBack: (() => void) | undefined;

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
    return this.#children.get(pid)?.watcher.pidfd;
  }

  /**
   * Takes over a child of this process.
   *
   * @param pid what `fork` returned
   * @returns its exit status; rejected with `StatusLostError` if somebody else waits for it, or it is not our child
   * @throws {TypeError | RangeError} no pid: 0 and less mean several children to waitpid(2)
   */
  watch(pid: number): Promise<ExitStatus> {
    const known = this.#children.get(pid);
    if (known) return known.exited;
    const { promise, resolve, reject } = withResolvers<ExitStatus>();
    // Who only listens to events must not die of an unhandled rejection.
    promise.catch(() => undefined);
    const watcher = new ChildWatcher(
      pid,
      (status) => {
        this.#told(pid, status);
      },
      { by: this.#by },
    );
    this.#children.set(pid, { exited: promise, resolve, reject, watcher });
    this.#takeHookBack ??= atfork({
      child: () => {
        this.close();
      },
    });
    return promise;
  }

  /**
   * Signals a child, and never a process that got the pid of one that has been reaped, by whomever. (Of a child that can have no
   * descriptor: never one that is no child of ours.)
   *
   * @throws {ProcessLookupError} ESRCH: it is not, or no longer, a child of this reaper
   */
  kill(pid: number, signal: Signal = 'SIGTERM'): void {
    const child = this.#children.get(pid);
    if (!child || child.watcher.isGone) {
      const message = `ESRCH: ${pid} is not a child that this reaper waits for, kill(${pid}, ${signal})`;
      throw new ProcessLookupError('ESRCH', errno.ESRCH, 'kill', message, { pid });
    }
    kill(pid, signal);
  }

  /** Stops waiting; the promises of children that still live stay pending. Again is no mistake. */
  close(): void {
    for (const { watcher } of this.#children.values()) watcher.close();
    this.#children.clear();
    this.#takeHookBack?.();
    this.#takeHookBack = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #told(pid: number, status: number | undefined): void {
    const child = this.#children.get(pid);
    this.#children.delete(pid);
    if (status === undefined) {
      child?.reject(new StatusLostError(pid));
      this.emit('lost', pid);
      return;
    }
    const exitStatus = decodeWaitStatus(status) as ExitStatus;
    child?.resolve(exitStatus);
    this.emit('exit', pid, exitStatus);
  }
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
