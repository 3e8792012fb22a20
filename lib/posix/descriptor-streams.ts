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

/** What is read from a descriptor. */
export class DescriptorReadable extends Readable {
  #fd: number;
  #watcher: Watcher | undefined;
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK);

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override _read(): void {
    if (this.#fd < 0) return;
    this.#watcher ??= new Watcher(this.#fd, () => {
      this.#onReadable();
    });
  }

  #onReadable(): void {
    let length;
    try {
      length = read(this.#fd, this.#chunk);
    } catch (error) {
      if (isLater(error)) return;
      if (!isHungUp(error)) {
        this.destroy(error as Error);
        return;
      }
      length = 0;
    }
    if (length > 0 && this.push(Buffer.from(this.#chunk.subarray(0, length)))) return;
    this.#stop();
    if (length === 0) this.push(null);
  }

  #stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Has nothing to do with the descriptor any more, and says nothing of it: in a forked child, which is not who reads. */
  leave(): void {
    this.#stop();
    this.#fd = -1;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.leave();
    done(error);
  }
}

/** What is written to a descriptor, which the event loop watches for nothing else. */
export class DescriptorWritable extends Writable {
  #fd: number;
  #watcher: Watcher | undefined;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let rest = chunk;
    try {
      while (rest.length > 0) rest = rest.subarray(write(this.#fd, rest));
    } catch (error) {
      if (isLater(error)) {
        this.#whenWritable(() => {
          this._write(rest, encoding, done);
        });
      } else {
        // What is typed when nobody is there is lost.
        done(isHungUp(error) ? null : (error as Error));
      }
      return;
    }
    done();
  }

  #whenWritable(callback: () => void): void {
    const onWritable = () => {
      this.#stop();
      callback();
    };
    this.#watcher = new Watcher(this.#fd, onWritable, 'writable');
  }

  #stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Has nothing to do with the descriptor any more, and says nothing of it: in a forked child, which is not who writes. */
  leave(): void {
    this.#stop();
    this.#fd = -1;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.leave();
    done(error);
  }
}
