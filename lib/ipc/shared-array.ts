import { integer, wrongType } from '../mistakes.js';
import { sharedMemory } from './shared.js';

/** The kinds of arrays that memory can be seen as. */
export type ArrayKind =
  | Int8ArrayConstructor
  | Uint8ArrayConstructor
  | Uint8ClampedArrayConstructor
  | Int16ArrayConstructor
  | Uint16ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor
  | BigInt64ArrayConstructor
  | BigUint64ArrayConstructor;

const kinds: readonly unknown[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

const MOST_BYTES = 2 ** 32 - 4096;

/**
 * An array that processes share, made before the fork: what one writes, the others read. `Atomics` works on it, but for its `wait`
 * and `notify`; a `Lock` keeps together what is more than one element.
 *
 * @example
 * const sums = new SharedArray(Float64Array, 4);
 * if (fork() === 0) {
 *   sums.array[0] = 0.5;
 *   process.exit();
 * }
 */
export class SharedArray<Kind extends ArrayKind> {
  /** The elements, which are all 0 at first. The memory is unmapped when nothing refers to them any more. */
  readonly array: InstanceType<Kind>;

  /**
   * @param kind such as `Float64Array`
   * @param length how many elements, or what they are at first
   * @throws {TypeError | RangeError} another kind; no elements, or more than 4 GiB of them
   * @throws {PosixError} ENOMEM
   */
  constructor(kind: Kind, length: number | Iterable<InstanceType<Kind>[number]>) {
    if (!kinds.includes(kind)) throw wrongType('kind', 'the constructor of a typed array', kind);
    const elements = typeof length === 'number' ? undefined : elementsOf(length);
    const count = integer('length', elements?.length ?? length, 1, Math.floor(MOST_BYTES / kind.BYTES_PER_ELEMENT));
    this.array = new kind(sharedMemory(count * kind.BYTES_PER_ELEMENT), 0, count) as InstanceType<Kind>;
    elements?.forEach((element, index) => {
      this.array[index] = element as never;
    });
  }
}

function elementsOf(elements: unknown): unknown[] {
  if (typeof elements !== 'object' || elements === null || !(Symbol.iterator in elements)) {
    throw wrongType('length', 'a number, or an iterable of elements', elements);
  }
  return Array.from(elements as Iterable<unknown>);
}

/**
 * One number that processes share: a `SharedArray` of one element.
 *
 * @example
 * const count = new SharedValue(Int32Array, 0);
 * Atomics.add(count.array, 0, 1);
 */
export class SharedValue<Kind extends ArrayKind> extends SharedArray<Kind> {
  /**
   * @param kind such as `Int32Array`
   * @param value what it is at first
   */
  constructor(kind: Kind, value: InstanceType<Kind>[number]) {
    super(kind, [value]);
  }

  /** The value. To read it and write another is two steps: for one, there is `Atomics` on `array`. */
  get value(): InstanceType<Kind>[number] {
    return this.array[0] as InstanceType<Kind>[number];
  }

  /** The same. */
  set value(value: InstanceType<Kind>[number]) {
    this.array[0] = value;
  }
}
