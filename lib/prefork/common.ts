// What the parts of a master have in common.
import type { Signal } from '../posix/index.js';
import type { Agenda } from './agenda.js';
import type { Descendant } from './descendant.js';
import type { LastWords } from './last-words.js';
import type { Note } from './log.js';
import type { Orders } from './orders.js';
import type { Scoreboard } from './scoreboard.js';
import type { Settings } from './settings.js';

/** What the master lends them. */
export interface Common {
  readonly settings: Settings;
  readonly scoreboard: Scoreboard;
  readonly orders: Orders;
  readonly agenda: Agenda;
  readonly lastWords: LastWords;
  readonly note: Note;
  /** Reaps this child, whatever has forked it. */
  readonly watch: (pid: number) => Promise<unknown>;
  /** To a child that has not been reaped. */
  readonly signal: (pid: number, signal: Signal) => void;
  /** What the forks of this process become. */
  readonly descendant: Descendant;
  /** Whether the server stops: nothing is forked any more. */
  readonly stopping: () => boolean;
  /** The signal by which all have been told to end, if they have. */
  readonly farewell: () => Signal | undefined;
  /** By `now()`: when the logs were opened anew. */
  readonly reopenedAt: () => number;
}

/** For people: more than a tenth is noise. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
