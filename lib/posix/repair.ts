// State that a fork copies and that is wrong in the child: its name, and randomness that must not repeat.
import { randomFillSync, randomInt, randomUUID } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { native } from './native.js';

const nativeRandom = Math.random;

const draws = new Uint32Array(1024);
let next = draws.length;

// V8's generator is copied with its state, and cannot be seeded anew: all children would draw the same numbers. This
// one draws from the kernel's, 53 bits a number, as evenly over [0, 1) as V8's.
function random(): number {
  if (next >= draws.length) {
    randomFillSync(draws);
    next = 0;
  }
  const high = (draws[next] ?? 0) >>> 5;
  const low = (draws[next + 1] ?? 0) >>> 6;
  next += 2;
  return (high * 2 ** 26 + low) / 2 ** 53;
}

function repairMathRandom(): void {
  next = draws.length;
  // A generator that the program has put there itself, a seeded one say, is its own affair.
  if (Math.random !== nativeRandom) return;
  const {
    configurable = true,
    enumerable = false,
    writable = true,
  } = Object.getOwnPropertyDescriptor(Math, 'random') ?? {};
  Object.defineProperty(Math, 'random', { value: random, configurable, enumerable, writable });
}

function repairPid(): void {
  const {
    configurable = true,
    enumerable = true,
    writable = false,
  } = Object.getOwnPropertyDescriptor(process, 'pid') ?? {};
  Object.defineProperty(process, 'pid', { value: native.getpid(), configurable, enumerable, writable });
}

// Node draws random data ahead, for 128 UUIDs and for 1,024 integers. After as many synchronous draws, what is left is
// fresh, and no request is left behind that the program could see.
const UUIDS_AHEAD = 128;
const INTEGERS_AHEAD = 1024;

// The data for the integers, if they were found: to fill them anew takes microseconds, a thousand draws in each child take
// long enough to start the optimizing compiler.
let integersAhead: Uint8Array | undefined;
let searched = false;

// randomInt reads its data by a method that can be watched for the length of one call.
function findIntegersAhead(): Uint8Array | undefined {
  const read: TypedPropertyDescriptor<Buffer['readUIntBE']> | undefined = Object.getOwnPropertyDescriptor(
    Buffer.prototype,
    'readUIntBE',
  );
  const original = read?.value;
  if (!original || read.configurable !== true) return undefined;
  const found: unknown[] = [];
  function watched(this: Buffer, offset: number, length: number): number {
    found.push(this);
    return Reflect.apply(original as typeof watched, this, [offset, length]);
  }
  Object.defineProperty(Buffer.prototype, 'readUIntBE', { ...read, value: watched });
  try {
    randomInt(2);
  } finally {
    Object.defineProperty(Buffer.prototype, 'readUIntBE', read);
  }
  const [data] = found;
  return isUint8Array(data) && feeds(data) ? data : undefined;
}

// The proof: of zeros it draws a zero, and of other data once in 2^47 times. The first draw may find the data used up, and
// renew them itself.
function feeds(data: Uint8Array): boolean {
  const zeroes = [1, 2].map(() => {
    data.fill(0);
    return randomInt(2 ** 47) === 0;
  });
  randomFillSync(data);
  return zeroes.includes(true);
}

function repairCrypto(): void {
  if (integersAhead) randomFillSync(integersAhead);
  else for (let i = 0; i < INTEGERS_AHEAD; i++) randomInt(2);
  for (let i = 0; i < UUIDS_AHEAD; i++) randomUUID();
}

/** In the parent, before a fork: finds what the repair of each child needs. */
export function prepareRepair(): void {
  if (searched) return;
  searched = true;
  integersAhead = findIntegersAhead();
}

/** Puts right, in a forked child, what is wrong in every one. */
export function repair(): void {
  repairPid();
  repairMathRandom();
  repairCrypto();
}
