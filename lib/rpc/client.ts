import { INT_MAX, integer, text, wrongType } from '../mistakes.js';
import { checkMaxFrame } from './arguments.js';
import { Connection, type ConnectionOptions } from './connection.js';
import {
  ClientClosedError,
  ConnectError,
  ConnectionLostError,
  FrameError,
  NoInstanceError,
  RpcTimeoutError,
} from './errors.js';
import { defaultMaxFrame, encodeRequest } from './frames.js';

/** Where an instance of a service listens. */
export interface Instance {
  readonly host: string;
  readonly port: number;
}

/** What the client wants of a registry; those of `truefork/discovery` have it. */
export interface InstanceRegistry {
  /** Tells the whole list of a service's instances, soon and after every change, until the watch is closed. */
  watch(service: string, listener: (instances: readonly Instance[]) => void): { close(): void };
}

/** How the client connects. */
export interface RpcConnectOptions {
  /** How long a server may take to accept a connection, in milliseconds, 1 to 2³¹ − 1; 1000 if absent. */
  connectTimeout?: number;
  /** The longest reply body in bytes, 1 to `buffer.constants.MAX_STRING_LENGTH`; 4 MiB if absent. Requests likewise. */
  maxFrame?: number;
}

/** Options of `createRpcClient`: the instances of a service in a registry, or one server. */
export type RpcClientOptions = RpcConnectOptions &
  ({ registry: InstanceRegistry; service: string } | { host: string; port: number });

/** Options of a call. */
export interface CallOptions {
  /** How long the call may take, all its attempts together, in milliseconds, 1 to 2³¹ − 1; 5000 if absent. */
  timeout?: number;
  /** Whether it does no harm if the call is carried out twice: then it is sent again when its connection was lost. */
  idempotent?: boolean;
}

const defaultConnectTimeout = 1000;
const defaultTimeout = 5000;

// A call that ends its server each time (a worker that crashes) does not end more of them.
const maxLosses = 3;

/** An address of the list, and the connection to it, if there is one. */
interface Server extends Instance {
  connection: Connection | undefined;
}

/**
 * An RPC client of the booklet's frames. It spreads its calls over the servers at random, with one connection to each,
 * made when it is first wanted.
 *
 * A server that cannot be connected to is dropped until the list changes, or until every server is dropped: then all are
 * tried again. One that leaves the list answers the calls that it has, then its connection is closed. An idle client
 * does not keep the process alive.
 */
export class RpcClient {
  readonly #limits: Pick<ConnectionOptions, 'connectTimeout' | 'maxFrame'>;
  /** The servers of the list by their addresses: two instances of one address are one server. */
  #servers = new Map<string, Server>();
  /** Those that are not dropped. Empty only if the list is. */
  #live: Server[] = [];
  readonly #connections = new Set<Connection>();
  /** Wake the calls that wait for an instance. */
  readonly #waiting = new Set<() => void>();
  readonly #watch: { close(): void } | undefined;
  readonly #service: string;
  #closing: Promise<void> | undefined;

  /** Use `createRpcClient`. */
  constructor(options: RpcClientOptions) {
    const { connectTimeout = defaultConnectTimeout, maxFrame = defaultMaxFrame } = options;
    integer('options.connectTimeout', connectTimeout, 1, INT_MAX);
    checkMaxFrame(maxFrame);
    this.#limits = { connectTimeout, maxFrame };
    if ('registry' in options) {
      text('options.service', options.service);
      const registry = options.registry as Partial<InstanceRegistry> | undefined;
      if (typeof registry?.watch !== 'function') throw wrongType('options.registry', 'a registry', registry);
      this.#service = options.service;
      this.#watch = options.registry.watch(options.service, (instances) => {
        this.#setList(instances);
      });
    } else {
      text('options.host', options.host);
      integer('options.port', options.port, 1, 65535);
      this.#service = `${options.host}:${options.port}`;
      this.#setList([options]);
    }
  }

  /**
   * Calls a method of a random live server.
   *
   * A call that was not sent goes to another server; one that was sent and whose connection was lost only if it is
   * `idempotent`, and no more than twice.
   *
   * @param params anything that JSON can express; null if absent
   * @returns the reply's `result`
   * @throws RpcTimeoutError, NoInstanceError: after `timeout`. ConnectError: no server could be connected to.
   *   ConnectionLostError. FrameError: the request is longer than `maxFrame`. ClientClosedError. TypeError, RangeError:
   *   bad arguments
   */
  async call(method: string, params: unknown = null, options: CallOptions = {}): Promise<unknown> {
    const { timeout = defaultTimeout, idempotent = false } = options;
    text('method', method);
    integer('options.timeout', timeout, 1, INT_MAX);
    const request = encodeRequest(method, params);
    const { maxFrame } = this.#limits;
    if (request.length - 4 > maxFrame) throw new FrameError(`a request of more than ${maxFrame} bytes`);

    const deadline = performance.now() + timeout;
    const refused: Server[] = [];
    let last: Server | undefined;
    let losses = 0;
    for (let rest = timeout; rest > 0; rest = deadline - performance.now()) {
      if (this.#closing) throw new ClientClosedError();
      const server = this.#pick(refused, last);
      if (server === undefined) {
        await this.#listChange(rest);
        continue;
      }
      try {
        return await this.#connection(server).call(request, rest);
      } catch (error) {
        if (!(error instanceof ConnectionLostError) || (error.sent && !idempotent)) throw error;
        if (error instanceof ConnectError) {
          refused.push(server);
          this.#drop(server);
          // An empty list is waited for, but not a server that refuses.
          if (this.#live.length > 0 && this.#live.every((other) => refused.includes(other))) throw error;
        } else if (++losses === maxLosses) throw error;
        last = server;
      }
    }
    throw new RpcTimeoutError(`no reply from ${this.#service} within ${timeout} ms`);
  }

  /**
   * Closes the client: it takes no more calls, watches no more, and closes each connection after its last reply.
   * Idempotent.
   *
   * @returns fulfilled when every connection is closed
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    this.#watch?.close();
    this.#wake();
    for (const connection of this.#connections) connection.end();
    await Promise.all([...this.#connections].map(({ closed }) => closed));
  }

  /** A random live server: for an attempt after the first another one than the last, and none that refused, if it can. */
  #pick(refused: Server[], last: Server | undefined): Server | undefined {
    let choice = this.#live;
    if (last !== undefined) {
      const willing = choice.filter((server) => !refused.includes(server));
      if (willing.length > 0) choice = willing;
      if (choice.length > 1) choice = choice.filter((server) => server !== last);
    }
    return choice[Math.floor(Math.random() * choice.length)];
  }

  #connection(server: Server): Connection {
    if (server.connection?.usable) return server.connection;
    const connection = new Connection({ host: server.host, port: server.port, ...this.#limits });
    server.connection = connection;
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    return connection;
  }

  #drop(server: Server): void {
    this.#live = this.#live.filter((other) => other !== server);
    if (this.#live.length === 0) this.#live = [...this.#servers.values()];
  }

  #setList(instances: readonly Instance[]): void {
    const before = this.#servers;
    this.#servers = new Map();
    for (const { host, port } of instances) {
      const address = `${host}:${port}`;
      this.#servers.set(address, before.get(address) ?? { host, port, connection: undefined });
    }
    for (const [address, server] of before) {
      if (!this.#servers.has(address)) server.connection?.end();
    }
    this.#live = [...this.#servers.values()];
    if (this.#live.length > 0) this.#wake();
  }

  /** @throws NoInstanceError the list is still empty after the timeout, in milliseconds */
  #listChange(timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        reject(new NoInstanceError(`no instance of ${this.#service}`));
      }, timeout);
      const wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/**
 * Makes a client of a service's instances in a registry, or of one server. It connects when it is called.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE: bad arguments; what the registry's `watch` throws
 */
export function createRpcClient(options: RpcClientOptions): RpcClient {
  return new RpcClient(options);
}
