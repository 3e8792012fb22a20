import { setTimeout as pause } from 'node:timers/promises';
import { HostOrder, nameOf, resolve, type Host, type Target } from './hosts.js';

/** The session that a server is looked for. */
export interface SearchOwner {
  /** The session timeout in milliseconds. */
  timeout(): number;
  /** Whether there is a session, which ends if no server is found in time. */
  isAtStake(): boolean;
  /** Tries to connect. @returns why there is no connection, if there is none */
  attempt(target: Target): Promise<Error | undefined>;
}

// The first delay before all servers are tried again, and the longest, in milliseconds; that of a session at stake is an eighth of
// its timeout, and no longer than a second.
const shortestDelay = 100;
const longestDelay = 30_000;
const longestAtStake = 1000;

// The least that a server has to answer, in milliseconds.
const shortestPatience = 300;

/** Looks for a server: tries all of them in rounds, with a rest before each but the first. */
export class ServerSearch {
  readonly #owner: SearchOwner;
  readonly #order: HostOrder;
  /** Aborted at the end: of rests and of name look-ups. */
  readonly #stop = new AbortController();
  #isFirst = true;
  /** How many rounds were in vain since the last connection. */
  #rounds = 0;
  /** The delay before the next round, in milliseconds; 0 if the last connection lasted, or there was none yet. */
  #delay = 0;

  constructor(hosts: readonly Host[], randomizeHosts: boolean, owner: SearchOwner) {
    this.#owner = owner;
    this.#order = new HostOrder(hosts, randomizeHosts);
  }

  /**
   * How long a server has, in milliseconds. Each round in vain doubles that, since a slow one is better than none; but a
   * session at stake has no time for many of them.
   */
  get patience(): number {
    const timeout = this.#owner.timeout();
    const longest = timeout / (this.#owner.isAtStake() ? 3 : 1.5);
    return Math.max(Math.min((timeout / 6) * 2 ** Math.min(this.#rounds, 10), longest), shortestPatience);
  }

  /**
   * Tries all servers once, after the delay that is due.
   *
   * @returns undefined: one has taken the session, or the search was stopped; otherwise why none has
   */
  async round(): Promise<string | undefined> {
    await this.#rest();
    const failures: string[] = [];
    for (const host of this.#order.round()) {
      for (const target of await this.#resolve(host, failures)) {
        if (this.#stop.signal.aborted) return undefined;
        const reason = await this.#owner.attempt(target);
        if (!reason) {
          this.#rounds = 0;
          return undefined;
        }
        this.#order.failed(host);
        failures.push(`${nameOf(host)}: ${reason.message}`);
      }
    }
    this.#rounds++;
    this.#slowDown();
    return failures.join('; ');
  }

  /** A connection has ended. @param lasted for how long it was there, in milliseconds */
  lost(target: Target, lasted: number): void {
    this.#order.failed(target);
    // A server that takes the session and soon closes the connection is as bad as one that does not take it.
    if (lasted > this.#owner.timeout() / 3) this.#delay = 0;
    else this.#slowDown();
  }

  /** Ends it: what is under way is no longer waited for. */
  stop(): void {
    this.#stop.abort();
  }

  #slowDown(): void {
    const atStake = Math.min(Math.max(this.#owner.timeout() / 8, shortestDelay), longestAtStake);
    const longest = this.#owner.isAtStake() ? atStake : longestDelay;
    this.#delay = Math.min(Math.max(2 * this.#delay, shortestDelay), longest);
  }

  /** Waits before a round: not as long as others wait. */
  async #rest(): Promise<void> {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst) return;
    const delay = this.#delay === 0 ? shortestDelay * Math.random() : this.#delay * (0.5 + Math.random() / 2);
    await this.#unlessStopped(pause(delay, undefined, { ref: false }));
  }

  async #resolve(host: Host, failures: string[]): Promise<readonly Target[]> {
    try {
      return (await this.#unlessStopped(resolve(host, this.patience))) ?? [];
    } catch (error) {
      failures.push(`${nameOf(host)}: ${(error as Error).message}`);
      return [];
    }
  }

  /** What the promise gives, or undefined when the search is stopped first; what goes on then is no longer waited for. */
  async #unlessStopped<T>(promise: Promise<T>): Promise<T | undefined> {
    const { signal } = this.#stop;
    let stop: () => void = () => undefined;
    const stopped = new Promise<undefined>((settle) => {
      stop = () => {
        settle(undefined);
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
    });
    try {
      return await Promise.race([promise, stopped]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
