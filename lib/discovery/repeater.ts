/**
 * Does a piece of work whenever it is asked for, one at a time: what is asked for meanwhile is done once more after it. Its
 * delays do not keep the process alive.
 */
export class Repeater {
  readonly #work: () => Promise<number>;
  #isBusy = false;
  #isAsked = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param work never rejects; tells in how many milliseconds it is due again unasked, Infinity: never */
  constructor(work: () => Promise<number>) {
    this.#work = work;
  }

  /** Asks for it. */
  readonly ask = (): void => {
    this.#isAsked = true;
    if (!this.#isBusy && !this.#isClosed) void this.#run();
  };

  /** What is under way goes on to its end, and is the last. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    clearTimeout(this.#timer);
    let delay = Infinity;
    while (this.#isAsked && !this.#isClosed) {
      this.#isAsked = false;
      delay = await this.#work();
    }
    this.#isBusy = false;
    if (!this.#isClosed && delay < Infinity) this.#timer = setTimeout(this.ask, delay).unref();
  }
}
