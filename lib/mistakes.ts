// Argument mistakes: TypeError and RangeError with the codes and the words of Node.js, thrown before anything has
// happened. https://nodejs.org/api/errors.html
import { inspect } from 'node:util';

/** The largest C int, and the longest delay of a timer in milliseconds. */
export const INT_MAX = 2 ** 31 - 1;

/** The largest id of a user or a group: the one after it stands for "none". */
export const ID_MAX = 2 ** 32 - 2;

function mistake<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

// An option is a property of an argument.
function kind(name: string): string {
  return name.includes('.') ? 'property' : 'argument';
}

/** ERR_INVALID_ARG_TYPE. `expected` reads as in "must be of type number". */
export function wrongType(name: string, expected: string, value: unknown): TypeError {
  const message = `The "${name}" ${kind(name)} must be ${expected}. Received ${inspect(value, { depth: 0 })}`;
  return mistake(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

/** ERR_OUT_OF_RANGE. `expected` reads as in "It must be >= 0". */
export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${inspect(value)}`;
  return mistake(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

/** ERR_INVALID_ARG_VALUE. `reason` reads as in "must not be empty". */
export function wrongValue(name: string, reason: string, value: unknown): TypeError {
  const message = `The ${kind(name)} "${name}" ${reason}. Received ${inspect(value)}`;
  return mistake(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/** A whole number from `least` to `most`. */
export function integer(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw wrongType(name, 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} and <= ${most}`, value);
  return value;
}

/** A function. */
export function callback<T>(name: string, value: T): T {
  if (typeof value !== 'function') throw wrongType(name, 'of type function', value);
  return value;
}

/** True or false. */
export function boolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'of type boolean', value);
  return value;
}

/** A string that is not empty. */
export function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(name, 'of type string', value);
  if (value === '') throw wrongValue(name, 'must not be empty', value);
  return value;
}

/** A string as C has it, which a null byte would end. */
export function cString(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(name, 'of type string', value);
  if (value.includes('\0')) throw wrongValue(name, 'must be a string without null bytes', value);
  return value;
}

/**
 * The elements of an Array, each as the check has it, with its name. Where there is none, the check gets undefined: what
 * passes over holes would leave the addon zeros in their places. `expected` reads as in "an Array of numbers".
 */
export function list<T>(
  name: string,
  expected: string,
  value: unknown,
  check: (name: string, element: unknown) => T,
): T[] {
  if (!Array.isArray(value)) throw wrongType(name, `an Array of ${expected}`, value);
  return Array.from(value, (element: unknown, index) => check(`${name}[${index}]`, element));
}

/** An AbortSignal, or none. */
export function abortSignal(name: string, value: AbortSignal | undefined): AbortSignal | undefined {
  if (value !== undefined && !(value instanceof AbortSignal)) throw wrongType(name, 'an AbortSignal', value);
  return value;
}

/** An object, not null. */
export function object<T>(name: string, value: T): T {
  if (typeof value !== 'object' || value === null) throw wrongType(name, 'of type object', value);
  return value;
}
