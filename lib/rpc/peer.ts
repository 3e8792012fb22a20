import type { Socket } from 'node:net';
import { INT_MAX } from '../mistakes.js';
import { BadRequestError, CallError, CancelledError, OverloadedError, RpcTimeoutError } from './errors.js';
import { FrameReader, FrameWriter, type FrameBody } from './frames.js';
import type { Method } from './handlers.js';
import { ServedCall, type RemoteEnd } from './served-call.js';
import { errorReply, isCallId, jsonOf, type CallId, type reasons } from './wire.js';

/** What a server lets its peers have. */
export interface PeerLimits {
  readonly maxFrame: number;
  readonly maxCallsPerConnection: number;
  /** In milliseconds; Infinity: none. */
  readonly handlerTimeout: number;
}

/** The server, as its connections see it. */
export interface PeerHost {
  readonly methods: ReadonlyMap<string, Method>;
  readonly limits: PeerLimits;
  /** Counts a call in. False if there are as many as there may be. */
  enter(): boolean;
  /** Counts it out. */
  leave(): void;
  /** Calls `work()` of this peer when there is room for a call. */
  wait(peer: Peer): void;
  /** A call came. */
  began(method: string): void;
  /** A frame or a call was refused. The error is made if somebody is told: a peer may do this often. */
  refused(error: () => Error, remoteAddress: string | undefined): void;
}

type Reason = keyof typeof reasons;

/** What is wrong with a request, by the code of its error reply. */
const mistakes = { unknown_method: 'no such method', bad_request: 'a call without params' } satisfies Partial<
  Record<Reason, string>
>;

// How long, after the last reply, what the peer still sends is read and thrown away. To close a socket with bytes unread
// resets the connection, and that takes back replies that are under way (RFC 1122, 4.2.2.13). In milliseconds.
const lingerTime = 2000;
// How long a peer may take, once it is told to, to send no more. In milliseconds.
const leaveTime = 5000;
// How long a draining server waits for the first request of a connection, or the rest of one. In milliseconds.
const firstTime = 1000;
// So many bytes of replies are sent in one write.
const batchSize = 64 * 1024;
// The requests that a connection has in hand are no longer than this together, in longest frames.
const framesInHand = 4;
// A connection is idle when nothing happens on it for so many looks.
export const idleLooks = 4;

/** A connection, as seen by the server. */
export class Peer {
  readonly #host: PeerHost;
  readonly #socket: Socket;
  readonly #end: RemoteEnd;
  readonly #reader: FrameReader;
  readonly #writer = new FrameWriter();
  /** The calls without an id, in the order of their requests, until they are answered. */
  #ordered: ServedCall[] = [];
  /** The calls with an id whose handlers are at work. */
  readonly #running = new Map<CallId, ServedCall>();
  #inHand = 0;
  #bytesInHand = 0;
  /** A request that has been read and waits until there is room for it. */
  #held: FrameBody | undefined;
  /** When the last bytes came, on the clock of performance.now(). */
  #arrived = 0;
  /** Whether a frame has come, and whether one of them was from a peer that knows more than the booklet. */
  #heard = false;
  #extended = false;
  /**
   * - open: takes requests;
   * - leaving: the peer is to send no more; what it sends is answered until then;
   * - draining: takes no more bytes, answers the requests that are here, then ends;
   * - refusing: takes no more requests; those in hand are answered, then ends;
   * - ended: nothing more is sent.
   */
  #state: 'open' | 'leaving' | 'draining' | 'refusing' | 'ended' = 'open';
  #leaveTimer: NodeJS.Timeout | undefined;
  #working = false;
  #scheduled = false;
  /** Looks without anything happening, and whether something has since the last. */
  #idle = 0;
  #active = true;

  constructor(host: PeerHost, socket: Socket) {
    this.#host = host;
    this.#socket = socket;
    this.#end = { address: socket.remoteAddress, port: socket.remotePort };
    this.#reader = new FrameReader(host.limits.maxFrame);
    socket.on('data', (chunk) => {
      if (this.#state !== 'open' && this.#state !== 'leaving') return;
      this.#arrived = performance.now();
      this.#reader.push(chunk);
      this.work();
    });
    socket.on('drain', () => {
      this.#active = true;
      this.work();
    });
    socket.on('end', () => {
      if (this.#state === 'open' || this.#state === 'leaving') this.#state = 'draining';
      this.work();
    });
    // The peer's failures are the peer's: 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#abandon();
    });
  }

  /**
   * Ends the connection without a call being lost: a peer that understands is told to send no more; from the others, what
   * is here is answered.
   */
  drain(): void {
    if (this.#state !== 'open') return;
    if (this.#extended) {
      this.#writer.add('{"goaway":true}');
      this.#letLeave(leaveTime);
    } else if (!this.#heard || this.#reader.unread > 0) {
      this.#letLeave(firstTime);
    } else {
      this.#state = 'draining';
    }
    this.work();
  }

  /** Looks whether the peer is idle. One that has been for `idleLooks` of them is to leave. */
  look(): void {
    const stuck = this.#socket.writableNeedDrain;
    if (this.#active || (this.#inHand > 0 && !stuck)) {
      this.#active = false;
      this.#idle = 0;
    } else if (++this.#idle >= idleLooks) {
      if (stuck || this.#state !== 'open') this.#socket.destroy();
      else this.drain();
      this.#idle = 0;
    }
  }

  /** Answers what is here, as far as there is room and the peer reads its replies. */
  work(): void {
    if (this.#working) return;
    this.#working = true;
    let step: 'took' | 'nothing' | 'blocked' = 'took';
    while (step === 'took') step = this.#hasRoom() ? this.#next() : 'blocked';
    this.#working = false;
    this.#flush();
    const socket = this.#socket;
    const done = this.#state === 'refusing' || (this.#state === 'draining' && step === 'nothing');
    if (done && this.#inHand === 0) this.#finish();
    else if (step === 'blocked' && (this.#state === 'open' || this.#state === 'leaving')) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  /** The same, once for all that happens in this turn of the event loop. */
  #workSoon(): void {
    if (this.#working || this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.work();
    });
  }

  #hasRoom(): boolean {
    if (this.#state === 'refusing' || this.#state === 'ended') return false;
    if (this.#writer.size > batchSize) this.#flush();
    if (this.#socket.writableNeedDrain) return false;
    return this.#bytesInHand <= framesInHand * this.#host.limits.maxFrame;
  }

  #next(): 'took' | 'nothing' | 'blocked' {
    let body = this.#held;
    if (body === undefined) {
      try {
        body = this.#reader.read();
      } catch (error) {
        this.#refuseFrame(error as Error);
        return 'nothing';
      }
      if (body === undefined) return 'nothing';
      this.#heard = true;
    }
    const { id } = body;
    if (id !== undefined) {
      this.#greet();
      this.#takeCall(body, id);
    } else if (body['in'] !== undefined || !this.#takeControl(body)) {
      return this.#takeInOrder(body);
    }
    return 'took';
  }

  /** Says hello to a peer that turns out to know more than the booklet. */
  #greet(): void {
    if (this.#extended) return;
    this.#extended = true;
    const { maxFrame, maxCallsPerConnection } = this.#host.limits;
    this.#writer.add(JSON.stringify({ hello: { maxFrame, maxCalls: maxCallsPerConnection } }));
    if (this.#state === 'leaving') {
      this.#writer.add('{"goaway":true}');
      this.#letLeave(leaveTime);
    }
  }

  #takeControl(body: FrameBody): boolean {
    const { cancel, ping } = body;
    if (ping !== undefined) {
      this.#greet();
      this.#writer.add(`{"pong":${jsonOf(ping)}}`);
      return true;
    }
    if (cancel === undefined || !this.#extended) return false;
    const call = this.#running.get(cancel as CallId);
    if (call) {
      this.#settle(call);
      call.abort(new CancelledError('the caller has cancelled'));
    }
    return true;
  }

  /** A call with an id: it is answered as soon as there is an answer, and that may be an error. */
  #takeCall(body: FrameBody, id: unknown): void {
    if (!isCallId(id)) {
      this.#refuseCall(null, 'bad_request', 'an id is a number or a short string');
      return;
    }
    const method = this.#methodOf(body);
    if (typeof method === 'string') {
      this.#refuseCall(id, method, mistakes[method]);
      return;
    }
    const { deadline: time } = body;
    const deadline = typeof time === 'number' && time <= INT_MAX ? this.#arrived + time : Infinity;
    // It may have waited here for a peer that did not read, or in a process that was stopped.
    if (deadline !== Infinity && deadline <= performance.now()) {
      this.#writer.add(errorReply(id, 'expired', 'the deadline has passed'));
    } else if (this.#inHand >= this.#host.limits.maxCallsPerConnection || !this.#host.enter()) {
      const { reason, message } = new OverloadedError();
      this.#writer.add(errorReply(id, reason, message));
    } else {
      const call = new ServedCall(method.name, id, deadline, this.#end, this.#reader.bodyLength);
      this.#begin(call, method, body['params']);
    }
  }

  /** A call of the booklet: replies are in the order of requests, and there is none that says "error". */
  #takeInOrder(body: FrameBody): 'took' | 'blocked' {
    const method = this.#methodOf(body);
    if (typeof method === 'string') {
      this.#refuseInOrder(this.#newPlace(''), () => new BadRequestError(mistakes[method]));
      return 'took';
    }
    if (this.#inHand >= this.#host.limits.maxCallsPerConnection) {
      this.#held = body;
      return 'blocked';
    }
    if (!this.#host.enter()) {
      this.#held = body;
      this.#host.wait(this);
      return 'blocked';
    }
    this.#held = undefined;
    // Nothing can be said to it; its next call might be on its way in vain.
    if (this.#state === 'leaving' && !this.#extended) this.#state = 'draining';
    const call = this.#newPlace(method.name);
    this.#begin(call, method, body['params']);
    return 'took';
  }

  #methodOf(body: FrameBody): Method | keyof typeof mistakes {
    const { in: name } = body;
    const method = typeof name === 'string' ? this.#host.methods.get(name) : undefined;
    if (method === undefined) return 'unknown_method';
    return Object.hasOwn(body, 'params') ? method : 'bad_request';
  }

  #newPlace(method: string): ServedCall {
    const call = new ServedCall(method, undefined, Infinity, this.#end, this.#reader.bodyLength);
    this.#ordered.push(call);
    return call;
  }

  #begin(call: ServedCall, method: Method, params: unknown): void {
    call.counted = true;
    this.#inHand++;
    this.#bytesInHand += call.size;
    this.#active = true;
    this.#host.began(method.name);
    let stage: Reason = 'bad_request';
    let result: unknown;
    let later: boolean;
    try {
      const checked = method.params ? method.params(params) : params;
      stage = 'failed';
      result = method.handle(checked as never, call);
      later = isThenable(result);
    } catch (error) {
      this.#fail(call, stage, error);
      return;
    }
    if (later) this.#expect(call, method, result);
    else this.#succeed(call, method, result);
  }

  #expect(call: ServedCall, method: Method, result: unknown): void {
    if (call.id !== undefined) this.#running.set(call.id, call);
    const { handlerTimeout } = this.#host.limits;
    const rest = call.deadline === Infinity ? Infinity : Math.max(1, call.deadline - performance.now());
    if (rest < Infinity || handlerTimeout < Infinity) {
      const reason = rest <= handlerTimeout ? 'expired' : 'timeout';
      call.limit(Math.min(rest, handlerTimeout), () => {
        const error = new RpcTimeoutError(`${method.name} has taken too long`);
        this.#fail(call, reason, error);
        call.abort(error);
      });
    }
    void Promise.resolve(result).then(
      (value) => {
        this.#succeed(call, method, value);
      },
      (error: unknown) => {
        this.#fail(call, 'failed', error);
      },
    );
  }

  #succeed(call: ServedCall, { replyHead }: Method, result: unknown): void {
    if (call.settled) return;
    let text: string;
    try {
      text = replyHead + jsonOf(result) + (call.id === undefined ? '}' : `,"id":${JSON.stringify(call.id)}}`);
    } catch (error) {
      this.#fail(call, 'failed', error);
      return;
    }
    const { maxFrame } = this.#host.limits;
    if (call.id !== undefined && 3 * text.length > maxFrame && Buffer.byteLength(text) > maxFrame) {
      this.#fail(call, 'too_long', new Error(`a reply of more than ${maxFrame} bytes`));
      return;
    }
    this.#answer(call, text);
  }

  /** @param error what was thrown; a CallError is the handler's own word to its caller */
  #fail(call: ServedCall, reason: Reason, error: unknown): void {
    if (call.settled) return;
    const said = error instanceof CallError ? error : undefined;
    const message = `${call.method} ${reason === 'failed' ? 'failed' : `(${reason})`}`;
    const refusal = (): Error => new BadRequestError(message, { cause: error });
    if (call.id === undefined) {
      this.#settle(call);
      this.#refuseInOrder(call, refusal);
      return;
    }
    // What a handler throws may tell of the server's inside; what `params` throws is meant for who has sent them.
    const told = reason === 'failed' ? message : error instanceof Error ? error.message : String(error);
    if (!said) this.#host.refused(refusal, this.#end.address);
    this.#answer(call, errorReply(call.id, said?.reason ?? reason, said?.message ?? told));
  }

  #answer(call: ServedCall, text: string): void {
    this.#settle(call);
    if (call.id === undefined) {
      call.reply = text;
      this.#advance();
    } else {
      this.#writer.add(text);
    }
    this.#workSoon();
  }

  /** Its handler has finished, or is waited for no more. */
  #settle(call: ServedCall): void {
    call.settle();
    this.#host.leave();
    this.#active = true;
    if (call.id === undefined) return;
    if (this.#running.get(call.id) === call) this.#running.delete(call.id);
    this.#giveBack(call);
  }

  #giveBack(call: ServedCall): void {
    if (!call.counted) return;
    call.counted = false;
    this.#inHand--;
    this.#bytesInHand -= call.size;
  }

  /** A frame that nothing can be made of: the stream cannot be read on. */
  #refuseFrame(error: Error): void {
    if (!this.#extended) {
      this.#refuseInOrder(this.#newPlace(''), () => error);
      return;
    }
    this.#state = 'refusing';
    this.#host.refused(() => error, this.#end.address);
    this.#writer.add(errorReply(null, 'bad_frame', error.message));
  }

  #refuseCall(id: CallId | null, reason: Reason, message: string): void {
    this.#host.refused(() => new BadRequestError(message), this.#end.address);
    this.#writer.add(errorReply(id, reason, message));
  }

  #refuseInOrder(call: ServedCall, error: () => Error): void {
    call.failed = true;
    this.#held = undefined;
    if (this.#state !== 'ended') this.#state = 'refusing';
    this.#host.refused(error, this.#end.address);
    this.#advance();
    this.#workSoon();
  }

  /** Sends the replies whose turn has come. */
  #advance(): void {
    const calls = this.#ordered;
    let answered = 0;
    for (const call of calls) {
      if (call.failed || call.reply === undefined) break;
      this.#writer.add(call.reply);
      this.#giveBack(call);
      answered++;
    }
    calls.splice(0, answered);
    if (calls[0]?.failed !== true) return;
    // There is no reply to it, and so none after it.
    for (const later of calls.splice(0)) {
      this.#drop(later);
      this.#giveBack(later);
    }
  }

  /** Nobody will get its reply. */
  #drop(call: ServedCall): void {
    if (call.settled || call.failed) return;
    this.#settle(call);
    call.abort(new CancelledError('the connection has ended'));
  }

  #letLeave(time: number): void {
    this.#state = 'leaving';
    clearTimeout(this.#leaveTimer);
    this.#leaveTimer = setTimeout(() => {
      if (this.#state === 'leaving') this.#state = 'draining';
      this.work();
    }, time);
  }

  #flush(): void {
    if (this.#writer.size > 0 && this.#state !== 'ended') this.#socket.write(this.#writer.take());
  }

  /** Ends the connection, now that all is answered. */
  #finish(): void {
    const socket = this.#socket;
    this.#state = 'ended';
    clearTimeout(this.#leaveTimer);
    socket.once('finish', () => {
      const timer = setTimeout(() => socket.destroy(), lingerTime);
      socket.once('close', () => {
        clearTimeout(timer);
      });
    });
    socket.end();
    socket.resume();
  }

  /** The connection is gone. */
  #abandon(): void {
    this.#state = 'ended';
    clearTimeout(this.#leaveTimer);
    for (const call of [...this.#ordered, ...this.#running.values()]) this.#drop(call);
    this.#ordered = [];
    this.#held = undefined;
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
