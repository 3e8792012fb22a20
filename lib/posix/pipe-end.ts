// The two ends of a pipe, which are also those of a FIFO: who owns one closes it.
import type { Socket } from 'node:net';
import process from 'node:process';
import { descriptor, integer, INT_MAX, view } from './arguments.js';
import { close } from './descriptor.js';
import { isPosixError } from './errors.js';
import { atfork } from './fork.js';
import { read, write, type Bytes } from './io.js';
import { poll, POLLOUT } from './poll.js';
import { retryOnIntr } from './retry.js';
import { Watcher } from './watcher.js';

/** What both ends have. */
abstract class PipeEnd implements Disposable {
  #fd: number;

  /** @param fd an end of a pipe, which is this object's from now on */
  constructor(fd: number) {
    this.#fd = descriptor(fd);
  }

  /** The descriptor; -1 when it is closed, or a stream's. */
  get fd(): number {
    return this.#fd;
  }

  /** Whether it is closed, or a stream's. */
  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Closes it; again is no mistake. */
  close(): void {
    if (this.#fd >= 0) close(this.release());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Gives the descriptor away: it is the caller's to close. */
  release(): number {
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }
}

const CHUNK = 65_536;

/** The end of a pipe or a FIFO that is read from. */
export class PipeReader extends PipeEnd implements AsyncIterable<Buffer> {
  /** Ends a wait of the event loop, as if there were something. */
  #wake: (() => void) | undefined;

  /**
   * Waits until there is something, and reads it. Signals do not interrupt it: their handlers run, and it goes on.
   *
   * @param length bytes, at most. Default 65,536
   * @returns what has come; nothing at the end, when nobody can write any more
   * @throws {BlockingIOError} EAGAIN: there is nothing, and it does not block
   * @throws {PosixError} any other errno of read(2)
   */
  read(length = CHUNK): Buffer {
    const chunk = Buffer.allocUnsafe(integer('length', length, 1, INT_MAX));
    return chunk.subarray(
      0,
      retryOnIntr(() => read(this.fd, chunk)),
    );
  }

  /** Reads all until the end. */
  readAll(): Buffer {
    const chunks: Buffer[] = [];
    for (let chunk; (chunk = this.read()).length > 0;) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Reads all until the end, as UTF-8. */
  readText(): string {
    return this.readAll().toString('utf8');
  }

  /**
   * Waits in the event loop until there is something to read, or the end. The end does not block from then on, in other
   * processes either.
   *
   * @param options `signal`: gives up waiting, and rejects with the signal's reason
   * @throws {PosixError} EEXIST: it is waited for already; EBADF
   */
  async readable({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    signal?.throwIfAborted();
    let abort: () => void = () => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const stop = this.#watch(resolve);
        abort = () => {
          stop();
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', abort);
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  // In a forked child nobody waits: what comes is the parent's.
  #watch(callback: () => void): () => void {
    const stop = () => {
      watcher.close();
      forget();
      this.#wake = undefined;
    };
    const wake = () => {
      stop();
      callback();
    };
    const watcher = new Watcher(this.fd, wake);
    const forget = atfork({ child: stop });
    this.#wake = wake;
    return stop;
  }

  /** What comes, piece by piece, until the end or until it is closed. For one who reads alone: as `readable`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    while (!this.closed) {
      await this.readable();
      const chunk = this.#take();
      if (chunk?.length === 0) return;
      if (chunk) yield chunk;
    }
  }

  // Nothing if it has been closed meanwhile, or another has read what was there.
  #take(): Buffer | undefined {
    if (this.closed) return undefined;
    try {
      return this.read();
    } catch (error) {
      if (isPosixError(error, 'EAGAIN')) return undefined;
      throw error;
    }
  }

  override release(): number {
    const fd = super.release();
    this.#wake?.();
    return fd;
  }

  /** A stream of Node.js, whose descriptor it is from now on, and does not block any more, in other processes either. */
  toNodeStream(): Socket {
    return toSocket(this.release(), { readable: true, writable: false });
  }
}

/** The end of a pipe or a FIFO that is written to. */
export class PipeWriter extends PipeEnd {
  /**
   * Writes all of it, and waits while there is no room. Signals do not interrupt it: their handlers run, and it goes on.
   *
   * @param data bytes; or a text, as UTF-8
   * @throws {BrokenPipeError} EPIPE: nobody reads any more
   * @throws {PosixError} any other errno of write(2)
   */
  write(data: string | Bytes): void {
    let rest: Uint8Array = typeof data === 'string' ? Buffer.from(data) : view('data', data);
    while (rest.length > 0) rest = rest.subarray(this.#writeSome(rest));
  }

  #writeSome(bytes: Uint8Array): number {
    try {
      return retryOnIntr(() => write(this.fd, bytes));
    } catch (error) {
      if (!isPosixError(error, 'EAGAIN')) throw error;
      retryOnIntr(() => poll([{ fd: this.fd, events: POLLOUT }], -1));
      return 0;
    }
  }

  /** A stream of Node.js, whose descriptor it is from now on, and does not block any more, in other processes either. */
  toNodeStream(): Socket {
    return toSocket(this.release(), { readable: false, writable: true });
  }
}

// Loaded when it is asked for: a program that only forks has no use for node:net.
function toSocket(fd: number, directions: { readable: boolean; writable: boolean }): Socket {
  descriptor(fd);
  const net = process.getBuiltinModule('node:net');
  return new net.Socket({ fd, ...directions });
}
