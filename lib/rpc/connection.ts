import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { timeLimit } from '../time-limit.js';
import {
  CallError,
  ConnectError,
  ConnectionLostError,
  FrameError,
  OverloadedError,
  RpcTimeoutError,
} from './errors.js';
import { nobody, type Exchange } from './exchange.js';
import { FrameReader, type FrameBody } from './frames.js';
import { leftToParent } from './left-to-parent.js';
import { Numbered } from './numbered.js';
import { Outbox } from './outbox.js';
import { Silence } from './silence.js';
import { idTail, legacyRequest } from './wire.js';

/** Where a server listens, and what its connection may take. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** How long it may take to connect, in milliseconds. */
  readonly connectTimeout: number;
  /** The longest reply, in bytes. */
  readonly maxFrame: number;
  /** How many calls may be under way at once. */
  readonly maxInFlight: number;
  /** Whether as many may be on a connection to a booklet's server. */
  readonly legacyPipelining: boolean;
  /** How long a server may be silent until it is asked whether it is there, in milliseconds, and then to answer. */
  readonly pingInterval: number;
}

/** How a connection has ended: as it should, or not; and whether calls were lost with it. */
export interface Ending {
  readonly orderly: boolean;
  readonly lost: boolean;
  readonly error: Error;
}

// What arrives, on whichever connection: it is read to its end, or copied, before anything else arrives. A buffer for each read
// would cost more than a short call.
const arrivals = Buffer.allocUnsafeSlow(64 * 1024);

const open = new Set<Connection>();
const hook = leftToParent(() => open);

/**
 * One TCP connection to a server. Many calls are under way on it at once, and replies come in any order, if the server
 * echoes the `id` of requests. A server of the booklet does not: its first reply tells, and from then on it is sent one
 * call after the other, without an `id`. Until the first word of the server, one call alone is sent.
 *
 * Once lost it stays lost. It does not keep the process alive. In a forked child it is lost without a word to the server, and its
 * calls, which are the parent's, are never settled.
 */
export class Connection {
  /** Fulfilled when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #options: ConnectionOptions;
  readonly #address: string;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  readonly #ended: (ending: Ending) => void;
  /** Calls whose request the server may know. */
  readonly #sent = new Numbered<Exchange>();
  /** Calls whose request has not left. */
  readonly #unsent = new Numbered<Exchange>();
  #mode: 'unknown' | 'extended' | 'legacy' = 'unknown';
  /** How many calls may be under way. */
  #window = 1;
  /** The longest request that the server takes, in bytes. */
  #longest = Infinity;
  #lastNumber = 0;
  /** Whether no other call was under way when the last one was sent. */
  #wasAlone = false;
  /** Takes no more calls; whether those that are not sent yet are. */
  #ending: 'now' | 'when all are sent' | undefined;
  #connected = false;
  #answered = false;
  #lost = false;
  /** What the server has said against what it was sent. */
  #complaint: Error | undefined;
  /** Ends the timer of the moment to connect, and then of the time that it may take. */
  #endTimer: () => void = () => undefined;
  #silence: Silence | undefined;

  /**
   * @param delay when to connect, in milliseconds
   * @param ended is called once, before the calls that are lost with it fail
   */
  constructor(options: ConnectionOptions, delay: number, ended: (ending: Ending) => void) {
    this.#options = options;
    this.#address = `${options.host}:${options.port}`;
    this.#reader = new FrameReader(options.maxFrame);
    this.#ended = ended;
    const into: SocketConstructorOpts & ConnectOpts = {
      onread: {
        buffer: arrivals,
        callback: (length) => {
          this.#read(arrivals.subarray(0, length));
          return true;
        },
      },
    };
    const socket = new Socket(into);
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    socket.once('connect', () => {
      this.#endTimer();
      // Again: of a name with several addresses, the socket is that of the last one that was tried.
      socket.unref();
      this.#connected = true;
      this.#pump();
      this.#closeIfDone();
    });
    socket.on('drain', () => {
      this.#pump();
    });
    socket.once('end', () => {
      this.#lose(this.#complaint);
    });
    socket.on('error', (error) => {
      this.#lose(error);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#lose();
        resolve();
      });
    });
    hook();
    open.add(this);
    if (delay <= 0) this.#connect();
    else {
      const timer = setTimeout(() => {
        this.#connect();
      }, delay).unref();
      this.#endTimer = () => {
        clearTimeout(timer);
      };
    }
  }

  /** Whether calls can be made. */
  get usable(): boolean {
    return !this.#lost && this.#ending === undefined;
  }

  get connected(): boolean {
    return this.#connected && this.usable;
  }

  /** How many calls it has. */
  get load(): number {
    return this.#sent.size + this.#unsent.size;
  }

  /** How many of them wait to be sent. */
  get queued(): number {
    return this.#unsent.size;
  }

  /** Whether the server has ever answered a call on it. */
  get answered(): boolean {
    return this.#answered;
  }

  send(call: Exchange): void {
    call.connection = this;
    call.number = ++this.#lastNumber;
    call.isSent = false;
    if (this.#unsent.size === 0 && this.#maySend()) this.#write(call);
    else this.#unsent.set(call.number, call);
  }

  /**
   * The call's reply is not waited for any more.
   *
   * @param late whether it has come too late. On a connection whose replies have no ids the next one could not be told
   *   from the late one, and a server that takes so long is none to wait for: such a connection is lost. If the caller
   *   has only changed its mind, one reply is thrown away.
   */
  abandon(call: Exchange, late: boolean): void {
    const id = call.number;
    if (this.#unsent.get(id) === call) {
      this.#unsent.take(id);
      this.#closeIfDone();
      return;
    }
    if (this.#sent.get(id) !== call) return;
    if (this.#mode === 'extended') {
      this.#sent.take(id);
      this.#outbox.add(`{"cancel":${id}}`);
      this.#pump();
      this.#closeIfDone();
    } else if (late) {
      this.#sent.take(id);
      this.#lose(new Error('a call before it timed out'));
    } else {
      this.#throwAway(id, call.deadline);
    }
  }

  /** The reply to a call is thrown away when it comes; when it is due and has not come, the next could not be told from it. */
  #throwAway(id: number, deadline: number): void {
    const timer = setTimeout(
      () => {
        if (!this.#sent.take(id)) return;
        if (this.#mode === 'extended') this.#closeIfDone();
        else this.#lose(new Error('there was no reply to a call before it'));
      },
      Math.max(1, deadline - performance.now()),
    ).unref();
    this.#sent.set(
      id,
      nobody(() => {
        clearTimeout(timer);
      }),
    );
  }

  /** Takes no more calls, gives back those that are not sent, and closes after the last reply. */
  leave(): void {
    this.#ending = 'now';
    const error = new ConnectionLostError(`the server ${this.#address} takes no more calls`, false);
    for (const call of this.#unsent.takeAll()) call.fail(error);
    this.#closeIfDone();
  }

  /** Takes no more calls, and closes after the last reply to those that it has. */
  finish(): void {
    this.#ending ??= 'when all are sent';
    this.#closeIfDone();
  }

  /** In a forked child: it is the parent's. */
  forget(): void {
    const calls = [...this.#sent.takeAll(), ...this.#unsent.takeAll()];
    this.#end();
    this.#ended({ orderly: true, lost: false, error: new Error('forked') });
    for (const call of calls) call.forget();
  }

  #connect(): void {
    const { host, port, connectTimeout, pingInterval } = this.#options;
    this.#endTimer = timeLimit(connectTimeout, () => {
      this.#lose(new Error(`no connection within ${connectTimeout} ms`));
    });
    // For servers that cannot be asked whether they are there.
    const socket = this.#socket;
    try {
      socket.connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: pingInterval });
    } catch (error) {
      // Whoever has written it into the registry: such an address is no better than one that refuses.
      socket.destroy(error as Error);
    }
    socket.unref();
  }

  #maySend(): boolean {
    return this.#connected && !this.#lost && this.#sent.size < this.#window && !this.#socket.writableNeedDrain;
  }

  #pump(): void {
    while (this.#maySend()) {
      const call = this.#unsent.take(this.#unsent.first);
      if (call === undefined) return;
      this.#write(call);
    }
  }

  #write(call: Exchange): void {
    const { number: id, head } = call;
    const isLegacy = this.#mode === 'legacy';
    const tail = isLegacy ? '}' : idTail(id, Math.max(1, Math.ceil(call.deadline - performance.now())));
    const room = this.#longest - tail.length;
    if (3 * head.length > room && Buffer.byteLength(head) > room) {
      call.fail(new FrameError(`the server ${this.#address} takes at most ${this.#longest} bytes`));
      return;
    }
    call.isSent = true;
    this.#sent.set(id, call);
    if (isLegacy || this.#mode === 'unknown') {
      this.#outbox.send(legacyRequest(head, tail));
      return;
    }
    // One call after the other is sent at once: what is left to do here is done while the server is at work. Where there are more,
    // a write of its own for the first would cost more than that saves.
    const isAlone = this.#sent.size === 1;
    if (isAlone && this.#wasAlone) this.#outbox.send(head + tail);
    else this.#outbox.add(head + tail);
    this.#wasAlone = isAlone;
  }

  #read(chunk: Buffer): void {
    this.#silence?.broken();
    this.#reader.push(chunk);
    try {
      for (let body = this.#reader.read(); body !== undefined; body = this.#reader.read()) {
        this.#take(body);
        if (this.#lost) return;
      }
      this.#reader.keep();
    } catch (error) {
      this.#lose(error as Error);
      return;
    }
    this.#pump();
    this.#closeIfDone();
  }

  /** @throws FrameError it is no reply, or none to a call of this connection */
  #take(body: FrameBody): void {
    const { id } = body;
    if (id === undefined) {
      if (Object.hasOwn(body, 'result')) this.#takeInOrder(body['result']);
      else if (!this.#takeControl(body)) throw new FrameError('a reply without a result');
      return;
    }
    if (this.#mode === 'legacy') throw new FrameError('a reply with an id to a call without one');
    this.#extend(undefined);
    if (id === null) {
      this.#complaint = errorOf(body);
      this.leave();
      return;
    }
    const call = typeof id === 'number' ? this.#sent.take(id) : undefined;
    // Nobody waits for it any more.
    if (call === undefined) return;
    this.#answered = true;
    if (Object.hasOwn(body, 'result')) call.succeed(body['result']);
    else call.fail(errorOf(body));
  }

  #takeInOrder(result: unknown): void {
    if (this.#mode === 'extended') throw new FrameError('a reply without an id');
    const call = this.#sent.take(this.#sent.first);
    if (call === undefined) throw new FrameError('a reply without a request');
    if (this.#mode === 'unknown') {
      this.#mode = 'legacy';
      const { legacyPipelining, maxInFlight } = this.#options;
      if (legacyPipelining) this.#window = maxInFlight;
    }
    this.#answered = true;
    call.succeed(result);
  }

  #takeControl({ hello, goaway, pong }: FrameBody): boolean {
    if (hello !== undefined && this.#mode === 'unknown') {
      this.#extend(hello);
      return true;
    }
    if (this.#mode !== 'extended') return false;
    if (goaway !== undefined) {
      this.leave();
      if (this.#lost) return true;
      // What the server sees of it: no more requests will come.
      this.#outbox.end();
      return true;
    }
    return pong !== undefined;
  }

  /** The server knows ids. @param hello what it says of itself, if it does */
  #extend(hello: unknown): void {
    if (this.#mode === 'extended') return;
    this.#mode = 'extended';
    const { maxInFlight, pingInterval } = this.#options;
    const { maxFrame, maxCalls } = (hello ?? {}) as FrameBody;
    if (typeof maxFrame === 'number') this.#longest = maxFrame;
    this.#window = typeof maxCalls === 'number' && maxCalls >= 1 ? Math.min(maxCalls, maxInFlight) : maxInFlight;
    this.#silence = new Silence(pingInterval, {
      ask: () => {
        this.#outbox.add('{"ping":1}');
      },
      giveUp: () => {
        this.#lose(new Error(`the server is silent for ${2 * pingInterval} ms`));
      },
    });
  }

  #closeIfDone(): void {
    if (this.#ending === undefined || this.load > 0) return;
    this.#lose();
  }

  #end(): void {
    this.#lost = true;
    open.delete(this);
    this.#endTimer();
    this.#silence?.stop();
    this.#socket.destroy();
  }

  #lose(cause?: Error): void {
    if (this.#lost) return;
    this.#end();
    const options = cause && { cause };
    const lost = this.#sent.size > 0;
    const unsent = this.#connected
      ? new ConnectionLostError(`the connection to ${this.#address} was lost before the request`, false, options)
      : new ConnectError(`there is no connection to ${this.#address}: ${cause?.message ?? 'closed'}`, options);
    const orderly = !lost && this.#answered && this.#complaint === undefined;
    this.#ended({ orderly: orderly || (this.#ending === 'when all are sent' && !lost), lost, error: unsent });
    const reason = `the connection to ${this.#address} was lost before the reply`;
    const calls = [this.#sent.takeAll(), this.#unsent.takeAll()] as const;
    for (const call of calls[0]) call.fail(new ConnectionLostError(reason, true, options));
    for (const call of calls[1]) call.fail(unsent);
  }
}

function errorOf({ error }: FrameBody): Error {
  const { code, message } = (error ?? {}) as FrameBody;
  const text = typeof message === 'string' ? message : 'the server has answered with an error';
  if (code === 'overloaded') return new OverloadedError(text);
  if (code === 'expired') return new RpcTimeoutError(text);
  return new CallError(typeof code === 'string' ? code : 'failed', text);
}
