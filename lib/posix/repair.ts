// State that a fork copies and that is wrong in the child: its name, and randomness that must not repeat.
import { randomFillSync, randomInt, randomUUID } from 'node:crypto';
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

// Node draws random data ahead, for 128 UUIDs and 1,024 integers at a time: after as many draws, what is left is fresh.
// They are synchronous, so no request is left behind that the program could see.
const UUIDS_AHEAD = 128;
const INTEGERS_AHEAD = 1024;

function repairCrypto(): void {
  for (let i = 0; i < UUIDS_AHEAD; i++) randomUUID();
  for (let i = 0; i < INTEGERS_AHEAD; i++) randomInt(2);
}

/** Puts right, in a forked child, what is wrong in every one. */
export function repair(): void {
  repairPid();
  repairMathRandom();
  repairCrypto();
}
