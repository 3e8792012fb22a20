import { integer } from '../mistakes.js';
import { asyncOptionsOf, timeoutOf, type AsyncWaitOptions, type WaitOptions } from './options.js';
import { Shared } from './shared.js';
import { Waiters, WAITERS_WORDS } from './waiters.js';

const VALUE = WAITERS_WORDS;
const MOST = 2 ** 30;

/**
 * A counter of processes: `acquire` takes 1 from it and waits while it is 0, `release` adds to it. It has no owner, as in POSIX:
 * anybody may release, and what a process has taken that dies is missing until somebody gives it back.
 */
export class Semaphore extends Shared {
  readonly #waiters: Waiters;

  /** @param value what it begins with, 0 to 2³⁰ */
  constructor(value = 1) {
    integer('value', value, 0, MOST);
    super(WAITERS_WORDS + 1);
    this.#waiters = new Waiters(this.words, 0, this.bell);
    this.words[VALUE] = value;
  }

  /** How often it can be acquired at this moment. */
  get value(): number {
    return Atomics.load(this.words, VALUE);
  }

  /**
   * Waits until the counter is not 0, and takes 1 from it. Signals do not interrupt it: their handlers run, and it goes on.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity
   * @returns whether it has; false: the time is over
   * @throws what a signal's handler throws
   */
  acquire(options: WaitOptions = {}): boolean {
    return this.#waiters.wait(() => this.tryAcquire(), timeoutOf(options));
  }

  /**
   * As `acquire`, in the event loop.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up
   * @throws {unknown} the reason of the signal
   */
  async acquireAsync(options: AsyncWaitOptions = {}): Promise<boolean> {
    return await this.#waiters.waitAsync(() => this.tryAcquire(), asyncOptionsOf(options));
  }

  /** As `acquire({ timeout: 0 })`. */
  tryAcquire(): boolean {
    return this.#change((value) => value > 0, -1);
  }

  /**
   * Adds to the counter, and wakes as many as wait for it.
   *
   * @param count how much, 1 to 2³⁰
   * @throws {RangeError} it would be above 2³⁰; of a `BoundedSemaphore`: above what it began with
   */
  release(count = 1): void {
    integer('count', count, 1, MOST);
    const most = this.most();
    if (!this.#change((value) => value + count <= most, count)) {
      const message = `the semaphore would be above ${most}: it has been released more often than acquired`;
      throw Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
    }
    this.#waiters.wake(count);
  }

  /** What it may be at most. */
  protected most(): number {
    return MOST;
  }

  #change(allowed: (value: number) => boolean, by: number): boolean {
    for (;;) {
      const value = this.value;
      if (!allowed(value)) return false;
      if (Atomics.compareExchange(this.words, VALUE, value, value + by) === value) return true;
    }
  }
}

/** A semaphore that cannot be released more often than it was acquired. */
export class BoundedSemaphore extends Semaphore {
  readonly #most: number;

  /** @param value what it begins with, and is at most: 0 to 2³⁰ */
  constructor(value = 1) {
    super(value);
    this.#most = value;
  }

  protected override most(): number {
    return this.#most;
  }
}
