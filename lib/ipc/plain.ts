// Trees of plain values as bytes: numbers, texts, arrays, objects of objects, as most messages are. The serializer of V8 takes
// microseconds for the smallest, and so does JSON with the looking whether it has all that is in the value. This looks while it
// writes, and leaves to the serializer what is not plain.
import { DamagedError } from './errors.js';

const tags = {
  undefined: 1,
  null: 2,
  true: 3,
  false: 4,
  int: 5,
  double: 6,
  short: 7,
  long: 8,
  array: 9,
  object: 10,
} as const;
/** A byte from here on is a whole number: what it has more. */
const SMALL = 128;

/** More than so many values are the serializer's: its way is the shorter one then. */
const MOST_VALUES = 64;
/** Texts up to so many units of ASCII are written and read without leaving JavaScript. */
const SHORT = 32;

const SCRATCH = 16_384;
/** What any value but a text takes, at most. */
const RESERVE = 9;

/** Where `writePlain` writes. */
export const scratch = Buffer.alloc(SCRATCH);

let at = 0;
let values = 0;
// A getter of the value that is being written may itself send something.
let busy = false;
let seen: object[] = [];

// UTF-8 has no half of a surrogate pair.
const isWellFormed = (text: string) => (text as string & { isWellFormed(): boolean }).isWellFormed();

function writeLong(text: string): boolean {
  const start = at + 1 + Uint32Array.BYTES_PER_ELEMENT;
  // UTF-8 takes three bytes for a unit of UTF-16, at most.
  if (start + 3 * text.length > SCRATCH || !isWellFormed(text)) return false;
  scratch[at] = tags.long;
  const length = scratch.write(text, start, 'utf8');
  scratch.writeUInt32LE(length, at + 1);
  at = start + length;
  return true;
}

function writeText(text: string): boolean {
  const { length } = text;
  const start = at + 2;
  if (length > SHORT || start + length > SCRATCH) return writeLong(text);
  for (let n = 0; n < length; n++) {
    const unit = text.charCodeAt(n);
    if (unit >= 128) return writeLong(text);
    scratch[start + n] = unit;
  }
  scratch[at] = tags.short;
  scratch[at + 1] = length;
  at = start + length;
  return true;
}

function writeNumber(value: number): boolean {
  const whole = value | 0;
  if (whole !== value || (whole === 0 && Object.is(value, -0))) {
    scratch[at] = tags.double;
    at = scratch.writeDoubleLE(value, at + 1);
  } else if (whole >= 0 && whole < SMALL) {
    scratch[at++] = SMALL + whole;
  } else {
    scratch[at] = tags.int;
    at = scratch.writeInt32LE(whole, at + 1);
  }
  return true;
}

function writeTag(tag: number): boolean {
  scratch[at++] = tag;
  return true;
}

function writeArray(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length > MOST_VALUES || Object.getPrototypeOf(array) !== Array.prototype) return false;
  // It has no hole, and nothing by a name.
  if (Object.keys(array).length !== length) return false;
  scratch[at] = tags.array;
  scratch[at + 1] = length;
  at += 2;
  for (let n = 0; n < length; n++) if (!write(array[n])) return false;
  return true;
}

function writeObject(value: object): boolean {
  // A clone has it once, too, and so may have circles.
  if (seen.includes(value)) return false;
  seen.push(value);
  if (Array.isArray(value)) return writeArray(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  const keys = Object.keys(value);
  if (keys.length > MOST_VALUES) return false;
  scratch[at] = tags.object;
  scratch[at + 1] = keys.length;
  at += 2;
  for (const key of keys) {
    if (key === '__proto__' || !writeText(key) || !write((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

function write(value: unknown): boolean {
  if (++values > MOST_VALUES || at + RESERVE > SCRATCH) return false;
  switch (typeof value) {
    case 'number':
      return writeNumber(value);
    case 'string':
      return writeText(value);
    case 'boolean':
      return writeTag(value ? tags.true : tags.false);
    case 'undefined':
      return writeTag(tags.undefined);
    case 'object':
      return value === null ? writeTag(tags.null) : writeObject(value);
    default:
      return false;
  }
}

/**
 * Writes a value into `scratch`.
 *
 * @returns where it ends there; -1: it is the serializer's
 * @throws what a getter throws
 */
export function writePlain(value: unknown, start: number): number {
  if (busy) return -1;
  busy = true;
  at = start;
  values = 0;
  try {
    return write(value) ? at : -1;
  } finally {
    busy = false;
    if (seen.length > 0) seen = [];
  }
}

// Keys come again and again, and so do many texts: those that have come lately, each at the place of its hash.
const LATELY = 512;
const lately: string[] = Array.from({ length: LATELY }, () => '');

// Apart from the writer's: a getter of a value that is being written may read another.
let source: Buffer = scratch;
let from = 0;
let end = 0;
let found = 0;

function damaged(): DamagedError {
  return new DamagedError('what came cannot be read');
}

/** Goes over so many bytes; says where they begin. */
function take(length: number): number {
  const start = from;
  from += length;
  if (from > end) throw damaged();
  return start;
}

function byte(): number {
  return source[take(1)] ?? 0;
}

function isAt(text: string, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let n = 0; n < length; n++) if (text.charCodeAt(n) !== source[start + n]) return false;
  return true;
}

function readShort(): string {
  const length = byte();
  const start = take(length);
  if (length > SHORT) throw damaged();
  let hash = length;
  for (let n = start; n < from; n++) hash = (Math.imul(hash, 31) + (source[n] ?? 0)) | 0;
  const place = (hash ^ (hash >>> 9)) & (LATELY - 1);
  const known = lately[place] ?? '';
  if (isAt(known, start, length)) return known;
  const text = source.toString('latin1', start, from);
  lately[place] = text;
  return text;
}

function readLong(): string {
  const length = source.readUInt32LE(take(Uint32Array.BYTES_PER_ELEMENT));
  const start = take(length);
  return source.toString('utf8', start, from);
}

function readKey(): string {
  const tag = byte();
  const key = tag === tags.short ? readShort() : tag === tags.long ? readLong() : '__proto__';
  if (key === '__proto__') throw damaged();
  return key;
}

function readArray(): unknown[] {
  const array: unknown[] = [];
  for (let left = byte(); left > 0; left--) array.push(read());
  return array;
}

function readObject(): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let left = byte(); left > 0; left--) {
    const key = readKey();
    object[key] = read();
  }
  return object;
}

function read(): unknown {
  const tag = byte();
  if (++found > MOST_VALUES) throw damaged();
  if (tag >= SMALL) return tag - SMALL;
  switch (tag) {
    case tags.int:
      return source.readInt32LE(take(Int32Array.BYTES_PER_ELEMENT));
    case tags.double:
      return source.readDoubleLE(take(Float64Array.BYTES_PER_ELEMENT));
    case tags.short:
      return readShort();
    case tags.long:
      return readLong();
    case tags.array:
      return readArray();
    case tags.object:
      return readObject();
    case tags.undefined:
      return undefined;
    case tags.null:
      return null;
    case tags.true:
      return true;
    case tags.false:
      return false;
  }
  throw damaged();
}

/**
 * Reads the value that has been written there.
 *
 * @throws {DamagedError} it is none
 */
export function readPlain(bytes: Buffer, start: number, to: number): unknown {
  source = bytes;
  from = start;
  end = to;
  found = 0;
  try {
    const value = read();
    if (from !== end) throw damaged();
    return value;
  } finally {
    // Whose bytes they are may let go of them.
    source = scratch;
  }
}
