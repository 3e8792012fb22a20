// What the tests of the ZooKeeper client share.
import { ZooKeeperClient, type SessionState, type ZooKeeperClientOptions } from 'truefork/zookeeper';

const clients = new Set<ZooKeeperClient>();

afterEach(async () => {
  const all = [...clients];
  clients.clear();
  await Promise.all(all.map((client) => client.stop()));
});

/** A client that the test need not stop. What it warns of is in `warnings`. */
export class TestClient extends ZooKeeperClient {
  readonly warnings: string[];
  /** Every state that it was in. */
  readonly states: SessionState[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(hosts: string, options: ZooKeeperClientOptions = {}) {
    const warnings: string[] = [];
    super(hosts, { onWarning: (message) => warnings.push(message), ...options });
    this.warnings = warnings;
    this.onState((state) => {
      this.states.push(state);
      for (const wake of this.#waiting) wake();
    });
    clients.add(this);
  }

  /** Waits until it has been in these states, in this order; forgets them then. */
  async went(...states: SessionState[]): Promise<void> {
    await this.until(() => this.states.length >= states.length);
    expect(this.states.splice(0, states.length)).toEqual(states);
  }

  /** Waits for something that comes with a state. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }
}

/** A client that is connected. */
export async function started(hosts: string, options?: ZooKeeperClientOptions): Promise<TestClient> {
  const client = new TestClient(hosts, options);
  await client.start();
  await client.went('connected');
  return client;
}

/** What a listener was told, and what it waits for. */
export class Told<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  readonly listener = (value: T): void => {
    this.all.push(value);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  };

  get last(): T | undefined {
    return this.all.at(-1);
  }

  /** Waits until the last is so. */
  async until(condition: (last: T) => boolean): Promise<T> {
    for (;;) {
      const { last } = this;
      if (last !== undefined && condition(last)) return last;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}
