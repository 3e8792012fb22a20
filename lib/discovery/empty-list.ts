/** How long an empty list is doubted, in milliseconds. */
export interface Graces {
  /** When there was one instance: as a rule it has left. */
  readonly one: number;
  /** When there were more, so short a time ago: as a rule something has gone wrong, and they come back. */
  readonly many: number;
}

/**
 * Doubts a list that is empty of a sudden: a registry that was wiped, or whose directory was deleted, is no news of the
 * servers. After a while the list is believed.
 */
export class EmptyListGuard {
  readonly #graces: Graces;
  /** How many instances the list that is believed has. */
  #count = 0;
  /** When there were several for the last time, by `performance.now()`: sessions that are lost together go one by one. */
  #several = -Infinity;
  /** Since when there are none. */
  #since: number | undefined;

  constructor(graces: Graces) {
    this.#graces = graces;
  }

  /**
   * Judges a list that was just read.
   *
   * @returns in how many milliseconds to read it again, and to go on with the list of before until then; 0: it is believed
   */
  doubt(count: number): number {
    const now = performance.now();
    if (this.#count > 1) this.#several = now;
    if (count === 0 && this.#count > 0) {
      this.#since ??= now;
      const { one, many } = this.#graces;
      const rest = this.#since + (this.#since - this.#several < many ? many : one) - now;
      if (rest > 0) return rest;
    }
    this.#count = count;
    this.#since = undefined;
    return 0;
  }

  /** Time that nobody could look does not count. */
  interrupt(): void {
    this.#since = undefined;
  }

  /** There is no list of before any more. */
  forget(): void {
    this.#count = 0;
    this.#several = -Infinity;
    this.#since = undefined;
  }
}
