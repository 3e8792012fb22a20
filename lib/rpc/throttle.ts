/** Lets so many things a second be told, and counts the others: whoever logs them does not log at a rate that a peer sets. */
export class Throttle {
  readonly #perSecond: number;
  #second = 0;
  #told = 0;
  #untold = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Whether one more is told: how many were not since the last that was. Otherwise undefined. */
  admit(): number | undefined {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#told = 0;
    }
    if (this.#told >= this.#perSecond) {
      this.#untold++;
      return undefined;
    }
    this.#told++;
    const untold = this.#untold;
    this.#untold = 0;
    return untold;
  }
}
