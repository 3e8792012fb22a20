// The processes that workers are forked from: they are forked, promoted, given orders, and ended.
import { manner } from '../log-fields.js';
import type { ExitStatus, Forked } from '../posix/index.js';
import { tenths, type Common } from './common.js';
import { GRACE } from './last-words.js';
import { LINES, type Line } from './orders.js';
import { MoldMember, now, type Member } from './place.js';
import { MOLD } from './cell.js';
import { forkMold } from './this-worker.js';

export class Molds {
  readonly #common: Common;
  /** Those that have not been reaped, by their pids. */
  readonly #molds = new Map<number, MoldMember>();

  constructor(common: Common) {
    this.#common = common;
  }

  of(pid: number): MoldMember | undefined {
    return this.#molds.get(pid);
  }

  /** Those that load the application. */
  get booting(): MoldMember[] {
    return [...this.#molds.values()].filter(({ ready, retiring }) => !ready && !retiring);
  }

  /**
   * Forks a process that loads the application.
   *
   * @param workers those that may become molds
   * @returns `descendant` in the child
   * @throws {ForkUnsafeError | PosixError} it could not be forked
   */
  boot(generation: number, workers: Iterable<Member>): MoldMember | 'descendant' {
    const { scoreboard, descendant, note, watch, settings } = this.#common;
    const number = scoreboard.take();
    if (number === undefined) throw new RangeError('too many workers are finishing');
    const cell = scoreboard.cell(number);
    const line = this.freeLine(workers);
    cell.assignMold({ generation, line });
    let forked: Forked;
    try {
      forked = forkMold();
    } catch (error) {
      scoreboard.retire(number);
      throw error;
    }
    if (forked.role === 'child') {
      descendant.beMold(number);
      return 'descendant';
    }
    const mold = new MoldMember(forked.pids[0] ?? 0, number, cell, generation, line);
    const { pid } = mold;
    note('mold fork', { worker: MOLD, pid }, { generation });
    this.#molds.set(pid, mold);
    this.#limitBoot(mold, settings.bootTimeout);
    void watch(pid);
    return mold;
  }

  #limitBoot(mold: MoldMember, bootTimeout: number): void {
    const { agenda, lastWords } = this.#common;
    if (bootTimeout === Infinity) return;
    mold.cancelKill = agenda.afterGrace(bootTimeout, () => {
      lastWords.ask(MOLD, mold.pid, 'bootTimeout');
      mold.cancelKill = agenda.afterGrace(GRACE, () => {
        this.kill(mold, 'bootTimeout');
      });
    });
  }

  /**
   * Where a new mold takes its orders. What is left there is nobody's.
   *
   * @param workers those that may become molds
   */
  freeLine(workers: Iterable<Member>): Line {
    const { orders, note, signal } = this.#common;
    const molds = [...this.#molds.values()];
    const donors = [...workers].filter(({ line }) => line !== undefined);
    const kept = [...molds.filter(({ retiring }) => !retiring), ...donors.filter(({ promoted }) => promoted)];
    const free = without(LINES, kept);
    const [line = 0] = [...without(free, [...molds, ...donors]), ...free];
    // There is none that nobody has: one that does not end by itself would take the orders of the next.
    for (const mold of molds) if (mold.line === line) signal(mold.pid, 'SIGKILL');
    for (const { pid, place } of donors.filter((donor) => donor.line === line)) {
      note('kill', { worker: place.worker, pid }, { reason: 'refork' });
      signal(pid, 'SIGKILL');
    }
    orders.take(line);
    return line;
  }

  /** A worker has become one. */
  adopt({ pid, number, cell }: Member): MoldMember {
    const { generation, line } = cell.mold;
    const mold = new MoldMember(pid, number, cell, generation, line);
    this.#molds.set(pid, mold);
    return mold;
  }

  /** Workers can be forked from it. */
  isReady(mold: MoldMember): void {
    const { generation, since, pid } = mold;
    mold.ready = true;
    mold.cancelKill();
    this.#common.note('mold ready', { worker: MOLD, pid }, { generation, ms: tenths(now() - since) });
  }

  /** Has it fork the processes of these cells. */
  order({ line }: MoldMember, cells: readonly number[]): void {
    this.#common.orders.give(line, cells);
  }

  /** It ends: it has nothing in hand. */
  retire(mold: MoldMember): void {
    const { agenda, signal, settings } = this.#common;
    if (!this.#molds.has(mold.pid)) return;
    mold.retiring = true;
    signal(mold.pid, 'SIGTERM');
    // It may have been loading still.
    mold.cancelKill();
    mold.cancelKill = agenda.afterGrace(settings.gracefulTimeout, () => {
      this.kill(mold, 'gracefulTimeout');
    });
  }

  kill(mold: MoldMember, reason: string): void {
    const { pid, killed } = mold;
    if (killed || !this.#molds.has(pid)) return;
    mold.killed = true;
    const { note, signal } = this.#common;
    note('kill', { worker: MOLD, pid }, { reason });
    signal(pid, 'SIGKILL');
  }

  reaped(mold: MoldMember, status: ExitStatus | undefined): void {
    const { note, scoreboard, stopping } = this.#common;
    const { pid, number, generation } = mold;
    this.#molds.delete(pid);
    mold.cancelKill();
    scoreboard.retire(number);
    note('mold exit', { worker: MOLD, pid, asked: mold.retiring || stopping() }, { ...manner(status), generation });
  }
}

/** Those that none of these has. */
function without(lines: readonly Line[], owners: readonly { readonly line: Line | undefined }[]): Line[] {
  return lines.filter((line) => !owners.some((owner) => owner.line === line));
}
