import { register } from '../fork-hooks.js';

/** What has a socket. */
interface Forgettable {
  /** In a forked child: the socket is the parent's. */
  forget(): void;
}

/**
 * Leaves sockets to the parent in a forked child: one is read by all who have it, and a child would take what is its parent's, or
 * parts of it.
 *
 * @param those that there are at a fork
 * @returns to be called when there is one: the hook is not there before, and once
 */
export function leftToParent(those: () => Iterable<Forgettable>): () => void {
  let isHooked = false;
  const child = (): void => {
    for (const one of [...those()]) one.forget();
  };
  return () => {
    if (isHooked) return;
    isHooked = true;
    register({ before: undefined, parent: undefined, child });
  };
}
