import { atfork } from '../posix/index.js';

/**
 * Has something done in each child. Only once the result has been called: who never needs it does not have each fork take longer.
 *
 * @returns what to call as soon as there is something for a child to forget; again does nothing
 */
export function inChildren(child: () => void): () => void {
  let hooked = false;
  return () => {
    if (hooked) return;
    hooked = true;
    atfork({ child });
  };
}
