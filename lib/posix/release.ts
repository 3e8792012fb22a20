import { getHeapStatistics } from 'node:v8';
import { native } from './native.js';
import { keepTicksFast } from '../shapes.js';

/**
 * Collects all garbage and gives the kernel back what is not needed any more, of malloc's memory too. V8 lets its young
 * generation grow under load, to 32 MB or, from Node 24 on, 128 MB, and gives that back late or never. It grows again when
 * there is work. It takes as long as a full collection: some milliseconds, half a second for a heap of a gigabyte. For a
 * process that has done something big, and now waits.
 *
 * @see https://man7.org/linux/man-pages/man3/malloc_trim.3.html
 */
export function releaseMemory(): void {
  keepTicksFast();
  native.releaseMemory(getHeapStatistics().heap_size_limit);
}
