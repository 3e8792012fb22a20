// What makes V8's young generation grow, for the programs that look at what is left of it.
import { getHeapSpaceStatistics } from 'node:v8';

/** How many megabytes of memory it has. */
export function young() {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  return space.physical_space_size / 2 ** 20;
}

// Parsed, since what code makes that has made much of what lives is not young: V8 puts it into old space at once.
const some = JSON.stringify(Array.from({ length: 1_000 }, (_, n) => ({ n, list: [n] })));

/** It grows when more has survived a collection than it has room for: as much is alive here as is never in it at a time. */
export function growTo(megabytes) {
  do Array.from({ length: 300 }, () => JSON.parse(some));
  while (young() < megabytes);
}
