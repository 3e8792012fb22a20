import type { Address } from '../discovery/index.js';
import { abortSignal, boolean, INT_MAX, integer, object, text, wrongType, wrongValue } from '../mistakes.js';
import { checkMaxFrame } from './arguments.js';
import { Aborts } from '../aborts.js';
import { balancers, type BalancerName } from './balancers.js';
import { Call, type CallHost } from './call.js';
import type { EndpointOptions } from './endpoint.js';
import { ClientClosedError, FrameError, RpcQueueFullError } from './errors.js';
import { defaultMaxFrame } from './frames.js';
import type { AnyHandlers, HandlersOf, ParamsOf, ResultOf } from './handlers.js';
import { Pool } from './pool.js';
import { RetryBudget } from './retry-budget.js';
import { requestHead, requestTail } from './wire.js';

/** What the client wants of a watch. @inline */
interface InstanceWatch {
  close(): void;
  unref?(): unknown;
}

/** What the client wants of a registry; those of `truefork/discovery` have it. */
export interface InstanceRegistry {
  /**
   * Tells the whole list of a service's instances, soon and after every change, until the watch is closed. A watch that keeps the
   * process alive has an `unref`, by which the client ends that.
   */
  watch(service: string, listener: (instances: readonly Address[]) => void): InstanceWatch;
}

/** How the client connects. Times are in milliseconds, 1 to 2³¹ - 1. */
export interface RpcConnectOptions {
  /** How long a server may take to accept a connection. Default 1,000. */
  connectTimeout?: number;
  /** The longest reply body in bytes, 1 to `buffer.constants.MAX_STRING_LENGTH`. Default 4 MiB. Requests likewise. */
  maxFrame?: number;
  /**
   * Which server gets a call: any (`random`, as the booklet's client has it), one after the other (`roundRobin`), or of
   * two at random the one that has fewer calls of this client (`p2c`). Default `p2c`.
   */
  balancer?: BalancerName;
  /** How many calls may be under way at once to one server, 1 to 2³¹ - 1. Default 1,024. */
  maxInFlight?: number;
  /** How many may wait for one server, and how many for the first instance, 1 to 2³¹ - 1. Default 10,000. */
  maxQueue?: number;
  /** How long a server may be silent until it is asked whether it is there, and then to answer. Default 10,000. */
  pingInterval?: number;
  /**
   * Whether a server of the booklet may be sent several calls at once. Default false. The original closes the
   * connection when what it has received is a multiple of 1,024 bytes long.
   */
  legacyPipelining?: boolean;
}

/** Options of `createRpcClient`: the instances of a service in a registry, or one server. */
export type RpcClientOptions = RpcConnectOptions &
  ({ registry: InstanceRegistry; service: string } | { host: string; port: number });

/** Options of a call. */
export interface CallOptions {
  /** How long the call may take, all its attempts together, in milliseconds, 1 to 2³¹ - 1. Default 5,000. */
  timeout?: number;
  /** Whether it does no harm if the call is carried out twice: then it is sent again when its connection was lost. Default false. */
  idempotent?: boolean;
  /** Gives the call up when it aborts: the call rejects with its `reason`, and a server that understands is told. */
  signal?: AbortSignal;
}

/** The params and options of a call: the params may be left out if they may be null. */
export type CallArguments<Params> = undefined extends Params
  ? [params?: Params, options?: CallOptions]
  : [params: Params, options?: CallOptions];

const defaultTimeout = 5000;

function checked(options: RpcConnectOptions): EndpointOptions & { balancer: BalancerName } {
  const {
    connectTimeout = 1000,
    maxFrame = defaultMaxFrame,
    balancer = 'p2c',
    maxInFlight = 1024,
    maxQueue = 10_000,
    pingInterval = 10_000,
    legacyPipelining = false,
  } = object('options', options);
  integer('options.connectTimeout', connectTimeout, 1, INT_MAX);
  checkMaxFrame(maxFrame);
  text('options.balancer', balancer);
  if (!Object.hasOwn(balancers, balancer))
    throw wrongValue('options.balancer', `must be one of ${Object.keys(balancers).join(', ')}`, balancer);
  integer('options.maxInFlight', maxInFlight, 1, INT_MAX);
  integer('options.maxQueue', maxQueue, 1, INT_MAX);
  integer('options.pingInterval', pingInterval, 1, INT_MAX);
  boolean('options.legacyPipelining', legacyPipelining);
  return { connectTimeout, maxFrame, balancer, maxInFlight, maxQueue, pingInterval, legacyPipelining };
}

/**
 * An RPC client. It spreads its calls over the servers, with one connection to each, made when it is first wanted, on
 * which many calls are under way at once.
 *
 * A server that cannot be connected to, or whose connection is lost, is not called until there is a connection to it
 * again; one that leaves calls without a reply is not for a while, unless half of the servers are such. When there is no
 * other, all are called. One that leaves the list answers the calls that it has, then its connection is closed. An idle
 * client does not keep the process alive.
 */
export class RpcClient<H extends HandlersOf<H> = AnyHandlers> {
  readonly #maxFrame: number;
  readonly #host: CallHost;
  readonly #pool: Pool;
  readonly #watch: InstanceWatch | undefined;
  /** The calls that wait for an instance. */
  readonly #waiting = new Set<Call>();
  #closed = false;
  #closing: Promise<void> | undefined;

  /** Use `createRpcClient`. */
  constructor(options: RpcClientOptions) {
    const { balancer, ...connecting } = checked(options);
    this.#maxFrame = connecting.maxFrame;
    this.#pool = new Pool(connecting, balancer);
    if ('registry' in options) {
      text('options.service', options.service);
      const registry = options.registry as Partial<InstanceRegistry> | undefined;
      if (typeof registry?.watch !== 'function') throw wrongType('options.registry', 'a registry', registry);
      this.#host = this.#callHost(options.service, connecting.maxQueue);
      this.#watch = options.registry.watch(options.service, (instances) => {
        this.#setList(instances);
      });
      this.#watch.unref?.();
    } else {
      text('options.host', options.host);
      integer('options.port', options.port, 1, 65535);
      this.#host = this.#callHost(`${options.host}:${options.port}`, connecting.maxQueue);
      this.#setList([options]);
    }
  }

  /**
   * Calls a method of a server.
   *
   * A call that was not sent goes to another server, and so does one that a server refuses because it is overloaded; one
   * that was sent and whose connection was lost only if it is `idempotent`. It is sent three times at most, and what is
   * sent again is no more than a fifth of the client's calls and ten a second.
   *
   * @param method its name
   * @param rest the params: anything that JSON can express, null if absent; and the options
   * @returns the reply's `result`
   * @throws RpcTimeoutError, NoInstanceError: after `timeout`. ConnectError: no server could be connected to.
   *   ConnectionLostError. CallError: the server's answer; OverloadedError. RpcQueueFullError. FrameError: the request is
   *   longer than `maxFrame`. ClientClosedError. TypeError, RangeError: bad arguments. The `reason` of `signal`
   */
  call<M extends keyof H & string>(method: M, ...rest: CallArguments<ParamsOf<H[M]>>): Promise<ResultOf<H[M]>> {
    return new Promise((resolve, reject) => {
      const [params, options = {}] = rest as [unknown, CallOptions?];
      const { timeout = defaultTimeout, idempotent = false, signal } = object('options', options);
      text('method', method);
      integer('options.timeout', timeout, 1, INT_MAX);
      abortSignal('options.signal', signal);
      signal?.throwIfAborted();
      const head = requestHead(method, params);
      const limit = this.#maxFrame - requestTail;
      if (3 * head.length > limit && Buffer.byteLength(head) > limit)
        throw new FrameError(`a request of more than ${this.#maxFrame} bytes (maxFrame)`);
      if (this.#closed) throw new ClientClosedError();
      new Call(this.#host, head, { timeout, idempotent, signal }, resolve as (result: unknown) => void, reject);
    });
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

  #end(): Promise<void> {
    this.#closed = true;
    this.#watch?.close();
    this.#wake();
    return this.#pool.close();
  }

  #callHost(service: string, maxQueue: number): CallHost {
    return {
      service,
      pool: this.#pool,
      budget: new RetryBudget(),
      aborts: new Aborts(),
      isClosed: () => this.#closed,
      wait: (call) => {
        if (this.#waiting.size >= maxQueue)
          call.fail(
            new RpcQueueFullError(`${maxQueue} calls wait for an instance of ${service} already (maxQueue): try later`),
          );
        else this.#waiting.add(call);
      },
      forget: (call) => this.#waiting.delete(call),
    };
  }

  #setList(instances: readonly Address[]): void {
    this.#pool.setList(instances);
    if (this.#pool.size > 0) this.#wake();
  }

  #wake(): void {
    const calls = [...this.#waiting];
    this.#waiting.clear();
    const now = performance.now();
    for (const call of calls) call.go(now);
  }
}

/**
 * Makes a client of a service's instances in a registry, or of one server. It connects when it is called.
 *
 * With the type of the server's handlers, `createRpcClient<typeof handlers>(…)`, its calls have the types of their methods.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, RangeError ERR_OUT_OF_RANGE: bad arguments; what the
 *   registry's `watch` throws
 */
export function createRpcClient<H extends HandlersOf<H> = AnyHandlers>(options: RpcClientOptions): RpcClient<H> {
  return new RpcClient<H>(options);
}
