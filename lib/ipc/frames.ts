// Messages in a stream of bytes: the length in four bytes, and so many bytes of a value.
import { encode, finish, HEAD, lift } from './codec.js';
import { DamagedError } from './errors.js';

const CHUNK = 65_536;

/**
 * A message as it is sent. It is good until the next call.
 *
 * @throws {RangeError} it is longer than `maxMessage`
 * @throws {Error} DataCloneError
 */
export function frame(message: unknown, maxMessage: number): Buffer {
  const { bytes, end } = encode(message);
  const length = end - HEAD;
  if (length > maxMessage) {
    const text = `the message has ${length} bytes, and the limit is ${maxMessage}: Channel.pair({ maxMessage })`;
    throw Object.assign(new RangeError(text), { code: 'ERR_OUT_OF_RANGE' });
  }
  bytes.writeUInt32LE(length, 0);
  return end === bytes.length ? bytes : bytes.subarray(0, end);
}

/** What has come, and has not been taken yet. */
export class Inbox {
  readonly #maxMessage: number;
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  constructor(maxMessage: number) {
    this.#maxMessage = maxMessage;
  }

  /** Whether the last bytes are of a message that has not come to its end. */
  get isWithin(): boolean {
    return this.#end > this.#start;
  }

  /** Where the next bytes go. */
  room(): Buffer {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    // Twice as long each time: not by the length that a message says that it has, and of which nothing may come.
    if (this.#end === this.#buffer.length) {
      const longer = Buffer.allocUnsafeSlow(Math.max(CHUNK, 2 * this.#buffer.length));
      longer.set(this.#buffer);
      this.#buffer = longer;
    }
    return this.#buffer.subarray(this.#end);
  }

  /** So many bytes have come there. */
  came(count: number): void {
    this.#end += count;
  }

  /**
   * Takes the next message; nothing if it has not come yet.
   *
   * @throws {DamagedError} it cannot be one
   */
  next(): { message: unknown } | undefined {
    if (this.#end - this.#start < HEAD) return undefined;
    const length = this.#buffer.readUInt32LE(this.#start);
    if (length < 1 || length > this.#maxMessage) throw new DamagedError(`a message cannot have ${length} bytes`);
    const end = this.#start + HEAD + length;
    if (end > this.#end) return undefined;
    const lifted = lift(this.#buffer, this.#start + HEAD, end);
    this.#start = end;
    return { message: finish(lifted) };
  }

  clear(): void {
    this.#buffer = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
  }
}
