// The seam for who wants to see the calls of this process: `truefork/trace`. Without one, nothing is paid for it.
import { callback } from '../mistakes.js';
import { native, type Native } from './native.js';

export type { Native as NativeCalls };

/**
 * Puts functions in the place of the addon's, for all of this library, in this thread: who records or counts the calls of a
 * process. As long as nobody does, a call goes to the addon and nowhere else. A forked child has them too.
 *
 * @param make is given the calls as they were, and answers those that are to be others. Each has the arguments and the result
 * of the one in whose place it is (`-errno` if it has failed), and must answer that result
 * @returns a function that puts back what was there; again is no mistake
 */
export function intercept(make: (calls: Native) => Partial<Native>): () => void {
  callback('make', make);
  const below = Object.getPrototypeOf(native) as Native;
  const layer = Object.assign(Object.create(below) as Partial<Native>, make(below));
  Object.setPrototypeOf(native, layer);
  return () => {
    // One that came later may call these still.
    if (Object.getPrototypeOf(native) === layer) Object.setPrototypeOf(native, below);
    else for (const name of Object.keys(layer)) Reflect.set(layer, name, Reflect.get(below, name));
  };
}
