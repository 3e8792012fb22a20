import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = () => void;

let collect: Collect | undefined;

// V8 offers its collector to scripts by a flag, which counts when a context is made.
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('gc') as Collect;
  } finally {
    if (typeof globalThis.gc !== 'function') setFlagsFromString('--no-expose-gc');
  }
}

/**
 * Collects all garbage and moves what is left together, so that the children which are forked from now on share more of
 * this process's memory, and longer. A child gets a page of its own as soon as either process writes to it, and a
 * collector that cleans up in the child writes to every page that has garbage. It takes as long as a full collection: some
 * milliseconds, half a second for a heap of a gigabyte. docs/memory.md has figures.
 *
 * Call it when the application has been loaded, before the first fork.
 */
export function prepareFork(): void {
  collect ??= collector();
  collect();
  // What the first collection has freed the second need not move.
  setFlagsFromString('--compact-on-every-full-gc');
  try {
    collect();
  } finally {
    setFlagsFromString('--no-compact-on-every-full-gc');
  }
}
