// The memory of a recording, which all of its processes have mapped: a page of settings, the log of the calls, and that of the
// observer, which is one of its own so that a full log of calls does not hide who has ended.
import { fstatSync } from 'node:fs';
import {
  close,
  ftruncate,
  futexWait,
  futexWake,
  isPosixError,
  MAP_SHARED,
  memfd_create,
  MFD_CLOEXEC,
  mmap,
  O_CLOEXEC,
  O_RDWR,
  open,
  PROT_READ,
  PROT_WRITE,
} from '../posix/index.js';
import { now } from './clock.js';
import { TraceError } from './errors.js';
import { Log, SLOT } from './log.js';

const HEADER = 4096;
const MAGIC = 0x74724631;

// The words of the header, each pair of counts being a log's.
const MARK = 0;
const RECORDING = 1;
const CAPACITY = 2;
const OBSERVER = 3;
const CALL_COUNTS = 16;
const OBSERVER_COUNTS = 18;
// The 64-bit words.
const BEGIN = 4;
const WALL_CLOCK = 5;

/** What the observer is at. */
export const observer = { absent: 0, ready: 1, asked: 2, done: 3 } as const;

/** The observer's log has so many slots for each of the others. It writes as often as a process changes its state. */
const SHARE = 0.5;

function observerCapacity(capacity: number): number {
  return Math.max(1024, Math.ceil(capacity * SHARE));
}

export class Tape {
  /** What the processes tell of themselves. */
  readonly calls: Log;
  /** What the observer sees. */
  readonly observations: Log;
  readonly #header: Int32Array;
  readonly #times: Float64Array;

  private constructor(memory: ArrayBuffer, capacity: number) {
    this.#header = new Int32Array(memory, 0, HEADER / Int32Array.BYTES_PER_ELEMENT);
    this.#times = new Float64Array(memory, 0, HEADER / Float64Array.BYTES_PER_ELEMENT);
    const counts = (at: number) => this.#header.subarray(at, at + 2);
    this.calls = new Log(counts(CALL_COUNTS), memory, HEADER, capacity);
    const behind = HEADER + capacity * SLOT;
    this.observations = new Log(counts(OBSERVER_COUNTS), memory, behind, observerCapacity(capacity));
  }

  /**
   * Makes one: a file without a name, whose pages are taken as they are written.
   *
   * @returns it, and the file's descriptor
   */
  static create(capacity: number): { tape: Tape; fd: number } {
    const fd = memfd_create('truefork-trace', MFD_CLOEXEC);
    try {
      const length = HEADER + (capacity + observerCapacity(capacity)) * SLOT;
      ftruncate(fd, length);
      const memory = mmap(null, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      const tape = new Tape(memory, capacity);
      tape.#header[CAPACITY] = capacity;
      tape.#times[BEGIN] = now();
      tape.#times[WALL_CLOCK] = Date.now();
      tape.#header[RECORDING] = 1;
      Atomics.store(tape.#header, MARK, MAGIC);
      return { tape, fd };
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /**
   * Maps that of another process.
   *
   * @param path /proc/PID/fd/FD
   * @throws {TraceError} ERR_TRACE_NOT_A_RECORDING: it is something else
   * @throws {PosixError} those of open(2)
   */
  static open(path: string): Tape {
    const fd = open(path, O_RDWR | O_CLOEXEC);
    try {
      const { size } = fstatSync(fd);
      const memory = size > HEADER ? mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : undefined;
      const [magic, , capacity = 0] = new Int32Array(memory ?? new ArrayBuffer(0));
      if (!memory || magic !== MAGIC || size !== HEADER + (capacity + observerCapacity(capacity)) * SLOT) {
        throw new TraceError('ERR_TRACE_NOT_A_RECORDING', `${path} is no recording of this version of truefork`);
      }
      return new Tape(memory, capacity);
    } finally {
      close(fd);
    }
  }

  /** Whether processes write. */
  get recording(): boolean {
    return Atomics.load(this.#header, RECORDING) === 1;
  }

  /** From now on none of them does. */
  stop(): void {
    Atomics.store(this.#header, RECORDING, 0);
  }

  /** When it was made, by the clock. */
  get begin(): number {
    return this.#times[BEGIN] ?? 0;
  }

  /** When it was made, in milliseconds of the epoch. */
  get wallClock(): number {
    return this.#times[WALL_CLOCK] ?? 0;
  }

  /** What the observer is at. */
  get observer(): number {
    return Atomics.load(this.#header, OBSERVER);
  }

  set observer(state: number) {
    Atomics.store(this.#header, OBSERVER, state);
    futexWake(this.#header, OBSERVER, 1);
  }

  /** Waits until the observer is at something else. @param timeout in milliseconds. @returns what it is at then */
  observerAfter(state: number, timeout: number): number {
    const limit = now() + timeout;
    for (let rest = timeout; rest > 0 && this.observer === state; rest = limit - now()) {
      try {
        futexWait(this.#header, OBSERVER, state, rest);
      } catch (error) {
        if (!isPosixError(error, 'EINTR')) throw error;
      }
    }
    return this.observer;
  }
}
