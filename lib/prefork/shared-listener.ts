import { close } from '../posix/index.js';
import type { ServerAddress } from './address.js';
import { socketNames, type NamedSocket } from './inherited-sockets.js';
import type { Listener } from './listener.js';

/** The file of a Unix socket. */
export interface SocketFile {
  /** Whether its path still leads to it. */
  isThere(): boolean;
  /** Removes it, if it is still there. */
  remove(): void;
}

/** One listening socket, on which the workers of all places listen. */
export class SharedListener implements Listener {
  readonly address: ServerAddress;
  readonly #fd: number;
  readonly #file: SocketFile | undefined;
  #isOpen = true;
  /** Whether the file goes when the listener is closed. */
  #owned: boolean;

  /**
   * @param file that is to be removed with the socket
   * @param owned whether the socket is this master's, or another's that still serves
   */
  constructor(fd: number, address: ServerAddress, file?: SocketFile, owned = true) {
    this.#fd = fd;
    this.address = address;
    this.#file = file;
    this.#owned = owned;
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

  sockets(): readonly NamedSocket[] {
    return [{ fd: this.#fd, name: this.#file?.isThere() ? socketNames.file : socketNames.shared }];
  }

  handOver(): void {
    this.#owned = false;
  }

  takeOver(): void {
    this.#owned = true;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#owned) this.#file?.remove();
    close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
