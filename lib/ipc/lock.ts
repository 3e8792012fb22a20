import type { Line } from './bell.js';
import { DeadlockError, NotHeldError, OwnerDiedError } from './errors.js';
import { inChildren } from './forks.js';
import { asyncOptionsOf, timeoutOf, type AsyncWaitOptions, type WaitOptions } from './options.js';
import { MUTEX_WORDS, RobustMutex } from './robust-mutex.js';
import { Shared } from './shared.js';

// Who is between `acquire` and `release`, and who has died there, behind the mutex.
const HOLDER = MUTEX_WORDS;
const DEAD = MUTEX_WORDS + 1;
const WORDS = MUTEX_WORDS + 2;

// The memory of a lock must stay mapped while it is held: the C library has it in a list.
const held = new Set<BaseLock>();
const hook = inChildren(() => {
  held.clear();
});

/** What both kinds of locks have. */
abstract class BaseLock extends Shared {
  readonly #mutex: RobustMutex;
  readonly #line: Line = new Set();
  /** How often this process has taken it, if it holds it. */
  #depth = 0;

  constructor() {
    super(WORDS);
    this.#mutex = new RobustMutex(this.words, 0, () => {
      // One that has died before it held the lock, or after it had released it, has left nothing half done.
      const dead = Atomics.exchange(this.words, HOLDER, 0);
      if (dead !== 0) Atomics.store(this.words, DEAD, dead);
    }).initialize();
    hook();
  }

  /** Whether any process holds it. */
  get locked(): boolean {
    return this.#mutex.holder !== 0;
  }

  /** Whether this process holds it. */
  get isMine(): boolean {
    return held.has(this);
  }

  /** Whether one that holds it may take it again. */
  protected abstract readonly reentrant: boolean;

  /**
   * Waits until nobody else holds the lock, and takes it. Signals do not interrupt it: their handlers run, and it goes on.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity
   * @returns whether it has been taken; false: the time is over
   * @throws {OwnerDiedError} a process has died with it. Nobody gets it until somebody has called `recover`
   * @throws {DeadlockError} this process holds it already, and would wait without end
   * @throws what a signal's handler throws
   */
  acquire(options: WaitOptions = {}): boolean {
    const timeout = timeoutOf(options);
    if (this.#again()) return true;
    if (this.isMine && timeout === Infinity) throw new DeadlockError();
    return this.#mutex.lock(timeout) && this.#enter();
  }

  /** As `acquire({ timeout: 0 })`. */
  tryAcquire(): boolean {
    return this.#again() || (this.#mutex.tryLock() && this.#enter());
  }

  /**
   * As `acquire`, in the event loop. It is the process that holds a lock: of several who wait in one, each gets it after the one
   * before has released it.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up
   * @throws {OwnerDiedError} see `acquire`
   * @throws {unknown} the reason of the signal
   */
  async acquireAsync(options: AsyncWaitOptions = {}): Promise<boolean> {
    const checked = asyncOptionsOf(options);
    return await this.bell.wait(this.#line, !this.reentrant, () => this.tryAcquire(), checked);
  }

  /**
   * Takes the lock although a process has died with it; then its caller puts right what the lock protects, and releases it.
   *
   * @param options `timeout`, in milliseconds; default Infinity
   * @returns the process that has died; 0: none has, and the lock is held as after `acquire`; undefined: the time is over
   * @throws {DeadlockError} see `acquire`
   */
  recover(options: WaitOptions = {}): number | undefined {
    const timeout = timeoutOf(options);
    if (this.isMine) throw new DeadlockError();
    if (!this.#mutex.lock(timeout)) return undefined;
    const dead = Atomics.exchange(this.words, DEAD, 0);
    this.#enter();
    return dead;
  }

  /**
   * Gives the lock back.
   *
   * @throws {NotHeldError} this process does not hold it
   */
  release(): void {
    if (!this.isMine) throw new NotHeldError('this process does not hold the lock');
    if (--this.#depth > 0) return;
    this.#leave();
  }

  /**
   * Takes the lock until the end of a block: `using held = lock.hold();`.
   *
   * @throws as `acquire`
   */
  hold(): Disposable {
    this.acquire();
    return {
      [Symbol.dispose]: () => {
        // A condition's wait may have lost it, to one that has died.
        if (this.isMine) this.release();
      },
    };
  }

  /**
   * Gives it back however often it was taken.
   *
   * @internal
   */
  releaseAll(): number {
    if (!this.isMine) throw new NotHeldError('this process does not hold the lock of the condition');
    const depth = this.#depth;
    this.#leave();
    return depth;
  }

  /**
   * It has been taken again, and counts for as often as before `releaseAll`. Others of this process may hold it, too.
   *
   * @internal
   */
  restore(depth: number): void {
    this.#depth += depth - 1;
  }

  #again(): boolean {
    if (!this.reentrant || !this.isMine) return false;
    this.#depth++;
    return true;
  }

  #enter(): true {
    const dead = Atomics.load(this.words, DEAD);
    if (dead !== 0) {
      this.#unlock();
      throw new OwnerDiedError(dead);
    }
    held.add(this);
    this.#depth = 1;
    Atomics.store(this.words, HOLDER, process.pid);
    return true;
  }

  #leave(): void {
    Atomics.store(this.words, HOLDER, 0);
    this.#depth = 0;
    held.delete(this);
    this.#unlock();
  }

  #unlock(): void {
    this.#mutex.unlock();
    this.bell.ring();
  }
}

/**
 * A lock of processes: made before the fork, held by one of the family at a time. A process that dies with it does not keep it:
 * the others are told with `OwnerDiedError`, because what it protects may be half changed, until one of them calls `recover`.
 *
 * @example
 * const lock = new Lock();
 * if (fork() === 0) {
 *   using held = lock.hold();
 *   …
 * }
 */
export class Lock extends BaseLock {
  protected override readonly reentrant = false;
}

/** A lock that the process which holds it may take again; it has to release it as often. */
export class RLock extends BaseLock {
  protected override readonly reentrant = true;
}
