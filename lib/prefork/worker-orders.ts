// What the master has a worker do: finish, say where it is, end.
import type { Signal } from '../posix/index.js';
import { MOLD, type MoldAssignment } from './cell.js';
import type { Common } from './common.js';
import type { Molds } from './molds.js';
import type { Member } from './place.js';

// To workers. Not SIGUSR2: programs use it for themselves, for a heap snapshot say.
const RETIRE: Signal = 'SIGTTOU';
const PROMOTE: Signal = 'SIGTTIN';

export class WorkerOrders {
  readonly #common: Common;
  readonly #molds: Molds;

  constructor(common: Common, molds: Molds) {
    this.#common = common;
    this.#molds = molds;
  }

  /** It stops accepting, finishes what it has in hand, and ends. */
  retire(member: Member): void {
    this.#finish(member, RETIRE);
  }

  /** As `retire`, and then it is a mold. */
  promote(member: Member, assignment: MoldAssignment): void {
    this.#common.scoreboard.promote(member.number, assignment);
    member.line = assignment.line;
    this.#finish(member, PROMOTE);
  }

  /** It shall be no mold after all. */
  demote(member: Member): void {
    member.promoted = false;
    // It may not have heard that it shall be one, and will not if another is promoted by then: it would serve on.
    if (!member.retiring) return;
    member.order = RETIRE;
    this.#common.signal(member.pid, RETIRE);
  }

  #finish(member: Member, order: Signal): void {
    const { agenda, signal, note, settings } = this.#common;
    if (member.retiring) return;
    member.order = order;
    if (member.pid !== 0) signal(member.pid, order);
    member.cancelKill = agenda.afterGrace(settings.gracefulTimeout, () => {
      const { pid, place } = member;
      if (pid === 0) return;
      note('kill', { worker: place.worker, pid }, { reason: 'gracefulTimeout' });
      signal(pid, 'SIGKILL');
    });
  }

  /** Tells it again to finish, if it has not heard: SIGCONT takes away an order that waits for a process which is stopped. */
  remind({ pid, order, cell }: Member): void {
    if (pid !== 0 && order && cell.status()?.state !== 'stopping') this.#common.signal(pid, order);
  }

  /** Asks it where it is: or the mold that has been told to fork it, and has not. */
  question({ pid, place, source }: Member, reason: string): void {
    const { lastWords } = this.#common;
    if (pid !== 0) lastWords.ask(place.worker, pid, reason);
    else if (source.mold) lastWords.ask(MOLD, source.mold.pid, reason);
  }

  kill(member: Member, reason: string): void {
    const { note, signal } = this.#common;
    member.killed = true;
    const { pid, place, source } = member;
    if (pid !== 0) {
      note('kill', { worker: place.worker, pid }, { reason });
      signal(pid, 'SIGKILL');
    } else if (source.mold) {
      // It was ordered, and has not been forked.
      this.#molds.kill(source.mold, reason);
    }
  }
}
