import { asyncOptionsOf, timeoutOf, type AsyncWaitOptions, type WaitOptions } from './options.js';
import { Shared } from './shared.js';
import { Waiters, WAITERS_WORDS } from './waiters.js';

const FLAG = WAITERS_WORDS;
const ALL = 2 ** 31 - 1;

/** A flag of processes that one sets, and any number wait for. */
export class Event extends Shared {
  readonly #waiters: Waiters;

  constructor() {
    super(WAITERS_WORDS + 1);
    this.#waiters = new Waiters(this.words, 0, this.bell);
  }

  /** Whether it is set. */
  isSet(): boolean {
    return Atomics.load(this.words, FLAG) === 1;
  }

  /** Sets the flag, and wakes all who wait for it. */
  set(): void {
    Atomics.store(this.words, FLAG, 1);
    this.#waiters.wake(ALL);
  }

  /** Takes the flag back: who waits from now on waits until it is set again. */
  clear(): void {
    Atomics.store(this.words, FLAG, 0);
  }

  /**
   * Waits until the flag is set. Signals do not interrupt it: their handlers run, and it goes on. Who waits may miss a flag that
   * is set and cleared at once.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity
   * @returns whether it is set; false: the time is over
   * @throws what a signal's handler throws
   */
  wait(options: WaitOptions = {}): boolean {
    return this.#waiters.wait(() => this.isSet(), timeoutOf(options));
  }

  /**
   * As `wait`, in the event loop.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up
   * @throws {unknown} the reason of the signal
   */
  async waitAsync(options: AsyncWaitOptions = {}): Promise<boolean> {
    return await this.#waiters.waitAsync(() => this.isSet(), asyncOptionsOf(options));
  }
}
