// What has happened to a family in the last hour, as far as it fits.
import type { HistoryKind } from './log.js';

/** Something that has happened. What is the same for the same place within a minute is one event, with a count. */
export interface HistoryEvent {
  /** What has happened. */
  readonly kind: HistoryKind;
  /** When, in milliseconds of the epoch; of several, the first one. */
  readonly time: number;
  /** Of several, when the last one was. */
  readonly last: number;
  /** How often. */
  readonly count: number;
  /** The place; -1: a mold; absent if it is the family's. */
  readonly worker?: number;
  /** The process; of several, the last one's. */
  readonly pid?: number;
  /** How it ended (`code=1`, `signal=SIGKILL`), why it was killed or replaced, which signal, how many workers, … */
  readonly detail?: string;
  /** Of an exit, of a mold also: whether the master had told it to end, or everything stops. */
  readonly asked?: boolean;
}

/** What an event is about. */
export type Subject = Pick<HistoryEvent, 'worker' | 'pid' | 'detail' | 'asked'>;

const HOUR = 3_600_000; // milliseconds
const SAME = 60_000; // milliseconds
/** The most events that are kept. */
const MOST = 1_000;

interface Entry {
  readonly key: string;
  event: HistoryEvent;
}

export class History {
  /** In the order of their times. */
  readonly #entries: Entry[] = [];
  /** The last of each kind, place and detail. */
  readonly #latest = new Map<string, Entry>();
  #forgotten = 0;

  /** @param time now, in milliseconds of the epoch */
  add(kind: HistoryKind, subject: Subject, time: number): void {
    const { worker, detail, asked } = subject;
    const key = JSON.stringify([kind, worker, detail, asked]);
    const latest = this.#latest.get(key);
    if (latest && time - latest.event.time < SAME) {
      latest.event = { ...latest.event, ...subject, last: time, count: latest.event.count + 1 };
      return;
    }
    const entry = { key, event: { kind, time, last: time, count: 1, ...subject } };
    this.#entries.push(entry);
    this.#latest.set(key, entry);
    if (this.#entries.length <= MOST) return;
    this.#dropFirst();
    this.#forgotten++;
  }

  /**
   * Those of the last hour, by their times.
   *
   * @param time now, in milliseconds of the epoch
   */
  events(time: number): HistoryEvent[] {
    while (this.#entries[0] && time - this.#entries[0].event.last > HOUR) this.#dropFirst();
    return this.#entries.map(({ event }) => event);
  }

  /** How many there was no room for, since the beginning: always the oldest. */
  get forgotten(): number {
    return this.#forgotten;
  }

  #dropFirst(): void {
    const entry = this.#entries.shift();
    if (entry && this.#latest.get(entry.key) === entry) this.#latest.delete(entry.key);
  }
}
