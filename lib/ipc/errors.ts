import type { ExitStatus } from '../posix/index.js';

/** A process has died that had what is asked for. What that protects may be half changed. */
export class OwnerDiedError extends Error {
  readonly code = 'ERR_OWNER_DIED';
  override readonly name = 'OwnerDiedError';
  /** The process that has died. */
  readonly pid: number;

  constructor(pid: number, what = 'the lock') {
    super(`process ${pid} has died with ${what}; put right what it protects, after recover()`);
    this.pid = pid;
  }
}

/** A lock, or a condition's lock, that this process does not hold. */
export class NotHeldError extends Error {
  readonly code = 'ERR_NOT_HELD';
  override readonly name = 'NotHeldError';
}

/** A wait that could never end: the lock is held by the process that waits for it. */
export class DeadlockError extends Error {
  readonly code = 'ERR_DEADLOCK';
  override readonly name = 'DeadlockError';

  constructor() {
    super('this process holds the lock, and would wait for itself; an RLock may be taken again');
  }
}

/** There is nothing in the queue. */
export class QueueEmptyError extends Error {
  readonly code = 'ERR_QUEUE_EMPTY';
  override readonly name = 'QueueEmptyError';

  constructor() {
    super('the queue is empty');
  }
}

/** There is no room in the queue. */
export class QueueFullError extends Error {
  readonly code = 'ERR_QUEUE_FULL';
  override readonly name = 'QueueFullError';

  constructor() {
    super('the queue is full');
  }
}

/** The barrier was aborted, reset, or left by one who ran out of time, or one of those who waited has died. */
export class BrokenBarrierError extends Error {
  readonly code = 'ERR_BROKEN_BARRIER';
  override readonly name = 'BrokenBarrierError';

  constructor() {
    super('the barrier is broken');
  }
}

/** Nothing came, or was taken, within the time limit. */
export class WaitTimeoutError extends Error {
  readonly code = 'ERR_WAIT_TIMEOUT';
  override readonly name = 'WaitTimeoutError';

  constructor(what: string) {
    super(`${what} in time`);
  }
}

/** It is closed in this process; a channel also when its other end is. */
export class ClosedError extends Error {
  readonly code = 'ERR_CLOSED';
  override readonly name = 'ClosedError';
}

/** A worker of a pool has died with what it was at. */
export class WorkerDiedError extends Error {
  readonly code = 'ERR_WORKER_DIED';
  override readonly name = 'WorkerDiedError';
  /** The worker. */
  readonly pid: number;
  /** How it has ended; undefined if somebody else has waited for it. */
  readonly status: ExitStatus | undefined;

  constructor(pid: number, status: ExitStatus | undefined) {
    super(`worker ${pid} has died: ${shown(status)}`);
    this.pid = pid;
    this.status = status;
  }
}

function shown(status: ExitStatus | undefined): string {
  if (status?.state === 'exited') return `it exited with ${status.code}`;
  return status?.state === 'signaled' ? `killed by ${status.signal}` : 'somebody else has waited for it';
}

/** The pool takes nothing more. */
export class PoolClosedError extends Error {
  readonly code = 'ERR_POOL_CLOSED';
  override readonly name = 'PoolClosedError';

  constructor() {
    super('the pool is closed');
  }
}

/** The pool was terminated before this was done. */
export class PoolTerminatedError extends Error {
  readonly code = 'ERR_POOL_TERMINATED';
  override readonly name = 'PoolTerminatedError';

  constructor() {
    super('the pool was terminated');
  }
}

/** What came from another process cannot be. */
export class DamagedError extends Error {
  readonly code = 'ERR_DAMAGED';
  override readonly name = 'DamagedError';
}
