// A worker of a pool, as the pool has it.
import {
  close,
  decodeWaitStatus,
  fork,
  isPosixError,
  pidfd_open,
  pidfd_send_signal,
  retryOnIntr,
  waitpid,
  Watcher,
  WNOHANG,
  type ExitStatus,
} from '../posix/index.js';
import { Channel } from './channel.js';
import { ClosedError } from './errors.js';
import { dieWith, orDie, work } from './pool-child.js';
import type { AnyFunction, Order, Outcome } from './pool-task.js';
import { sharedMemory } from './shared.js';

/** What a pool is told of its workers. */
export interface WorkerEvents {
  outcome(worker: PoolWorker, outcome: Outcome): void;
  /** It has ended; undefined: somebody else has waited for it. */
  ended(worker: PoolWorker, status: ExitStatus | undefined): void;
}

export class PoolWorker {
  readonly pid: number;
  /** It knows the functions up to this number. */
  readonly knows: number;
  readonly #channel: Channel<Outcome>;
  readonly #events: WorkerEvents;
  readonly #pidfd: number;
  readonly #watcher: Watcher;
  /** Shared with it: 1 if it has begun with what it was given last. */
  readonly #begun: Int32Array;
  #hasEnded = false;

  /**
   * Forks one.
   *
   * @param functions those that it knows, by their numbers
   * @param knows the last of these
   * @returns undefined in the worker, where it has waited for all that there was to do, or for what an async function has to wait
   *   for: nothing may follow
   */
  static fork(
    functions: ReadonlyMap<number, AnyFunction>,
    knows: number,
    events: WorkerEvents,
  ): PoolWorker | undefined {
    // Before the channel, which would have to be closed if there were no memory.
    const begun = new Int32Array(sharedMemory(Int32Array.BYTES_PER_ELEMENT));
    const [ours, its] = Channel.pair<Outcome, Order>();
    const parent = process.pid;
    let pid;
    try {
      pid = fork();
    } catch (error) {
      ours.close();
      its.close();
      throw error;
    }
    if (pid === 0) {
      orDie(() => {
        dieWith(parent);
        ours.close();
        work(its, functions, () => Atomics.store(begun, 0, 1));
      });
      return undefined;
    }
    its.close();
    return new PoolWorker(pid, knows, ours, begun, events);
  }

  private constructor(pid: number, knows: number, channel: Channel<Outcome>, begun: Int32Array, events: WorkerEvents) {
    this.pid = pid;
    this.knows = knows;
    this.#channel = channel;
    this.#begun = begun;
    this.#events = events;
    this.#pidfd = pidfd_open(pid, 0);
    this.#watcher = new Watcher(this.#pidfd, () => {
      this.#end();
    });
    this.rest();
    void this.#listen();
  }

  /**
   * Gives it something to do, or tells it that there is nothing more. It keeps the event loop alive until it rests.
   *
   * @throws {Error} DataCloneError, RangeError: it cannot be sent
   */
  async order(order: Order): Promise<void> {
    this.#watcher.ref();
    this.#channel.ref();
    Atomics.store(this.#begun, 0, 0);
    try {
      await this.#channel.sendAsync(order);
    } catch (error) {
      // One that has died is told of as such.
      if (!(error instanceof ClosedError)) throw error;
    }
  }

  /** Whether it has begun with what it was given last. */
  get hasBegun(): boolean {
    return Atomics.load(this.#begun, 0) === 1;
  }

  /** It has nothing to do, and lets the event loop end. */
  rest(): void {
    this.#watcher.unref();
    this.#channel.unref();
  }

  kill(): void {
    if (this.#hasEnded) return;
    this.#watcher.ref();
    try {
      pidfd_send_signal(this.#pidfd, 'SIGKILL', null, 0);
    } catch (error) {
      // Somebody else has waited for it, of which its watcher is told when the event loop turns: its pid may be another's by now.
      if (!isPosixError(error, 'ESRCH')) throw error;
    }
  }

  /** In a worker: the others are not its own. */
  leave(): void {
    this.#watcher.close();
    this.#channel.close();
    close(this.#pidfd);
  }

  async #listen(): Promise<void> {
    try {
      for await (const outcome of this.#channel) this.#events.outcome(this, outcome);
    } catch {
      // What it sends cannot be read.
      this.kill();
    }
  }

  #end(): void {
    const status = this.#status();
    if (status === 'lives') return;
    this.#hasEnded = true;
    this.#tellLast();
    this.leave();
    this.#events.ended(this, status);
  }

  #status(): ExitStatus | 'lives' | undefined {
    try {
      const result = retryOnIntr(() => waitpid(this.pid, WNOHANG));
      return result.pid === 0 ? 'lives' : (decodeWaitStatus(result.status) as ExitStatus);
    } catch (error) {
      if (isPosixError(error, 'ECHILD')) return undefined;
      throw error;
    }
  }

  // What it has answered before it ended.
  #tellLast(): void {
    try {
      for (;;) this.#events.outcome(this, this.#channel.receive({ timeout: 0 }));
    } catch {
      // There is nothing more; or half of a message, in which it was killed.
    }
  }
}
