// How the whole server is replaced: whether it may be, how that went, and what is refused meanwhile. upgrade.ts has the process.
import type { Agenda } from './agenda.js';
import { PreforkError } from './errors.js';
import type { Note } from './log.js';
import type { Successor, Upgrade } from './upgrade.js';

interface HandoverPlan {
  readonly note: Note;
  readonly agenda: Agenda;
  /** Whether the server stops. */
  readonly stopping: () => boolean;
  /** Whether the workers are being replaced. */
  readonly replacing: () => boolean;
  /** A new master is started. */
  readonly begun: (finished: Promise<number>) => void;
  /** It serves, and gets what this one has. */
  readonly yield: (successor: Successor) => void;
}

const OBSTACLES = {
  idle: undefined,
  'under way': 'a new master is being started',
  done: 'a new master has taken over',
} as const;

export class Handover {
  readonly #upgrade: Upgrade;
  readonly #plan: HandoverPlan;
  /** Gives the new master what this one has: undefined before all know of it, and afterwards. */
  #yield: (() => void) | undefined;

  constructor(upgrade: Upgrade, plan: HandoverPlan) {
    this.#upgrade = upgrade;
    this.#plan = plan;
  }

  /** What keeps the workers from being replaced, because of another master. */
  get obstacle(): string | undefined {
    return OBSTACLES[this.#upgrade.state];
  }

  /** Whether a new master has taken over: this one ends with its last worker. */
  get done(): boolean {
    return this.#upgrade.state === 'done';
  }

  /** As `Master.upgrade`. */
  async begin(): Promise<number> {
    const { stopping, replacing, note, begun } = this.#plan;
    const obstacle = stopping()
      ? 'the server stops'
      : replacing()
        ? 'its workers are being replaced'
        : (this.obstacle ?? this.#upgrade.obstacle);
    if (obstacle !== undefined) throw upgradeError(obstacle);
    note('upgrade');
    const finished = this.#finish(this.#upgrade.begin());
    begun(finished);
    return await finished;
  }

  /** This master stops: a new one that has been told of does not stop with it. */
  conclude(): void {
    this.#yield?.();
  }

  async #finish(started: Promise<Successor>): Promise<number> {
    const { stopping, note, agenda } = this.#plan;
    try {
      const successor = await started;
      if (stopping()) throw new Error('the server stops');
      note('upgraded', {}, { successor: successor.pid });
      this.#yield = () => {
        this.#yield = undefined;
        this.#plan.yield(successor);
      };
      // When everybody has been told.
      agenda.after(0, () => {
        this.conclude();
      });
      return successor.pid;
    } catch (error) {
      const reason = stopping() ? 'the server stops' : (error as Error).message;
      note('upgrade failed', {}, { reason });
      throw upgradeError(stopping() ? reason : `${reason}; the old one goes on`);
    }
  }
}

function upgradeError(why: string): PreforkError {
  return new PreforkError('ERR_PREFORK_UPGRADE', `the master was not replaced: ${why}`);
}
