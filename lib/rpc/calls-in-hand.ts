import { CallsById } from './calls-by-id.js';
import { BadRequestError, CallError, CancelledError, RpcTimeoutError } from './errors.js';
import type { Method } from './handlers.js';
import { ServedCall, type RemoteEnd } from './served-call.js';
import { errorReply, jsonOf, type CallId, type reasons } from './wire.js';

/** What a server lets each of its connections have. */
export interface CallLimits {
  readonly maxFrame: number;
  readonly maxCallsPerConnection: number;
  /** In milliseconds; Infinity: none. */
  readonly handlerTimeout: number;
}

/** The server, as the calls of a connection see it. */
export interface CallsHost {
  readonly limits: CallLimits;
  /** A call that was counted in has ended. */
  leave(): void;
  /** A call came. */
  began(method: string): void;
  /** A frame or a call was refused. The error is made if somebody is told: a peer may do this often. */
  refused(error: () => Error, remoteAddress: string | undefined): void;
}

/** Their connection. */
export interface Speaker {
  /** Sends a frame, soon. */
  say(text: string): void;
  /** There is something to send, or room for another call. */
  workSoon(): void;
  /** No more requests are taken, since one of them gets no reply. */
  refuse(): void;
}

export type Reason = keyof typeof reasons;

/**
 * The calls that a connection has in hand, from the start of their handlers until their replies are written.
 *
 * A call that nobody waits for any more takes its place until its handler has ended, or has had its time: otherwise a peer
 * that asks and cancels, or asks for an answer within a millisecond, could have as many handlers at work as it likes.
 */
export class CallsInHand {
  readonly #host: CallsHost;
  readonly #speaker: Speaker;
  readonly #end: RemoteEnd;
  /** The calls without an id, in the order of their requests, until they are answered. */
  readonly #ordered: ServedCall[] = [];
  /** The calls with an id that are not answered yet. */
  readonly #byId = new CallsById();
  #unanswered = 0;
  /** The calls that are not answered, and those whose handlers are at work. */
  #places = 0;
  #size = 0;
  #changes = 0;

  constructor(host: CallsHost, speaker: Speaker, end: RemoteEnd) {
    this.#host = host;
    this.#speaker = speaker;
    this.#end = end;
  }

  /** How many are not answered yet. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** How long the requests are together of those that have a place, in bytes. */
  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#places >= this.#host.limits.maxCallsPerConnection;
  }

  /** How often one has begun or ended. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether a call with this id is not answered yet. */
  has(id: CallId): boolean {
    return this.#byId.has(id);
  }

  /**
   * Has a call handled, which was counted in.
   *
   * @param id undefined: it is answered when those before it are
   * @param deadline on the clock of performance.now()
   * @param size that of its request, in bytes
   */
  begin(method: Method, id: CallId | undefined, deadline: number, params: unknown, size: number): void {
    const call = new ServedCall(method.name, id, deadline, this.#end, size);
    // It has its place among the replies before its handler runs: the handler might close the server.
    if (id === undefined) this.#ordered.push(call);
    call.isUnanswered = true;
    call.isAtWork = true;
    this.#unanswered++;
    this.#places++;
    this.#size += size;
    this.#changes++;
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
      this.#leaveWork(call);
      this.#fail(call, stage, error);
      return;
    }
    if (later) {
      this.#expect(call, method, result);
    } else {
      this.#leaveWork(call);
      this.#succeed(call, method, result);
    }
  }

  /** Nobody waits for the reply to this call any more, if it is one. */
  cancel(id: unknown): void {
    const call = this.#byId.get(id);
    if (call === undefined) return;
    this.#settle(call);
    call.abort(new CancelledError('the caller has cancelled'));
  }

  /** A call with an id that is none. */
  refuse(id: CallId | null, reason: Reason, message: string): void {
    this.#host.refused(() => new BadRequestError(message), this.#end.address);
    this.#speaker.say(errorReply(id, reason, message));
  }

  /** Bytes or a call without an id that are none: there is no reply to them, and so none after them. */
  refuseInOrder(error: () => Error): void {
    const place = new ServedCall('', undefined, Infinity, this.#end, 0);
    this.#ordered.push(place);
    this.#refusePlace(place, error);
  }

  /** The connection is gone. */
  dropAll(): void {
    for (const call of [...this.#ordered.splice(0), ...this.#byId.takeAll()]) this.#drop(call);
  }

  #expect(call: ServedCall, method: Method, result: unknown): void {
    if (call.id !== undefined) this.#byId.add(call.id, call);
    call.until = performance.now() + this.#host.limits.handlerTimeout;
    this.#limit(call);
    void Promise.resolve(result).then(
      (value) => {
        this.#leaveWork(call);
        this.#succeed(call, method, value);
      },
      (error: unknown) => {
        this.#leaveWork(call);
        this.#fail(call, 'failed', error);
      },
    );
  }

  /** Sets the timer of a handler that is at work: for its caller's deadline, if somebody waits, and for its own time. */
  #limit(call: ServedCall): void {
    const { deadline, until } = call;
    const isOverdue = call.isSettled || until < deadline;
    call.limit(isOverdue ? until : deadline, () => {
      if (isOverdue) this.#leaveWork(call);
      if (call.isSettled) return;
      const error = new RpcTimeoutError(`${call.method} has taken too long`);
      this.#fail(call, isOverdue ? 'timeout' : 'expired', error);
      call.abort(error);
    });
  }

  #succeed(call: ServedCall, { replyHead }: Method, result: unknown): void {
    if (call.isSettled) return;
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
    if (call.isSettled) return;
    const message = `${call.method} ${reason === 'failed' ? 'failed' : `(${reason})`}`;
    const refusal = (): Error => new BadRequestError(message, { cause: error });
    if (call.id === undefined) {
      this.#settle(call);
      this.#refusePlace(call, refusal);
    } else {
      const own = wordOf(error);
      if (own === undefined) this.#host.refused(refusal, this.#end.address);
      // What a handler throws may tell of the server's inside; what `params` throws is meant for who has sent them.
      const told = own || reason !== 'failed' ? messageOf(error) : undefined;
      this.#answer(call, errorReply(call.id, own ?? reason, told ?? message));
    }
  }

  #answer(call: ServedCall, text: string): void {
    this.#settle(call);
    if (call.id === undefined) {
      call.reply = text;
      this.#advance();
    } else {
      this.#speaker.say(text);
    }
    this.#speaker.workSoon();
  }

  /** Its reply is known, or nobody waits for it any more. */
  #settle(call: ServedCall): void {
    call.isSettled = true;
    this.#changes++;
    if (call.isAtWork) this.#limit(call);
    if (call.id === undefined) return;
    this.#byId.delete(call.id);
    this.#leaveUnanswered(call);
  }

  #leaveUnanswered(call: ServedCall): void {
    if (!call.isUnanswered) return;
    call.isUnanswered = false;
    this.#unanswered--;
    this.#leavePlace(call);
  }

  /** Its handler has ended, or has had its time. */
  #leaveWork(call: ServedCall): void {
    if (!call.isAtWork) return;
    call.isAtWork = false;
    call.limit(Infinity);
    this.#host.leave();
    this.#leavePlace(call);
  }

  #leavePlace(call: ServedCall): void {
    if (call.isUnanswered || call.isAtWork) return;
    this.#places--;
    this.#size -= call.size;
    this.#speaker.workSoon();
  }

  #refusePlace(call: ServedCall, error: () => Error): void {
    call.isRefused = true;
    this.#speaker.refuse();
    this.#host.refused(error, this.#end.address);
    this.#advance();
    this.#speaker.workSoon();
  }

  /** Sends the replies whose turn has come. */
  #advance(): void {
    const calls = this.#ordered;
    let answered = 0;
    for (const call of calls) {
      if (call.isRefused || call.reply === undefined) break;
      this.#speaker.say(call.reply);
      this.#leaveUnanswered(call);
      answered++;
    }
    calls.splice(0, answered);
    if (calls[0]?.isRefused !== true) return;
    for (const later of calls.splice(0)) {
      this.#drop(later);
      this.#leaveUnanswered(later);
    }
  }

  /** Nobody will get its reply. */
  #drop(call: ServedCall): void {
    if (call.isSettled || call.isRefused) return;
    this.#settle(call);
    call.abort(new CancelledError('the connection has ended'));
  }
}

// Programs throw whatever they like: errors whose members are no texts, too, or that throw when they are looked at.

/** The word of a handler to its caller, if that is what it has thrown. */
function wordOf(error: unknown): string | undefined {
  return textIn(() => error instanceof CallError && error.reason);
}

function messageOf(error: unknown): string | undefined {
  return textIn(() => error instanceof Error && error.message);
}

function textIn(look: () => unknown): string | undefined {
  try {
    const found = look();
    return typeof found === 'string' ? found : undefined;
  } catch {
    return undefined;
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
