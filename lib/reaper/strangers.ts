import { EventEmitter } from 'node:events';
import { readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import {
  __WNOTHREAD,
  atfork,
  childrenOfThread,
  ChildWatcher,
  decodeWaitStatus,
  isPosixError,
  ownChildren,
  P_ALL,
  P_PID,
  PR_GET_CHILD_SUBREAPER,
  prctl,
  waitid,
  waitpid,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  type ExitStatus,
} from '../posix/index.js';

// How long a stranger that has ended is left alone, in milliseconds.
const PATIENCE = 1_000;

// What a process is left with is its main thread's. What a worker thread has made, it waits for itself.
const PEEK = WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD;

/** @inline */
interface StrangerReaperEvents {
  /** A stranger ended and has been waited for. */
  exit: [pid: number, status: ExitStatus];
}

/** Whom a reaper of strangers leaves alone. */
export interface StrangerReaperOptions {
  /**
   * Whether there may be a child that the program will want to wait for and does not know of yet: a sibling that one of its
   * forks makes (`fork({ sibling: true })`). Asked before each look; while there may be one, nobody is waited for.
   */
  expecting?: () => boolean;
}

/** Whether processes whose parents have ended become children of this one: it is process 1 of its pid namespace, or a subreaper. */
export function adoptsOrphans(): boolean {
  return process.pid === 1 || prctl(PR_GET_CHILD_SUBREAPER, 0) === 1;
}

/**
 * Waits for strangers: children that this process has not made, but was left with when their parents ended. Nobody else does,
 * and each that has ended would stay a zombie and keep its pid.
 *
 * A stranger is a child of the main thread that was made neither by `fork` nor by `child_process`, and that no `Reaper` has been
 * told of. It is waited for by its own pid, when it has been seen to have ended twice, a second apart: a thread that an addon
 * has wait for a child of its own is quicker.
 *
 * It does not keep the event loop alive. In a forked child it is closed: that adopts nobody.
 */
export class StrangerReaper extends EventEmitter<StrangerReaperEvents> implements Disposable {
  readonly #expecting: () => boolean;
  readonly #takeHookBack: () => void;
  /** Strangers that had ended at the last look. */
  #ended: ReadonlySet<number> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #lookLater = () => {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, PATIENCE).unref();
  };

  /**
   * @throws {Error} ENOENT: see `childrenOfThread`; ERR_NO_PROC: /proc is of another pid namespace
   * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: this is a worker thread
   */
  constructor({ expecting = () => false }: StrangerReaperOptions = {}) {
    super();
    if (!isMainThread) {
      const error = new TypeError('strangers are children of the main thread');
      throw Object.assign(error, { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' });
    }
    childrenOfThread();
    // Where this cannot be done, it is told now, and not from a timer.
    hasEnded(P_ALL, 0);
    if (readlinkSync('/proc/self') !== String(process.pid))
      throw Object.assign(new Error('/proc has not been mounted in this pid namespace'), { code: 'ERR_NO_PROC' });
    this.#expecting = expecting;
    this.#takeHookBack = atfork({
      child: () => {
        this.close();
      },
    });
    process.on('SIGCHLD', this.#lookLater);
    this.#lookLater();
  }

  /** Stops waiting. Again is no mistake. */
  close(): void {
    this.#closed = true;
    process.off('SIGCHLD', this.#lookLater);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#takeHookBack();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #look(): void {
    const expecting = this.#expecting();
    // Whoever was asked may have closed it.
    if (this.#closed) return;
    if (expecting) {
      this.#lookLater();
      return;
    }
    const ended = strangersThatEnded();
    if (!ended) {
      this.#lookLater();
      return;
    }
    const seen = this.#ended;
    this.#ended = new Set(ended);
    if (this.#ended.size > 0) this.#lookLater();
    for (const pid of this.#ended) if (seen.has(pid)) this.#reap(pid);
  }

  #reap(pid: number): void {
    let result;
    try {
      result = waitpid(pid, WNOHANG | __WNOTHREAD);
    } catch (error) {
      if (isPosixError(error, 'ECHILD')) return;
      throw error;
    }
    if (result.pid !== 0) this.emit('exit', pid, decodeWaitStatus(result.status) as ExitStatus);
  }
}

/** Undefined: it cannot be known now. */
function strangersThatEnded(): number[] | undefined {
  // Mostly there is nobody, or only one's own.
  if (!hasEnded(P_ALL, 0)) return [];
  const own = new Set(ownChildren());
  return childrenNow()?.filter((pid) => !own.has(pid) && !ChildWatcher.watches(pid) && hasEnded(P_PID, pid));
}

// It could be done when the reaper was made: now no descriptor is free, say, and another time one is.
function childrenNow(): number[] | undefined {
  try {
    return childrenOfThread();
  } catch {
    return undefined;
  }
}

function hasEnded(idtype: number, id: number): boolean {
  try {
    return waitid(idtype, id, PEEK).pid !== 0;
  } catch (error) {
    if (isPosixError(error, 'ECHILD')) return false;
    throw error;
  }
}
