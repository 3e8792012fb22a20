// The two directions of a descriptor that does not block, as streams of Node.js: what libuv's own have no kind for, such as
// the master of a terminal.
import { Readable, Writable } from 'node:stream';
import { isPosixError } from './errors.js';
import { read, write } from './io.js';
import { Watcher } from './watcher.js';

const CHUNK = 65_536;

// When the last program has closed a terminal, its master gives EIO: the end.
function isHungUp(error: unknown): boolean {
  return isPosixError(error, 'EIO');
}

/** What is read from a descriptor. It never closes it. */
export class DescriptorReadable extends Readable {
  readonly #fd: number;
  #watcher: Watcher | undefined;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override _read(): void {
    this.#watcher ??= new Watcher(this.#fd, () => {
      this.#onReadable();
    });
  }

  #onReadable(): void {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let length;
    try {
      length = read(this.#fd, chunk);
    } catch (error) {
      if (isPosixError(error, 'EAGAIN') || isPosixError(error, 'EINTR')) return;
      if (!isHungUp(error)) {
        this.destroy(error as Error);
        return;
      }
      length = 0;
    }
    if (length > 0 && this.push(chunk.subarray(0, length))) return;
    this.leave();
    if (length === 0) this.push(null);
  }

  /** Watches no more, and says nothing of it: in a forked child, which is not who reads. */
  leave(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.leave();
    done(error);
  }
}

/** What is written to a descriptor, which the event loop watches for nothing else. It never closes it. */
export class DescriptorWritable extends Writable {
  readonly #fd: number;
  #watcher: Watcher | undefined;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let rest = chunk;
    try {
      while (rest.length > 0) rest = rest.subarray(write(this.#fd, rest));
    } catch (error) {
      if (!isPosixError(error, 'EAGAIN') && !isPosixError(error, 'EINTR')) {
        done(error as Error);
        return;
      }
      this.#watcher = new Watcher(
        this.#fd,
        () => {
          this.leave();
          this._write(rest, _encoding, done);
        },
        'writable',
      );
      return;
    }
    done();
  }

  /** Watches no more, and says nothing of it: in a forked child, which is not who writes. */
  leave(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.leave();
    done(error);
  }
}
