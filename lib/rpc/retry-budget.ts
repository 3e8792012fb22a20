// How much a client may ask in vain: a service that fails is not asked more for that, or it never gets up.

const share = 0.2;
const perSecond = 10;
/** For how long a call counts, in seconds. */
const span = 10;

/** Allows retries: a fifth of the calls of the last ten seconds, and ten a second. */
export class RetryBudget {
  /** Of each second: calls count for a share of a retry, each retry against one. */
  readonly #seconds = new Float64Array(span);
  #second = 0;

  /** @param now on the clock of performance.now() */
  deposit(now: number): void {
    this.#at(now);
    this.#add(share);
  }

  /** Whether one more retry is allowed; it is counted. */
  withdraw(now: number): boolean {
    this.#at(now);
    if (this.#seconds.reduce((sum, value) => sum + value, perSecond * span) < 1) return false;
    this.#add(-1);
    return true;
  }

  #at(now: number): void {
    const second = Math.floor(now / 1000);
    if (second - this.#second >= span) this.#seconds.fill(0);
    else for (let n = this.#second + 1; n <= second; n++) this.#seconds[n % span] = 0;
    this.#second = second;
  }

  #add(amount: number): void {
    const index = this.#second % span;
    this.#seconds[index] = (this.#seconds[index] ?? 0) + amount;
  }
}
