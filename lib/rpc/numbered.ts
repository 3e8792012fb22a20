import { randomInt } from 'node:crypto';

// The least room, in entries: a power of two.
const LEAST = 16;
const BITS = 32;
// What the halves of a number are multiplied by: odd, and unknown to peers, which could choose numbers that collide.
const [LOW, HIGH] = [odd(), odd()];

function odd(): number {
  return 2 * randomInt(2 ** (BITS - 1)) + 1;
}

/**
 * What has a number: it is found and taken away by it in no time, or in the order of the numbers.
 *
 * Not a Map, for the reason that a `Roster` is no Set. The entry of a number is at its hash, or the next that is free (linear
 * probing).
 */
export class Numbered<T extends object> {
  /** 0: free. */
  #numbers: number[] = filled(LEAST, 0);
  #values: (T | undefined)[] = filled(LEAST, undefined);
  /** So many bits of a hash are not needed. */
  #shift = BITS - Math.log2(LEAST);
  #size = 0;
  /** No number is lower. */
  #lowest = 1;

  get size(): number {
    return this.#size;
  }

  get(number: number): T | undefined {
    return this.#values[this.#placeOf(number)];
  }

  /** @param number 1 to 2⁵³ - 1. One that is there gets another value */
  set(number: number, value: T): void {
    if (this.#size === 0 || number < this.#lowest) this.#lowest = number;
    if (2 * this.#size >= this.#numbers.length) this.#grow();
    const place = this.#placeOf(number);
    if (this.#numbers[place] === 0) this.#size++;
    this.#numbers[place] = number;
    this.#values[place] = value;
  }

  /** Takes it away, if it is there. */
  take(number: number): T | undefined {
    let gap = this.#placeOf(number);
    const value = this.#values[gap];
    if (value === undefined) return undefined;
    this.#size--;
    const last = this.#numbers.length - 1;
    // Each that follows is moved up, if it is looked for at the gap or before.
    for (let place = (gap + 1) & last; this.#numbers[place] !== 0; place = (place + 1) & last) {
      const found = this.#numbers[place] ?? 0;
      if (((place - this.#hash(found)) & last) < ((place - gap) & last)) continue;
      this.#numbers[gap] = found;
      this.#values[gap] = this.#values[place];
      gap = place;
    }
    this.#numbers[gap] = 0;
    this.#values[gap] = undefined;
    return value;
  }

  /** The lowest number that is there; 0 if there is none. In no time, where a number is higher than those before. */
  get first(): number {
    if (this.#size === 0) return 0;
    while (this.get(this.#lowest) === undefined) this.#lowest++;
    return this.#lowest;
  }

  /** Takes all away, in their order. */
  takeAll(): T[] {
    const order = this.#numbers.filter((number) => number !== 0).sort((a, b) => a - b);
    return order.flatMap((number) => this.take(number) ?? []);
  }

  #hash(number: number): number {
    return Math.imul(number ^ Math.imul(number / 2 ** BITS, HIGH), LOW) >>> this.#shift;
  }

  /** Where it is, or would be. */
  #placeOf(number: number): number {
    const numbers = this.#numbers;
    const last = numbers.length - 1;
    let place = this.#hash(number);
    while (numbers[place] !== 0 && numbers[place] !== number) place = (place + 1) & last;
    return place;
  }

  #grow(): void {
    const [numbers, values] = [this.#numbers, this.#values];
    this.#shift--;
    this.#numbers = filled(2 * numbers.length, 0);
    this.#values = filled(2 * numbers.length, undefined);
    for (const [old, number] of numbers.entries()) {
      if (number === 0) continue;
      const place = this.#placeOf(number);
      this.#numbers[place] = number;
      this.#values[place] = values[old];
    }
  }
}

function filled<T>(length: number, value: T): T[] {
  return new Array<T>(length).fill(value);
}
