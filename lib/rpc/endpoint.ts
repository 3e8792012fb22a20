import type { Address } from '../discovery/index.js';
import { Connection, type ConnectionOptions, type Ending } from './connection.js';
import { ConnectError, RpcQueueFullError } from './errors.js';
import type { Exchange } from './exchange.js';

/** What the servers of a client have in common. */
export interface EndpointOptions extends Omit<ConnectionOptions, 'host' | 'port'> {
  /** How many calls may wait for one server. */
  readonly maxQueue: number;
}

/** What the servers of a client are told by it. */
export interface EndpointHost {
  /** There is a new connection. */
  opened(connection: Connection): void;
  /** Whether there are enough other servers to do without one more. */
  mayEject(now: number): boolean;
}

// The longest wait after the first connection that has failed, in milliseconds; it doubles with each further one.
const firstBackoff = 50;
const longestBackoff = 10_000;
// So many calls in a row without a reply eject a server, for so long at first (in milliseconds), and twice as long each
// further time.
const missesToEject = 5;
const firstEjection = 5000;
const longestEjection = 300_000;

/** A server, as its client sees it: the connection to it, if there is one, and what is held against it. */
export class Endpoint implements Address {
  readonly host: string;
  readonly port: number;
  readonly #options: EndpointOptions;
  readonly #host: EndpointHost;
  #connection: Connection | undefined;
  /** Connections in a row that have failed, when the next one may be tried, and how the last one has failed. */
  #failures = 0;
  #retryAt = 0;
  #lastError: Error | undefined;
  /** Calls in a row without a reply; how often it was ejected for that since the last good reply, and until when. */
  #misses = 0;
  #ejections = 0;
  #ejectedUntil = 0;

  constructor({ host, port }: Address, options: EndpointOptions, client: EndpointHost) {
    this.host = host;
    this.port = port;
    this.#options = options;
    this.#host = client;
  }

  /** How many calls it has. */
  get load(): number {
    return this.#connection?.load ?? 0;
  }

  /**
   * Whether it is to be called. One whose connection has failed is not until there is a new one; one that was ejected is
   * tried with one call before it gets more.
   */
  available(now: number): boolean {
    if (now < this.#ejectedUntil || (this.#ejections > 0 && this.load > 0)) return false;
    return this.#failures === 0 || this.#connection?.connected === true;
  }

  /** Whether it is ejected for its calls, not for its connection. */
  ejected(now: number): boolean {
    return now < this.#ejectedUntil;
  }

  /** Connects to it anew, if its connection has failed and its time has come. */
  probe(now: number): void {
    this.#replace(now);
    if (this.#failures > 0 && this.#connection === undefined && now >= this.#retryAt) this.#connect(now);
  }

  /** Sends it the call, over the connection that there is or a new one: then when its time has come. */
  send(call: Exchange, now: number): void {
    this.#replace(now);
    if (this.#connection === undefined && this.#retryAt >= call.deadline) {
      const { host, port } = this;
      const message = `${host}:${port} has failed (${reasonOf(this.#lastError)}), and is not connected to again within the call's time`;
      call.fail(new ConnectError(message, { cause: this.#lastError }));
      return;
    }
    const connection = this.#connection ?? this.#connect(now);
    if (connection.queued >= this.#options.maxQueue) {
      call.fail(
        new RpcQueueFullError(
          `${connection.queued} calls wait for ${this.host}:${this.port} already (maxQueue): try later`,
        ),
      );
    } else {
      connection.send(call);
    }
  }

  /** A call was answered. */
  answered(): void {
    this.#failures = 0;
    this.#misses = 0;
    this.#ejections = 0;
  }

  /** A call that was sent was not answered. */
  missed(now: number): void {
    this.#misses++;
    // One that was ejected is on probation: once is enough.
    if (this.#misses < missesToEject && this.#ejections === 0) return;
    if (now < this.#ejectedUntil || !this.#host.mayEject(now)) return;
    this.#ejectedUntil = now + Math.min(longestEjection, firstEjection * 2 ** this.#ejections);
    this.#ejections++;
  }

  /** It has left the list. */
  leave(): void {
    this.#connection?.leave();
    this.#connection = undefined;
  }

  #connect(now: number): Connection {
    const { host, port } = this;
    const connection = new Connection({ host, port, ...this.#options }, this.#retryAt - now, (ending) => {
      this.#ended(connection, ending);
    });
    this.#connection = connection;
    this.#host.opened(connection);
    return connection;
  }

  /** Forgets a connection that takes no more calls. */
  #replace(now: number): void {
    const connection = this.#connection;
    if (connection === undefined || connection.usable) return;
    this.#connection = undefined;
    // A server that sends everybody away is no better than one that lets nobody in.
    if (!connection.answered) this.#fail(now, firstBackoff);
  }

  #ended(connection: Connection, { orderly, lost, error }: Ending): void {
    const now = performance.now();
    if (lost) this.missed(now);
    // One that the server had left already has no say about the next.
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    if (orderly) return;
    this.#lastError = error;
    // After the first loss there is no wait: a server that restarts is back at once.
    this.#fail(now, lost ? 0 : firstBackoff);
  }

  /** @param first the wait of the first failure in a row, in milliseconds */
  #fail(now: number, first: number): void {
    const wait = this.#failures === 0 ? first : firstBackoff * 2 ** this.#failures;
    this.#retryAt = now + Math.random() * Math.min(longestBackoff, wait);
    this.#failures++;
  }
}

/** What has begun it. */
function reasonOf(error: Error | undefined): string {
  return error?.cause instanceof Error ? reasonOf(error.cause) : (error?.message ?? 'it sends everybody away');
}
