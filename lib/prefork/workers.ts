// The workers of a family: one in each place. They are forked, and forked anew when they end unasked, and replaced when they
// shall be, a few at a time. From what they are forked is not decided here.
import { manner } from '../log-fields.js';
import { strerror, type ExitStatus, type Forked } from '../posix/index.js';
import { BOOT_FAILURES, FIRST_DELAY, HEALTHY_AFTER, respawnDelay } from './backoff.js';
import { tenths, type Common } from './common.js';
import { Limbo } from './limbo.js';
import type { Listener } from './listener.js';
import type { Molds } from './molds.js';
import type { Message } from './news.js';
import { Member, now, Place, type MoldMember, type Source } from './place.js';
import { forkWorkers } from './this-worker.js';
import type { WorkerOrders } from './worker-orders.js';

/** What is decided elsewhere. */
interface Hooks {
  /** A worker accepts connections, in the place of an old one, if there was one: which is to be told to end. */
  readonly ready: (member: Member, old: Member | undefined) => void;
  readonly exited: (member: Member, status: ExitStatus | undefined) => void;
  /** Workers are about to be replaced. Answers whether all serve by now that somebody waits for. */
  readonly settle: () => boolean;
  /**
   * A worker that was forked from this has ended before it was ready, or could not be forked, and the one before it goes on.
   *
   * @param unforked why it could not be forked, if that is so
   */
  readonly replacementFailed: (source: Source | undefined, unforked: string | undefined) => void;
  /** A worker has ended before it was ready, in a place that has no other. */
  readonly stillborn: (member: Member) => void;
  /** There is one less. */
  readonly gone: () => void;
  /** A mold may have forked one, and has not lived to tell of it. */
  readonly untold: () => void;
  /** Its place is closed. */
  readonly unwanted: (member: Member) => void;
  /** So many have ended, and none was ever ready; how the last one ended, if it was forked. */
  readonly hopeless: (failures: number, last: ExitStatus | undefined) => void;
}

export class Workers {
  readonly #common: Common;
  readonly #molds: Molds;
  readonly #orders: WorkerOrders;
  readonly #listener: Listener;
  readonly #hooks: Hooks;
  /** One for each worker that there shall be. */
  readonly #places: Place[];
  /** Those that have been forked or ordered, and not been reaped, by the numbers of their cells. */
  readonly #members = new Map<number, Member>();
  readonly #byPid = new Map<number, Member>();
  readonly #limbo: Limbo;
  /** Places whose worker is to be replaced, in this order. */
  readonly #queue = new Set<Place>();
  /** What workers are forked from; undefined: they wait until there is something. */
  source: Source | undefined;
  #everReady = false;
  #bootFailures = 0;

  constructor(common: Common, molds: Molds, orders: WorkerOrders, listener: Listener, hooks: Hooks) {
    this.#common = common;
    this.#molds = molds;
    this.#orders = orders;
    this.#limbo = new Limbo(common);
    this.#listener = listener;
    this.#hooks = hooks;
    this.#places = Array.from({ length: common.settings.workers }, (_, worker) => new Place(worker));
  }

  /** Those that have been forked or ordered, and not been reaped. */
  get members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Whether a mold may have forked one that it has not told of. */
  get expecting(): boolean {
    return [...this.#members.values()].some(({ pid }) => pid === 0);
  }

  /** Whether there is none, and none has been ordered. */
  get none(): boolean {
    return this.#members.size === 0;
  }

  of(pid: number): Member | undefined {
    return this.#byPid.get(pid);
  }

  /** How many there shall be. */
  get wanted(): number {
    return this.#places.length;
  }

  /** Whether one was ever ready. */
  get everReady(): boolean {
    return this.#everReady;
  }

  /** Whether there is something to fork them from, and one in every place that accepts connections. */
  get allReady(): boolean {
    return this.source !== undefined && this.#places.every(({ holder }) => holder?.readyAt !== undefined);
  }

  /** Whether there is one in every place that accepts connections, and was forked from this. */
  allFrom(source: Source): boolean {
    return this.#places.every(({ holder }) => holder?.readyAt !== undefined && holder.source === source);
  }

  /** Whether one that was forked from what workers are forked from now has had so many requests. */
  hasServed(requests: number): boolean {
    return this.#places.some(
      ({ holder }) => holder?.source === this.source && (holder?.cell.requests ?? 0) >= requests,
    );
  }

  /** The one that has served most, of those that accept connections. */
  get warmest(): Member | undefined {
    const serving = this.#places.flatMap(({ holder }) =>
      holder?.readyAt !== undefined && !holder.retiring ? [holder] : [],
    );
    return serving.toSorted((a, b) => b.cell.requests - a.cell.requests)[0];
  }

  /** Has the sockets of all places opened, for a mold that is about to be forked. */
  openAll(): void {
    for (const { worker } of this.#places) this.#listener.open(worker, true);
  }

  /** Has the first ones forked. It returns in each child too, which is a worker by then. */
  begin(): 'master' | 'descendant' {
    return this.#spawn(this.#places);
  }

  /**
   * There shall be so many from now on: those in the highest places end, or new ones are forked.
   *
   * @param kept of how many places the sockets are for somebody
   */
  resize(workers: number, kept = workers): void {
    const { length } = this.#places;
    const closed = this.#places.splice(workers);
    if (kept < length) this.#listener.giveUp(kept);
    for (const place of closed) this.#close(place);
    const added = Array.from({ length: workers - this.#places.length }, (_, n) => new Place(this.#places.length + n));
    this.#places.push(...added);
    this.fillSoon();
  }

  /**
   * Has all replaced that were not forked from what workers are forked from now. Those whose workers ended again and again, and that
   * wait, wait no longer: what is new may be mended.
   */
  replaceAll(): void {
    for (const place of this.#places) {
      place.forgive();
      this.#queue.add(place);
    }
    this.fillSoon();
  }

  replaceOne({ place }: Member): void {
    this.#queue.add(place);
    this.#replaceSoon();
  }

  /** Nobody is to be replaced but those that have reached a limit. */
  replaceNoMore(): void {
    this.#queue.clear();
    for (const { holder } of this.#places) if (holder?.tired !== undefined) this.#queue.add(holder.place);
  }

  /** Forks workers where there are none, and replaces those that are to be. */
  fillSoon(): void {
    this.#common.agenda.after(0, () => {
      if (this.#fill() === 'master') this.#replace();
    });
  }

  /** Has workers forked for these places. It returns in each child too, which is a worker by then. */
  #spawn(places: readonly Place[]): 'master' | 'descendant' {
    const { source } = this;
    // They get their workers when there is a mold.
    if (!source) return 'master';
    const { scoreboard, descendant } = this.#common;
    const members: Member[] = [];
    for (const place of places) {
      const number = scoreboard.take();
      if (number === undefined) this.#forkFailed(place, 'too many workers are finishing');
      else members.push(new Member(place, number, scoreboard.cell(number), source));
    }
    if (members.length === 0) return 'master';
    const numbers = members.map(({ number }) => number);
    let forked: Forked | undefined;
    try {
      for (const { place } of members) this.#listener.open(place.worker, !source.mold);
      if (source.mold) this.#molds.order(source.mold, numbers);
      else forked = forkWorkers(members.map(({ cell }) => cell));
    } catch (error) {
      for (const number of numbers) scoreboard.retire(number);
      throw error;
    }
    if (forked?.role === 'child') {
      descendant.beWorker(numbers[forked.index] ?? 0);
      return 'descendant';
    }
    for (const [index, member] of members.entries()) {
      member.place.take(member);
      this.#members.set(member.number, member);
      if (!forked) continue;
      const pid = forked.pids[index];
      if (pid === undefined) this.#unforked(member, 'the system would not make more processes');
      else this.#forked(member, pid);
    }
    return 'master';
  }

  /** The same; what fails is tried again later. */
  #trySpawn(places: readonly Place[]): 'master' | 'descendant' {
    try {
      return this.#spawn(places);
    } catch (error) {
      for (const place of places) this.#forkFailed(place, (error as Error).message);
      return 'master';
    }
  }

  /** Has workers forked for the places that have none and wait for none. */
  #fill(): 'master' | 'descendant' {
    if (this.#common.stopping()) return 'master';
    const empty = this.#places.filter(({ holder, cancelRespawn }) => !holder && !cancelRespawn);
    return empty.length > 0 ? this.#trySpawn(empty) : 'master';
  }

  #replaceSoon(): void {
    this.#common.agenda.after(0, () => {
      this.#replace();
    });
  }

  /** Has the next replacements forked: at most a tenth of the workers, rounded up, is being replaced at a time. */
  #replace(): void {
    if (this.#common.stopping()) return;
    if (this.#hooks.settle()) {
      // Who waits for that hears of it in this process, before there is another that would hear of it too.
      this.#replaceSoon();
      return;
    }
    if (!this.source) return;
    let room = Math.ceil(this.#places.length / 10) - this.#places.filter(({ successor }) => successor).length;
    const places: Place[] = [];
    for (const place of this.#queue) {
      if (room <= 0) break;
      if (place.successor) continue;
      this.#queue.delete(place);
      // A place without a worker is about to get a new one anyway, and may have got it since.
      const { holder } = place;
      if (!holder || (holder.source === this.source && holder.tired === undefined && !holder.promoted)) continue;
      places.push(place);
      room--;
    }
    if (places.length > 0) this.#trySpawn(places);
  }

  #forked(member: Member, pid: number): void {
    const { note, watch, signal, farewell, reopenedAt } = this.#common;
    const { place, generation } = member;
    member.pid = pid;
    const replaces = member === place.successor ? place.holder?.pid : undefined;
    note('fork', { worker: place.worker, pid }, { generation, replaces });
    this.#byPid.set(pid, member);
    void watch(pid);
    // Its mold may have had the old log still.
    if (member.forkedAt < reopenedAt()) signal(pid, 'SIGUSR1');
    // It was ordered before the stop, or before its place was closed; or it was to be killed, and there was only its mold to kill.
    const told = member.killed ? 'SIGKILL' : (farewell() ?? member.order);
    if (told) signal(pid, told);
  }

  /** A worker has not come to be. */
  #unforked(member: Member, reason: string): void {
    const { place, number, source } = member;
    const replacement = member === place.successor;
    this.#members.delete(number);
    if (!this.#limbo.has(number)) this.#common.scoreboard.retire(number);
    place.lose(member);
    member.cancelKill();
    if (!this.#common.stopping() && !place.closed) this.#forkFailed(place, reason, { replacement, source });
    this.#hooks.gone();
  }

  #forkFailed(
    place: Place,
    reason: string,
    { replacement, source } = { replacement: place.holder !== undefined, source: this.source },
  ): void {
    place.failures++;
    this.#common.note('fork failed', { worker: place.worker }, { reason });
    if (replacement) this.#replacementFailed(place, source, reason);
    else if (!this.#everReady && ++this.#bootFailures >= BOOT_FAILURES)
      this.#hooks.hopeless(this.#bootFailures, undefined);
    else this.#respawn(place);
  }

  #respawn(place: Place): void {
    const { note, agenda, stopping } = this.#common;
    const delay = respawnDelay(place.failures);
    if (delay > 0) note('respawn', { worker: place.worker }, { in: delay, failures: place.failures });
    place.cancelRespawn = agenda.after(delay, () => {
      place.cancelRespawn = undefined;
      if (!stopping() && !place.holder) this.#trySpawn([place]);
    });
  }

  /** What a worker tells of itself, or its mold of it. */
  hear({ cell, news, value }: Message): void {
    if (this.#limbo.has(cell)) {
      if (news === 'forked' || news === 'ready') this.#limbo.disown(cell, value);
      return;
    }
    const member = this.#members.get(cell);
    if (!member) return;
    if (news === 'unforked') {
      if (member.pid === 0)
        this.#unforked(member, value === 0 ? 'the mold could not fork, see its log' : strerror(value));
      return;
    }
    // The worker may be quicker than its mold.
    if (member.pid === 0) this.#forked(member, value);
    // What the program has forked in a worker is not that worker.
    if (member.pid !== value) return;
    if (news === 'ready') this.#isReady(member);
    else if (news === 'served') this.recycle(member, 'requests');
  }

  #isReady(member: Member): void {
    const { place, pid } = member;
    if (member.readyAt !== undefined || member.retiring || member.killed) return;
    member.readyAt = now();
    member.waited = 0;
    this.#everReady = true;
    this.#common.note('ready', { worker: place.worker, pid }, { ms: tenths(member.readyAt - member.forkedAt) });
    this.#hooks.ready(member, member === place.successor ? place.succeed() : undefined);
    this.#replaceSoon();
  }

  /** It is a mold now, and no worker. */
  release(member: Member): void {
    member.cancelKill();
    this.#members.delete(member.number);
    this.#byPid.delete(member.pid);
    this.#hooks.gone();
  }

  /** Those that were forked from this, none of which was ever ready. */
  killAllFrom(source: Source, reason: string): void {
    for (const member of this.#members.values()) {
      if (member.source === source && !member.killed) this.#orders.kill(member, reason);
    }
  }

  recycle(member: Member, reason: string): void {
    const { place, pid } = member;
    if (this.#common.stopping() || place.closed || place.holder !== member || member.tired !== undefined) return;
    this.#common.note('recycle', { worker: place.worker, pid }, { reason });
    member.tired = reason;
    this.replaceOne(member);
  }

  reaped(member: Member, status: ExitStatus | undefined): void {
    const { scoreboard, note, stopping } = this.#common;
    const { place, readyAt, pid, number } = member;
    this.#members.delete(number);
    this.#byPid.delete(pid);
    member.cancelKill();
    scoreboard.retire(number);
    const replacement = member === place.successor;
    // One whose place is closed keeps it until it has ended.
    const asked = member.retiring || (!replacement && member !== place.holder);
    if (!asked) {
      const healthy = readyAt !== undefined && now() - readyAt >= HEALTHY_AFTER;
      place.failures = healthy ? 1 : place.failures + 1;
      if (readyAt === undefined) this.#bootFailures++;
      place.lose(member);
      if (!replacement && readyAt !== undefined) this.#respawnAtOnce(place);
    }
    note('exit', { worker: place.worker, pid, asked: asked || stopping() }, manner(status));
    this.#hooks.exited(member, status);
    this.#hooks.gone();
    if (stopping()) return;
    if (asked || place.closed) this.#replaceSoon();
    else if (!this.#everReady && this.#bootFailures >= BOOT_FAILURES) this.#hooks.hopeless(this.#bootFailures, status);
    else if (replacement) this.#replacementFailed(place, member.source);
    else if (!place.holder && !place.cancelRespawn) {
      if (readyAt === undefined) this.#hooks.stillborn(member);
      this.#queue.delete(place);
      this.#respawn(place);
    }
  }

  /** Where a mold forks the next one, that need not wait until the end of this one has been told. */
  #respawnAtOnce(place: Place): void {
    if (this.#common.stopping() || place.closed || place.holder || !this.#everReady) return;
    if (!this.source?.mold || respawnDelay(place.failures) > 0) return;
    this.#queue.delete(place);
    this.#trySpawn([place]);
  }

  /** The old worker goes on. */
  #replacementFailed(place: Place, source: Source | undefined, unforked?: string): void {
    const { source: current } = this;
    this.#hooks.replacementFailed(source, unforked);
    // If workers are forked from something else by now, it waits for one of those.
    if (source === current) this.#queue.delete(place);
    if (place.holder?.tired === undefined || this.#queue.has(place)) {
      this.#replaceSoon();
      return;
    }
    this.#common.agenda.after(Math.max(respawnDelay(place.failures), FIRST_DELAY), () => {
      if (place.holder?.tired !== undefined && !place.closed) this.#queue.add(place);
      this.#replace();
    });
  }

  /** Nobody shall be this worker any more. */
  #close(place: Place): void {
    place.closed = true;
    place.forgive();
    this.#queue.delete(place);
    for (const member of [place.holder, place.successor]) if (member) this.#hooks.unwanted(member);
    this.#retireInTime(place);
  }

  /** The worker of a place that is closed is told to stop when nothing more can come that only it can accept. */
  #retireInTime(place: Place): void {
    const wait = this.#listener.patience(place.worker);
    if (wait > 0) {
      this.#common.agenda.after(wait, () => {
        this.#retireInTime(place);
      });
      return;
    }
    for (const member of [place.holder, place.successor]) if (member) this.#orders.retire(member);
  }

  /** Those that this mold has been told to fork, and has not told of. */
  orderedFrom(mold: MoldMember): Member[] {
    return [...this.#members.values()].filter(({ pid, source }) => pid === 0 && source === mold);
  }

  /** Its mold has ended. If it has forked this one, its cell says so, or, when it is not that far, it may still tell of itself. */
  lose(member: Member): void {
    const { pid } = member.cell.status() ?? {};
    if (pid !== undefined) {
      this.#forked(member, pid);
      return;
    }
    this.#limbo.add(member.number);
    this.#hooks.untold();
    this.#unforked(member, 'the mold has ended');
  }
}
