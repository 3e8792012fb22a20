// Checks of arguments, with the codes of Node.js: https://nodejs.org/api/errors.html
import { constants } from 'node:buffer';

/** @throws TypeError ERR_INVALID_ARG_TYPE */
export function invalidType(name: string, expected: string): never {
  throw Object.assign(new TypeError(`${name} must be ${expected}`), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** @throws TypeError ERR_INVALID_ARG_TYPE: not a string, or empty */
export function checkName(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') invalidType(name, 'a string that is not empty');
}

/** @throws TypeError ERR_INVALID_ARG_TYPE: not a number; RangeError ERR_OUT_OF_RANGE: not an integer from min to max */
export function checkInteger(name: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') invalidType(name, 'a number');
  if (!Number.isInteger(value) || value < min || value > max) {
    throw Object.assign(new RangeError(`${name} must be an integer from ${min} to ${max}, not ${value}`), {
      code: 'ERR_OUT_OF_RANGE',
    });
  }
}

/** @throws as checkInteger: a frame's body must fit in a string */
export function checkMaxFrame(value: unknown): void {
  checkInteger('maxFrame', value, 1, constants.MAX_STRING_LENGTH);
}
