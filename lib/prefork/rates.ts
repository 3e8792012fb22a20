// Requests per second: of each process over the last seconds, of the family over the last minutes.

/** How often to count, in milliseconds. */
export const RATE_INTERVAL = 1_000;
/** So many counts back: the time over which a rate is taken. */
const SPAN = 5;
/** The length of the family's record, in counts: five minutes. */
const RECORD = 300;

interface Count {
  /** In milliseconds of any clock that is not set. */
  readonly time: number;
  readonly requests: number;
}

function rateOf(counts: readonly Count[]): number {
  const [first, last] = [counts[0], counts.at(-1)];
  if (!first || !last || last.time <= first.time) return 0;
  return (1_000 * (last.requests - first.requests)) / (last.time - first.time);
}

function push<T>(list: T[], most: number, value: T): void {
  list.push(value);
  if (list.length > most) list.shift();
}

export class Rates {
  readonly #family: Count[] = [];
  #processes = new Map<number, Count[]>();
  readonly #record: number[] = [];

  /**
   * @param time now
   * @param requests of the whole family, those that have ended included
   * @param processes those that there are
   */
  count(time: number, requests: number, processes: Iterable<{ pid: number; requests: number }>): void {
    const last = this.#family.at(-1);
    push(this.#family, SPAN + 1, { time, requests });
    if (last && time > last.time) {
      const rate = rateOf([last, { time, requests }]);
      // It may be late by more than an interval: the record has a number for each second all the same.
      const missed = Math.min(Math.round((time - last.time) / RATE_INTERVAL), RECORD);
      for (let n = 0; n < Math.max(missed, 1); n++) push(this.#record, RECORD, rate);
    }
    // Those that have ended are left out.
    this.#processes = new Map(
      [...processes].map(({ pid, requests: own }) => {
        const counts = this.#processes.get(pid) ?? [];
        push(counts, SPAN + 1, { time, requests: own });
        return [pid, counts];
      }),
    );
  }

  /** Of a process, per second. */
  of(pid: number): number {
    return rateOf(this.#processes.get(pid) ?? []);
  }

  /** Of the family, per second. */
  get family(): number {
    return rateOf(this.#family);
  }

  /** Of the family, in each second of the last five minutes, the latest last. */
  get record(): readonly number[] {
    return this.#record;
  }
}
