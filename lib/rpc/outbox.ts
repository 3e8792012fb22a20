import type { Socket } from 'node:net';
import { FrameWriter } from './frames.js';

// So many bytes are sent in one write.
const batchSize = 64 * 1024;

/** Sends frames: those of one turn of the event loop together, or one that is in haste at once. */
export class Outbox {
  readonly #socket: Socket;
  readonly #writer = new FrameWriter();
  #scheduled = false;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  add(text: string): void {
    if (this.#closed) return;
    this.#writer.add(text);
    if (this.#writer.size > batchSize) this.#flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#turn);
  }

  /** Sends a frame now, and what there is before it. */
  send(text: string): void {
    if (this.#closed) return;
    this.#writer.add(text);
    this.#flush();
  }

  #flush(): void {
    if (this.#writer.size > 0 && !this.#socket.destroyed) this.#socket.write(this.#writer.take());
  }

  /** Sends what there is and ends our side: the other end sees that nothing more will come. */
  end(): void {
    this.#flush();
    this.#closed = true;
    this.#socket.end();
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    this.#flush();
  };
}
