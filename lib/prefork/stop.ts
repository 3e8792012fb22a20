// How a server stops: what is done first, how all are told to end, and when those are killed that do not.
import type { Agenda } from './agenda.js';
import type { Note } from './log.js';
import type { Settings } from './settings.js';

/** Whether the workers finish what they have in hand. */
export type StopManner = 'graceful' | 'quick';

interface StopPlan {
  readonly settings: Pick<Settings, 'beforeStop' | 'gracefulTimeout'>;
  readonly agenda: Agenda;
  readonly note: Note;
  /** Whether this process is a fork of the one that stops the server. */
  readonly isFork: () => boolean;
  /** It has begun: nothing is forked or replaced any more, and the workers still serve. */
  readonly begun: (farewell: NodeJS.Signals) => void;
  /** To all whom this process has started. */
  readonly signalAll: (signal: NodeJS.Signals) => void;
  readonly killAll: (reason: string) => void;
  /** All have been told to end. */
  readonly told: () => void;
}

export class Stop {
  readonly #plan: StopPlan;
  /** Fulfilled by `#hurry`, when the server shall stop quickly. */
  readonly #hurried: Promise<void>;
  #hurry: () => void = () => undefined;
  #manner: StopManner | undefined;
  #told = false;
  /** Whether the time is over. */
  #late = false;

  constructor(plan: StopPlan) {
    this.#plan = plan;
    this.#hurried = new Promise((resolve) => (this.#hurry = resolve));
  }

  /** How the server stops, if it does. */
  get manner(): StopManner | undefined {
    return this.#manner;
  }

  /** By which all have been told to end, if they have; for one that is heard of only now. */
  get farewell(): NodeJS.Signals | undefined {
    if (this.#late) return 'SIGKILL';
    return this.#told ? this.#signal : undefined;
  }

  /** Stops the server; a graceful stop that is under way can be made a quick one. Fulfilled when all have been told. */
  async begin(manner: StopManner): Promise<void> {
    if (this.#manner === undefined) await this.#begin(manner);
    else if (manner === 'quick' && this.#manner === 'graceful') this.#quicken();
  }

  async #begin(manner: StopManner): Promise<void> {
    const { settings, agenda, note, isFork, begun, signalAll, killAll, told } = this.#plan;
    this.#manner = manner;
    agenda.clear();
    note('stop', {}, { how: manner });
    if (manner === 'quick') this.#hurry();
    begun(this.#signal);
    if (!isFork()) await Promise.race([this.#beforeStop(), this.#hurried]);
    // Whoever was told, or called, may have forked: the rest is not for that child.
    if (isFork()) return;
    signalAll(this.#signal);
    this.#told = true;
    agenda.afterGrace(settings.gracefulTimeout, () => {
      this.#late = true;
      killAll('gracefulTimeout');
    });
    told();
  }

  // As long as a worker has to finish: what it waits for may be away for ever.
  async #beforeStop(): Promise<void> {
    const { settings, agenda, note } = this.#plan;
    let cancel: (() => void) | undefined;
    const late = new Promise((_, reject) => {
      cancel = agenda.afterGrace(settings.gracefulTimeout, () => {
        reject(new Error(`it took longer than gracefulTimeout (${settings.gracefulTimeout} ms)`));
      });
    });
    try {
      await Promise.race([settings.beforeStop(), late]);
    } catch (error) {
      note('beforeStop failed', {}, { reason: String(error) });
    } finally {
      cancel?.();
    }
  }

  #quicken(): void {
    this.#manner = 'quick';
    this.#hurry();
    this.#plan.signalAll(this.#signal);
  }

  get #signal(): 'SIGTERM' | 'SIGINT' {
    return this.#manner === 'quick' ? 'SIGINT' : 'SIGTERM';
  }
}
