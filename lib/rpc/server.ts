import { Server, type Socket } from 'node:net';
import { callback, object, wrongType } from '../mistakes.js';
import { checkMaxFrame } from './arguments.js';
import { BadRequestError } from './errors.js';
import { defaultMaxFrame, encodeFrame, FrameReader, type FrameBody } from './frames.js';

/** Answers a call: from its params, as they came (check them!), makes its result, anything that JSON can express. */
export type Handle = (params: unknown) => unknown;

/** A handler is a function, or one together with the `out` of its replies, if that is not the method's name. */
export type Handler = Handle | { readonly out: string; readonly handle: Handle };

/** The handlers by their methods' names. */
export type Handlers = Readonly<Record<string, Handler>>;

/** Options of `createRpcServer`. */
export interface RpcServerOptions {
  /** The longest request body in bytes, 1 to `buffer.constants.MAX_STRING_LENGTH`; 4 MiB if absent. */
  maxFrame?: number;
}

// When so many calls of one connection wait for their handlers, or behind one that waits, no more are read.
const maxInHand = 1024;

// How long, after the last reply, what the peer still sends is read and thrown away. To close a socket with bytes unread
// resets the connection, and that takes back replies that are under way (RFC 1122, 4.2.2.13). In milliseconds.
const lingerTime = 2000;

interface Method {
  readonly out: string;
  readonly handle: Handle;
}

/**
 * An RPC server of the booklet's frames: a `net.Server` like any other, which listens, runs under `prefork` and closes
 * as such. It emits, beside the events of `net.Server`:
 *
 * - `request` (method): a call came;
 * - `badRequest` (error, remoteAddress): a `FrameError` or `BadRequestError` for which the connection closes.
 *
 * Calls of one connection are answered in their order, whatever the order in which their handlers finish. The booklet
 * has no reply that says "error": at bytes that are no frame, an unknown method or a handler that fails, the calls
 * before it are still answered, the connection is closed, and nobody else notices.
 *
 * `close()` stops listening, ends the connections, those that have calls in hand after their last reply, and calls back
 * when all are gone.
 */
export class RpcServer extends Server {
  readonly #peers = new Set<Peer>();

  /** Use `createRpcServer`. */
  constructor(methods: ReadonlyMap<string, Method>, maxFrame: number) {
    // A peer may end its side and still wait for its replies.
    super({ allowHalfOpen: true, noDelay: true });
    this.on('connection', (socket: Socket) => {
      const peer = new Peer(this, socket, methods, maxFrame);
      this.#peers.add(peer);
      socket.once('close', () => this.#peers.delete(peer));
    });
  }

  override close(callback?: (error?: Error) => void): this {
    super.close(callback);
    for (const peer of this.#peers) peer.drain();
    return this;
  }
}

/**
 * Makes an RPC server. It does not listen yet.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE, RangeError ERR_OUT_OF_RANGE: bad arguments
 */
export function createRpcServer(handlers: Handlers, options: RpcServerOptions = {}): RpcServer {
  const { maxFrame = defaultMaxFrame } = options;
  checkMaxFrame(maxFrame);
  const methods = new Map<string, Method>();
  for (const [name, handler] of Object.entries(handlers)) {
    const method = typeof handler === 'function' ? { out: name, handle: handler } : object(`handlers.${name}`, handler);
    callback(`handlers.${name}.handle`, method.handle);
    if (typeof method.out !== 'string') throw wrongType(`handlers.${name}.out`, 'of type string', method.out);
    methods.set(name, method);
  }
  return new RpcServer(methods, maxFrame);
}

/** A place in the order of replies: it waits, then it has its frame or has failed. */
interface Reply {
  frame: Buffer | undefined;
  failed: boolean;
}

/** A connection, as seen by the server. */
class Peer {
  readonly #server: RpcServer;
  readonly #socket: Socket;
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #reader: FrameReader;
  /** The calls in hand, in the order of their requests. */
  #replies: Reply[] = [];
  /**
   * - open: takes requests;
   * - draining: takes no more bytes, answers the requests that are here, then ends;
   * - refusing: one reply has failed; those before it are answered, then ends;
   * - ended: nothing more is sent.
   */
  #state: 'open' | 'draining' | 'refusing' | 'ended' = 'open';

  constructor(server: RpcServer, socket: Socket, methods: ReadonlyMap<string, Method>, maxFrame: number) {
    this.#server = server;
    this.#socket = socket;
    this.#methods = methods;
    this.#reader = new FrameReader(maxFrame);
    socket.on('data', (chunk) => {
      if (this.#state !== 'open') return;
      this.#reader.push(chunk);
      this.#work();
    });
    socket.on('drain', () => {
      this.#work();
    });
    socket.on('end', () => {
      this.drain();
    });
    // The peer's failures are the peer's: 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#state = 'ended';
      this.#replies = [];
    });
  }

  /** Ends the connection after the last reply to what is here. */
  drain(): void {
    if (this.#state === 'open') this.#state = 'draining';
    this.#work();
  }

  /** Answers what is here, as far as the peer reads its replies. */
  #work(): void {
    const socket = this.#socket;
    // The replies to one read are sent in one write.
    socket.cork();
    let more = true;
    while (more && this.#takesCalls()) more = this.#next();
    socket.uncork();
    if (this.#state === 'draining' && !more && this.#replies.length === 0) this.#end();
    else if (this.#state === 'open' && more) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  #takesCalls(): boolean {
    return (
      (this.#state === 'open' || this.#state === 'draining') &&
      this.#replies.length < maxInHand &&
      !this.#socket.writableNeedDrain
    );
  }

  /** Begins the next call. False if it has not arrived. */
  #next(): boolean {
    let body: FrameBody | undefined;
    try {
      body = this.#reader.read();
    } catch (error) {
      this.#refuse(this.#newReply(), error as Error);
      return false;
    }
    if (body === undefined) return false;
    this.#call(body);
    return true;
  }

  #call(request: FrameBody): void {
    const { in: name, params } = request;
    // A call has its place among the replies before its handler runs: the handler might close the server.
    const reply = this.#newReply();
    const method = typeof name === 'string' ? this.#methods.get(name) : undefined;
    if (method === undefined || !Object.hasOwn(request, 'params')) {
      this.#refuse(reply, new BadRequestError(method ? 'a call without params' : 'no such method'));
      return;
    }
    this.#server.emit('request', name);
    const failed = (error: unknown): void => {
      this.#refuse(reply, new BadRequestError(`${String(name)} failed`, { cause: error }));
    };
    try {
      const result = method.handle(params);
      if (!isThenable(result)) {
        this.#answer(reply, method.out, result);
        return;
      }
      Promise.resolve(result)
        .then((value) => {
          this.#answer(reply, method.out, value);
        })
        .catch(failed)
        // Calls may have waited for the place of this one.
        .finally(() => {
          this.#work();
        });
    } catch (error) {
      failed(error);
    }
  }

  #newReply(): Reply {
    const reply = { frame: undefined, failed: false };
    this.#replies.push(reply);
    return reply;
  }

  #answer(reply: Reply, out: string, result: unknown): void {
    // A function without a result answers null: the booklet's client wants the key.
    reply.frame = encodeFrame({ out, result: result === undefined ? null : result });
    this.#flush();
  }

  #refuse(reply: Reply, error: Error): void {
    reply.failed = true;
    if (this.#state !== 'ended') this.#state = 'refusing';
    this.#server.emit('badRequest', error, this.#socket.remoteAddress);
    this.#flush();
  }

  /** Sends the replies whose turn has come. */
  #flush(): void {
    for (let reply = this.#replies[0]; reply !== undefined; reply = this.#replies[0]) {
      if (reply.failed) {
        this.#end();
        return;
      }
      if (reply.frame === undefined) return;
      this.#replies.shift();
      this.#socket.write(reply.frame);
    }
  }

  #end(): void {
    const socket = this.#socket;
    this.#state = 'ended';
    this.#replies = [];
    socket.once('finish', () => {
      const timer = setTimeout(() => socket.destroy(), lingerTime);
      socket.once('close', () => {
        clearTimeout(timer);
      });
    });
    socket.end();
    socket.resume();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
