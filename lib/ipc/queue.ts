import { integer, object } from '../mistakes.js';
import { Bell } from './bell.js';
import { encode, finish, HEAD, kept, type Encoded, type Lifted } from './codec.js';
import { ClosedError, QueueEmptyError, QueueFullError } from './errors.js';
import { asyncOptionsOf, timeoutOf, type AsyncWaitOptions, type WaitOptions } from './options.js';
import { Ring, RING_WORDS } from './ring.js';
import { MUTEX_WORDS, RobustMutex } from './robust-mutex.js';
import { Shared } from './shared.js';
import { Waiters, WAITERS_WORDS } from './waiters.js';

// Cache lines of 64 bytes: who puts and who takes do not write to the same.
const LINE = 16;
const PUTTING = 0;
const TAKING = MUTEX_WORDS;
const RING = 2 * MUTEX_WORDS;
const ITEMS = RING + RING_WORDS;
const ROOM = ITEMS + LINE;
const WORDS = ROOM + LINE;

const DEFAULT_BYTES = 16 * 2 ** 20;
const MOST_BYTES = 2 ** 30;
const MOST_ITEMS = 2 ** 24;

/** How large a queue is. */
export interface QueueOptions {
  /** How many items there may be, 0 to 2²⁴. Default 0: as many as there is room for, up to one for each 64 bytes. */
  maxsize?: number;
  /**
   * The memory for items in bytes, 64 to 2³⁰, which is the largest item, too. Default 16 MiB. What has never been needed takes
   * no memory of the machine.
   */
  bytes?: number;
}

/**
 * A queue of processes, made before the fork: any of the family puts, any gets, each item goes to one. Items are structured
 * clones. They are in memory that all share: no process carries them, so none that dies takes any with it but the one that it was
 * just putting or getting.
 *
 * @example
 * const queue = new Queue({ maxsize: 10 });
 * if (fork() === 0) {
 *   queue.put({ answer: 42 });
 *   process.exit();
 * }
 * console.log(queue.get()); // { answer: 42 }
 */
export class Queue<T = unknown> extends Shared {
  readonly #ring: Ring;
  readonly #putting: RobustMutex;
  readonly #taking: RobustMutex;
  readonly #items: Waiters;
  readonly #room: Waiters;
  readonly #roomBell: Bell;

  /** @throws {PosixError} ENOMEM; EMFILE, ENFILE: too many descriptors */
  constructor(options: QueueOptions = {}) {
    const { maxsize = 0, bytes = DEFAULT_BYTES } = object('options', options);
    integer('options.maxsize', maxsize, 0, MOST_ITEMS);
    integer('options.bytes', bytes, 64, MOST_BYTES);
    super(WORDS);
    try {
      this.#ring = new Ring(this.words, RING, maxsize, bytes);
      // Who waits for room is told by another bell than who waits for items.
      this.#roomBell = new Bell(this.words, ROOM + WAITERS_WORDS);
    } catch (error) {
      super.close();
      throw error;
    }
    // Whatever one that died was about to do in the ring, it has done it or not.
    this.#putting = new RobustMutex(this.words, PUTTING).initialize();
    this.#taking = new RobustMutex(this.words, TAKING).initialize();
    this.#items = new Waiters(this.words, ITEMS, this.bell);
    this.#room = new Waiters(this.words, ROOM, this.#roomBell);
  }

  /** How many items there may be. */
  get maxsize(): number {
    return this.#ring.maxsize;
  }

  /** How many items there are at this moment. */
  qsize(): number {
    return this.#ring.size;
  }

  /** Whether there is no item at this moment. */
  empty(): boolean {
    return this.qsize() === 0;
  }

  /** Whether there are as many items as there may be, at this moment. There may be no room for another before. */
  full(): boolean {
    return this.qsize() >= this.maxsize;
  }

  /**
   * Puts an item, and waits while there is no room. Signals do not interrupt it: their handlers run, and it goes on.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity
   * @throws {QueueFullError} the time is over
   * @throws {RangeError} the item has more bytes than the queue
   * @throws {Error} DataCloneError: it cannot be cloned: a function, say
   * @throws {ClosedError} the queue is closed in this process
   * @throws what a signal's handler throws
   */
  put(item: T, options: WaitOptions = {}): void {
    const timeout = timeoutOf(options);
    const encoded = this.#encoded(item);
    if (this.#putAtOnce(encoded)) return;
    // A signal's handler, while this waits, may encode another.
    const own = kept(encoded);
    if (!this.#room.wait(() => this.#tryPut(own), timeout)) throw new QueueFullError();
  }

  /**
   * As `put`, in the event loop.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up
   * @throws {unknown} the reason of the signal
   */
  async putAsync(item: T, options: AsyncWaitOptions = {}): Promise<void> {
    const checked = asyncOptionsOf(options);
    const own = kept(this.#encoded(item));
    if (!(await this.#room.waitAsync(() => this.#tryPut(own), checked))) throw new QueueFullError();
  }

  /** As `put(item, { timeout: 0 })`. */
  putNowait(item: T): void {
    const encoded = this.#encoded(item);
    if (!(this.#putAtOnce(encoded) ?? this.#tryPut(kept(encoded)))) throw new QueueFullError();
  }

  /**
   * Takes the first item, and waits while there is none. Signals do not interrupt it: their handlers run, and it goes on.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity
   * @throws {QueueEmptyError} the time is over
   * @throws {DamagedError} what lies there is no item: a process of the family has written over it. It is taken away
   * @throws {ClosedError} the queue is closed in this process
   * @throws what a signal's handler throws
   */
  get(options: WaitOptions = {}): T {
    const timeout = timeoutOf(options);
    let item = this.#tryTake();
    if (item) return finish(item) as T;
    this.#items.wait(() => (item = this.#tryTake()) !== undefined, timeout);
    return taken(item) as T;
  }

  /**
   * As `get`, in the event loop.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up
   * @throws {unknown} the reason of the signal
   */
  async getAsync(options: AsyncWaitOptions = {}): Promise<T> {
    const checked = asyncOptionsOf(options);
    let item: Lifted | undefined;
    await this.#items.waitAsync(() => (item = this.#tryTake()) !== undefined, checked);
    return taken(item) as T;
  }

  /** As `get({ timeout: 0 })`. */
  getNowait(): T {
    return taken(this.#tryTake()) as T;
  }

  override close(): void {
    super.close();
    this.#roomBell.close();
  }

  #encoded(item: T): Encoded {
    const encoded = encode(item);
    const length = encoded.end - HEAD;
    const { capacity } = this.#ring;
    if (length <= capacity) return encoded;
    const message = `the item has ${length} bytes, and the queue ${capacity}: new Queue({ bytes })`;
    throw Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
  }

  /** Whether there was room for it; undefined: another is just putting something. */
  #putAtOnce(encoded: Encoded): boolean | undefined {
    this.#open();
    return this.#putting.tryLock() ? this.#putLocked(encoded) : undefined;
  }

  #tryPut(own: Encoded): boolean {
    this.#open();
    this.#putting.lock();
    return this.#putLocked(own);
  }

  #putLocked(encoded: Encoded): boolean {
    let done;
    try {
      done = this.#ring.put(encoded);
    } finally {
      this.#putting.unlock();
    }
    if (done) this.#items.wake();
    return done;
  }

  #tryTake(): Lifted | undefined {
    this.#open();
    // Without the lock, if there is nothing.
    if (this.#ring.size === 0) return undefined;
    const item = this.#taking.with(() => this.#ring.take());
    if (item) this.#room.wake();
    return item;
  }

  #open(): void {
    if (this.bell.closed) throw new ClosedError('the queue is closed');
  }
}

function taken(item: Lifted | undefined): unknown {
  if (!item) throw new QueueEmptyError();
  return finish(item);
}
