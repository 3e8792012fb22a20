// Lists of instances: what every registry does with them before it tells them.
import type { Instance } from './registry.js';

function compare(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * One instance for each address, sorted by host and port. Where several have an address (a server that is being
 * replaced), it is the one whose id is first in order: all who look choose the same.
 */
export function distinctInstances(instances: Iterable<Instance>): readonly Instance[] {
  const sorted = [...instances].sort(
    (a, b) => compare(a.host, b.host) || compare(a.port, b.port) || compare(a.id, b.id),
  );
  return Object.freeze(
    sorted.filter((instance, i) => {
      const before = sorted[i - 1];
      return before?.host !== instance.host || before.port !== instance.port;
    }),
  );
}

/** Whether two lists are the same to who reads them. */
export function sameInstances(a: readonly Instance[], b: readonly Instance[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      return other?.id === one.id && other.host === one.host && other.port === one.port;
    })
  );
}
