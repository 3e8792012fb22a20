// How much at most of a time is taken for time that this process has run, though it may have been stopped: a tenth, and no more
// than a second.
const STEPS = 10;
const LONGEST_STEP = 1_000; // milliseconds

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

  /**
   * As `after`, for what others are given time for: time in which this process does not run either, because it is stopped, is
   * theirs nevertheless.
   *
   * @param delay as long as it may be: not only as a timer can
   */
  afterGrace(delay: number, action: () => void): () => void {
    const step = Math.min(Math.ceil(delay / STEPS), LONGEST_STEP);
    let cancel: () => void;
    // Of a step that took longer than it is, the rest does not count.
    const wait = (left: number) => {
      cancel = this.after(Math.min(step, left), () => {
        if (left > step) wait(left - step);
        else action();
      });
    };
    wait(delay);
    return () => {
      cancel();
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
