// Argument mistakes, found before the call: TypeError and RangeError with Node's codes.
import { inspect, types } from 'node:util';

function mistake<E extends Error & { code?: string }>(error: E, code: string): E {
  error.code = code;
  return error;
}

/** ERR_INVALID_ARG_TYPE. `expected` reads as in "must be of type number". */
export function wrongType(name: string, expected: string, value: unknown): TypeError {
  const message = `The "${name}" argument must be ${expected}. Received ${inspect(value, { depth: 0 })}`;
  return mistake(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

/** ERR_OUT_OF_RANGE. `expected` reads as in "must be >= 0". */
export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${inspect(value)}`;
  return mistake(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

/** ERR_INVALID_ARG_VALUE. */
export function wrongValue(name: string, reason: string, value: unknown): TypeError {
  const message = `The argument "${name}" ${reason}. Received ${inspect(value)}`;
  return mistake(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/** A whole number from `least` to `most`. */
export function integer(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw wrongType(name, 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} and <= ${most}`, value);
  return value;
}

export const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/** A C int. */
export function int(name: string, value: unknown): number {
  return integer(name, value, INT_MIN, INT_MAX);
}

/** A number of flags or'ed together. */
export function flags(name: string, value: unknown): number {
  return integer(name, value, 0, INT_MAX);
}

/** A file descriptor. -1 and the like are mistakes of the program, not errors of the system. */
export function descriptor(value: unknown): number {
  return integer('fd', value, 0, INT_MAX);
}

/** A size or a position in bytes. */
export function bytes(name: string, value: unknown): number {
  return integer(name, value, 0, Number.MAX_SAFE_INTEGER);
}

/** Permission bits. */
export function mode(value: unknown): number {
  return integer('mode', value, 0, 0o7777);
}

/** A file name. */
export function path(value: unknown): string {
  if (typeof value !== 'string') throw wrongType('path', 'of type string', value);
  if (value.includes('\0')) throw wrongValue('path', 'must be a string without null bytes', value);
  return value;
}

/** Seconds of a timer: not negative, not NaN, and within the kernel's range. */
export function seconds(name: string, value: unknown): number {
  if (typeof value !== 'number') throw wrongType(name, 'of type number', value);
  if (!(value >= 0 && value <= INT_MAX)) throw outOfRange(name, `>= 0 and <= ${INT_MAX}`, value);
  return value;
}

/** An ArrayBuffer, of any realm: those of mmap are the main realm's, also where Jest or `vm` load the library. */
export function arrayBuffer(name: string, value: unknown): ArrayBuffer {
  if (!types.isArrayBuffer(value)) throw wrongType(name, 'an ArrayBuffer', value);
  return value;
}

/** The bytes of a buffer, view or ArrayBuffer, not copied. */
export function view(name: string, value: unknown): Uint8Array {
  if (!ArrayBuffer.isView(value) && !types.isArrayBuffer(value)) {
    throw wrongType(name, 'an ArrayBuffer, a Buffer, a TypedArray or a DataView', value);
  }
  try {
    return ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
  } catch {
    throw wrongValue(name, 'must not have been unmapped or transferred away', value);
  }
}

/** A function. */
export function callback<T>(name: string, value: T): T {
  if (typeof value !== 'function') throw wrongType(name, 'of type function', value);
  return value;
}
