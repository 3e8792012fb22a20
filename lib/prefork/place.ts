import type { Cell } from './scoreboard.js';

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
  cancelRespawn: () => void = () => undefined;

  constructor(worker: number) {
    this.worker = worker;
  }

  take(member: Member): void {
    if (this.holder) this.successor = member;
    else this.holder = member;
  }

  /** The successor is ready. Answers who was the worker. */
  succeed(): Member | undefined {
    const old = this.holder;
    this.holder = this.successor;
    this.successor = undefined;
    return old;
  }
}

/** A process that has been forked and not been reaped. */
export class Member {
  readonly place: Place;
  /** The number of its cell on the scoreboard, and the cell. */
  readonly number: number;
  readonly cell: Cell;
  readonly generation: number;
  /** By `now()`. */
  readonly forkedAt = now();
  /** By how much it is allowed more than its limits say, so that not all are replaced at once: 0 to 0.1. */
  readonly jitter = Math.random() / 10;
  pid = 0;
  /** When it was ready, by `now()`; undefined until then. */
  readyAt: number | undefined;
  /** Why it shall be replaced, if it shall. */
  tired: string | undefined;
  /** It has been told to finish. */
  retiring = false;
  /** It has been killed, and not been reaped yet. */
  killed = false;
  /** For how long the master has seen it boot, or not turn its event loop, in milliseconds. */
  waited = 0;
  /** When its event loop had last turned, by its cell, at the last look. */
  turnedAt = 0;
  /** Takes back the SIGKILL that waits, if one does. */
  cancelKill: () => void = () => undefined;

  constructor(place: Place, number: number, cell: Cell, generation: number) {
    this.place = place;
    this.number = number;
    this.cell = cell;
    this.generation = generation;
    cell.assign(place.worker, generation);
  }
}
