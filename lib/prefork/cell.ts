// The cell of one process on the scoreboard of its family: who it is, and what it is doing.
import type { Line } from './orders.js';

// In the order of their numbers in a cell, where 0 says that it has no process.
const workerStates = ['booting', 'ready', 'stopping'] as const;

/** What a worker is doing. */
export type WorkerState = (typeof workerStates)[number];

/** A worker, as its cell says. */
export interface WorkerStatus {
  /** Its place, from 0. While one is replaced, two processes have the same. */
  readonly worker: number;
  /** Its process. */
  readonly pid: number;
  /** 1 for the first workers, and one more after each reload and each refork. */
  readonly generation: number;
  /** What it is doing. */
  readonly state: WorkerState;
  /** Since when, in milliseconds of the epoch. */
  readonly since: number;
  /** Requests that it was given. */
  readonly requests: number;
  /** Connections that it has open. */
  readonly connections: number;
  /** When it was last given a request or a connection, in milliseconds of the epoch; when it was forked, if never. */
  readonly activeAt: number;
  /** When it last told that its event loop turns, in milliseconds of the epoch. */
  readonly turnedAt: number;
  /** How late its event loop was at worst, in milliseconds; it fades, by half in ten seconds. */
  readonly lag: number;
}

/** A mold, as its cell says. */
export interface MoldStatus {
  /** Its process. */
  readonly pid: number;
  /** That of the workers which are forked from it. */
  readonly generation: number;
  /** What it is doing. */
  readonly state: WorkerState;
  /** Since when, in milliseconds of the epoch. */
  readonly since: number;
  /** Requests that it was given while it was a worker. */
  readonly requests: number;
}

/** What a mold has to know. */
export interface MoldAssignment {
  /** That of its workers. */
  readonly generation: number;
  /** Where it takes its orders. */
  readonly line: Line;
}

const CELL = 64; // bytes: a cache line
const LAG_HALVES = 10_000; // milliseconds

/** The most workers of a family. */
export const MOST_WORKERS = 1024;
/** As many processes as a family can have, with those that take the place of others. Memory that nobody uses is not there. */
export const CELLS = MOST_WORKERS + MOST_WORKERS / 8;

// The fields of a cell: places in words of 4 bytes, and in numbers of 8 behind them.
const WORD = { pid: 0, state: 1, worker: 2, generation: 3 } as const;
const NUMBER = { since: 0, requests: 1, connections: 2, turnedAt: 3, activeAt: 4, lag: 5 } as const;

/** In place of a worker's number: this and less say which orders a mold takes. */
export const MOLD = -1;

/** The cell of one process, which alone writes it; the master does while there is none. */
export class Cell {
  #words: Int32Array;
  #numbers: Float64Array;

  constructor(buffer: ArrayBuffer, offset: number) {
    this.#words = new Int32Array(buffer, offset, 4);
    this.#numbers = new Float64Array(buffer, offset + 16, 6);
  }

  /** In the master, before the fork of a worker. */
  assign(worker: number, generation: number): void {
    this.#words[WORD.worker] = worker;
    this.#words[WORD.generation] = generation;
  }

  /** In the master, before the fork of a mold, or in the worker that becomes one. */
  assignMold({ generation, line }: MoldAssignment): void {
    this.assign(MOLD - line, generation);
  }

  /** What a mold has been assigned. */
  get mold(): MoldAssignment {
    return { generation: this.generation, line: MOLD - this.worker };
  }

  enter(state: WorkerState, pid: number): void {
    const time = Date.now();
    if (state === 'booting') {
      this.#numbers[NUMBER.turnedAt] = time;
      this.#numbers[NUMBER.activeAt] = time;
    }
    this.#words[WORD.pid] = pid;
    this.#numbers[NUMBER.since] = time;
    this.#words[WORD.state] = workerStates.indexOf(state) + 1;
  }

  clear(): void {
    this.#words.fill(0);
    this.#numbers.fill(0);
  }

  /** In another process than the one that it is of: what is written from now on nobody sees. */
  leave(): void {
    this.#words = this.#words.slice();
    this.#numbers = this.#numbers.slice();
  }

  countRequest(): void {
    this.#numbers[NUMBER.requests] = (this.#numbers[NUMBER.requests] ?? 0) + 1;
    this.#numbers[NUMBER.activeAt] = Date.now();
  }

  countConnection(difference: 1 | -1): void {
    this.#numbers[NUMBER.connections] = (this.#numbers[NUMBER.connections] ?? 0) + difference;
    if (difference === 1) this.#numbers[NUMBER.activeAt] = Date.now();
  }

  /**
   * The event loop of the worker has turned.
   *
   * @param late by how many milliseconds
   * @param passed since the last time, in milliseconds
   */
  turn(late: number, passed: number): void {
    this.#numbers[NUMBER.turnedAt] = Date.now();
    this.#numbers[NUMBER.lag] = Math.max(late, (this.#numbers[NUMBER.lag] ?? 0) * 2 ** (-passed / LAG_HALVES));
  }

  get turnedAt(): number {
    return numberIn(this.#numbers[NUMBER.turnedAt]);
  }

  /** Undefined while it has no process that is a worker. */
  status(): WorkerStatus | undefined {
    const status = this.#status();
    return status && status.worker > MOLD ? status : undefined;
  }

  /** Undefined while it has no process that is a mold. */
  moldStatus(): MoldStatus | undefined {
    const status = this.#status();
    if (!status || status.worker > MOLD) return undefined;
    const { pid, generation, state, since, requests } = status;
    return { pid, generation, state, since, requests };
  }

  /** The place that it was assigned to. */
  get worker(): number {
    return this.#words[WORD.worker] ?? 0;
  }

  /** Of the worker, or of those that the mold forks. */
  get generation(): number {
    return this.#words[WORD.generation] ?? 0;
  }

  /** Of the process, whatever it is. */
  get requests(): number {
    return numberIn(this.#numbers[NUMBER.requests]);
  }

  #status(): WorkerStatus | undefined {
    const [pid = 0, stateNumber = 0, worker = 0, generation = 0] = this.#words;
    const [since = 0, requests = 0, connections = 0, turnedAt = 0, activeAt = 0, lag = 0] = this.#numbers.map(numberIn);
    const state = workerStates[stateNumber - 1];
    return state && { worker, pid, generation, state, since, requests, connections, activeAt, turnedAt, lag };
  }
}

// A process that has gone astray may leave anything there: who reckons with it gets a number.
function numberIn(value = 0): number {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : 0;
}

/** A cell that is on no scoreboard. */
export function scratchCell(): Cell {
  return new Cell(new ArrayBuffer(CELL), 0);
}

/** The cells of a scoreboard, from this byte of it on. */
export function cellAt(buffer: ArrayBuffer, start: number, number: number): Cell {
  return new Cell(buffer, start + number * CELL);
}

/** How many bytes so many cells take. */
export function sizeOf(cells: number): number {
  return cells * CELL;
}

/** Those that have a process, by their places. */
export function statusOf(cells: Iterable<Cell>): WorkerStatus[] {
  return [...cells]
    .flatMap((cell) => cell.status() ?? [])
    .sort((a, b) => a.worker - b.worker || a.generation - b.generation || a.since - b.since);
}

/** The molds among them, by their generations. */
export function moldsOf(cells: Iterable<Cell>): MoldStatus[] {
  return [...cells].flatMap((cell) => cell.moldStatus() ?? []).sort((a, b) => a.generation - b.generation);
}
