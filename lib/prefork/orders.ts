// What the master orders from a mold, by a pipe that the mold alone reads: the numbers of the cells whose processes it shall
// fork, 4 bytes each. The pipes are made before the first fork: one for the mold in charge, one for the next, which may be a
// descendant that no descriptor can be handed to, and more for descendants that may become molds although they no longer shall.
import { close, isPosixError, read, write } from '../posix/index.js';
import { CELLS } from './cell.js';
import type { Pipe } from './pipes.js';

const LENGTH = Int32Array.BYTES_PER_ELEMENT;

/** Which of the pipes, from 0. */
export type Line = number;

/** All of them. */
export const LINES: readonly Line[] = [0, 1, 2, 3];

export class Orders {
  readonly #pipes: readonly Pipe[];

  /** @param pipes one for each line */
  constructor(pipes: readonly Pipe[]) {
    this.#pipes = pipes;
  }

  #pipe(line: Line): Pipe {
    const pipe = this.#pipes[line];
    if (!pipe) throw new RangeError(`there is no line ${line}`);
    return pipe;
  }

  /** The descriptor that a mold reads. */
  descriptor(line: Line): number {
    return this.#pipe(line).read;
  }

  /** In the master. All that there can be is less than a pipe holds. */
  give(line: Line, cells: readonly number[]): void {
    write(this.#pipe(line).write, new Uint8Array(Int32Array.from(cells).buffer));
  }

  /** In the mold: what has been ordered. In the master: what a mold that has ended has left unread. */
  take(line: Line): number[] {
    const buffer = new Int32Array(CELLS);
    try {
      return [...buffer.subarray(0, read(this.#pipe(line).read, new Uint8Array(buffer.buffer)) / LENGTH)];
    } catch (error) {
      if (isPosixError(error, 'EAGAIN')) return [];
      throw error;
    }
  }

  /** In a descendant, which gives no orders. */
  leave(): void {
    for (const pipe of this.#pipes) close(pipe.write);
  }

  /** After `leave`, where nobody takes orders any more. */
  close(): void {
    for (const pipe of this.#pipes) close(pipe.read);
  }
}
