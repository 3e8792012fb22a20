// Workers that a mold was told to fork, and has not lived to tell of: whether there are such nobody knows.
import type { Common } from './common.js';

// How long one of them may take to tell of itself, in milliseconds.
const LIMBO = 60_000;

export class Limbo {
  readonly #common: Common;
  /** Their cells, which nobody else gets meanwhile. */
  readonly #cells = new Set<number>();

  constructor(common: Common) {
    this.#common = common;
  }

  has(cell: number): boolean {
    return this.#cells.has(cell);
  }

  /** Its mold has ended. */
  add(cell: number): void {
    const { agenda, scoreboard } = this.#common;
    this.#cells.add(cell);
    agenda.after(LIMBO, () => {
      if (this.#cells.delete(cell)) scoreboard.retire(cell);
    });
  }

  /** There is one, and its place has another by now. */
  disown(cell: number, pid: number): void {
    const { note, scoreboard, watch, signal } = this.#common;
    this.#cells.delete(cell);
    note('kill', { worker: scoreboard.cell(cell).worker, pid }, { reason: 'orphan' });
    const ended = () => {
      scoreboard.retire(cell);
    };
    watch(pid).then(ended, ended);
    signal(pid, 'SIGKILL');
  }
}
