/**
 * How a session is: `connecting` until the first connection; `connected`; `suspended`, the connection is lost, the
 * session and its ephemeral nodes may live on; `lost`, they are gone, and a new session is being made; `closed`.
 */
export type SessionState = 'connecting' | 'connected' | 'suspended' | 'lost' | 'closed';

/** The state of a session, with those who are told of it and those who wait. */
export class State {
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #waiting = new Set<() => void>();
  #current: SessionState = 'connecting';

  get current(): SessionState {
    return this.#current;
  }

  set(state: SessionState): void {
    if (this.#current === state) return;
    this.#current = state;
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        listener(state);
      });
    }
    this.wake();
  }

  /** Calls the listener after each change. @returns ends that */
  listen(listener: (state: SessionState) => void): () => void {
    // Another function each time, so that one that listens twice is two.
    const own = (state: SessionState) => {
      listener(state);
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Waits for a change, or `wake()`; so many milliseconds at most. */
  change(patience: number): Promise<void> {
    return new Promise((settle) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        settle();
      };
      const timer = patience === Infinity ? undefined : setTimeout(wake, patience);
      this.#waiting.add(wake);
    });
  }

  /** Wakes those who wait: there may be something else to see. */
  wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Forgets all, in a forked child: nobody there is told. */
  abandon(): void {
    this.#listeners.clear();
    this.#waiting.clear();
    this.#current = 'closed';
  }
}
