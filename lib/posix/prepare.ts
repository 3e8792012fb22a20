import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isV8From12 } from '../shapes.js';
import { hasAddon } from './native.js';
import { releaseMemory } from './release.js';

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
 * Collects all garbage, moves what is left together, and gives the kernel back what is empty then, so that the children
 * which are forked from now on share more of this process's memory, and longer. A child gets a page of its own as soon as
 * either process writes to it, and a collector that cleans up in the child writes to every page that has garbage. It takes as
 * long as two full collections: some milliseconds, a second for a heap of a gigabyte. docs/memory.md has figures.
 *
 * Call it when the application has been loaded, before the first fork.
 */
export function prepareFork(): void {
  collect ??= collector();
  collect();
  // What the first collection has freed the second need not move. What that empties V8 keeps, as much again as there is left,
  // unless the collection is to save memory: children would have it too, and copy it where they need some.
  setFlagsFromString('--compact-on-every-full-gc');
  // V8 of Node.js 20 gives it back in other threads, while this one may fork.
  if (!isV8From12) setFlagsFromString('--no-concurrent-sweeping');
  try {
    // Where the addon cannot be, nobody forks.
    if (hasAddon()) releaseMemory();
    else collect();
  } finally {
    setFlagsFromString('--no-compact-on-every-full-gc');
    if (!isV8From12) setFlagsFromString('--concurrent-sweeping');
  }
}
