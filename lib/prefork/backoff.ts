// When to fork a worker anew that has ended unasked.

/** The wait after the second failure in a row, in milliseconds; it doubles with each further one. */
export const FIRST_DELAY = 100;
/** The longest wait, in milliseconds. */
const LONGEST_DELAY = 15_000;
/** A worker that was ready for so long, in milliseconds, was healthy: its end is not one more failure in a row. */
export const HEALTHY_AFTER = 30_000;
/** So many workers in a row end before one has ever been ready: the program is broken, and prefork gives up. */
export const BOOT_FAILURES = 5;

/**
 * @param failures how often in a row this worker has ended unasked, 1 and more
 * @returns milliseconds to wait: none after the first, so that a single crash costs no capacity
 */
export function respawnDelay(failures: number): number {
  return failures <= 1 ? 0 : Math.min(FIRST_DELAY * 2 ** (failures - 2), LONGEST_DELAY);
}
