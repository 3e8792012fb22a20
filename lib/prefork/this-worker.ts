// Who a worker is: known from its first moment on.
import { atfork, forkMany, type Forked, type ForkOptions } from '../posix/index.js';
import type { Cell } from './cell.js';
import { holdReducer } from './memory-reducer.js';

/** A worker, as it knows itself. */
export interface WorkerIdentity {
  /** Its place, from 0. While one is replaced, two processes have the same. */
  readonly worker: number;
  /** 1 for the first workers, and one more after each reload and each refork. */
  readonly generation: number;
  /** Its process. */
  readonly pid: number;
}

type Unborn = Omit<WorkerIdentity, 'pid'> & { pid: number };

/** That of a process which is no worker. With the last object of a shape V8 drops the shape, and each child would make it anew. */
const nobody: Unborn = { worker: -1, generation: 0, pid: 0 };

let self = nobody;

/** Who the children of the fork that is under way shall be; empty: no workers. */
let unborn: readonly Unborn[] = [];

/** Whether the fork that is under way is the family's. */
let ours = true;

/** Whether the fork that made this process was the program's. */
let strange = false;

function beBorn(index: number): void {
  self = unborn[index] ?? nobody;
  self.pid = process.pid;
  strange = !ours;
  // Of a fork that a hook of this one makes, neither is so.
  unborn = [];
  ours = false;
}

// Registered before any hook of a program that asks here: those know it already. A child that a worker forks is none.
atfork({ child: beBorn });
// Of every fork of the program: called here, it is compiled here, and not in each child.
beBorn(0);

/**
 * Which worker of a prefork server this process is: from its first moment on, in the `child` hooks of `atfork` too.
 *
 * @returns undefined in every other process: the master, a mold, a child that a worker has forked
 *
 * @example
 * const label = { worker: thisWorker()?.worker };
 */
export function thisWorker(): WorkerIdentity | undefined {
  return self === nobody ? undefined : self;
}

/** In the hooks of a fork: whether its child is none of the family, since the program has forked it by itself. */
export function isStranger(): boolean {
  return strange;
}

/** Forks the workers of these cells, which have been assigned. It returns in each of them, too. */
export function forkWorkers(cells: readonly Cell[], options?: ForkOptions): Forked {
  unborn = cells.map(({ worker, generation }) => ({ worker, generation, pid: 0 }));
  return forkOurs(cells.length, options);
}

/** Forks a mold. It returns in that, too. */
export function forkMold(): Forked {
  return forkOurs(1);
}

function forkOurs(count: number, options?: ForkOptions): Forked {
  holdReducer();
  ours = true;
  try {
    return forkMany(count, options);
  } finally {
    unborn = [];
    ours = false;
  }
}

/** In a worker that becomes a mold. */
export function beNoWorker(): void {
  self = nobody;
}
