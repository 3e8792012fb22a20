// The lock below all others: short, in shared memory, and free again when its holder dies.
import {
  FUTEX_TID_MASK,
  FUTEX_WAITERS,
  pthread_mutex_consistent,
  pthread_mutex_init,
  pthread_mutex_trylock,
  pthread_mutex_unlock,
  PTHREAD_MUTEX_WORDS,
} from '../posix/index.js';
import { LOOK_AGAIN, sleepOn, SPINS } from './sleep.js';

/** The words that one takes. */
export const MUTEX_WORDS = 16;

const SLEEPERS = PTHREAD_MUTEX_WORDS;

/** Who waits sleeps on the first word of the mutex: the kernel wakes one there when the holder dies. */
export class RobustMutex {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #ownerDied: () => void;

  /**
   * @param ownerDied is called by the one that takes it after its holder has died, with the mutex held
   */
  constructor(words: Int32Array, at: number, ownerDied: () => void = () => undefined) {
    this.#words = words;
    this.#at = at;
    this.#ownerDied = ownerDied;
  }

  /** Once, by the process that makes the memory. */
  initialize(): this {
    pthread_mutex_init(this.#words, this.#at);
    return this;
  }

  /** The process that holds it, or 0. */
  get holder(): number {
    return Atomics.load(this.#words, this.#at) & FUTEX_TID_MASK;
  }

  tryLock(): boolean {
    const result = pthread_mutex_trylock(this.#words, this.#at);
    if (result === 'busy') return false;
    // Those that sleep were woken one at a time. Who has not been must be, by the holder or, if that dies, by the kernel.
    if (Atomics.load(this.#words, this.#at + SLEEPERS) > 0) Atomics.or(this.#words, this.#at, FUTEX_WAITERS);
    if (result === 'owner-dead') {
      this.#ownerDied();
      pthread_mutex_consistent(this.#words, this.#at);
    }
    return true;
  }

  /**
   * Waits for it.
   *
   * @returns false: the time is over
   */
  lock(timeout = Infinity): boolean {
    if (this.tryLock()) return true;
    for (let n = 0; n < SPINS; n++) if (this.holder === 0 && this.tryLock()) return true;
    const end = performance.now() + timeout;
    for (;;) {
      if (this.tryLock()) return true;
      const rest = end - performance.now();
      if (rest <= 0) return false;
      this.#sleep(Math.min(rest, LOOK_AGAIN));
    }
  }

  #sleep(timeout: number): void {
    const { pid } = process;
    Atomics.add(this.#words, this.#at + SLEEPERS, 1);
    try {
      this.#sleepWhileHeld(timeout);
    } finally {
      // A child that a signal's handler has forked meanwhile leaves from here too, and was not counted.
      if (process.pid === pid) Atomics.sub(this.#words, this.#at + SLEEPERS, 1);
    }
  }

  #sleepWhileHeld(timeout: number): void {
    const seen = Atomics.load(this.#words, this.#at);
    if ((seen & FUTEX_TID_MASK) === 0) return;
    const asked = seen | FUTEX_WAITERS;
    if (seen !== asked && Atomics.compareExchange(this.#words, this.#at, seen, asked) !== seen) return;
    sleepOn(this.#words, this.#at, asked, timeout);
  }

  unlock(): void {
    pthread_mutex_unlock(this.#words, this.#at);
  }

  /**
   * Calls with the mutex held. The callee does not wait for anything.
   *
   * @throws what a signal's handler throws meanwhile; then nothing was called
   */
  with<T>(call: () => T): T {
    this.lock();
    try {
      return call();
    } finally {
      this.unlock();
    }
  }

  /**
   * As `with`, for what has to be done: it is, whatever a signal's handler throws meanwhile.
   *
   * @param call is told whether one has thrown
   * @throws that, when it is done
   */
  withSurely<T>(call: (interrupted: boolean) => T): T {
    const thrown = this.#lockSurely();
    let result;
    try {
      result = call(thrown !== undefined);
    } finally {
      this.unlock();
    }
    if (thrown) throw thrown.error;
    return result;
  }

  /** @returns what a signal's handler has thrown first */
  #lockSurely(): { error: unknown } | undefined {
    let thrown: { error: unknown } | undefined;
    for (;;) {
      try {
        this.lock();
        return thrown;
      } catch (error) {
        thrown ??= { error };
      }
    }
  }
}
