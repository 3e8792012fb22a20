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

const SCRATCH = 16_384;
// UTF-8 takes three bytes for a unit of UTF-16, at most.
const SHORT = SCRATCH / 3 - 1;
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

function asText(tag: number, text: string): Uint8Array {
  if (text.length <= SHORT) {
    scratch[0] = tag;
    return scratch.subarray(0, 1 + scratch.write(text, 1, 'utf8'));
  }
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  bytes[0] = tag;
  bytes.write(text, 1, 'utf8');
  return bytes;
}

/**
 * The bytes of a value, one or more. They are good until the next call.
 *
 * @throws {Error} DataCloneError: a function, say
 */
export function encode(value: unknown): Uint8Array {
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value === (value | 0) && !Object.is(value, -0)) {
      scratch[0] = tags.int;
      scratch.writeInt32LE(value, 1);
      return scratch.subarray(0, 5);
    }
    scratch[0] = tags.double;
    scratch.writeDoubleLE(value, 1);
    return scratch.subarray(0, 9);
  }
  if (typeof value === 'string' && isWellFormed(value)) return asText(tags.text, value);
  const tag = simple.get(value);
  if (tag !== undefined) {
    scratch[0] = tag;
    return scratch.subarray(0, 1);
  }
  if (typeof value === 'object') {
    seen = [];
    values = 0;
    if (isPlain(value)) return asText(tags.json, JSON.stringify(value));
  }
  const clone = serialize(value);
  const bytes = Buffer.allocUnsafeSlow(1 + clone.length);
  bytes[0] = tags.clone;
  bytes.set(clone, 1);
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
