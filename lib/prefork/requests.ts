// What the master is asked for from outside: by signals, and by words through its control socket.
import { closeSync, openSync } from 'node:fs';
import type { Note } from './log.js';
import { MOST_WORKERS } from './cell.js';
import { rowOf } from './signals.js';

/** What it is asked of. */
export interface Asked {
  readonly note: Note;
  /** What keeps everything as it is, if something does: all but a stop is refused then. */
  readonly obstacle: () => string | undefined;
  /** How many workers there shall be. */
  readonly wanted: () => number;
  /** Whether the workers are being replaced. */
  readonly replacing: () => boolean;
  readonly status: () => Promise<unknown>;
  readonly reload: () => Promise<void>;
  /** The same when the workers are not being replaced any more. */
  readonly reloadLater: () => void;
  readonly refork: () => Promise<void>;
  readonly upgrade: () => Promise<number>;
  readonly scale: (workers: number) => void;
  readonly reopenLogs: () => void;
  /** Stops the server quickly; a second time, kills the workers. */
  readonly quicken: () => void;
  /** Stops the server, and ends the process. */
  readonly exit: (quick: boolean) => void;
}

export class Requests {
  readonly #asked: Asked;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  onSignal(signal: NodeJS.Signals): void {
    const { note, obstacle, replacing, wanted, scale, exit } = this.#asked;
    note('signal', {}, { signal });
    const { action } = rowOf(signal) ?? {};
    const reason = obstacle();
    if (reason !== undefined && action !== 'quick' && action !== 'stop' && action !== 'reopen') {
      note('signal ignored', {}, { signal, reason });
      return;
    }
    switch (action) {
      case 'quick':
        this.#asked.quicken();
        break;
      case 'stop':
        exit(false);
        break;
      case 'reopen':
        this.#asked.reopenLogs();
        break;
      case 'reload':
        this.#asked.reloadLater();
        break;
      case 'refork':
        if (replacing()) note('signal ignored', {}, { signal, reason: 'the workers are being replaced already' });
        // Whether it succeeds is in the log.
        else this.#asked.refork().catch(() => undefined);
        break;
      case 'more':
        scale(Math.min(wanted() + 1, MOST_WORKERS));
        break;
      case 'fewer':
        scale(Math.max(wanted() - 1, 0));
        break;
      case 'drain':
        if (hasTerminal()) note('signal ignored', {}, { signal, reason: 'it has a terminal' });
        else scale(0);
        break;
    }
  }

  /** @returns what the one who asks is told, or a promise of that */
  onWords([what = '', argument]: readonly string[]): unknown {
    // Who watches asks every second.
    if (what !== 'status') this.#asked.note('control', {}, { control: what });
    switch (what) {
      case 'status':
      case 'reload':
      case 'refork':
      case 'upgrade':
        return this.#asked[what]();
      case 'scale':
        // Not Number(''), which is 0.
        this.#asked.scale(/^\d+$/.test(argument ?? '') ? Number(argument) : NaN);
        return undefined;
      case 'stop':
        this.#asked.exit(argument === 'quick');
        return undefined;
      default:
        throw new RangeError(
          `there is no request ${JSON.stringify(what)}: status, reload, refork, upgrade, scale N, stop, stop quick`,
        );
    }
  }
}

// SIGWINCH comes to all processes of a terminal when its window changes.
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
