import { statSync, unlinkSync } from 'node:fs';
import { object } from '../mistakes.js';
import { mkfifo, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_WRONLY, open } from './descriptor.js';
import { isPosixError } from './errors.js';
import { set_blocking } from './fcntl.js';
import { PipeReader, PipeWriter } from './pipe-end.js';
import { getpid } from './process.js';
import { retryOnIntr } from './retry.js';

/** How often it is looked whether somebody reads, in milliseconds: the kernel has no event for it. */
const LOOK_INTERVAL = 10;

/**
 * A pipe with a name: who knows the path opens an end. The file is there already, or is made, and then it is removed on
 * `close()`, in the process that has made it. The ends are closed by whoever opened them.
 */
export class Fifo implements Disposable {
  /** Where it is, as it was named. */
  readonly path: string;
  /** The process that has made the file; undefined if it was there. */
  #maker: number | undefined;

  /**
   * @param path where it is, or is to be
   * @param options `mode`: permission bits of one that is made, less the umask. Default 0o600
   * @throws {FileExistsError} EEXIST: there is another kind of file
   * @throws {PosixError} any other errno of mkfifo(3)
   */
  constructor(path: string, options: { mode?: number } = {}) {
    const { mode = 0o600 } = object('options', options);
    this.path = path;
    try {
      mkfifo(path, mode);
      this.#maker = getpid();
    } catch (error) {
      if (!isPosixError(error, 'EEXIST') || !statSync(path).isFIFO()) throw error;
    }
  }

  /** Whether this object has made the file, and `close` removes it. */
  get made(): boolean {
    return this.#maker === getpid();
  }

  /**
   * Opens the end to read from. It blocks the process until somebody opens the other; a handler of a signal that throws ends
   * the wait.
   *
   * @throws {PosixError} any errno of open(2)
   */
  openReader(): PipeReader {
    return new PipeReader(retryOnIntr(() => open(this.path, O_RDONLY | O_CLOEXEC)));
  }

  /**
   * Opens the end to write to. It blocks the process until somebody opens the other; a handler of a signal that throws ends the
   * wait.
   *
   * @throws {PosixError} any errno of open(2)
   */
  openWriter(): PipeWriter {
    return new PipeWriter(retryOnIntr(() => open(this.path, O_WRONLY | O_CLOEXEC)));
  }

  /**
   * Opens the end to read from, and waits in the event loop until somebody has written, or has come and gone.
   *
   * @param options `signal`: gives up waiting, and rejects with the signal's reason
   * @throws {PosixError} any errno of open(2)
   */
  async openReaderAsync({ signal }: { signal?: AbortSignal } = {}): Promise<PipeReader> {
    signal?.throwIfAborted();
    const reader = new PipeReader(open(this.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    try {
      await reader.readable({ signal });
      if (!reader.closed) set_blocking(reader.fd, true);
    } catch (error) {
      reader.close();
      throw error;
    }
    return reader;
  }

  /**
   * Opens the end to write to as soon as somebody reads, or waits for one who writes. It looks a hundred times a second, and
   * does not block.
   *
   * @param options `signal`: gives up waiting, and rejects with the signal's reason
   * @throws {PosixError} any errno of open(2) but ENXIO
   */
  async openWriterAsync({ signal }: { signal?: AbortSignal } = {}): Promise<PipeWriter> {
    for (;;) {
      signal?.throwIfAborted();
      try {
        const writer = new PipeWriter(open(this.path, O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        set_blocking(writer.fd, true);
        return writer;
      } catch (error) {
        if (!isPosixError(error, 'ENXIO')) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
    }
  }

  /** Removes the file if this object has made it, in this process; again is no mistake. */
  close(): void {
    if (!this.made) return;
    this.#maker = undefined;
    try {
      unlinkSync(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
