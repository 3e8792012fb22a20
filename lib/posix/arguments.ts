// The arguments of the raw calls, checked before the call.
import { types } from 'node:util';
import { cString, INT_MAX, integer, outOfRange, wrongType, wrongValue } from '../mistakes.js';

export {
  callback,
  cString,
  ID_MAX,
  INT_MAX,
  integer,
  list,
  object,
  outOfRange,
  wrongType,
  wrongValue,
} from '../mistakes.js';

const INT_MIN = -(2 ** 31);

/** A C int. */
export function int(name: string, value: unknown): number {
  return integer(name, value, INT_MIN, INT_MAX);
}

/** A number of flags or'ed together. */
export function flagBits(name: string, value: unknown): number {
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
  return cString('path', value);
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
  // As it is: to make another takes as long as the call that it is for. What has been unmapped is found out below.
  if (value instanceof Uint8Array && value.length > 0) return value;
  try {
    if (types.isArrayBuffer(value)) return new Uint8Array(value);
    if (isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  } catch {
    throw wrongValue(name, 'must not have been unmapped or transferred away', value);
  }
  throw wrongType(name, 'an ArrayBuffer, a Buffer, a TypedArray or a DataView', value);
}

// The compiler of Node.js 24 takes a DataView that it knows for a constant for no view.
function isView(value: unknown): value is ArrayBufferView {
  return ArrayBuffer.isView(value) || types.isDataView(value);
}
