import { integer } from '../mistakes.js';
import { asyncOptionsOf, timeoutOf, type AsyncWaitOptions, type WaitOptions } from './options.js';
import { Shared } from './shared.js';
import { Waiters, WAITERS_WORDS } from './waiters.js';

const VALUE = WAITERS_WORDS;
const MOST = 2 ** 30;

/** How much to release. */
export function releaseCount(count: number): void {
  integer('count', count, 1, MOST);
}

/**
 * A counter of processes: `acquire` takes 1 from it and waits while it is 0, `release` adds to it. It has no owner, as in POSIX:
 * one may count what another takes, so that what a process has acquired that dies need not be missing. Where each gives back what
 * it has acquired, a `BoundedSemaphore` knows who has died with what.
 */
export class Semaphore extends Shared {
  /** @internal */
  protected readonly waiters: Waiters;

  /** @param value what it begins with, 0 to 2³⁰ */
  constructor(value = 1) {
    integer('value', value, 0, MOST);
    super(WAITERS_WORDS + 1);
    this.waiters = new Waiters(this.words, 0, this.bell);
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
   * @throws {OwnerDiedError} of a `BoundedSemaphore`: a process has died with one
   * @throws what a signal's handler throws
   */
  acquire(options: WaitOptions = {}): boolean {
    return this.waiters.wait(() => this.tryAcquire(), timeoutOf(options));
  }

  /**
   * As `acquire`, in the event loop.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up
   * @throws {OwnerDiedError} see `acquire`
   * @throws {unknown} the reason of the signal
   */
  async acquireAsync(options: AsyncWaitOptions = {}): Promise<boolean> {
    return await this.waiters.waitAsync(() => this.tryAcquire(), asyncOptionsOf(options));
  }

  /** As `acquire({ timeout: 0 })`. */
  tryAcquire(): boolean {
    return this.change(-1);
  }

  /**
   * Adds to the counter, and wakes as many as wait for it.
   *
   * @param count how much, 1 to 2³⁰
   * @throws {RangeError} it would be above 2³⁰
   */
  release(count = 1): void {
    releaseCount(count);
    if (!this.change(count)) {
      throw Object.assign(new RangeError(`the semaphore would be above ${MOST}`), { code: 'ERR_OUT_OF_RANGE' });
    }
    this.waiters.wake(count);
  }

  /**
   * Changes the counter, if it stays in its range.
   *
   * @internal
   */
  protected change(by: number): boolean {
    for (;;) {
      const { value } = this;
      if (value + by < 0 || value + by > MOST) return false;
      if (Atomics.compareExchange(this.words, VALUE, value, value + by) === value) return true;
    }
  }
}
