// State that a fork copies and that is wrong in the child: its name, and randomness that must not repeat.
import { randomInt, randomUUID } from 'node:crypto';
import process from 'node:process';
import { isUint8Array } from 'node:util/types';
import { answered } from './errno.js';
import { native } from './native.js';

// From the kernel: OpenSSL's generator has to be seeded anew in each child first, which takes it a tenth of a millisecond.
function randomize(bytes: Uint8Array): void {
  const done = answered(native.getrandom(bytes, 0), 'getrandom', bytes.length, {}, randomize);
  // A signal may cut it short.
  if (done < bytes.length) randomize(bytes.subarray(done));
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

/** A property that gets another value in the child, and is otherwise as it was found. */
interface Property {
  readonly name: string;
  descriptor?: PropertyDescriptor | undefined;
}

const pid: Property = { name: 'pid' };
const mathRandom: Property = { name: 'random' };

// Answers whether it can be changed.
function prepareProperty(owner: object, property: Property, value: unknown): boolean {
  const found = Object.getOwnPropertyDescriptor(owner, property.name);
  const { configurable = true, enumerable = true, writable = true } = found ?? {};
  property.descriptor = { value, configurable, enumerable, writable };
  return found ? configurable || writable : Object.isExtensible(owner);
}

function repairProperty(owner: object, { name, descriptor }: Property): void {
  if (descriptor) Object.defineProperty(owner, name, descriptor);
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
}

/** What a child needs of it: the data; none where they were not found. */
type Feed = Pick<Ahead, 'draw' | 'times'> & { readonly data: Uint8Array };

// All of one shape, data too: what a child's V8 has not met it learns anew, in each child.
function feed({ draw, times }: Pick<Ahead, 'draw' | 'times'>, { buffer, byteOffset, byteLength }: Uint8Array): Feed {
  return { draw, times, data: new Uint8Array(buffer, byteOffset, byteLength) };
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

const nothing = new Uint8Array(0);

function find(ahead: Ahead): Uint8Array {
  const { prototype, member, draw, times } = ahead;
  const property: TypedPropertyDescriptor<unknown> | undefined = Object.getOwnPropertyDescriptor(prototype, member);
  if (property?.configurable !== true) return nothing;
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
  return [...called].filter((value) => isUint8Array(value)).find((data) => isDrawnFrom(data, ahead)) ?? nothing;
}

// The first draw may find the data used up, and renew it itself.
function isDrawnFrom(data: Uint8Array, { draw, ofZeros }: Ahead): boolean {
  const zeros = [1, 2].map(() => {
    data.fill(0);
    return draw() === ofZeros;
  });
  randomize(data);
  return zeros.includes(true);
}

function renew({ data, draw, times }: Feed): void {
  if (data.length > 0) randomize(data);
  else for (let n = 0; n < times; n++) draw();
}

/** What is put right. */
export interface Repaired {
  readonly process: object;
  readonly math: object;
  readonly feeds: readonly Feed[];
}

let own: Repaired | undefined;

// V8 takes a property that never changed for a constant, and has a lot to do when it does: here once, and not in each child.
function change(owner: object, property: Property): void {
  const found = Object.getOwnPropertyDescriptor(owner, property.name);
  repairProperty(owner, property);
  if (found) Object.defineProperty(owner, property.name, found);
}

/**
 * In the parent, before each fork: finds what the repair of the child needs.
 *
 * @returns what is put right there, and what cannot be
 */
export function prepareRepair(): { own: Repaired; obstacles: string[] } {
  const obstacles = [];
  if (!prepareProperty(process, pid, 0)) obstacles.push('process.pid is frozen, and would be that of the parent');
  mathRandom.descriptor = undefined;
  // A generator that the program has put there itself, a seeded one say, is its own affair.
  if (Math.random === nativeRandom && !prepareProperty(Math, mathRandom, random)) {
    obstacles.push('Math.random is frozen, and would give every child the same numbers');
  }
  if (!own) {
    own = { process, math: Math, feeds: aheads.map((ahead) => feed(ahead, find(ahead))) };
    if (obstacles.length === 0) {
      change(process, pid);
      change(Math, mathRandom);
    }
  }
  return { own, obstacles };
}

/** Of nobody. */
export function scratch(): Repaired {
  const unused = feed({ draw: () => undefined, times: 0 }, new Uint8Array(1));
  return { process: { pid: 0 }, math: { random: null }, feeds: [unused, unused] };
}

/** Puts right, in a forked child, what is wrong in every one. */
export function repair(repaired: Repaired): void {
  if (pid.descriptor) pid.descriptor.value = native.getpid();
  repairProperty(repaired.process, pid);
  next = draws.length;
  repairProperty(repaired.math, mathRandom);
  for (const each of repaired.feeds) renew(each);
}
