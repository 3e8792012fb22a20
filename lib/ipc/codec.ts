// Values as bytes: a structured clone, by the serializer of V8, or by a shorter way if the outcome is the same.
import { deserialize, serialize } from 'node:v8';
import { DamagedError } from './errors.js';
import { readPlain, scratch, writePlain } from './plain.js';

/** In front of what is encoded there is room for a length. */
export const HEAD = 4;
const BODY = HEAD + 1;

// In place of the first byte of a plain value.
const CLONE = 0;

/** A value's bytes: from `HEAD` to the end. */
export interface Encoded {
  readonly bytes: Buffer;
  readonly end: number;
}

/**
 * The bytes of a value, behind `HEAD` bytes that are the caller's. They are good until the next call.
 *
 * @throws {Error} DataCloneError: a function, say
 */
export function encode(value: unknown): Encoded {
  const end = writePlain(value, HEAD);
  if (end > 0) return { bytes: scratch, end };
  const clone = serialize(value);
  const bytes = Buffer.allocUnsafe(BODY + clone.length);
  bytes[HEAD] = CLONE;
  bytes.set(clone, BODY);
  return { bytes, end: bytes.length };
}

/** Encoded bytes that stay good. */
export function kept({ bytes, end }: Encoded): Encoded {
  return { bytes: bytes === scratch ? Buffer.from(bytes.subarray(0, end)) : bytes, end };
}

/** What has been read of a value, and is to be made into it. */
export interface Lifted {
  readonly clone: Buffer | undefined;
  readonly value: unknown;
}

/**
 * Reads a value, as far as it refers to the bytes: the memory may be another value's afterwards.
 *
 * @throws {DamagedError} the bytes were of none
 */
export function lift(bytes: Buffer, start: number, end: number): Lifted {
  if (bytes[start] !== CLONE) return { clone: undefined, value: readPlain(bytes, start, end) };
  // Not of Node's pool: a typed array in the value is a view of these bytes.
  const clone = Buffer.allocUnsafeSlow(end - start - 1);
  bytes.copy(clone, 0, start + 1, end);
  return { clone, value: undefined };
}

/**
 * The value.
 *
 * @throws {DamagedError} the bytes were of none
 */
export function finish({ clone, value }: Lifted): unknown {
  if (!clone) return value;
  try {
    return deserialize(clone);
  } catch (cause) {
    throw new DamagedError('what came cannot be read', { cause });
  }
}
