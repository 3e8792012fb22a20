// The two directions of a descriptor that does not block, as streams of Node.js: what libuv's own have no kind for, the master
// of a terminal. They never close it.
import { Readable, Writable } from 'node:stream';
import { isPosixError } from './errors.js';
import { read, write } from './io.js';
import { Watcher } from './watcher.js';

/** More than a terminal gives at once. */
const CHUNK = 8192;

function isLater(error: unknown): boolean {
  return isPosixError(error, 'EAGAIN') || isPosixError(error, 'EINTR');
}

// When the last program has closed a terminal, its master gives EIO.
function isHungUp(error: unknown): boolean {
  return isPosixError(error, 'EIO');
}

/** A descriptor of a stream, and what watches it. */
class Watched {
  fd: number;
  #watcher: Watcher | undefined;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Calls back when it is ready, until it is stopped. */
  watch(onReady: () => void, event: 'readable' | 'writable'): void {
    this.#watcher ??= new Watcher(this.fd, onReady, event);
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  leave(): void {
    this.stop();
    this.fd = -1;
  }
}

/** What is read from a descriptor. */
export class DescriptorReadable extends Readable {
  readonly #descriptor: Watched;
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK);

  constructor(fd: number) {
    super();
    this.#descriptor = new Watched(fd);
  }

  override _read(): void {
    if (this.#descriptor.fd < 0) return;
    this.#descriptor.watch(() => {
      this.#onReadable();
    }, 'readable');
  }

  #onReadable(): void {
    let length;
    try {
      length = read(this.#descriptor.fd, this.#chunk);
    } catch (error) {
      if (isLater(error)) return;
      if (!isHungUp(error)) {
        this.destroy(error as Error);
        return;
      }
      length = 0;
    }
    if (length > 0 && this.push(Buffer.from(this.#chunk.subarray(0, length)))) return;
    this.#descriptor.stop();
    if (length === 0) this.push(null);
  }

  /** Has nothing to do with the descriptor any more, and says nothing of it: in a forked child, which is not who reads. */
  leave(): void {
    this.#descriptor.leave();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.leave();
    done(error);
  }
}

/** What is written to a descriptor, which the event loop watches for nothing else. */
export class DescriptorWritable extends Writable {
  readonly #descriptor: Watched;

  constructor(fd: number) {
    super();
    this.#descriptor = new Watched(fd);
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let rest = chunk;
    try {
      while (rest.length > 0) rest = rest.subarray(write(this.#descriptor.fd, rest));
    } catch (error) {
      if (isLater(error)) {
        this.#descriptor.watch(() => {
          this.#descriptor.stop();
          this._write(rest, encoding, done);
        }, 'writable');
      } else {
        // What is typed when nobody is there is lost.
        done(isHungUp(error) ? null : (error as Error));
      }
      return;
    }
    done();
  }

  /** Has nothing to do with the descriptor any more, and says nothing of it: in a forked child, which is not who writes. */
  leave(): void {
    this.#descriptor.leave();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.leave();
    done(error);
  }
}
