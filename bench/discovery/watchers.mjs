// Clients that watch the service: each a registry of its own, with a connection of its own.
import { connectRegistry } from 'truefork/discovery';

const live = new Set();

export class Watchers {
  #lists = [];
  #waiting = [];

  static async open(url, count, sessionTimeout = 10_000) {
    const options = { zookeeper: { sessionTimeout }, onWarning: () => undefined };
    const watchers = new Watchers(
      await Promise.all(Array.from({ length: count }, () => connectRegistry(url, options))),
    );
    live.add(watchers);
    return watchers;
  }

  constructor(registries) {
    this.registries = registries;
    registries.forEach((registry, n) => {
      registry.watch('rpc', (instances) => {
        this.#lists[n] = instances.map(({ host, port }) => `${host}:${port}`);
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
  }

  async #until(isSo) {
    while (!this.registries.every((_, n) => this.#lists[n] && isSo(this.#lists[n]))) {
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
  }

  /** As soon as all have an address. */
  have({ address }) {
    return this.#until((list) => list.includes(address));
  }

  /** As soon as all have dropped it. */
  dropped({ address }) {
    return this.#until((list) => !list.includes(address));
  }

  async close() {
    live.delete(this);
    await Promise.all(this.registries.map((registry) => registry.close()));
  }
}

/** Ends those that an error has left. */
export async function closeAll() {
  for (const watchers of live) await watchers.close();
}
