// What a watch tells, kept, and waited for.
import type { Instance } from 'truefork/discovery';

/** `host:port` of each. */
export function addresses(instances: readonly Instance[]): string[] {
  return instances.map(({ host, port }) => `${host}:${port}`);
}

/** The lists that a listener was told. */
export class Lists {
  readonly all: (readonly Instance[])[] = [];
  #waiting: (() => void)[] = [];

  readonly listener = (instances: readonly Instance[]): void => {
    this.all.push(instances);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  /** The newest list, as soon as it has these addresses and no others. */
  async until(...expected: string[]): Promise<readonly Instance[]> {
    for (;;) {
      const newest = this.all.at(-1);
      if (newest && addresses(newest).join() === expected.join()) return newest;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
