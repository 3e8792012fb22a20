import { futexWake } from '../posix/index.js';
import type { Bell, Line } from './bell.js';
import { LOOK_AGAIN, Patience, sleepOn } from './sleep.js';

/** The words that one takes: one that changes with each waking, and how many sleep on it. */
export const WAITERS_WORDS = 2;

/** Those who wait for one kind of change, asleep or in their event loops. */
export class Waiters {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #bell: Bell;
  readonly #line: Line = new Set();
  readonly #patience = new Patience();

  constructor(words: Int32Array, at: number, bell: Bell) {
    this.#words = words;
    this.#at = at;
    this.#bell = bell;
  }

  /** After the change. */
  wake(count = 1): void {
    Atomics.add(this.#words, this.#at, 1);
    // Who is woken is counted off here: until it runs, nobody need wake it again.
    if (Atomics.load(this.#words, this.#at + 1) > 0) {
      const woken = futexWake(this.#words, this.#at, count);
      if (woken > 0) Atomics.sub(this.#words, this.#at + 1, woken);
    }
    this.#bell.ring();
  }

  /**
   * Blocks until an attempt succeeds.
   *
   * @returns whether it has; false: the time is over
   */
  wait(attempt: () => boolean, timeout: number): boolean {
    if (attempt()) return true;
    if (timeout === 0) return false;
    if (this.#spin(attempt)) return true;
    const start = performance.now();
    const end = start + timeout;
    for (;;) {
      const seen = Atomics.load(this.#words, this.#at);
      if (attempt()) {
        this.#patience.slept(performance.now() - start);
        return true;
      }
      const rest = end - performance.now();
      if (rest <= 0) return false;
      this.#sleep(seen, Math.min(rest, LOOK_AGAIN));
    }
  }

  #sleep(seen: number, timeout: number): void {
    const { pid } = process;
    let woken = false;
    Atomics.add(this.#words, this.#at + 1, 1);
    try {
      woken = sleepOn(this.#words, this.#at, seen, timeout);
    } finally {
      // A child that a signal's handler has forked meanwhile leaves from here too, and was not counted.
      if (!woken && process.pid === pid) Atomics.sub(this.#words, this.#at + 1, 1);
    }
  }

  #spin(attempt: () => boolean): boolean {
    let seen = Atomics.load(this.#words, this.#at);
    for (let n = this.#patience.looks; n > 0; n--) {
      const now = Atomics.load(this.#words, this.#at);
      if (now === seen) continue;
      seen = now;
      if (attempt()) return true;
    }
    return false;
  }

  /** Waits in the event loop until an attempt succeeds; answers as `wait`. */
  waitAsync(attempt: () => boolean, options: { timeout: number; signal: AbortSignal | undefined }): Promise<boolean> {
    return this.#bell.wait(this.#line, true, attempt, options);
  }
}
