/** Gathers things, and gives them away together. Its delay does not keep the process alive. */
export class Gathering<T> {
  readonly #give: (things: ReadonlySet<T>) => void;
  #things = new Set<T>();
  #timer: NodeJS.Timeout | undefined;

  constructor(give: (things: ReadonlySet<T>) => void) {
    this.#give = give;
  }

  /** @param delay in milliseconds: when it and the others are given away, if it is the first; at once, if that is past */
  add(thing: T, delay: number): void {
    this.#things.add(thing);
    this.#timer ??= setTimeout(
      () => {
        const things = this.#things;
        this.clear();
        this.#give(things);
      },
      Math.max(delay, 0),
    ).unref();
  }

  has(thing: T): boolean {
    return this.#things.has(thing);
  }

  /** Forgets them. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#things = new Set();
  }
}
