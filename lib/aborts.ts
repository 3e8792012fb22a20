/** What ends when a signal aborts. */
export interface Abortable {
  abort(reason: unknown): void;
}

/**
 * Calls by their signals. One listener for all calls of a signal: Node.js 20 warns of a leak when a signal has more than
 * ten, and a signal may well be that of a hundred calls.
 */
export class Aborts {
  readonly #calls = new WeakMap<AbortSignal, Set<Abortable>>();

  add(signal: AbortSignal, call: Abortable): void {
    const calls = this.#calls.get(signal);
    if (calls) {
      calls.add(call);
      return;
    }
    this.#calls.set(signal, new Set([call]));
    signal.addEventListener('abort', this.#abort);
  }

  delete(signal: AbortSignal, call: Abortable): void {
    const calls = this.#calls.get(signal);
    if (!calls?.delete(call) || calls.size > 0) return;
    this.#calls.delete(signal);
    signal.removeEventListener('abort', this.#abort);
  }

  readonly #abort = ({ target }: Event): void => {
    const signal = target as AbortSignal;
    for (const call of [...(this.#calls.get(signal) ?? [])]) call.abort(signal.reason);
  };
}
