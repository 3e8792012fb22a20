// Values as bytes: a structured clone. The serializer of V8 takes microseconds for the smallest; what is common goes a shorter
// way, if the outcome is the same.
import { deserialize, serialize } from 'node:v8';
import { DamagedError } from './errors.js';

const tags = { clone: 0, int: 1, double: 2, text: 3, json: 4, undefined: 5, null: 6, true: 7, false: 8 } as const;

const simple = new Map<unknown, number>([
  [undefined, tags.undefined],
  [null, tags.null],
  [true, tags.true],
  [false, tags.false],
]);
const simpleByTag = new Map([...simple].map(([value, tag]) => [tag, value]));

/** In front of what is encoded there is room for a length. */
export const HEAD = 4;
const BODY = HEAD + 1;

const SCRATCH = 16_384;
// UTF-8 takes three bytes for a unit of UTF-16, at most.
const SHORT = (SCRATCH - BODY) / 3;
const scratch = Buffer.alloc(SCRATCH);

/** More than so many values are the serializer's: to look at each would take longer. */
const MOST_VALUES = 64;

let seen: unknown[] = [];
let values = 0;

// Whether JSON gives the same value: a tree of plain objects and arrays, each in it once, with nothing in it that JSON has not.
function isPlain(value: unknown): boolean {
  if (++values > MOST_VALUES) return false;
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      return value === null || isPlainObject(value);
    default:
      return false;
  }
}

function isPlainObject(value: object): boolean {
  if (seen.includes(value)) return false;
  seen.push(value);
  const keys = Object.keys(value);
  if (Array.isArray(value)) {
    return Object.getPrototypeOf(value) === Array.prototype && keys.length === value.length && value.every(isPlain);
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key of keys) {
    if (key === '__proto__' || key === 'toJSON' || !isPlain((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

// UTF-8 has no half of a surrogate pair.
const isWellFormed = (text: string) => (text as string & { isWellFormed(): boolean }).isWellFormed();

function asText(tag: number, text: string): Buffer {
  const bytes = text.length <= SHORT ? scratch : Buffer.allocUnsafe(BODY + Buffer.byteLength(text));
  bytes[HEAD] = tag;
  return bytes.subarray(0, BODY + bytes.write(text, BODY, 'utf8'));
}

function asNumber(value: number): Buffer {
  if (value === (value | 0) && !Object.is(value, -0)) {
    scratch[HEAD] = tags.int;
    return scratch.subarray(0, scratch.writeInt32LE(value, BODY));
  }
  scratch[HEAD] = tags.double;
  return scratch.subarray(0, scratch.writeDoubleLE(value, BODY));
}

function isJson(value: object): boolean {
  seen = [];
  values = 0;
  try {
    return isPlain(value);
  } finally {
    seen = [];
  }
}

/**
 * The bytes of a value, behind `HEAD` bytes that are the caller's. They are good until the next call.
 *
 * @throws {Error} DataCloneError: a function, say
 */
export function encode(value: unknown): Buffer {
  if (typeof value === 'number') return asNumber(value);
  if (typeof value === 'string' && isWellFormed(value)) return asText(tags.text, value);
  const tag = simple.get(value);
  if (tag !== undefined) {
    scratch[HEAD] = tag;
    return scratch.subarray(0, BODY);
  }
  if (typeof value === 'object' && value !== null && isJson(value)) return asText(tags.json, JSON.stringify(value));
  const clone = serialize(value);
  const bytes = Buffer.allocUnsafe(BODY + clone.length);
  bytes[HEAD] = tags.clone;
  bytes.set(clone, BODY);
  return bytes;
}

/** What has been read of a value, and is to be made into it. */
export interface Lifted {
  readonly tag: number;
  readonly raw: unknown;
}

/** Reads a value, as far as it refers to the bytes: the memory may be another value's afterwards. */
export function lift(bytes: Buffer, start: number, end: number): Lifted {
  const tag = bytes[start] ?? -1;
  switch (tag) {
    case tags.int:
      return { tag, raw: bytes.readInt32LE(start + 1) };
    case tags.double:
      return { tag, raw: bytes.readDoubleLE(start + 1) };
    case tags.text:
    case tags.json:
      return { tag, raw: bytes.toString('utf8', start + 1, end) };
    case tags.clone:
      return { tag, raw: ownBytes(bytes.subarray(start + 1, end)) };
  }
  return { tag, raw: simpleByTag.get(tag) };
}

// Not of Node's pool: a typed array in the value is a view of these bytes.
function ownBytes(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}

/**
 * The value.
 *
 * @throws {DamagedError} the bytes were of none
 */
export function finish({ tag, raw }: Lifted): unknown {
  try {
    if (tag === tags.json) return JSON.parse(raw as string);
    if (tag === tags.clone) return deserialize(raw as Buffer);
  } catch (cause) {
    throw new DamagedError('what came cannot be read', { cause });
  }
  if (tag >= tags.int && tag <= tags.false) return raw;
  throw new DamagedError('what came is of no kind that there is');
}
