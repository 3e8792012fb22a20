// Where a queue has its items: their bytes in one stretch of shared memory each, found by a table of places. An item is in the
// ring from the moment at which the count of items put is raised, and out of it from that at which the count of items taken is:
// each is one store, so a process that is killed at any moment leaves it whole. One puts at a time, and one takes.
import { HEAD, lift, type Encoded, type Lifted } from './codec.js';
import { DamagedError } from './errors.js';
import { sharedMemory } from './shared.js';

/** The words that one takes: the items put, and those taken, on cache lines of their own. */
export const RING_WORDS = 32;

const TAKEN = 16;

// An item's place: where it begins, and how many bytes it has.
const PLACE_WORDS = 2;
// As many bytes as an item has, if there are to be as many as there is room for.
const BYTES_AN_ITEM = 64;
const ALIGNMENT = 8;

function powerOf2(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

// Up to so many bytes are copied sooner than a call is made that copies them.
const FEW = 128;

function copy(from: Buffer, fromStart: number, to: Buffer, toStart: number, length: number): void {
  if (length > FEW) from.copy(to, toStart, fromStart, fromStart + length);
  else for (let n = 0; n < length; n++) to[toStart + n] = from[fromStart + n] ?? 0;
}

export class Ring {
  /** How many bytes there is room for. */
  readonly capacity: number;
  /** How many items, at most. */
  readonly maxsize: number;
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #places: Int32Array;
  readonly #mask: number;
  readonly #bytes: Buffer;

  /** @param maxsize 0: as many as there is room for */
  constructor(words: Int32Array, at: number, maxsize: number, capacity: number) {
    this.#words = words;
    this.#at = at;
    this.capacity = capacity;
    const places = powerOf2(maxsize === 0 ? Math.ceil(capacity / BYTES_AN_ITEM) : maxsize);
    this.maxsize = maxsize === 0 ? places : maxsize;
    this.#mask = places - 1;
    this.#places = new Int32Array(sharedMemory(places * PLACE_WORDS * Int32Array.BYTES_PER_ELEMENT));
    this.#bytes = Buffer.from(sharedMemory(capacity));
  }

  /** How many items there are. */
  get size(): number {
    // In this order: at worst it is too many by those that were put meanwhile.
    const taken = Atomics.load(this.#words, this.#at + TAKEN);
    return (Atomics.load(this.#words, this.#at) - taken) | 0;
  }

  /** Puts an item. False: there is no room. */
  put({ bytes, end }: Encoded): boolean {
    const count = Atomics.load(this.#words, this.#at);
    const taken = Atomics.load(this.#words, this.#at + TAKEN);
    if (((count - taken) | 0) >= this.maxsize) return false;
    const length = end - HEAD;
    const start = this.#room(count, taken, length);
    if (start < 0) return false;
    copy(bytes, HEAD, this.#bytes, start, length);
    const place = (count & this.#mask) * PLACE_WORDS;
    this.#places[place] = start;
    this.#places[place + 1] = length;
    Atomics.store(this.#words, this.#at, (count + 1) | 0);
    return true;
  }

  // Where there is room for so many bytes; -1: nowhere.
  #room(count: number, taken: number, length: number): number {
    // In front, when it is empty: its first pages are in use, and in the processor's cache.
    if (count === taken) return length <= this.capacity ? 0 : -1;
    const first = this.#places[(taken & this.#mask) * PLACE_WORDS] ?? 0;
    const last = ((count - 1) & this.#mask) * PLACE_WORDS;
    const used = (this.#places[last] ?? 0) + (this.#places[last + 1] ?? 0);
    const end = Math.ceil(used / ALIGNMENT) * ALIGNMENT;
    if (end <= first) return length <= first - end ? end : -1;
    if (length <= this.capacity - end) return end;
    return length <= first ? 0 : -1;
  }

  /**
   * Takes the first item; nothing if there is none.
   *
   * @throws {DamagedError} it is none. It is taken away
   */
  take(): Lifted | undefined {
    const taken = Atomics.load(this.#words, this.#at + TAKEN);
    if (Atomics.load(this.#words, this.#at) === taken) return undefined;
    const place = (taken & this.#mask) * PLACE_WORDS;
    const start = this.#places[place] ?? 0;
    const length = this.#places[place + 1] ?? 0;
    const isWithin = start >= 0 && length >= 1 && start + length <= this.capacity;
    try {
      if (!isWithin) throw new DamagedError(`an item of ${length} bytes at ${start} is not within the queue`);
      return lift(this.#bytes, start, start + length);
    } finally {
      Atomics.store(this.#words, this.#at + TAKEN, (taken + 1) | 0);
    }
  }
}
