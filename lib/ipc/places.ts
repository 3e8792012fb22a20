// Places in shared memory, each taken by a living process: the kernel tells when it is dead.
import { futexWake } from '../posix/index.js';
import { inChildren } from './forks.js';
import { MUTEX_WORDS, RobustMutex } from './robust-mutex.js';

const STATE = MUTEX_WORDS;
const NUMBER = MUTEX_WORDS + 1;
const PID = MUTEX_WORDS + 2;
const PLACE_WORDS = 2 * MUTEX_WORDS;

/** How many may be taken at a time, in all processes. */
const MOST_PLACES = 256;

/** The words that they take: how many have ever been needed, the next number, and the places. */
export const PLACES_WORDS = 2 * MUTEX_WORDS + MOST_PLACES * PLACE_WORDS;

/**
 * What is in a place: nobody, one who waits, or one who need not wait any more and has not gone yet. Of a semaphore: how many its
 * process has.
 */
export const FREE = 0;
export const WAITING = 1;
export const RELEASED = 2;

// The memory must stay mapped while a place is taken: the C library has its mutex in a list.
const taken = new Set<Place>();
const hook = inChildren(() => {
  taken.clear();
});

/** A place. Who has taken it holds its mutex until it leaves, or dies. */
export class Place {
  readonly words: Int32Array;
  /** Where its state is. */
  readonly stateAt: number;
  readonly #at: number;
  readonly #life: RobustMutex;

  constructor(words: Int32Array, at: number) {
    this.words = words;
    this.stateAt = at + STATE;
    this.#at = at;
    this.#life = new RobustMutex(words, at);
  }

  initialize(): void {
    this.#life.initialize();
  }

  get state(): number {
    return Atomics.load(this.words, this.stateAt);
  }

  set state(state: number) {
    Atomics.store(this.words, this.stateAt, state);
  }

  /** The process whose it is, or was last. */
  get pid(): number {
    return Atomics.load(this.words, this.#at + PID);
  }

  /** In the order in which they were taken. */
  get number(): number {
    return Atomics.load(this.words, this.#at + NUMBER);
  }

  /** Whether this process has it: not the child that one forks which has it. */
  get isMine(): boolean {
    return taken.has(this);
  }

  /** Whether one waits here that lives. */
  get waits(): boolean {
    return this.state === WAITING && this.#life.holder !== 0;
  }

  /** Whether who was here has died. */
  get isDead(): boolean {
    return this.state !== FREE && this.#life.holder === 0;
  }

  /** From waiting to another state; false: it was released before. */
  change(state: number): boolean {
    return Atomics.compareExchange(this.words, this.stateAt, WAITING, state) === WAITING;
  }

  /** Wakes who sleeps on its state. */
  wake(): void {
    futexWake(this.words, this.stateAt, 1);
  }

  /**
   * Takes it, if nobody has.
   *
   * @param inherited is told in which state one has died that was here, and who that was
   * @returns false: it is taken
   */
  take(number: number, inherited: (state: number, pid: number) => void): boolean {
    if (!this.#life.tryLock()) return false;
    const left = Atomics.exchange(this.words, this.stateAt, FREE);
    const { pid } = this;
    Atomics.store(this.words, this.#at + NUMBER, number);
    Atomics.store(this.words, this.#at + PID, process.pid);
    this.state = WAITING;
    taken.add(this);
    if (left !== FREE) inherited(left, pid);
    return true;
  }

  /**
   * Clears it if who was here has died.
   *
   * @returns the state in which it has; FREE: nobody has
   */
  clear(): number {
    if (!this.isDead || !this.#life.tryLock()) return FREE;
    const left = Atomics.exchange(this.words, this.stateAt, FREE);
    this.#life.unlock();
    return left;
  }

  /** Of one that is its parent's, a child leaves nothing. */
  leave(): void {
    if (!this.isMine) return;
    Atomics.store(this.words, this.stateAt, FREE);
    taken.delete(this);
    this.#life.unlock();
  }
}

export class Places {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #places: Place[];

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
    this.#places = Array.from(
      { length: MOST_PLACES },
      (_, n) => new Place(words, at + 2 * MUTEX_WORDS + n * PLACE_WORDS),
    );
    for (const place of this.#places) place.initialize();
    hook();
  }

  /** Whether anybody has been released who has not gone yet. */
  get released(): boolean {
    return this.used.some(({ state }) => state === RELEASED);
  }

  /** Those that have ever been taken. */
  get used(): Place[] {
    return this.#places.slice(0, Atomics.load(this.#words, this.#at));
  }

  /**
   * Takes one.
   *
   * @param inherited is told in which state one has died whose place it is now, and who that was
   * @throws {RangeError} all are taken
   */
  take(inherited: (state: number, pid: number) => void): Place {
    const number = Atomics.add(this.#words, this.#at + 1, 1);
    for (const [index, place] of this.#places.entries()) {
      this.#use(index + 1);
      if (place.take(number, inherited)) return place;
    }
    const message = `${MOST_PLACES} are there already, which are all that there is room for`;
    throw Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
  }

  #use(count: number): void {
    for (;;) {
      const before = Atomics.load(this.#words, this.#at);
      if (before >= count || Atomics.compareExchange(this.#words, this.#at, before, count) === before) return;
    }
  }
}
