import { close, O_CLOEXEC, O_NONBLOCK, pipe2 } from '../posix/index.js';

/** The ends of a pipe: neither blocks. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** So many pipes, or none: where there are no descriptors for the last one, the others are closed. */
export function makePipes(count: number): Pipe[] {
  const pipes: Pipe[] = [];
  try {
    while (pipes.length < count) {
      const [read, write] = pipe2(O_CLOEXEC | O_NONBLOCK);
      pipes.push({ read, write });
    }
    return pipes;
  } catch (error) {
    for (const { read, write } of pipes) for (const end of [read, write]) close(end);
    throw error;
  }
}
