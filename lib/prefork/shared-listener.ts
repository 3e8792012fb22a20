import { close } from '../posix/index.js';
import type { ServerAddress } from './address.js';
import type { Listener } from './listener.js';

/** One listening socket, on which the workers of all places listen. */
export class SharedListener implements Listener {
  readonly address: ServerAddress;
  readonly #fd: number;
  readonly #beforeClose: () => void;

  /** @param beforeClose what else goes with it */
  constructor(fd: number, address: ServerAddress, beforeClose: () => void = () => undefined) {
    this.#fd = fd;
    this.address = address;
    this.#beforeClose = beforeClose;
  }

  open(): void {
    // It is.
  }

  socketOf(): number {
    return this.#fd;
  }

  giveUp(): void {
    // The workers that are left have it.
  }

  patience(): number {
    return 0;
  }

  close(): void {
    this.#beforeClose();
    close(this.#fd);
  }
}
