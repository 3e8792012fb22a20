// How many connections a worker takes.
import type { Server } from 'node:net';
import { pausePolling, resumePolling } from '../posix/index.js';

/**
 * Lets a worker accept as long as it has room. At capacity its event loop does not look at the listening socket any more, so
 * that a connection stays in the queue of the kernel, where another worker finds it; Node's `server.maxConnections` accepts
 * it, and drops it.
 */
export class Gate {
  readonly #server: Server;
  readonly #listener: number;
  readonly #capacity: number;
  #taken = 0;
  #paused = false;

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
    if (++this.#taken >= this.#capacity) this.#pause();
  }

  /** It has been closed. */
  leave(): void {
    if (--this.#taken < this.#capacity) this.#resume();
  }

  // Of a server that has been closed, the number of the socket may be that of another by now.
  #pause(): void {
    if (this.#paused || !this.#server.listening) return;
    pausePolling(this.#listener);
    this.#paused = true;
  }

  #resume(): void {
    if (!this.#paused || !this.#server.listening) return;
    resumePolling(this.#listener);
    this.#paused = false;
  }
}
