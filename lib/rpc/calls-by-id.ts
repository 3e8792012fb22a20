import { Numbered } from './numbered.js';
import type { ServedCall } from './served-call.js';
import type { CallId } from './wire.js';

/** The calls of a connection by the ids that its peer has given them. */
export class CallsById {
  /** Most peers count. */
  readonly #counted = new Numbered<ServedCall>();
  readonly #others = new Map<CallId, ServedCall>();

  has(id: CallId): boolean {
    return this.get(id) !== undefined;
  }

  /** @param id what a peer has sent */
  get(id: unknown): ServedCall | undefined {
    return isCount(id) ? this.#counted.get(id) : this.#others.get(id as CallId);
  }

  add(id: CallId, call: ServedCall): void {
    if (isCount(id)) this.#counted.set(id, call);
    else this.#others.set(id, call);
  }

  delete(id: CallId): void {
    if (isCount(id)) this.#counted.take(id);
    else this.#others.delete(id);
  }

  takeAll(): ServedCall[] {
    const others = [...this.#others.values()];
    this.#others.clear();
    return [...this.#counted.takeAll(), ...others];
  }
}

function isCount(id: unknown): id is number {
  return Number.isSafeInteger(id) && (id as number) > 0;
}
