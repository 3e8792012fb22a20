// Which connections a worker takes: its share, and no more than it has room for.
import type { Server } from 'node:net';
import { isPosixError, pausePolling, resumePolling } from '../posix/index.js';

// How long a worker may stay where it is in the queue after it has accepted, in milliseconds, and how many connections it may take
// there: it takes two system calls to go to the end, which a worker that accepts one connection after the other need not make for
// each. More in a turn is not faster, and less even.
const TURN = 1;
const MOST_IN_TURN = 2;

/**
 * Lets a worker accept in its turn, as long as it has room.
 *
 * All workers poll one socket. As libuv has it polled, all of them are woken for each connection; who is quick has most.
 * With EPOLLEXCLUSIVE the kernel wakes one of those that wait, the first of a queue; one that has accepted goes to its end.
 *
 * At capacity the event loop does not look at the socket any more, so that a connection stays in the queue of the kernel, where
 * another worker finds it; Node's `server.maxConnections` accepts it, and drops it.
 */
export class Gate {
  readonly #server: Server;
  readonly #listener: number;
  readonly #capacity: number;
  readonly #pid = process.pid;
  #taken = 0;
  /** By performance.now(): when it went to the end of the queue. */
  #queuedAt = -Infinity;
  /** How many connections it has accepted since then. */
  #inTurn = 0;
  /** Polled as libuv has it, in the queue, or not polled: for now, or any more. */
  #state: 'libuv' | 'queued' | 'out' | 'closed' = 'libuv';

  /**
   * @param server does not listen yet
   * @param listener what it is to listen on
   * @param capacity how many connections it may have; Infinity: as many as come
   */
  constructor(server: Server, listener: number, capacity: number) {
    this.#server = server;
    this.#listener = listener;
    this.#capacity = capacity;
  }

  /** A connection has been accepted. */
  enter(): void {
    const full = ++this.#taken >= this.#capacity;
    if (!full && ++this.#inTurn < MOST_IN_TURN && performance.now() - this.#queuedAt < TURN) return;
    this.#leaveQueue();
    this.#joinQueue();
  }

  /** It has been closed. */
  leave(): void {
    this.#taken--;
    this.#joinQueue();
  }

  /**
   * Nothing is accepted any more.
   *
   * @param closed is called when the server may be closed: not in this turn of the event loop. The worker may have been woken
   * for a connection, and nobody else has been; it still takes that one.
   */
  close(closed: () => void): void {
    if (this.#state === 'queued') this.#leaveQueue();
    this.#state = 'closed';
    setImmediate(closed);
  }

  // Of a server that has been closed, the number of the socket may be that of another by now. In a child that the program has
  // forked in the worker, libuv has the socket polled anew.
  get #accepts(): boolean {
    return this.#server.listening && process.pid === this.#pid;
  }

  #leaveQueue(): void {
    if (this.#state === 'out' || this.#state === 'closed' || !this.#accepts) return;
    try {
      pausePolling(this.#listener);
      this.#state = 'out';
    } catch (error) {
      // The program has handed the server a connection before the event loop has polled for the first time.
      if (!isPosixError(error, 'ENOENT')) throw error;
    }
  }

  #joinQueue(): void {
    if (this.#state !== 'out' || this.#taken >= this.#capacity || !this.#accepts) return;
    resumePolling(this.#listener, { exclusive: true });
    this.#state = 'queued';
    this.#queuedAt = performance.now();
    this.#inTurn = 0;
  }
}
