import type { Socket } from 'node:net';
import { INT_MAX } from '../mistakes.js';
import type { Listed } from '../roster.js';
import { CallsInHand, type CallsHost, type Reason } from './calls-in-hand.js';
import { BadRequestError, OverloadedError } from './errors.js';
import { FrameReader, FrameWriter, type FrameBody } from './frames.js';
import type { Method } from './handlers.js';
import { errorReply, isCallId } from './wire.js';

/** The server, as its connections see it. */
export interface PeerHost extends CallsHost {
  readonly methods: ReadonlyMap<string, Method>;
  /** Counts a call in. False if there are as many as there may be. */
  enter(): boolean;
  /** Calls `work()` of this peer when there is room for a call. */
  wait(peer: Peer): void;
}

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

// So much of a name that is none is said again, in characters.
const longestName = 100;

/** What is wrong with a request, by the code of its error reply. */
const mistakes = {
  unknown_method: ({ in: name }) =>
    typeof name === 'string' ? `no such method: ${JSON.stringify(name.slice(0, longestName))}` : 'no such method',
  bad_request: () => 'a call without params',
} satisfies Partial<Record<Reason, (body: FrameBody) => string>>;

/** A connection, as seen by the server. */
export class Peer implements Listed {
  place = -1;
  readonly #host: PeerHost;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #writer = new FrameWriter();
  readonly #calls: CallsInHand;
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
  #isForgotten = false;
  #leaveTimer: NodeJS.Timeout | undefined;
  #working = false;
  #scheduled = false;
  /** Looks without anything happening; whether replies were taken since the last, and what the calls had seen by then. */
  #idle = 0;
  #active = true;
  #seen = 0;

  constructor(host: PeerHost, socket: Socket) {
    this.#host = host;
    this.#socket = socket;
    this.#reader = new FrameReader(host.limits.maxFrame);
    this.#calls = new CallsInHand(host, this, { address: socket.remoteAddress, port: socket.remotePort });
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
      this.#state = 'ended';
      this.#held = undefined;
      clearTimeout(this.#leaveTimer);
      // Those of a parent are waited for: their handlers, which go on here too, are told nothing.
      if (!this.#isForgotten) this.#calls.dropAll();
    });
  }

  /**
   * Ends the connection without a call being lost: a peer that understands is told to send no more; from the others, what
   * is here is answered.
   */
  drain(): void {
    if (this.#state !== 'open') return;
    if (this.#extended) this.#sayGoaway();
    else if (!this.#heard || this.#reader.unread > 0) this.#letLeave(firstTime);
    else this.#state = 'draining';
    this.work();
  }

  /** Ends the connection at once: nobody waits any more for the calls in hand. */
  cut(): void {
    this.#socket.destroy();
  }

  /** In a forked child: the connection is the parent's, and so are its calls. */
  forget(): void {
    this.#state = 'ended';
    this.#isForgotten = true;
    this.#socket.destroy();
  }

  /** Looks whether the peer is idle. One that has been for `idleLooks` of them is to leave. */
  look(): void {
    const stuck = this.#socket.writableNeedDrain;
    const { changes, unanswered } = this.#calls;
    // One that waits for room is not idle either.
    if (this.#active || this.#seen !== changes || this.#held || (unanswered > 0 && !stuck)) {
      this.#active = false;
      this.#seen = changes;
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
    if (done && this.#calls.unanswered === 0) this.#finish();
    else if (step === 'blocked' && (this.#state === 'open' || this.#state === 'leaving')) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  /** The same, once for all that happens in this turn of the event loop. */
  workSoon(): void {
    if (this.#working || this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => {
      this.#scheduled = false;
      this.work();
    });
  }

  say(text: string): void {
    this.#writer.add(text);
  }

  refuse(): void {
    this.#held = undefined;
    if (this.#state !== 'ended') this.#state = 'refusing';
  }

  #hasRoom(): boolean {
    if (this.#state === 'refusing' || this.#state === 'ended') return false;
    if (this.#writer.size > batchSize) this.#flush();
    return !this.#socket.writableNeedDrain && this.#calls.size <= framesInHand * this.#host.limits.maxFrame;
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
    this.say(JSON.stringify({ hello: { maxFrame, maxCalls: maxCallsPerConnection } }));
    if (this.#state === 'leaving') this.#sayGoaway();
  }

  #sayGoaway(): void {
    this.say('{"goaway":true}');
    this.#letLeave(leaveTime);
  }

  #takeControl({ cancel, ping }: FrameBody): boolean {
    if (isCallId(ping)) {
      this.#greet();
      this.say(JSON.stringify({ pong: ping }));
      return true;
    }
    if (cancel === undefined || !this.#extended) return false;
    this.#calls.cancel(cancel);
    return true;
  }

  /** A call with an id: it is answered as soon as there is an answer, and that may be an error. */
  #takeCall(body: FrameBody, id: unknown): void {
    if (!isCallId(id)) {
      this.#calls.refuse(null, 'bad_request', 'an id is a number or a short string');
      return;
    }
    if (this.#calls.has(id)) {
      this.#calls.refuse(id, 'bad_request', 'a call with this id is not answered yet');
      return;
    }
    const method = this.#methodOf(body);
    if (typeof method === 'string') {
      this.#calls.refuse(id, method, mistakes[method](body));
      return;
    }
    const { deadline: time } = body;
    const deadline = typeof time === 'number' && time <= INT_MAX ? this.#arrived + time : Infinity;
    // It may have waited here for a peer that did not read, or in a process that was stopped.
    if (deadline !== Infinity && deadline <= performance.now()) {
      this.say(errorReply(id, 'expired', 'the deadline has passed'));
    } else if (this.#calls.isFull || !this.#host.enter()) {
      const { reason, message } = new OverloadedError();
      this.say(errorReply(id, reason, message));
    } else {
      this.#calls.begin(method, id, deadline, body['params'], this.#reader.bodyLength);
    }
  }

  /** A call of the booklet: replies are in the order of requests, and there is none that says "error". */
  #takeInOrder(body: FrameBody): 'took' | 'blocked' {
    const method = this.#methodOf(body);
    if (typeof method === 'string') {
      const mistake = mistakes[method](body);
      this.#calls.refuseInOrder(() => new BadRequestError(mistake));
      return 'took';
    }
    if (this.#calls.isFull || !this.#host.enter()) {
      this.#held = body;
      if (!this.#calls.isFull) this.#host.wait(this);
      return 'blocked';
    }
    this.#held = undefined;
    // Nothing can be said to it; its next call might be on its way in vain.
    if (this.#state === 'leaving' && !this.#extended) this.#state = 'draining';
    this.#calls.begin(method, undefined, Infinity, body['params'], this.#reader.bodyLength);
    return 'took';
  }

  #methodOf(body: FrameBody): Method | keyof typeof mistakes {
    const { in: name } = body;
    const method = typeof name === 'string' ? this.#host.methods.get(name) : undefined;
    if (method === undefined) return 'unknown_method';
    return Object.hasOwn(body, 'params') ? method : 'bad_request';
  }

  /** A frame that nothing can be made of: the stream cannot be read on. */
  #refuseFrame(error: Error): void {
    if (this.#extended) {
      this.refuse();
      this.#host.refused(() => error, this.#socket.remoteAddress);
      this.say(errorReply(null, 'bad_frame', error.message));
    } else {
      this.#calls.refuseInOrder(() => error);
    }
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
}
