// The arguments that the client and the server have in common.
import { constants } from 'node:buffer';
import { integer } from '../mistakes.js';

/** @throws RangeError ERR_OUT_OF_RANGE, TypeError ERR_INVALID_ARG_TYPE: a frame's body must fit in a string */
export function checkMaxFrame(value: unknown): void {
  integer('options.maxFrame', value, 1, constants.MAX_STRING_LENGTH);
}
