// What the processes of a family tell the master, by a pipe that all of them write to: messages of 12 bytes, each written
// in one piece.
import { close, FIONREAD, ioctl, isPosixError, read, Watcher, write } from '../posix/index.js';
import type { Pipe } from './pipes.js';

// In the order of their numbers in a message.
const kinds = ['forked', 'unforked', 'molded', 'ready', 'served'] as const;

/**
 * `forked`: the mold has forked the process of this cell, whose pid is the value; `unforked`: it could not, and the value is
 * the errno, 0 if there is none. `molded`: this process is a mold now. `ready`: this worker accepts connections; `served`: it
 * has served as many requests as it should. Their value is their pid.
 */
export type News = (typeof kinds)[number];

export interface Message {
  /** Whom it is about: the number of a cell on the scoreboard. */
  readonly cell: number;
  readonly news: News;
  readonly value: number;
}

const WORDS = 3; // of 4 bytes

// How long the teller waits that the master did not hear, in milliseconds.
const TELL_AGAIN = 100;

/** Tells the master, which may be too busy to listen: then again and again. */
export function tell(pipe: number, message: Message): void {
  const { cell, news, value } = message;
  const words = Int32Array.of(cell, kinds.indexOf(news), value);
  try {
    write(pipe, new Uint8Array(words.buffer));
  } catch (error) {
    // The master does not read: it is stopped, or has ended.
    if (isPosixError(error, 'EAGAIN'))
      setTimeout(() => {
        tell(pipe, message);
      }, TELL_AGAIN).unref();
    else if (!isPosixError(error, 'EPIPE')) throw error;
  }
}

/** The master's end of the pipe, and, before a fork, that of all others. */
export class NewsPipe {
  /** Where they are told. */
  readonly end: number;
  readonly #read: number;
  readonly #watcher: Watcher;
  readonly #hear: (message: Message) => void;
  #left = false;
  /** How many bytes are to be read. */
  readonly #unread = new Int32Array(1);

  constructor(pipe: Pipe, hear: (message: Message) => void) {
    this.#read = pipe.read;
    this.end = pipe.write;
    this.#hear = hear;
    this.#watcher = new Watcher(this.#read, () => {
      this.read();
    });
  }

  /** Hears all that has come. */
  read(): void {
    // Asked before, not read in vain: an error with its stack takes half a millisecond the first time.
    ioctl(this.#read, FIONREAD, this.#unread);
    const [length = 0] = this.#unread;
    if (length === 0) return;
    const buffer = new Uint8Array(length);
    for (const message of newsIn(buffer.subarray(0, read(this.#read, buffer)))) {
      // Whoever was told may have forked.
      if (this.#left) return;
      this.#hear(message);
    }
  }

  /** In a descendant, which hears nothing. */
  leave(): void {
    this.#left = true;
    this.#watcher.close();
    close(this.#read);
  }

  /** After `leave`, where nobody tells anything any more. */
  close(): void {
    close(this.end);
  }
}

/** What has been read from the pipe. */
function* newsIn(bytes: Uint8Array): Generator<Message> {
  const words = new Int32Array(bytes.slice().buffer);
  for (let n = 0; n < words.length; n += WORDS) {
    const news = kinds[words[n + 1] ?? kinds.length];
    if (news) yield { cell: words[n] ?? 0, news, value: words[n + 2] ?? 0 };
  }
}
