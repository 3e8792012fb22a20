/** What a process is going to do later. A forked child has its parent's timers: it clears this. */
export class Agenda {
  readonly #cancels = new Set<() => void>();

  /**
   * Runs an action in a phase of the event loop that has no event half dispatched, so that it may fork: that of timers, or
   * the check phase.
   *
   * @param delay in milliseconds; 0: in this turn of the event loop
   * @returns takes the action back
   */
  after(delay: number, action: () => void): () => void {
    const run = () => {
      this.#cancels.delete(cancel);
      action();
    };
    const cancel = delay > 0 ? timeout(run, delay) : immediate(run);
    this.#cancels.add(cancel);
    return () => {
      cancel();
      this.#cancels.delete(cancel);
    };
  }

  /** Runs an action again and again, in the phase of timers. */
  every(interval: number, action: () => void): void {
    const timer = setInterval(action, interval).unref();
    this.#cancels.add(() => {
      clearInterval(timer);
    });
  }

  /** Takes everything back. */
  clear(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}

function timeout(action: () => void, delay: number): () => void {
  const timer = setTimeout(action, delay);
  return () => {
    clearTimeout(timer);
  };
}

function immediate(action: () => void): () => void {
  const timer = setImmediate(action);
  return () => {
    clearImmediate(timer);
  };
}
