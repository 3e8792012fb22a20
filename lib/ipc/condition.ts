import { callback, integer } from '../mistakes.js';
import type { Line } from './bell.js';
import { NotHeldError, OwnerDiedError } from './errors.js';
import type { Lock } from './lock.js';
import { RLock } from './lock.js';
import { asyncOptionsOf, timeoutOf, type AsyncWaitOptions, type WaitOptions } from './options.js';
import { FREE, Places, PLACES_WORDS, RELEASED, WAITING, type Place } from './places.js';
import { Shared } from './shared.js';
import { LOOK_AGAIN, sleepOn } from './sleep.js';

const MOST = 2 ** 31 - 1;

/**
 * A lock, and a way to wait with it for what others change under it: `wait` releases the lock, waits until another process
 * notifies, and takes it again. Who waits is notified in the order of waiting, each once: never without reason.
 *
 * A notification goes to one who lives. If that dies before it has the lock again, another gets it.
 *
 * @example
 * using held = condition.hold();
 * condition.waitFor(() => numbers.array[0] > 0);
 */
export class Condition extends Shared {
  /** Its lock: an `RLock` of its own, if it was given none. Several conditions may have the same. */
  readonly lock: Lock | RLock;
  readonly #places: Places;
  /** Whether the lock is nobody else's. */
  readonly #ownsLock: boolean;
  /** How many of this process wait in the event loop: they need the lock still. */
  #waits = 0;

  /** @param lock made before the fork, as the condition itself */
  constructor(lock?: Lock | RLock) {
    super(PLACES_WORDS);
    try {
      this.lock = lock ?? new RLock();
    } catch (error) {
      this.close();
      throw error;
    }
    this.#ownsLock = lock === undefined;
    this.#places = new Places(this.words, 0);
  }

  /** As that of the lock. */
  acquire(options: WaitOptions = {}): boolean {
    return this.lock.acquire(options);
  }

  /** As that of the lock. */
  acquireAsync(options: AsyncWaitOptions = {}): Promise<boolean> {
    return this.lock.acquireAsync(options);
  }

  /** As that of the lock. */
  tryAcquire(): boolean {
    return this.lock.tryAcquire();
  }

  /** As that of the lock. */
  recover(options: WaitOptions = {}): number | undefined {
    return this.lock.recover(options);
  }

  /** As that of the lock. */
  release(): void {
    this.lock.release();
  }

  /** As that of the lock. */
  hold(): Disposable {
    return this.lock.hold();
  }

  /** As that of the lock. */
  get locked(): boolean {
    return this.lock.locked;
  }

  /**
   * Releases the lock, waits to be notified, and takes the lock again. Signals do not interrupt it: their handlers run, and it goes
   * on. A child that a handler forks waits as well, from then on, behind those who wait already.
   *
   * @param options `timeout`: how long to wait to be notified, in milliseconds; default Infinity
   * @returns whether it was; false: the time is over
   * @throws {NotHeldError} this process does not hold the lock
   * @throws {OwnerDiedError} another has died with it meanwhile; this process does not hold it now
   * @throws {RangeError} 256 wait already
   * @throws what a signal's handler throws; the lock is held
   */
  wait(options: WaitOptions = {}): boolean {
    const end = performance.now() + timeoutOf(options);
    let place = this.#begin();
    const depth = this.lock.releaseAll();
    try {
      for (;;) {
        // A child that a signal's handler has forked meanwhile waits as well: not in the place of its parent.
        if (!place.isMine) place = this.#take();
        if (this.#look(place)) return true;
        const rest = end - performance.now();
        if (rest <= 0) return !place.change(FREE);
        sleepOn(place.words, place.stateAt, WAITING, Math.min(rest, LOOK_AGAIN));
      }
    } catch (error) {
      this.#giveUp(place);
      throw error;
    } finally {
      // In its place until it has the lock: if it dies before, another is notified in its stead.
      try {
        this.#takeBack(depth);
      } finally {
        place.leave();
      }
    }
  }

  /**
   * Waits until a condition is met, which is asked for with the lock held: at once, and whenever this process is notified, or
   * might have been.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity
   * @returns whether it is met; false: the time is over
   * @throws as `wait`, and what `predicate` throws
   */
  waitFor(predicate: () => unknown, options: WaitOptions = {}): boolean {
    callback('predicate', predicate);
    const end = performance.now() + timeoutOf(options);
    this.#mustHold();
    for (;;) {
      if (predicate()) return true;
      const rest = end - performance.now();
      if (rest <= 0) return false;
      this.wait({ timeout: Math.min(rest, LOOK_AGAIN) });
    }
  }

  /**
   * As `wait`, in the event loop. Meanwhile others of this process may take the lock.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up
   * @throws {unknown} the reason of the signal; the lock is held
   */
  async waitAsync(options: AsyncWaitOptions = {}): Promise<boolean> {
    const checked = asyncOptionsOf(options);
    const place = this.#begin();
    const depth = this.lock.releaseAll();
    const line: Line = new Set();
    this.#waits++;
    try {
      const attempt = () => this.#look(place);
      return (await this.bell.wait(line, false, attempt, checked)) || !place.change(FREE);
    } catch (error) {
      this.#giveUp(place);
      throw error;
    } finally {
      try {
        await this.lock.acquireAsync();
        this.lock.restore(depth);
      } finally {
        place.leave();
        this.#waits--;
        this.#closeLock();
      }
    }
  }

  /** As `waitFor`, in the event loop. */
  async waitForAsync(predicate: () => unknown, options: AsyncWaitOptions = {}): Promise<boolean> {
    callback('predicate', predicate);
    const { timeout, signal } = asyncOptionsOf(options);
    const end = performance.now() + timeout;
    this.#mustHold();
    for (;;) {
      if (predicate()) return true;
      const rest = end - performance.now();
      if (rest <= 0) return false;
      await this.waitAsync({ timeout: Math.min(rest, LOOK_AGAIN), ...(signal && { signal }) });
    }
  }

  /**
   * Wakes those who have waited longest. They go on when they get the lock.
   *
   * @param count how many, at most: 1 to 2³¹ - 1
   * @returns how many there were
   * @throws {NotHeldError} this process does not hold the lock
   */
  notify(count = 1): number {
    integer('count', count, 1, MOST);
    this.#mustHold();
    this.#passOn();
    return this.#release(count);
  }

  /** Wakes all who wait; answers and throws as `notify`. */
  notifyAll(): number {
    return this.notify(MOST);
  }

  /** Closes it in this process, and the lock that is its own: who waits for it in the event loop is told, and holds the lock. */
  override close(): void {
    super.close();
    this.#closeLock();
  }

  #closeLock(): void {
    if (this.#ownsLock && this.bell.closed && this.#waits === 0) this.lock.close();
  }

  protected override outstanding(): boolean {
    return this.#places.released;
  }

  #mustHold(): void {
    if (!this.lock.isMine) throw new NotHeldError('this process does not hold the lock of the condition');
  }

  // What a signal's handler throws meanwhile is thrown when the lock is held.
  #takeBack(depth: number): void {
    let thrown: { error: unknown } | undefined;
    do {
      try {
        this.lock.acquire();
        this.lock.restore(depth);
      } catch (error) {
        if (error instanceof OwnerDiedError) throw error;
        thrown ??= { error };
      }
    } while (!this.lock.isMine);
    if (thrown) throw thrown.error;
  }

  // Who was notified, and does not go on, leaves it to the next.
  #giveUp(place: Place): void {
    if (place.isMine && !place.change(FREE)) this.#release(1);
  }

  #begin(): Place {
    this.#mustHold();
    return this.#take();
  }

  #take(): Place {
    return this.#places.take((left) => {
      if (left === RELEASED) this.#release(1);
    });
  }

  #look(place: Place): boolean {
    if (place.state === RELEASED) return true;
    this.#passOn();
    return place.state === RELEASED;
  }

  // Those that were notified and have died with it: the next are.
  #passOn(): void {
    for (const place of this.#places.used) if (place.isDead && place.clear() === RELEASED) this.#release(1);
  }

  #release(count: number): number {
    const waiting = this.#places.used.filter((place) => place.waits);
    const next = waiting.sort((a, b) => (a.number - b.number) | 0);
    let released = 0;
    for (const place of next) {
      if (released === count) break;
      if (!place.change(RELEASED)) continue;
      place.wake();
      released++;
    }
    if (released > 0) this.bell.ring();
    return released;
  }
}
