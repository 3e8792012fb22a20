import { callback, integer } from '../mistakes.js';
import type { Line } from './bell.js';
import { BrokenBarrierError } from './errors.js';
import { asyncOptionsOf, timeoutOf, type AsyncWaitOptions, type WaitOptions } from './options.js';
import { Places, PLACES_WORDS, RELEASED, WAITING, type Place } from './places.js';
import { MUTEX_WORDS, RobustMutex } from './robust-mutex.js';
import { Shared } from './shared.js';
import { Waiters, WAITERS_WORDS } from './waiters.js';

const WAITERS = MUTEX_WORDS;
// Which round it is, how many have come, whether it is broken; and of the last rounds, which of them were broken.
const ROUND = WAITERS + WAITERS_WORDS;
const COME = ROUND + 1;
const BROKEN = ROUND + 2;
const OUTCOMES = 4 * MUTEX_WORDS;
const REMEMBERED = 64;
const PLACES = OUTCOMES + REMEMBERED;

const PASSED = 1;
const FAILED = 2;
const ALL = 2 ** 31 - 1;
const MOST_PARTIES = 256;

interface Arrival {
  readonly round: number;
  readonly index: number;
  readonly place: Place;
}

/**
 * A point at which processes wait for each other: all go on when as many have come as it was made for. It may be used again and
 * again.
 *
 * If one dies while it waits there, all who wait are told: the barrier is broken, until somebody resets it. That one has died who
 * has not come yet, a barrier cannot know; a time limit helps.
 */
export class Barrier extends Shared {
  /** How many have to come. */
  readonly parties: number;
  readonly #action: (() => void) | undefined;
  readonly #mutex: RobustMutex;
  readonly #waiters: Waiters;
  readonly #places: Places;
  readonly #line: Line = new Set();

  /**
   * @param parties how many have to come, 1 to 256
   * @param action what the last one does that comes, before all go on. If it throws, the barrier is broken
   */
  constructor(parties: number, action?: () => void) {
    integer('parties', parties, 1, MOST_PARTIES);
    if (action !== undefined) callback('action', action);
    super(PLACES + PLACES_WORDS);
    this.parties = parties;
    this.#action = action;
    this.#mutex = new RobustMutex(this.words, 0, () => {
      this.#break();
    }).initialize();
    this.#waiters = new Waiters(this.words, WAITERS, this.bell);
    this.#places = new Places(this.words, PLACES);
  }

  /** How many wait at this moment. */
  get nWaiting(): number {
    return Atomics.load(this.words, COME);
  }

  /** Whether it is broken. */
  get broken(): boolean {
    return this.#isBroken();
  }

  /**
   * Waits until all have come. Signals do not interrupt it: their handlers run, and it goes on.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity. When it is over, the barrier is broken
   * @returns which one this was, by the order of coming: 0 to `parties - 1`
   * @throws {BrokenBarrierError} it is broken, or was while this waited. In a child that was forked meanwhile, by a signal's
   * handler or the action: it is none of those who have come, and the barrier stays whole
   * @throws what a signal's handler throws, or the action; the barrier is broken
   */
  wait(options: WaitOptions = {}): number {
    const timeout = timeoutOf(options);
    const end = performance.now() + timeout;
    let arrival: Arrival | undefined;
    this.#waiters.wait(() => (arrival = this.#come()) !== undefined, timeout);
    return this.#pass(arrival, (here) => {
      this.#waiters.wait(() => this.#isOver(here), Math.max(0, end - performance.now()));
    });
  }

  /**
   * As `wait`, in the event loop.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up, and breaks the barrier
   * @throws {unknown} the reason of the signal
   */
  async waitAsync(options: AsyncWaitOptions = {}): Promise<number> {
    const checked = asyncOptionsOf(options);
    let arrival: Arrival | undefined;
    await this.#waiters.waitAsync(() => (arrival = this.#come()) !== undefined, checked);
    const here = arrival;
    let failure: { error: unknown } | undefined;
    if (here && !this.#isLast(here)) {
      await this.bell
        .wait(this.#line, false, () => this.#isOver(here), checked)
        .catch((error: unknown) => {
          failure = { error };
        });
    }
    return this.#pass(here, () => {
      if (failure) throw failure.error;
    });
  }

  /** Breaks it: who waits, and who comes, is told with `BrokenBarrierError`. */
  abort(): void {
    this.#change(() => {
      this.#break();
    });
  }

  /** Makes it whole, and empty: who waits is told with `BrokenBarrierError`. */
  reset(): void {
    this.#change(() => {
      if (this.nWaiting > 0) this.#end(FAILED);
      Atomics.store(this.words, BROKEN, 0);
    });
  }

  #change(change: (interrupted: boolean) => void): void {
    try {
      this.#mutex.withSurely(change);
    } finally {
      this.#waiters.wake(ALL);
    }
  }

  // Nothing while those of the last round have not gone on.
  #come(): Arrival | undefined {
    return this.#mutex.with(() => {
      if (this.#isBroken()) throw new BrokenBarrierError();
      const index = this.nWaiting;
      if (index === this.parties) return undefined;
      const place = this.#places.take((left) => {
        if (left === WAITING) this.#break();
      });
      if (this.#isBroken()) {
        place.leave();
        throw new BrokenBarrierError();
      }
      const round = Atomics.load(this.words, ROUND);
      Atomics.store(this.words, COME, index + 1);
      return { round, index, place };
    });
  }

  #isLast({ index }: Arrival): boolean {
    return index + 1 === this.parties;
  }

  #pass(arrival: Arrival | undefined, wait: (here: Arrival) => void): number {
    if (!arrival) throw new BrokenBarrierError();
    let hasWaited = false;
    try {
      if (this.#isLast(arrival)) this.#action?.();
      else wait(arrival);
      // A child that was forked meanwhile, by a signal's handler or the action, is none of those who have come.
      if (!arrival.place.isMine) throw new BrokenBarrierError();
      hasWaited = true;
    } finally {
      this.#leave(arrival, hasWaited && this.#isLast(arrival));
    }
    if (this.#outcome(arrival) !== PASSED) throw new BrokenBarrierError();
    return arrival.index;
  }

  // The last one ends the round, and all have passed; who leaves before that breaks it.
  #leave({ round, place }: Arrival, complete: boolean): void {
    if (!place.isMine) return;
    try {
      if (Atomics.load(this.words, ROUND) !== round) return;
      this.#change((interrupted) => {
        if (Atomics.load(this.words, ROUND) !== round) return;
        if (complete && !interrupted) this.#end(PASSED);
        else this.#break();
      });
    } finally {
      place.leave();
    }
  }

  #isOver({ round, place }: Arrival): boolean {
    if (!place.isMine) return true;
    if (Atomics.load(this.words, ROUND) !== round) return true;
    if (this.#places.used.some(({ isDead }) => isDead)) this.#buryDead(round);
    return Atomics.load(this.words, ROUND) !== round;
  }

  #buryDead(round: number): void {
    this.#change(() => {
      const dead = this.#places.used.filter((place) => place.isDead && place.clear() === WAITING);
      if (dead.length > 0 && Atomics.load(this.words, ROUND) === round) this.#break();
    });
  }

  #outcome({ round }: Arrival): number {
    return Atomics.load(this.words, OUTCOMES + (round & (REMEMBERED - 1)));
  }

  protected override outstanding(): boolean {
    return this.#places.released;
  }

  #isBroken(): boolean {
    return Atomics.load(this.words, BROKEN) === 1;
  }

  // With the mutex held.
  #break(): void {
    Atomics.store(this.words, BROKEN, 1);
    this.#end(FAILED);
  }

  #end(outcome: number): void {
    const round = Atomics.load(this.words, ROUND);
    Atomics.store(this.words, OUTCOMES + (round & (REMEMBERED - 1)), outcome);
    Atomics.store(this.words, COME, 0);
    for (const place of this.#places.used) {
      place.clear();
      place.change(RELEASED);
    }
    Atomics.store(this.words, ROUND, (round + 1) | 0);
  }
}
