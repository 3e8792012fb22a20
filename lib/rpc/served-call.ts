import type { CallContext } from './handlers.js';
import type { CallId } from './wire.js';

/** The other end of a connection. */
export interface RemoteEnd {
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/** A call that a server has in hand: what its handler is told of it, and how far it is. */
export class ServedCall implements CallContext {
  readonly method: string;
  /** Undefined of a booklet's peer, whose calls are answered in their order. */
  readonly id: CallId | undefined;
  readonly deadline: number;
  readonly peer: RemoteEnd;
  /** How long its request was, in bytes. */
  readonly size: number;
  /** Of a booklet's peer: what it waits for its turn with, or that it will get no reply. */
  reply: string | undefined;
  isRefused = false;
  /** Its reply is not written yet, and somebody waits for it. */
  isUnanswered = false;
  /** Its handler has not ended. */
  isAtWork = false;
  /** Its reply is known, or nobody waits for it any more. */
  isSettled = false;
  /** How long its handler is counted as being at work, on the clock of performance.now(). */
  until = Infinity;
  #timer: NodeJS.Timeout | undefined;
  // Made when it is asked for: most handlers do not look at it, and it costs more than a short call.
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(method: string, id: CallId | undefined, deadline: number, peer: RemoteEnd, size: number) {
    this.method = method;
    this.id = id;
    this.deadline = deadline;
    this.peer = peer;
    this.size = size;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Nobody waits for it any more. */
  abort(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** Sets its only timer. @param at on the clock of performance.now(); Infinity: never */
  limit(at: number, expire?: () => void): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (at === Infinity || !expire) return;
    this.#timer = setTimeout(expire, Math.max(1, at - performance.now()));
    // Its connection keeps the process alive, if anything does.
    this.#timer.unref();
  }
}
