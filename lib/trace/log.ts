// A log in shared memory, to which all processes of a family write at once without a lock: a slot is claimed by one atomic
// addition, filled, and marked as begun, then as done. Whoever is killed between the two leaves it begun: a call that has not
// come back. Whoever is killed before leaves it empty, and readers pass over it. When the log is full, what comes is counted.
import { kinds, numberOf, type Kind } from './kinds.js';

/** The bytes of a slot. */
export const SLOT = 128;

const WORDS = SLOT / Int32Array.BYTES_PER_ELEMENT;
const FLOATS = SLOT / Float64Array.BYTES_PER_ELEMENT;

// The 32-bit words of a slot.
const STATE = 0;
const PID = 1;
const KIND = 2;
const RESULT = 3;
const X = 12;
const Y = 13;
const TEXT_LENGTH = 14;
// Its 64-bit ones.
const BEGIN = 2;
const END = 3;
const A = 4;
const B = 5;

const TEXT = 64;
/** The bytes of text that a slot has room for. */
const TEXT_MAX = SLOT - TEXT;

const BEGUN = 1;
const DONE = 2;

/** A slot, read. `a` to `y` are what `kind` makes of them. */
export interface LogRecord {
  readonly pid: number;
  readonly kind: Kind;
  /** In milliseconds of the clock. */
  readonly begin: number;
  /** Absent: the call has not come back. */
  readonly end?: number;
  /** The value, or -errno; 0 if it has not come back. */
  readonly result: number;
  readonly a: number;
  readonly b: number;
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** What a slot gets beside pid, kind and time. */
export interface Fields {
  readonly a?: number;
  readonly b?: number;
  readonly x?: number;
  readonly y?: number;
  readonly text?: string;
}

export class Log {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #bytes: Buffer;
  /** Two words: how many slots are claimed, and how many there were none for. */
  readonly #counts: Int32Array;
  readonly #capacity: number;

  constructor(counts: Int32Array, memory: ArrayBuffer, offset: number, capacity: number) {
    this.#counts = counts;
    this.#capacity = capacity;
    this.#words = new Int32Array(memory, offset, capacity * WORDS);
    this.#floats = new Float64Array(memory, offset, capacity * FLOATS);
    this.#bytes = Buffer.from(memory, offset, capacity * SLOT);
  }

  /** Claims a slot for what begins now. @returns it, for `end`; -1: there is none */
  begin(kind: number, pid: number, time: number, fields?: Fields): number {
    // Asked first, so that the count does not run over in a log that has long been full.
    const full = Atomics.load(this.#counts, 0) >= this.#capacity;
    const slot = full ? this.#capacity : Atomics.add(this.#counts, 0, 1);
    if (slot >= this.#capacity) {
      Atomics.add(this.#counts, 1, 1);
      return -1;
    }
    const word = slot * WORDS;
    this.#words[word + PID] = pid;
    this.#words[word + KIND] = kind;
    this.#floats[slot * FLOATS + BEGIN] = time;
    if (fields) this.note(slot, fields);
    Atomics.store(this.#words, word + STATE, BEGUN);
    return slot;
  }

  /** Adds to a slot. */
  note(slot: number, { a, b, x, y, text }: Fields): void {
    const word = slot * WORDS;
    const float = slot * FLOATS;
    if (a !== undefined) this.#floats[float + A] = a;
    if (b !== undefined) this.#floats[float + B] = b;
    if (x !== undefined) this.#words[word + X] = x;
    if (y !== undefined) this.#words[word + Y] = y;
    // What is too long is cut between two characters.
    if (text !== undefined) this.#words[word + TEXT_LENGTH] = this.#bytes.write(text, slot * SLOT + TEXT, TEXT_MAX);
  }

  /** What has begun has come back. */
  end(slot: number, result: number, time: number): void {
    const word = slot * WORDS;
    this.#floats[slot * FLOATS + END] = time;
    this.#words[word + RESULT] = result;
    Atomics.store(this.#words, word + STATE, DONE);
  }

  /** What is of one moment. */
  add(kind: Kind, pid: number, time: number, fields?: Fields): void {
    const slot = this.begin(numberOf(kind), pid, time, fields);
    if (slot >= 0) this.end(slot, 0, time);
  }

  /** How many slots are claimed. */
  get length(): number {
    return Math.min(Atomics.load(this.#counts, 0), this.#capacity);
  }

  /** How many records there was no slot for. */
  get dropped(): number {
    return Atomics.load(this.#counts, 1);
  }

  /** Whose slot it is; undefined if it is claimed only. */
  pidAt(slot: number): number | undefined {
    return Atomics.load(this.#words, slot * WORDS + STATE) === 0 ? undefined : this.#words[slot * WORDS + PID];
  }

  /** A slot; undefined if whoever claimed it has not filled it. */
  at(slot: number): LogRecord | undefined {
    const word = slot * WORDS;
    const float = slot * FLOATS;
    const state = Atomics.load(this.#words, word + STATE);
    const kind = kinds[this.#words[word + KIND] ?? -1];
    if (state === 0 || !kind) return undefined;
    const text = slot * SLOT + TEXT;
    return {
      pid: this.#words[word + PID] ?? 0,
      kind,
      begin: this.#floats[float + BEGIN] ?? 0,
      ...(state === DONE && { end: this.#floats[float + END] ?? 0 }),
      result: this.#words[word + RESULT] ?? 0,
      a: this.#floats[float + A] ?? 0,
      b: this.#floats[float + B] ?? 0,
      x: this.#words[word + X] ?? 0,
      y: this.#words[word + Y] ?? 0,
      text: this.#bytes.toString('utf8', text, text + (this.#words[word + TEXT_LENGTH] ?? 0)),
    };
  }
}
