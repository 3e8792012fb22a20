// What a registry has to say. Others may write to it, so how often is not theirs to decide.

/** How many are told at once, and in how many milliseconds there is room for one more. */
const [burst, interval] = [20, 1000];

/**
 * Limits how often `tell` is called: what is too much is counted, and told with the next one.
 *
 * @param tell is called later, not out of what warns
 */
export function limited(tell: (message: string) => void): (message: string) => void {
  let room = burst;
  let last = performance.now();
  let dropped = 0;
  return (message) => {
    const now = performance.now();
    room = Math.min(burst, room + (now - last) / interval);
    last = now;
    if (room < 1) {
      dropped++;
      return;
    }
    room--;
    const more = dropped > 0 ? ` (and ${dropped} more before it)` : '';
    dropped = 0;
    queueMicrotask(() => {
      tell(message + more);
    });
  };
}
