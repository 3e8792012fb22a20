// The booklet's wire format: a frame is the length of its body in bytes, 4 bytes little-endian, and the body, the UTF-8
// JSON text of an object. A request is {"in": method, "params": any}, a reply {"out": name, "result": any}.
// https://github.com/pyloque/juejin_rpc_py
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
  return frameOf(JSON.stringify(body));
}

/**
 * The frame of a request. It is never a multiple of 1024 bytes long: the booklet's server reads until it gets less than
 * 1024 bytes, and when there is nothing more to read it closes the connection. A space after the object is JSON.
 *
 * @throws as encodeFrame
 */
export function encodeRequest(method: string, params: unknown): Buffer {
  const text = JSON.stringify({ in: method, params });
  const frame = frameOf(text);
  return frame.length % 1024 === 0 ? frameOf(`${text} `) : frame;
}

function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(prefixSize + length);
  frame.writeUInt32LE(length, 0);
  frame.write(text, prefixSize);
  return frame;
}

/**
 * Takes the bytes of a connection as they come and gives the frames' bodies.
 *
 * It holds no more than what has arrived and twice that while a frame grows: a length is a promise of the peer, and
 * nothing is allocated for a promise.
 */
export class FrameReader {
  readonly #maxFrame: number;
  // What has arrived and is not read yet is #bytes[#start, #end).
  #bytes: Buffer = nothing;
  #start = 0;
  #end = 0;

  /** @param maxFrame the longest body that is accepted, in bytes */
  constructor(maxFrame: number) {
    this.#maxFrame = maxFrame;
  }

  /** Takes bytes. The reader may keep the Buffer, and never writes to it. */
  push(chunk: Buffer): void {
    const unread = this.#end - this.#start;
    if (unread === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    if (this.#end + chunk.length > this.#bytes.length) {
      // Twice what there is: a frame that comes byte by byte is copied a constant number of times.
      const grown = Buffer.allocUnsafe(2 * Math.max(unread, chunk.length));
      this.#bytes.copy(grown, 0, this.#start, this.#end);
      this.#bytes = grown;
      this.#start = 0;
      this.#end = unread;
    }
    chunk.copy(this.#bytes, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next body, or undefined if it has not arrived yet.
   *
   * @throws FrameError the bytes are no frame, or one longer than `maxFrame`; there is no use in reading on
   */
  read(): FrameBody | undefined {
    const unread = this.#end - this.#start;
    if (unread < prefixSize) return undefined;
    const length = this.#bytes.readUInt32LE(this.#start);
    if (length > this.#maxFrame)
      throw new FrameError(`a frame of ${length} bytes; at most ${this.#maxFrame} are taken`);
    if (unread < prefixSize + length) return undefined;
    const from = this.#start + prefixSize;
    const to = from + length;
    const body = decode(this.#bytes, from, to);
    this.#start = to;
    // An idle connection holds no memory of a long frame.
    if (this.#start === this.#end) this.#bytes = nothing;
    return body;
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
