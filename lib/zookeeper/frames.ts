import { ProtocolError } from './errors.js';

const prefixSize = 4;
const nothing = Buffer.alloc(0);

/**
 * The longest frame that is taken from a server, in bytes. A server's own limit of what it takes is 1 MiB, but the list
 * of a node's children may be longer.
 */
const maxFrame = 16 * 1024 * 1024;

/** Cuts what a server sends into frames: four bytes of length, big-endian, and the body. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  /**
   * The next frame, its length included, or undefined if it has not arrived yet.
   *
   * @throws {ProtocolError} a length that no frame has; there is no use in reading on
   */
  read(): Buffer | undefined {
    if (this.#size < prefixSize) return undefined;
    let [first = nothing] = this.#chunks;
    if (first.length < prefixSize) first = this.#join();
    const length = first.readInt32BE(0);
    if (length < 0 || length > maxFrame) throw new ProtocolError(`a frame of ${length} bytes`);
    const end = prefixSize + length;
    if (this.#size < end) return undefined;
    // Joined only when the whole is there, so that a long frame is copied once.
    if (first.length < end) first = this.#join();
    this.#size -= end;
    if (first.length === end) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(end);
    return first.subarray(0, end);
  }

  #join(): Buffer {
    const joined = Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [joined];
    return joined;
  }
}
