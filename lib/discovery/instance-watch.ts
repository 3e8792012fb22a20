import { sameInstances } from './instances.js';
import type { Instance, InstancesListener, Watch } from './registry.js';

/** What a watch asks of the registry that feeds it. */
export interface WatchOwner {
  /** A watch that keeps the process alive has begun (true) or ended (false). */
  keepAlive(on: boolean): void;
  /** Whether the registry cannot be looked at now. */
  isStale(): boolean;
  /** The watch has ended. */
  closed(watch: InstanceWatch): void;
}

/** Passes lists on to a listener and to loops: what the watches of all registries have in common. */
export class InstanceWatch implements Watch {
  readonly #listener: InstancesListener | undefined;
  readonly #owner: WatchOwner;
  #latest: readonly Instance[] | undefined;
  #closed = false;
  #keepsAlive = false;
  #waiting: (() => void)[] = [];

  constructor(listener: InstancesListener | undefined, owner: WatchOwner) {
    this.#listener = listener;
    this.#owner = owner;
    this.ref();
  }

  get stale(): boolean {
    return this.#owner.isStale();
  }

  /** Tells a list, if it is another than the one before. */
  offer(instances: readonly Instance[]): void {
    if (this.#closed || (this.#latest && sameInstances(this.#latest, instances))) return;
    this.#latest = instances;
    // Later, so that nobody is called out of watch(); and each on its own, so that one that throws harms no other.
    queueMicrotask(() => {
      if (!this.#closed) this.#listener?.(instances);
    });
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Instance[], void, undefined> {
    let seen: readonly Instance[] | undefined;
    try {
      while (!this.#closed) {
        if (this.#latest === seen) {
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        } else {
          seen = this.#latest;
          if (seen) yield seen;
        }
      }
    } finally {
      this.close();
    }
  }

  ref(): this {
    if (!this.#closed && !this.#keepsAlive) {
      this.#keepsAlive = true;
      this.#owner.keepAlive(true);
    }
    return this;
  }

  unref(): this {
    if (this.#keepsAlive) {
      this.#keepsAlive = false;
      this.#owner.keepAlive(false);
    }
    return this;
  }

  close(): void {
    if (this.#closed) return;
    this.unref();
    this.#closed = true;
    this.#owner.closed(this);
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
