import { Aborts } from '../aborts.js';
import { integer, object } from '../mistakes.js';
import { AF_UNIX, isPosixError, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM, socketpair } from '../posix/index.js';
import { ClosedError, WaitTimeoutError } from './errors.js';
import { frame, Inbox } from './frames.js';
import { asyncOptionsOf, timeoutOf, type AsyncWaitOptions, type WaitOptions } from './options.js';
import { sharedMemory } from './shared.js';
import { Patience } from './sleep.js';
import { SocketEnd, tellOfForks } from './socket-end.js';

const DEFAULT_MAX_MESSAGE = 256 * 2 ** 20;
const MOST_MAX_MESSAGE = 2 ** 30;
const LONGEST = 2 ** 31 - 1;

// Each end counts what it has sent, on a cache line of its own: who receives looks there before it asks the kernel.
const LINE = 16;

/** How a channel is made. */
export interface ChannelOptions {
  /** The longest message in bytes, 1 to 2³⁰. Default 256 MiB. */
  maxMessage?: number;
}

interface Sending {
  rest: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

interface Receiving {
  /** It waits no more, and is told nothing. */
  readonly drop: () => void;
  readonly resolve: (message: unknown) => void;
  readonly reject: (reason: Error) => void;
}

const aborts = new Aborts();

const ended = (): ClosedError => new ClosedError('the other end of the channel is closed');

/**
 * One end of a channel between two processes, for messages both ways: structured clones over a socketpair. After the fork, each
 * process keeps one end and closes the other. An end is for one process.
 *
 * @example
 * const [mine, theirs] = Channel.pair();
 * if (fork() === 0) {
 *   mine.close();
 *   theirs.send({ from: process.pid });
 *   process.exit();
 * }
 * theirs.close();
 * for await (const message of mine) console.log(message); // Until the child has ended.
 */
export class Channel<T = unknown> implements AsyncIterable<T>, Disposable {
  readonly #end: SocketEnd;
  readonly #maxMessage: number;
  readonly #inbox: Inbox;
  readonly #counts: Int32Array;
  /** Where it counts, and where the other end does. */
  readonly #own: number;
  readonly #other: number;
  /** How many messages have come. */
  #received = 0;
  readonly #patience = new Patience();
  readonly #outbox: Sending[] = [];
  readonly #receivers = new Set<Receiving>();
  readonly #tellNoMore: () => void;
  #keepsAlive = true;
  #hasEnded = false;

  private constructor(fd: number, maxMessage: number, counts: Int32Array, own: number) {
    this.#end = new SocketEnd(fd);
    this.#counts = counts;
    this.#own = own;
    this.#other = LINE - own;
    this.#maxMessage = maxMessage;
    this.#inbox = new Inbox(maxMessage);
    this.#tellNoMore = tellOfForks({
      forked: () => {
        this.#forget();
      },
    });
  }

  /**
   * Makes a channel: its two ends.
   *
   * @throws {PosixError} EMFILE, ENFILE: too many descriptors; ENOMEM
   */
  static pair<One = unknown, Other = One>(options: ChannelOptions = {}): [one: Channel<One>, other: Channel<Other>] {
    const { maxMessage = DEFAULT_MAX_MESSAGE } = object('options', options);
    integer('options.maxMessage', maxMessage, 1, MOST_MAX_MESSAGE);
    const counts = new Int32Array(sharedMemory(2 * LINE * Int32Array.BYTES_PER_ELEMENT));
    const [one, other] = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return [new Channel<One>(one, maxMessage, counts, 0), new Channel<Other>(other, maxMessage, counts, LINE)];
  }

  /** The descriptor; -1 when it is closed. */
  get fd(): number {
    return this.#end.fd;
  }

  /** Whether this end is closed. */
  get closed(): boolean {
    return this.fd < 0;
  }

  /**
   * Sends a message, and waits until the kernel has taken all of it: while the other end does not receive, it has room for some
   * hundred kilobytes. What `sendAsync` was given before goes before. Signals do not interrupt it.
   *
   * @param options `timeout`: how long to wait for room, in milliseconds; default Infinity. What it was in the middle of is sent
   *   later, by the event loop
   * @throws {WaitTimeoutError} the time is over, and the message has not been begun
   * @throws what a signal's handler throws; what it was in the middle of is sent later
   * @throws {ClosedError} the other end is closed, or this one
   * @throws {RangeError} the message is longer than `maxMessage`
   * @throws {Error} DataCloneError: it cannot be cloned: a function, say
   */
  send(message: unknown, options: WaitOptions = {}): void {
    const timeout = timeoutOf(options);
    const bytes = this.#framed(message);
    const written = this.#outbox.length === 0 ? this.#write(bytes) : 0;
    if (written === bytes.length) {
      this.#sent();
      return;
    }
    const end = performance.now() + timeout;
    const whole = bytes.length;
    const failed: { reason?: Error } = {};
    const sending: Sending = {
      rest: Buffer.from(bytes.subarray(written)),
      resolve: () => undefined,
      reject: (reason) => {
        failed.reason = reason as Error;
      },
    };
    // From here on, a signal's handler may send, too, and throw: that comes after this one, or leaves it to be sent to its end.
    this.#outbox.push(sending);
    try {
      while (this.#outbox.includes(sending)) {
        const left = end - performance.now();
        if (left <= 0 || !this.#end.block('writable', left)) break;
        this.#flush();
      }
    } finally {
      if (sending.rest.length === whole) this.#takeBack(sending);
      if (this.#outbox.length > 0) this.#flushLater();
    }
    if (failed.reason !== undefined) throw failed.reason;
    if (sending.rest.length === whole) throw new WaitTimeoutError('the message was not taken');
  }

  /**
   * As `send`, in the event loop.
   *
   * @returns when the kernel has taken all of it. Who awaits that does not send faster than the other end receives
   */
  async sendAsync(message: unknown): Promise<void> {
    const bytes = this.#framed(message);
    const written = this.#outbox.length === 0 ? this.#write(bytes) : 0;
    if (written === bytes.length) this.#sent();
    else await this.#enqueue(Buffer.from(bytes.subarray(written)));
  }

  /**
   * Receives the next message, and waits for it. Signals do not interrupt it: their handlers run, and it goes on.
   *
   * @param options `timeout`: how long to wait, in milliseconds; default Infinity
   * @throws {WaitTimeoutError} the time is over
   * @throws {ClosedError} the other end is closed, and all that it has sent has been received; or this end is closed
   * @throws {DamagedError} what came is no message: two processes have sent at once
   */
  receive(options: WaitOptions = {}): T {
    const timeout = timeoutOf(options);
    let found = this.#next();
    const end = found || timeout === Infinity ? Infinity : performance.now() + timeout;
    // What was sent may have gone to a process that had this end before: then it is counted, and never comes.
    let comes = true;
    while (!found) {
      const left = end === Infinity ? Infinity : Math.max(end - performance.now(), 0);
      // Not by a read that there may be nothing for: its error takes longer than the asking.
      if (!(comes && this.#comesSoon()) && !this.#block(left)) throw new WaitTimeoutError('no message came');
      comes = this.#read();
      found = this.#next();
    }
    return found.message as T;
  }

  /**
   * As `receive`, in the event loop.
   *
   * @param options `timeout`, in milliseconds; `signal`: gives up
   * @throws {unknown} the reason of the signal
   */
  async receiveAsync(options: AsyncWaitOptions = {}): Promise<T> {
    const { timeout, signal } = asyncOptionsOf(options);
    const found = this.#receivers.size === 0 ? this.#next() : undefined;
    if (found) return found.message as T;
    return await new Promise<T>((resolve, reject) => {
      const drop = (): void => {
        this.#receivers.delete(receiving);
        clearTimeout(timer);
        if (signal) aborts.delete(signal, abortable);
        this.#look();
      };
      const receiving: Receiving = {
        drop,
        resolve(message) {
          drop();
          resolve(message as T);
        },
        reject(reason) {
          drop();
          reject(reason);
        },
      };
      const abortable = {
        abort(reason: unknown) {
          receiving.reject(reason as Error);
        },
      };
      const late = () => {
        receiving.reject(new WaitTimeoutError('no message came'));
      };
      const timer = timeout <= LONGEST ? setTimeout(late, timeout) : undefined;
      if (signal) aborts.add(signal, abortable);
      this.#receivers.add(receiving);
      this.#look();
    });
  }

  /** The messages, until the other end is closed, or this one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      let message: T;
      try {
        message = await this.receiveAsync();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield message;
    }
  }

  /** Keeps the event loop alive while it waits, which is the default. */
  ref(): this {
    this.#keepsAlive = true;
    this.#look();
    return this;
  }

  /** Lets the event loop end while it waits. */
  unref(): this {
    this.#keepsAlive = false;
    this.#look();
    return this;
  }

  /** Closes this end in this process; who waits is told with `ClosedError`. Again is no mistake. */
  close(): void {
    if (this.closed) return;
    this.#tellNoMore();
    this.#end.close();
    this.#fail(new ClosedError('the channel is closed'));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #framed(message: unknown): Buffer {
    this.#open();
    return frame(message, this.#maxMessage);
  }

  #open(): void {
    if (this.closed) throw new ClosedError('the channel is closed');
  }

  #write(bytes: Uint8Array): number {
    try {
      return this.#end.write(bytes);
    } catch (error) {
      throw isPosixError(error, 'EPIPE') || isPosixError(error, 'ECONNRESET') ? ended() : error;
    }
  }

  // A message has been sent to its end.
  #sent(): void {
    Atomics.add(this.#counts, this.#own, 1);
  }

  // Whether one has been sent that has not come. What others have written into the socket is not counted.
  #comesSoon(): boolean {
    for (let n = this.#patience.looks; n > 0; n--) {
      if (((Atomics.load(this.#counts, this.#other) - this.#received) | 0) > 0) return true;
    }
    return false;
  }

  #block(timeout: number): boolean {
    const start = performance.now();
    const came = this.#end.block('readable', timeout);
    this.#patience.slept(performance.now() - start);
    return came;
  }

  #enqueue(rest: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#outbox.push({ rest, resolve, reject });
      this.#flushLater();
    });
  }

  #flushLater(): void {
    this.#look();
    this.#end.watch('writable', () => {
      this.#flush();
    });
  }

  // It is not sent.
  #takeBack(sending: Sending): void {
    const index = this.#outbox.indexOf(sending);
    if (index >= 0) this.#outbox.splice(index, 1);
  }

  // What waits to be sent, as far as there is room.
  #flush(): void {
    try {
      for (let first; (first = this.#outbox[0]) !== undefined;) {
        first.rest = first.rest.subarray(this.#write(first.rest));
        if (first.rest.length > 0) return;
        this.#outbox.shift();
        this.#sent();
        first.resolve();
      }
    } catch (error) {
      for (const { reject } of this.#outbox.splice(0)) reject(error);
    }
    this.#end.unwatch('writable');
    this.#look();
  }

  // The next message. Nothing, if it has not been read yet.
  #next(): { message: unknown } | undefined {
    this.#open();
    const found = this.#inbox.next();
    if (found) this.#received = (this.#received + 1) | 0;
    else if (this.#hasEnded) throw ended();
    return found;
  }

  /** Whether there was anything, be it the end. */
  #read(): boolean {
    // A signal's handler may have closed it meanwhile.
    this.#open();
    const count = this.#end.read(this.#inbox.room());
    if (count < 0) return false;
    this.#inbox.came(count);
    this.#hasEnded = count === 0;
    return true;
  }

  // It is watched while somebody waits, and until something comes for which nobody does.
  #look(): void {
    if (this.closed) return;
    const waits = this.#receivers.size > 0;
    this.#end.keepAlive(this.#keepsAlive && (waits || this.#outbox.length > 0));
    if (!waits) return;
    this.#end.watch('readable', () => {
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#receivers.size === 0) {
      this.#end.unwatch('readable');
      return;
    }
    try {
      this.#read();
      if (this.#end.hasHungUp()) this.#end.unwatch('readable');
      for (const receiver of [...this.#receivers]) {
        const found = this.#next();
        if (!found) break;
        receiver.resolve(found.message);
      }
      this.#look();
    } catch (error) {
      this.#end.unwatch('readable');
      for (const receiver of [...this.#receivers]) receiver.reject(error as Error);
    }
  }

  #fail(reason: Error): void {
    for (const { reject } of this.#outbox.splice(0)) reject(reason);
    for (const { reject } of [...this.#receivers]) reject(reason);
  }

  // In a child: what was under way is the parent's.
  #forget(): void {
    for (const receiver of [...this.#receivers]) receiver.drop();
    this.#end.unwatch('readable');
    this.#end.unwatch('writable');
    this.#inbox.clear();
    this.#outbox.length = 0;
  }
}
