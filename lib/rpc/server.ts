import { Server, type Socket } from 'node:net';
import { INT_MAX, integer, object } from '../mistakes.js';
import { Roster } from '../roster.js';
import { uncaught } from '../uncaught.js';
import { checkMaxFrame } from './arguments.js';
import type { CallLimits } from './calls-in-hand.js';
import { defaultMaxFrame } from './frames.js';
import { methodsOf, type HandlersOf, type Method } from './handlers.js';
import { leftToParent } from './left-to-parent.js';
import { idleLooks, Peer, type PeerHost } from './peer.js';
import { Throttle } from './throttle.js';

/** Options of `createRpcServer`. Times are in milliseconds, 1 to 2³¹ − 1. */
export interface RpcServerOptions {
  /** The longest request body in bytes, 1 to `buffer.constants.MAX_STRING_LENGTH`. Default 4 MiB. */
  maxFrame?: number;
  /**
   * How many calls may be in hand at once, those of all connections together, 1 to 2³¹ - 1. Default 16,384. One that nobody
   * waits for any more is in hand until its handler has ended.
   */
  maxCalls?: number;
  /** How many of one connection, 1 to 2³¹ - 1. Default 1,024. */
  maxCallsPerConnection?: number;
  /**
   * How long a handler may take that answers with a promise: then its caller is told `timeout`, and it is in hand no more.
   * Default: as long as its caller waits.
   */
  handlerTimeout?: number;
  /** How long a connection may have no call, or a reply that is not taken, before it is closed. Default: for ever. */
  idleTimeout?: number;
}

interface Limits extends CallLimits {
  readonly maxCalls: number;
  readonly idleTimeout: number | undefined;
}

// So often in a second bad requests are told, at most.
const toldPerSecond = 10;
// A connection whose other end has vanished is found by TCP's own probes, the first after so many milliseconds.
const probeAfter = 60_000;

/** The peers of each server that has any. */
const served = new Set<Roster<Peer>>();
const hook = leftToParent(() => [...served].flatMap((peers) => [...peers]));

/**
 * An RPC server of the booklet's frames: a `net.Server` like any other, which listens, runs under `prefork` and closes
 * as such. It emits, beside the events of `net.Server`:
 *
 * - `request` (method): a call came;
 * - `badRequest` (error, remoteAddress, untold): a `FrameError`, or a `BadRequestError` for a call that is none or whose
 *   handler failed; ten a second at most: `untold` is how many were not told since the last.
 *
 * What a listener of these throws is an uncaught exception; the calls go on.
 *
 * A call with an `id` is answered when its handler has finished, or with an error. Calls without one, those of the
 * booklet, are answered in their order, whatever the order in which their handlers finish. For them there is no reply
 * that says "error": at bytes that are no frame, an unknown method or a handler that fails, the calls before it are still
 * answered, the connection is closed, and nobody else notices. When there are as many calls in hand as there may be, one
 * with an id is refused (`overloaded`); the others are not read until there is room.
 *
 * `close()` stops listening, has peers leave or ends their connections, those that have calls in hand after their last
 * reply, and calls back when all are gone. `closeAllConnections()` does not wait.
 *
 * In a forked child it has no connections, and listens as its parent does. A handler that was at work at the fork goes on in
 * both; its reply is the parent's to send.
 */
export class RpcServer extends Server {
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #limits: Limits;
  readonly #peers = new Roster<Peer>();
  /** Those that wait for room, in the order in which they came. */
  readonly #waiting = new Set<Peer>();
  readonly #news = new Throttle(toldPerSecond);
  #inHand = 0;
  #waking = false;
  #closing = false;
  #looks: NodeJS.Timeout | undefined;

  /** Use `createRpcServer`. */
  constructor(methods: ReadonlyMap<string, Method>, limits: Limits) {
    // A peer may end its side and still wait for its replies.
    super({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: probeAfter });
    this.#methods = methods;
    this.#limits = limits;
    const host = this.#host();
    this.on('listening', () => {
      this.#closing = false;
    });
    this.on('connection', (socket: Socket) => {
      const peer = new Peer(host, socket);
      this.#peers.add(peer);
      hook();
      served.add(this.#peers);
      this.#startLooking();
      socket.once('close', () => {
        this.#peers.delete(peer);
        this.#waiting.delete(peer);
        if (this.#peers.size > 0) return;
        served.delete(this.#peers);
        this.#stopLooking();
      });
      if (this.#closing) peer.drain();
    });
  }

  override close(callback?: (error?: Error) => void): this {
    this.#closing = true;
    super.close(callback);
    for (const peer of this.#peers) peer.drain();
    return this;
  }

  /**
   * Ends every connection at once, whatever is in hand on it: after `close()`, when it has taken long enough. A peer that does
   * not take its replies keeps the server waiting for ever otherwise, unless there is an `idleTimeout`.
   */
  closeAllConnections(): void {
    for (const peer of this.#peers) peer.cut();
  }

  #host(): PeerHost {
    return {
      methods: this.#methods,
      limits: this.#limits,
      enter: () => {
        if (this.#inHand >= this.#limits.maxCalls) return false;
        this.#inHand++;
        return true;
      },
      leave: () => {
        this.#inHand--;
        if (this.#waiting.size > 0) this.#wakeSoon();
      },
      wait: (peer) => this.#waiting.add(peer),
      began: (method) => {
        this.#tell('request', method);
      },
      refused: (error, remoteAddress) => {
        const untold = this.#news.admit();
        if (untold !== undefined) this.#tell('badRequest', error(), remoteAddress, untold);
      },
    };
  }

  /** What a listener throws is an uncaught exception, and the calls that are being taken here go on. */
  #tell(event: 'request' | 'badRequest', ...what: unknown[]): void {
    uncaught(() => {
      this.emit(event, ...what);
    });
  }

  /** Not at once: one that is woken gives room too, and would wake the next within itself. */
  #wakeSoon(): void {
    if (this.#waking) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      for (const peer of [...this.#waiting]) {
        if (this.#inHand >= this.#limits.maxCalls) return;
        this.#waiting.delete(peer);
        peer.work();
      }
    });
  }

  #startLooking(): void {
    const { idleTimeout } = this.#limits;
    if (idleTimeout === undefined) return;
    this.#looks ??= setInterval(
      () => {
        for (const peer of this.#peers) peer.look();
      },
      Math.ceil(idleTimeout / idleLooks),
    ).unref();
  }

  #stopLooking(): void {
    clearInterval(this.#looks);
    this.#looks = undefined;
  }
}

/**
 * Makes an RPC server. It does not listen yet.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE: bad arguments
 */
export function createRpcServer<H extends HandlersOf<H>>(handlers: H, options: RpcServerOptions = {}): RpcServer {
  const {
    maxFrame = defaultMaxFrame,
    maxCalls = 16_384,
    maxCallsPerConnection = 1024,
    handlerTimeout,
    idleTimeout,
  } = object('options', options);
  checkMaxFrame(maxFrame);
  integer('options.maxCalls', maxCalls, 1, INT_MAX);
  integer('options.maxCallsPerConnection', maxCallsPerConnection, 1, INT_MAX);
  if (handlerTimeout !== undefined) integer('options.handlerTimeout', handlerTimeout, 1, INT_MAX);
  if (idleTimeout !== undefined) integer('options.idleTimeout', idleTimeout, 1, INT_MAX);
  const limits = { maxFrame, maxCalls, maxCallsPerConnection, handlerTimeout: handlerTimeout ?? Infinity, idleTimeout };
  return new RpcServer(methodsOf(handlers), limits);
}
