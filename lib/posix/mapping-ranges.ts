// How long a mapping may be, and where something is in it: what is searched for, and what a slice has.
import { constants } from 'node:buffer';
import { integer } from './arguments.js';

/** The longest mapping. Node's own limit, 4 GiB in Node 20: beyond it the addon's ArrayBuffer cannot be made. */
export const LONGEST = Math.min(constants.MAX_LENGTH, Number.MAX_SAFE_INTEGER);

// Buffer searches with 32-bit positions: longer memory is searched window by window.
const WINDOW = 2 ** 30;

/** The first place of `sought` that is all within start and end; -1: none. */
export function first(memory: Buffer, sought: Uint8Array, start: number, end: number): number {
  for (let from = start; from + sought.length <= end; from += WINDOW) {
    const found = memory.subarray(from, Math.min(end, from + WINDOW + sought.length - 1)).indexOf(sought);
    if (found >= 0) return from + found;
  }
  return -1;
}

/** The last place of `sought` that is all within start and end; -1: none. */
export function last(memory: Buffer, sought: Uint8Array, start: number, end: number): number {
  if (sought.length === 0) return start <= end ? end : -1;
  for (let to = end; to - sought.length >= start; to -= WINDOW) {
    const from = Math.max(start, to - WINDOW - sought.length + 1);
    const found = memory.subarray(from, to).lastIndexOf(sought);
    if (found >= 0) return from + found;
  }
  return -1;
}

/** A place between `least` and `most`; a negative one counts from the end of all that is `length` long. */
export function place(name: string, value: number, length: number, least = 0, most = length): number {
  integer(name, value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  return Math.min(Math.max(value < 0 ? value + length : value, least), most);
}

/** The indices of a slice: `count` of them, from `from` on, `step` apart. As `range(*slice.indices())` of Python. */
export function indices(
  length: number,
  start: number | undefined,
  end: number | undefined,
  step: number,
): { from: number; count: number } {
  integer('step', step, step < 0 ? -Number.MAX_SAFE_INTEGER : 1, Number.MAX_SAFE_INTEGER);
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
  const [first, limit] = step > 0 ? [least, most] : [most, least];
  const from = start === undefined ? first : place('start', start, length, least, most);
  const to = end === undefined ? limit : place('end', end, length, least, most);
  return { from, count: Math.max(0, Math.ceil((to - from) / step)) };
}
