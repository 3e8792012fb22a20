import type { Socket } from 'node:net';
import { O_CLOEXEC, pipe2 } from './descriptor.js';
import { PipeReader, PipeWriter } from './pipe-end.js';

/**
 * A pipe whose ends are closed with it, or each by itself: by `close()`, or at the end of a `using` block. After a fork, parent
 * and child close the end that is the other's.
 *
 * @example
 * using pipe = new Pipe();
 * if (fork() === 0) {
 *   pipe.writer.write('from the child');
 *   _exit(0);
 * }
 * pipe.writer.close();
 * console.log(pipe.reader.readText());
 */
export class Pipe implements Disposable {
  /** The end to read from. */
  readonly reader: PipeReader;
  /** The end to write to. */
  readonly writer: PipeWriter;

  /**
   * @param flags those of `pipe2`. Default `O_CLOEXEC`: no program that is executed inherits the ends
   * @throws {PosixError} EINVAL: other flags; EMFILE, ENFILE: too many descriptors
   */
  constructor(flags: number = O_CLOEXEC) {
    const [readEnd, writeEnd] = pipe2(flags);
    this.reader = new PipeReader(readEnd);
    this.writer = new PipeWriter(writeEnd);
  }

  /** Closes both ends; again is no mistake. */
  close(): void {
    this.reader.close();
    this.writer.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Both ends as streams of Node.js, which own the descriptors from now on. */
  toNodeStreams(): { readable: Socket; writable: Socket } {
    return { readable: this.reader.toNodeStream(), writable: this.writer.toNodeStream() };
  }
}
