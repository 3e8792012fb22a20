// What workers are forked from, and how that changes: a reload and a refork, each with the way back while there is one.
import type { ExitStatus } from '../posix/index.js';
import { respawnDelay } from './backoff.js';
import type { Common } from './common.js';
import { PreforkError } from './errors.js';
import type { Molds } from './molds.js';
import { now, type Member, type MoldMember, type Source } from './place.js';
import { MOLD } from './cell.js';
import type { WorkerOrders } from './worker-orders.js';
import type { Workers } from './workers.js';

/** A replacement of all workers that goes on. */
interface Change {
  readonly kind: 'reload' | 'refork';
  readonly resolve: () => void;
  readonly reject: (error: PreforkError) => void;
  /** The worker that shall be the next mold. */
  donor?: Member;
  /** The next mold, until workers can be forked from it. */
  candidate?: MoldMember;
  /** What the new workers are forked from. */
  source?: Source;
  /** What workers were forked from before, until a new one is ready. */
  former?: Source;
}

interface SuccessionPlan {
  /** Whether a mold loads what is served; else it is the master's own. */
  readonly loads: boolean;
  /** What keeps the workers from being replaced, besides that they are; undefined if nothing does. */
  readonly obstacle: () => string | undefined;
  /** All workers are being replaced. */
  readonly replacing: (finished: Promise<void>) => void;
  /** This worker is a mold now. */
  readonly promoted: (pid: number, worker: number) => void;
  /** The first mold has ended, and no worker was ever ready. */
  readonly hopeless: (status: ExitStatus | undefined) => void;
}

// How long after a refork that has failed the next one by itself, in milliseconds: a worker ended for it.
const REFORK_AGAIN = 60_000;

export class Succession {
  readonly #common: Common;
  readonly #molds: Molds;
  readonly #workers: Workers;
  readonly #orders: WorkerOrders;
  readonly #plan: SuccessionPlan;
  /** The last generation that was begun. */
  #generation = 1;
  #change: Change | undefined;
  /** To reload when that is over. */
  #again = false;
  #reforks = 0;
  /** By `now()`: after one that has failed. */
  #noReforkBefore = 0;
  #moldFailures = 0;

  constructor(common: Common, molds: Molds, workers: Workers, orders: WorkerOrders, plan: SuccessionPlan) {
    this.#common = common;
    this.#molds = molds;
    this.#workers = workers;
    this.#orders = orders;
    this.#plan = plan;
  }

  /** Of what workers are forked from; where there is nothing, the one that was begun last. */
  get generation(): number {
    return this.#workers.source?.generation ?? this.#generation;
  }

  /** What goes on. */
  get replacing(): Change['kind'] | undefined {
    return this.#change?.kind;
  }

  /**
   * The first mold, or, where there shall be none, the first workers.
   *
   * @returns in each child too, which goes on by itself
   * @throws {ForkUnsafeError | PosixError} it could not be forked
   */
  begin(): 'master' | 'descendant' {
    if (!this.#plan.loads) {
      this.#workers.source = { generation: this.#generation, mold: undefined };
      return this.#workers.begin();
    }
    // A mold has the sockets of as many places as there are when it is forked.
    this.#workers.openAll();
    return this.#boot(this.#generation) === 'descendant' ? 'descendant' : 'master';
  }

  /** As `Master.reload`. */
  reload(): Promise<void> {
    return this.#begin('reload', (change) => {
      const generation = ++this.#generation;
      if (!this.#plan.loads) {
        this.#changeSource({ generation, mold: undefined }, change);
        return;
      }
      const mold = this.#boot(generation);
      if (mold !== 'descendant') change.candidate = mold;
    });
  }

  /**
   * As `reload`, where nobody waits for it: if the workers are being replaced, when that is over, since the application may have
   * changed after it was loaded. Whether it succeeds is in the log.
   */
  reloadLater(): void {
    const obstacle = this.#plan.obstacle();
    if (this.#change) this.#again = true;
    else if (obstacle !== undefined) this.#noteFailed('reload', obstacle);
    else this.reload().catch(() => undefined);
  }

  #over(): void {
    this.#change = undefined;
    if (!this.#again) return;
    this.#again = false;
    this.#common.agenda.after(0, () => {
      this.reloadLater();
    });
  }

  /** As `Master.refork`. */
  refork(): Promise<void> {
    return this.#begin('refork', (change) => {
      const donor = this.#workers.warmest;
      if (!donor) {
        this.#failed('no worker serves');
        return;
      }
      donor.promoted = true;
      change.donor = donor;
      this.#workers.replaceOne(donor);
    });
  }

  /** Reforks if a worker has served as many requests as it takes. */
  considerRefork(): void {
    const { reforkAfter } = this.#common.settings;
    const limit = reforkAfter[Math.min(this.#reforks, reforkAfter.length - 1)];
    if (limit === undefined || this.#change || now() < this.#noReforkBefore) return;
    if (this.#plan.obstacle() !== undefined || !this.#workers.hasServed(limit)) return;
    this.refork().catch(() => {
      this.#noReforkBefore = now() + REFORK_AGAIN;
    });
  }

  /** The server stops. */
  stop(): void {
    this.#change?.reject(changeError(this.#change.kind, 'the server stops'));
    this.#change = undefined;
  }

  #begin(kind: Change['kind'], begin: (change: Change) => void): Promise<void> {
    const { note, agenda } = this.#common;
    const obstacle = this.#change ? 'they are being replaced already' : this.#plan.obstacle();
    if (obstacle !== undefined) return Promise.reject(changeError(kind, obstacle));
    note(kind, {}, { from: this.#generation });
    const finished = new Promise<void>((resolve, reject) => {
      const change: Change = { kind, resolve, reject };
      this.#change = change;
      // A fork comes from the check phase of the event loop.
      agenda.after(0, () => {
        if (this.#change !== change) return;
        try {
          begin(change);
        } catch (error) {
          this.#failed((error as Error).message);
        }
      });
    });
    this.#plan.replacing(finished);
    return finished;
  }

  #boot(generation: number): MoldMember | 'descendant' {
    return this.#molds.boot(generation, this.#workers.members);
  }

  /** From now on workers are forked from this, and those that were forked from something else are replaced. */
  #changeSource(source: Source, change: Change): void {
    delete change.candidate;
    // What was begun before would come with the application as it was then.
    for (const mold of this.#molds.booting) this.#molds.retire(mold);
    if (this.#workers.source) change.former = this.#workers.source;
    change.source = source;
    this.#workers.source = source;
    this.#workers.replaceAll();
  }

  /** Workers can be forked from this process. */
  molded(pid: number): void {
    const mold = this.#molds.of(pid) ?? this.#adopted(pid);
    if (!mold || mold.retiring || mold.ready) return;
    this.#molds.isReady(mold);
    this.#moldFailures = 0;
    if (this.#change?.candidate === mold) this.#changeSource(mold, this.#change);
    else this.#workers.source = mold;
    this.#workers.fillSoon();
  }

  /** A worker that has become a mold. */
  #adopted(pid: number): MoldMember | undefined {
    const member = this.#workers.of(pid);
    if (!member) return undefined;
    this.#workers.release(member);
    this.#plan.promoted(pid, member.place.worker);
    const mold = this.#molds.adopt(member);
    const change = this.#change;
    if (change?.donor === member) {
      delete change.donor;
      change.candidate = mold;
    } else {
      // It took too long, or something else has failed.
      this.#molds.retire(mold);
    }
    return mold;
  }

  /** A worker accepts connections, in place of an old one, if there was one. */
  ready(member: Member, old: Member | undefined): void {
    const former = this.#change?.former;
    if (former && member.source === this.#workers.source) {
      delete this.#change?.former;
      if (former.mold) this.#molds.retire(former.mold);
    }
    if (old?.promoted) this.#promote(old);
    else if (old) this.#orders.retire(old);
  }

  #promote(member: Member): void {
    const { note } = this.#common;
    const line = this.#molds.freeLine(this.#workers.members);
    const generation = ++this.#generation;
    note('promote', { worker: member.place.worker, pid: member.pid }, { generation });
    this.#orders.promote(member, { generation, line });
  }

  /** Looks whether all workers are new; true: now they are. */
  settle(): boolean {
    const change = this.#change;
    // Its mold may have ended meanwhile, and the workers go on without.
    if (!change?.source || change.source !== this.#workers.source) return false;
    if (!this.#workers.allFrom(change.source)) return false;
    // Where no worker is wanted, none has let it go.
    if (change.former?.mold) this.#molds.retire(change.former.mold);
    this.#common.note(`${change.kind}ed`, {}, { generation: change.source.generation });
    if (change.kind === 'refork') this.#reforks++;
    this.#over();
    change.resolve();
    return true;
  }

  /**
   * A worker that should replace another has not come to be ready. One that was forked from what workers are forked from until
   * now is none of the new ones; but it may have been forked for the worker that shall be the mold.
   */
  replacementFailed(source: Source | undefined, unforked: string | undefined): void {
    if (this.#change?.donor || source === this.#change?.source) this.#newOneFailed(unforked);
  }

  /** As `replacementFailed`, of one that took nobody's place. */
  stillborn({ source }: Member): void {
    if (source === this.#change?.source) this.#newOneFailed();
  }

  #newOneFailed(unforked?: string): void {
    const how = unforked === undefined ? 'ended before it was ready' : `could not be forked: ${unforked}`;
    this.#failed(`a new worker ${how}`);
  }

  /** A worker that has ended, or whose place is closed, can become no mold. */
  lost(member: Member, why: string): void {
    if (member === this.#change?.donor) this.#failed(why);
  }

  /** The old workers go on, and new ones are forked from what they were forked from before, if that is there still. */
  #failed(reason: string): void {
    const change = this.#change;
    if (!change) return;
    this.#over();
    const { kind, donor, candidate, source, former } = change;
    this.#noteFailed(kind, reason);
    if (donor) this.#orders.demote(donor);
    if (candidate) this.#molds.retire(candidate);
    if (former && source) {
      this.#workers.source = former;
      if (source.mold) this.#molds.retire(source.mold);
      this.#workers.killAllFrom(source, kind);
    }
    this.#workers.replaceNoMore();
    change.reject(changeError(kind, `${reason}; the old workers go on`));
  }

  #noteFailed(kind: Change['kind'], reason: string): void {
    this.#common.note(`${kind} failed`, {}, { generation: this.#generation, reason });
  }

  moldEnded(mold: MoldMember, status: ExitStatus | undefined): void {
    this.#molds.reaped(mold, status);
    const workers = this.#workers;
    const ordered = workers.orderedFrom(mold);
    if (this.#change?.candidate === mold) {
      delete this.#change.candidate;
      this.#failed('the mold ended before it was ready');
    }
    if (workers.source === mold) {
      workers.source = undefined;
      if (this.#change?.source === mold) this.#failed('the mold ended');
    } else if (this.#change?.former === mold) {
      // There is no way back, and none is needed if the new one is good.
      delete this.#change.former;
    }
    for (const member of ordered) workers.lose(member);
    if (!this.#common.stopping() && !workers.source && this.#molds.booting.length === 0) this.#sourceLost(status);
  }

  /** There is nothing that workers can be forked from. */
  #sourceLost(status: ExitStatus | undefined): void {
    if (!this.#plan.loads) {
      this.#workers.source = { generation: ++this.#generation, mold: undefined };
      this.#workers.fillSoon();
    } else if (!this.#workers.everReady) {
      this.#plan.hopeless(status);
    } else {
      this.#common.agenda.after(respawnDelay(++this.#moldFailures), () => {
        this.#bootAgain();
      });
    }
  }

  #bootAgain(): void {
    const { stopping, note } = this.#common;
    if (stopping() || this.#workers.source || this.#molds.booting.length > 0) return;
    try {
      this.#boot(++this.#generation);
    } catch (error) {
      note('fork failed', { worker: MOLD }, { reason: (error as Error).message });
      this.#sourceLost(undefined);
    }
  }
}

function changeError(kind: Change['kind'], why: string): PreforkError {
  const code = kind === 'reload' ? 'ERR_PREFORK_RELOAD' : 'ERR_PREFORK_REFORK';
  return new PreforkError(code, `the workers were not replaced: ${why}`);
}
