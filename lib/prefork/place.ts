import type { Signal } from '../posix/index.js';
import type { Line } from './orders.js';
import type { Cell } from './cell.js';

/** Milliseconds of a clock that is not set. Not performance.now(): to load what else is there takes 2 ms of the start. */
export function now(): number {
  return process.uptime() * 1_000;
}

/** A worker that there shall be, and the processes that are it. */
export class Place {
  /** Its number, from 0. */
  readonly worker: number;
  /** Who is this worker. */
  holder: Member | undefined;
  /** Who will be it as soon as it is ready. */
  successor: Member | undefined;
  /** Ends in a row that nobody asked for. */
  failures = 0;
  /** Nobody shall be it any more. */
  closed = false;
  /** Takes back the fork that waits, if one does. */
  cancelRespawn: (() => void) | undefined;

  constructor(worker: number) {
    this.worker = worker;
  }

  take(member: Member): void {
    if (this.holder) this.successor = member;
    else this.holder = member;
  }

  /** A member that has ended, or has never come to be, leaves it. */
  lose(member: Member): void {
    if (member === this.successor) this.successor = undefined;
    // A successor that boots is the worker from now on.
    else if (member === this.holder) this.succeed();
  }

  /** What was is not held against the next worker: none waits for its fork. */
  forgive(): void {
    this.failures = 0;
    this.cancelRespawn?.();
    this.cancelRespawn = undefined;
  }

  /** The successor is ready. Answers who was the worker. */
  succeed(): Member | undefined {
    const old = this.holder;
    this.holder = this.successor;
    this.successor = undefined;
    return old;
  }
}

/** The process that workers are forked from: a mold, or the master where there is none. */
export interface Source {
  /** That of its workers. */
  readonly generation: number;
  readonly mold: MoldMember | undefined;
}

/** A mold that has been forked, or a worker that is becoming one, and has not been reaped. */
export class MoldMember implements Source {
  readonly mold = this;
  readonly number: number;
  readonly cell: Cell;
  readonly generation: number;
  /** Where it takes its orders. */
  readonly line: Line;
  readonly since = now();
  readonly pid: number;
  /** Workers can be forked from it. */
  ready = false;
  /** It has been told to end. */
  retiring = false;
  /** It has been killed, and not been reaped yet. */
  killed = false;
  /** Takes back the SIGKILL that waits, if one does. */
  cancelKill: () => void = () => undefined;

  constructor(pid: number, number: number, cell: Cell, generation: number, line: Line) {
    this.pid = pid;
    this.number = number;
    this.cell = cell;
    this.generation = generation;
    this.line = line;
  }
}

/** A worker that has been forked, or ordered from a mold, and has not been reaped. */
export class Member {
  readonly place: Place;
  /** The number of its cell on the scoreboard, and the cell. */
  readonly number: number;
  readonly cell: Cell;
  readonly source: Source;
  /** By `now()`. */
  readonly forkedAt = now();
  /** By how much it is allowed more than its limits say, so that not all are replaced at once: 0 to 0.1. */
  readonly jitter = Math.random() / 10;
  /** 0 until the mold has told it. */
  pid = 0;
  /** When it was ready, by `now()`; undefined until then. */
  readyAt: number | undefined;
  /** Why it shall be replaced, if it shall. */
  tired: string | undefined;
  /** By what it has been told to finish, if it has. */
  order: Signal | undefined;
  /** When it has finished, it shall be the next mold. */
  promoted = false;
  /** Where it takes its orders if it becomes one: told once, it may do so although it no longer shall. */
  line: Line | undefined;
  /** It has been killed, and not been reaped yet. */
  killed = false;
  /** For how long the master has seen it boot, or not turn its event loop, in milliseconds. */
  waited = 0;
  /** When its event loop had last turned, by its cell, at the last look. */
  turnedAt = 0;
  /** Takes back the SIGKILL that waits, if one does. */
  cancelKill: () => void = () => undefined;

  constructor(place: Place, number: number, cell: Cell, source: Source) {
    this.place = place;
    this.number = number;
    this.cell = cell;
    this.source = source;
    cell.assign(place.worker, source.generation);
  }

  get generation(): number {
    return this.source.generation;
  }

  /** It has been told to finish. */
  get retiring(): boolean {
    return this.order !== undefined;
  }
}
