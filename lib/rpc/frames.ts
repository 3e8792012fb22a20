// The booklet's frame: the length of its body in bytes, 4 bytes little-endian, and the body, the UTF-8 JSON text of an
// object. https://github.com/pyloque/juejin_rpc_py
import { isUtf8 } from 'node:buffer';
import { FrameError } from './errors.js';

/** The longest body that is accepted, unless an option says otherwise: 4 MiB, as in gRPC. */
export const defaultMaxFrame = 4 * 1024 * 1024;

const prefixSize = 4;
const nothing = Buffer.alloc(0);

/** An object that came in a frame. */
export type FrameBody = Readonly<Record<string, unknown>>;

/**
 * The frame of an object, prefix and body in one Buffer, so that one write sends it: two writes would wait for each
 * other (Nagle's algorithm and the delayed ACK: 44 ms a call).
 *
 * @throws TypeError what JSON cannot express: a cycle, a BigInt; RangeError: nested too deep
 */
export function encodeFrame(body: object): Buffer {
  const writer = new FrameWriter();
  writer.add(JSON.stringify(body));
  return writer.take();
}

/** Collects frames, so that one write sends many: a system call costs more than a frame. */
export class FrameWriter {
  #bytes: Buffer = nothing;
  #end = 0;

  /** How many bytes are collected. */
  get size(): number {
    return this.#end;
  }

  /** Adds the frame of a body. */
  add(text: string): void {
    // A UTF-16 unit is at most 3 bytes of UTF-8: to count them first would cost more than the memory does.
    const most = prefixSize + (text.length < 4096 ? 3 * text.length : Buffer.byteLength(text));
    if (this.#end + most > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(this.#end === 0 ? most : 2 * (this.#end + most));
      this.#bytes.copy(grown, 0, 0, this.#end);
      this.#bytes = grown;
    }
    const length = this.#bytes.write(text, this.#end + prefixSize);
    this.#bytes.writeUInt32LE(length, this.#end);
    this.#end += prefixSize + length;
  }

  /** What is collected; the writer has nothing after that. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#end);
    this.#bytes = nothing;
    this.#end = 0;
    return bytes;
  }
}

/**
 * Takes the bytes of a connection as they come and gives the frames' bodies.
 *
 * It holds no more than what has arrived and, while a frame grows, twice that or the whole frame, whichever is less: a
 * length is a promise of the peer, and nothing is allocated for a promise.
 */
export class FrameReader {
  readonly #maxFrame: number;
  // What has arrived and is not read yet is #bytes[#start, #end).
  #bytes: Buffer = nothing;
  #start = 0;
  #end = 0;
  /** Whether the memory is the reader's, not that of a Buffer that was pushed. */
  #isOwn = false;
  #bodyLength = 0;

  /** @param maxFrame the longest body that is accepted, in bytes */
  constructor(maxFrame: number) {
    this.#maxFrame = maxFrame;
  }

  /** How many bytes have arrived and are not read. */
  get unread(): number {
    return this.#end - this.#start;
  }

  /** The length of the body that was read last, in bytes. */
  get bodyLength(): number {
    return this.#bodyLength;
  }

  /** Takes bytes. The reader may keep the Buffer until it is read to its end, and never writes to it. */
  push(chunk: Buffer): void {
    const { unread } = this;
    if (unread === 0) {
      this.#bytes = chunk;
      this.#isOwn = false;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (!this.#isOwn || this.#end + chunk.length > this.#bytes.length) this.#grow(unread + chunk.length);
    chunk.copy(this.#bytes, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next body, or undefined if it has not arrived yet.
   *
   * @throws FrameError the bytes are no frame, or one longer than `maxFrame`; there is no use in reading on
   */
  read(): FrameBody | undefined {
    const { unread } = this;
    if (unread < prefixSize) return undefined;
    const length = this.#bytes.readUInt32LE(this.#start);
    if (length > this.#maxFrame)
      throw new FrameError(`a frame of ${length} bytes; at most ${this.#maxFrame} are taken (maxFrame)`);
    if (unread < prefixSize + length) return undefined;
    const from = this.#start + prefixSize;
    const to = from + length;
    const body = decode(this.#bytes, from, to);
    this.#start = to;
    this.#bodyLength = length;
    // An idle connection holds no memory of a long frame.
    if (this.#start === this.#end) this.#bytes = nothing;
    return body;
  }

  /** Copies what is not read, if it must: the memory of the Buffer that was pushed last is free after that. */
  keep(): void {
    const { unread } = this;
    if (unread > 0 && !this.#isOwn) this.#grow(unread);
  }

  /** Makes room for so many bytes, and for what follows: a frame that comes byte by byte is copied a constant number of times. */
  #grow(needed: number): void {
    const unread = this.#bytes.subarray(this.#start, this.#end);
    const frame = unread.length < prefixSize ? needed : prefixSize + Math.min(unread.readUInt32LE(), this.#maxFrame);
    const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(2 * needed, frame)));
    unread.copy(grown);
    this.#bytes = grown;
    this.#isOwn = true;
    this.#start = 0;
    this.#end = unread.length;
  }
}

function decode(bytes: Buffer, from: number, to: number): FrameBody {
  const text = bytes.toString('utf8', from, to);
  // Bytes that are not UTF-8 became U+FFFD, unless that is what the peer sent.
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(from, to))) throw new FrameError('a frame that is not UTF-8');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new FrameError('a frame that is not JSON', { cause: error });
  }
  if (!isObject(body)) throw new FrameError('a frame that is not a JSON object');
  return body;
}

function isObject(value: unknown): value is FrameBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
