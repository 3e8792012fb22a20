/** What can be on a roster: on one at a time. */
export interface Listed {
  /** Where it is there; only the roster writes it. -1: nowhere. */
  place: number;
}

/**
 * What comes and goes, as often as connections do: added and taken away in no time, in no order.
 *
 * Not a Set or a Map. Their tables are replaced as members come and go, and V8 has each point to the next. One that has lived
 * for two collections is in old space: until a full collection it keeps alive the next one, though nobody knows it any more,
 * with all that was in that when it was replaced; and so the one after it, in a chain that young collections cannot break. Of
 * short connections that kept a quarter, of calls half.
 */
export class Roster<T extends Listed> {
  readonly #list: T[] = [];

  get size(): number {
    return this.#list.length;
  }

  add(one: T): void {
    one.place = this.#list.length;
    this.#list.push(one);
  }

  delete(one: T): void {
    const { place } = one;
    if (this.#list[place] !== one) return;
    one.place = -1;
    const last = this.#list.pop();
    if (last === undefined || last === one) return;
    this.#list[place] = last;
    last.place = place;
  }

  /** Those that are there now: they may go meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#list].values();
  }
}
