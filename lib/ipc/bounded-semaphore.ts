import { outOfRange } from '../mistakes.js';
import { OwnerDiedError } from './errors.js';
import { timeoutOf, type WaitOptions } from './options.js';
import { Places, PLACES_WORDS, type Place } from './places.js';
import { MUTEX_WORDS, RobustMutex } from './robust-mutex.js';
import { releaseCount, Semaphore } from './semaphore.js';
import { sharedMemory } from './shared.js';

// The mutex below which all is counted, the last process that has died with something, and who has how many, in the states of
// their places.
const DEAD = MUTEX_WORDS;
const PLACES = 2 * MUTEX_WORDS;
const WORDS = PLACES + PLACES_WORDS;

/**
 * So many of a thing, of which each is one process's at a time: connections, licenses. It cannot be released more often than it was
 * acquired, and it knows who has what: when a process dies with some, the others are told with `OwnerDiedError`, until one of them
 * has called `recover` for each. Anybody may release what another has acquired, as in Python.
 *
 * Up to 256 processes may have some of it at a time.
 */
export class BoundedSemaphore extends Semaphore {
  readonly #most: number;
  readonly #words: Int32Array;
  readonly #guard: RobustMutex;
  readonly #places: Places;
  /** Where it is counted how many this process has, if it has any. */
  #own: Place | undefined;
  #pid = process.pid;

  /**
   * @param value how many there are, 0 to 2³⁰
   * @throws {PosixError} ENOMEM; EMFILE, ENFILE: too many descriptors
   */
  constructor(value = 1) {
    super(value);
    this.#most = value;
    this.#words = new Int32Array(sharedMemory(WORDS * Int32Array.BYTES_PER_ELEMENT));
    this.#guard = new RobustMutex(this.#words, 0).initialize();
    this.#places = new Places(this.#words, PLACES);
  }

  /**
   * As `acquire({ timeout: 0 })`.
   *
   * @throws {OwnerDiedError} a process has died with one
   * @throws {RangeError} as many processes have some as may
   */
  override tryAcquire(): boolean {
    return this.#guard.with(() => {
      if (this.#isAnyMissing()) throw new OwnerDiedError(this.#dead, 'what it had acquired of the semaphore');
      return this.#take();
    });
  }

  /**
   * Takes over one that a process has died with; then its caller puts right what it stands for, and releases it.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity
   * @returns the process that has died; 0: none has, and one is acquired as by `acquire`; undefined: the time is over
   */
  recover(options: WaitOptions = {}): number | undefined {
    let dead = 0;
    const attempt = (): boolean =>
      this.#guard.with(() => {
        if (!this.#isAnyMissing()) return this.#take();
        dead = this.#dead;
        this.#holds(1);
        return true;
      });
    return this.waiters.wait(attempt, timeoutOf(options)) ? dead : undefined;
  }

  /**
   * Gives some back, and wakes as many as wait for them: those of this process first, then those of dead ones, then others'.
   *
   * @param count how many, 1 to 2³⁰
   * @throws {RangeError} there would be more than in the beginning
   * @throws what a signal's handler throws meanwhile; it is given back all the same
   */
  override release(count = 1): void {
    releaseCount(count);
    try {
      this.#guard.withSurely(() => {
        this.#giveBack(count);
      });
    } finally {
      this.waiters.wake(count);
    }
  }

  // All below: with the mutex held.

  #giveBack(count: number): void {
    if (this.value + count > this.#most) {
      throw outOfRange('count', `at most as many as are missing to ${this.#most}`, count);
    }
    // In this order: one that is killed here leaves more than there are, which a dead process's count makes up for.
    this.change(count);
    this.#holds(-Math.min(count, this.#held));
    for (const place of this.#places.used) {
      const more = this.value + this.#heldByLiving() - this.#most;
      if (more <= 0) break;
      if (place.state > 0) place.state -= Math.min(more, place.state);
    }
  }

  #take(): boolean {
    if (this.value === 0) return false;
    // In this order: see `#giveBack`.
    this.#holds(1);
    this.change(-1);
    return true;
  }

  // Whether a process has died with some: they are neither the semaphore's nor a living one's.
  #isAnyMissing(): boolean {
    for (const place of this.#places.used) {
      if (!place.isDead) continue;
      this.#dead = place.pid;
      place.clear();
    }
    return this.value + this.#heldByLiving() < this.#most;
  }

  get #dead(): number {
    return Atomics.load(this.#words, DEAD);
  }

  set #dead(pid: number) {
    Atomics.store(this.#words, DEAD, pid);
  }

  #heldByLiving(): number {
    return this.#places.used.reduce((sum, place) => sum + (place.isDead ? 0 : place.state), 0);
  }

  get #held(): number {
    // A child has nothing of what its parent has.
    if (this.#pid !== process.pid) this.#own = undefined;
    this.#pid = process.pid;
    return this.#own?.state ?? 0;
  }

  #holds(more: number): void {
    const held = this.#held + more;
    if (more > 0 && this.#own === undefined) {
      this.#own = this.#places.take((_, pid) => {
        this.#dead = pid;
      });
    }
    if (this.#own === undefined) return;
    this.#own.state = held;
    if (held > 0) return;
    this.#own.leave();
    this.#own = undefined;
  }
}
