// How often the same is told at most, in milliseconds.
const interval = 10_000;

/** Tells people what is wrong, soon after it, and no more often than once in ten seconds: peers must not fill a log. */
export class Warnings {
  readonly #tell: ((message: string) => void) | undefined;
  #told = -Infinity;

  constructor(tell: ((message: string) => void) | undefined) {
    this.#tell = tell;
  }

  warn(message: string): void {
    const now = performance.now();
    if (now - this.#told < interval) return;
    this.#told = now;
    queueMicrotask(() => {
      this.#tell?.(message);
    });
  }
}
