// State that a fork copies and that is wrong in the child: its name, and randomness that must not repeat.
import { randomInt, randomUUID } from 'node:crypto';
import process from 'node:process';
import { isUint8Array } from 'node:util/types';
import { native } from './native.js';
import { getrandom } from './random.js';

// From the kernel: OpenSSL's generator has to be seeded anew in each child first, which takes it a tenth of a millisecond.
function randomize(bytes: Uint8Array): void {
  let done = getrandom(bytes, 0);
  while (done < bytes.length) done += getrandom(bytes.subarray(done), 0);
}

const nativeRandom = Math.random;

const draws = new Uint32Array(1024);
const drawsBytes = new Uint8Array(draws.buffer);
let next = draws.length;

// V8's generator is copied with its state, and cannot be seeded anew: all children would draw the same numbers. This
// one draws from the kernel's, 53 bits a number, as evenly over [0, 1) as V8's.
function random(): number {
  if (next >= draws.length) {
    randomize(drawsBytes);
    next = 0;
  }
  const high = (draws[next] ?? 0) >>> 5;
  const low = (draws[next + 1] ?? 0) >>> 6;
  next += 2;
  return (high * 2 ** 26 + low) / 2 ** 53;
}

function repairMathRandom(math: Pick<Math, 'random'>): void {
  next = draws.length;
  // A generator that the program has put there itself, a seeded one say, is its own affair.
  if (math.random !== nativeRandom) return;
  const {
    configurable = true,
    enumerable = false,
    writable = true,
  } = Object.getOwnPropertyDescriptor(math, 'random') ?? {};
  Object.defineProperty(math, 'random', { value: random, configurable, enumerable, writable });
}

function repairPid(process: { readonly pid: number }): void {
  const {
    configurable = true,
    enumerable = true,
    writable = false,
  } = Object.getOwnPropertyDescriptor(process, 'pid') ?? {};
  Object.defineProperty(process, 'pid', { value: native.getpid(), configurable, enumerable, writable });
}

// Node draws random data ahead, for 128 UUIDs and for 1,024 integers, and hands it out bit by bit. In the parent, once, both
// are looked for: to fill them anew takes microseconds. Where one is not found, the child draws as often as there may be
// data left: that takes it milliseconds.
interface Ahead {
  /** Draws once from the data. */
  readonly draw: () => unknown;
  /** How often it is drawn before Node fills it anew. */
  readonly times: number;
  /** What is drawn of nothing but zeros, and of random data never. */
  readonly ofZeros: unknown;
  /** Node calls this method or getter of the data: it can be watched for as long as one draw takes. */
  readonly prototype: object;
  readonly member: string;
  /** Found. */
  data?: Uint8Array | undefined;
}

const TypedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype) as object;

const aheads: Ahead[] = [
  {
    draw: () => randomInt(2 ** 47),
    times: 1024,
    ofZeros: 0,
    // Of each draw.
    prototype: Buffer.prototype as object,
    member: 'readUIntBE',
  },
  {
    draw: () => randomUUID(),
    times: 128,
    ofZeros: '00000000-0000-4000-8000-000000000000',
    // Of the draw that fills.
    prototype: TypedArrayPrototype,
    member: 'byteLength',
  },
];

function find(ahead: Ahead): Uint8Array | undefined {
  const { prototype, member, draw, times } = ahead;
  const property: TypedPropertyDescriptor<unknown> | undefined = Object.getOwnPropertyDescriptor(prototype, member);
  if (property?.configurable !== true) return undefined;
  const called = new Set<unknown>();
  // A method, or a getter.
  const role = 'value' in property ? 'value' : 'get';
  const original = Reflect.get(property, role) as (...parameters: unknown[]) => unknown;
  function watched(this: unknown, ...parameters: unknown[]): unknown {
    called.add(this);
    return Reflect.apply(original, this, parameters);
  }
  Object.defineProperty(prototype, member, { ...property, [role]: watched });
  try {
    for (let n = 0; n <= times && called.size === 0; n++) draw();
  } finally {
    Object.defineProperty(prototype, member, property);
  }
  return [...called].filter((value) => isUint8Array(value)).find((data) => feeds(data, ahead));
}

// The first draw may find the data used up, and renew it itself.
function feeds(data: Uint8Array, { draw, ofZeros }: Ahead): boolean {
  const zeros = [1, 2].map(() => {
    data.fill(0);
    return draw() === ofZeros;
  });
  randomize(data);
  return zeros.includes(true);
}

function repairAhead({ data, draw, times }: Ahead): void {
  if (data) randomize(data);
  else for (let n = 0; n < times; n++) draw();
}

let prepared = false;

/** In the parent, before a fork: finds what the repair of each child needs. */
export function prepareRepair(): void {
  if (prepared) return;
  prepared = true;
  for (const ahead of aheads) ahead.data = find(ahead);
  // Once for show: what is compiled here is not compiled in each child, which takes longer there than to run it.
  repair({ process: { pid: 0 }, math: { random: nativeRandom } });
}

/** What is put right. */
interface Repaired {
  readonly process: { readonly pid: number };
  readonly math: Pick<Math, 'random'>;
}

/** Puts right, in a forked child, what is wrong in every one. */
export function repair({ process: own, math }: Repaired = { process, math: Math }): void {
  repairPid(own);
  repairMathRandom(math);
  for (const ahead of aheads) repairAhead(ahead);
}
