// The parent's side: owns the listening socket, has workers forked, waits for them, and serves nothing.
import { EventEmitter } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import type { Server } from 'node:net';
import { integer } from '../mistakes.js';
import {
  close,
  forkMany,
  isPosixError,
  O_CLOEXEC,
  O_NONBLOCK,
  pipe2,
  read,
  Watcher,
  type Forked,
  type Signal,
} from '../posix/index.js';
import { Reaper, type ExitStatus } from '../reaper/index.js';
import { addressFields, type ServerAddress } from './address.js';
import { Agenda } from './agenda.js';
import { BOOT_FAILURES, FIRST_DELAY, HEALTHY_AFTER, respawnDelay } from './backoff.js';
import { Control } from './control.js';
import { Descendant } from './descendant.js';
import { Inspection } from './inspection.js';
import { GRACE, LastWords } from './last-words.js';
import type { Listener } from './listener.js';
import { newsIn, type Message } from './news.js';
import { Orders, type Line } from './orders.js';
import { Member, MoldMember, now, Place, type Source } from './place.js';
import type { Predecessor } from './predecessor.js';
import { MOLD, MOST_WORKERS, Scoreboard, type MoldStatus, type WorkerStatus } from './scoreboard.js';
import type { Settings } from './settings.js';
import { handledSignals, rowOf } from './signals.js';
import { Reporter, type MasterStatus } from './status.js';
import type { StatusServer } from './status-server.js';
import { Upgrade, type Successor } from './upgrade.js';

interface MasterEvents {
  /** A worker accepts connections. */
  ready: [worker: number, pid: number];
  /** A worker ended and was reaped; by somebody else (`waitpid(-1)`, say) if there is no status. */
  exit: [worker: number, pid: number, status: ExitStatus | undefined];
  /** All workers are being replaced. Fulfilled when the new ones serve; rejected if they do not. */
  replacing: [finished: Promise<void>];
  /** A new master is started. Fulfilled with its pid when it serves, and then this one stops; rejected if it does not. */
  upgrading: [finished: Promise<number>];
  /** It has been told to stop; the workers have not yet. */
  stopping: [];
  /** All have ended, and nothing of the server is left. */
  stopped: [];
}

/** The workers could not be started, or not be replaced, or the master not. */
export class PreforkError extends Error {
  readonly code:
    'ERR_PREFORK_BOOT' | 'ERR_PREFORK_MOLD' | 'ERR_PREFORK_RELOAD' | 'ERR_PREFORK_REFORK' | 'ERR_PREFORK_UPGRADE';
  override readonly name = 'PreforkError';
  /** Of ERR_PREFORK_MOLD: how the mold ended that should load the application. */
  readonly status: ExitStatus | undefined;

  constructor(code: PreforkError['code'], message: string, status?: ExitStatus) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** What is served: a server of this process, or what a mold loads. */
export type Application = Server | (() => unknown);

/** A replacement of all workers that goes on. */
interface Change {
  readonly kind: 'reload' | 'refork';
  readonly resolve: () => void;
  readonly reject: (error: PreforkError) => void;
  /** The worker that shall be the next mold, and where that will take its orders. */
  donor?: Member;
  donorLine?: Line;
  /** The next mold, until workers can be forked from it. */
  candidate?: MoldMember;
  /** What the new workers are forked from. */
  source?: Source;
  /** What workers were forked from before, until a new one is ready. */
  former?: Source;
}

/** A prefork server, as the process that called `prefork` sees it. */
export class Master extends EventEmitter<MasterEvents> implements AsyncDisposable {
  /** Where the server listens. */
  readonly address: ServerAddress;
  readonly #settings: Settings;
  readonly #application: Application;
  readonly #listener: Listener;
  readonly #scoreboard: Scoreboard;
  readonly #reaper = new Reaper();
  readonly #agenda = new Agenda();
  readonly #inspection: Inspection;
  readonly #lastWords: LastWords;
  readonly #control: Control;
  readonly #reporter: Reporter;
  readonly #statusServer: StatusServer | undefined;
  readonly #upgrade: Upgrade;
  /** One for each worker that there shall be. */
  readonly #places: Place[];
  /** The workers that have been forked or ordered, and not been reaped, by the numbers of their cells. */
  readonly #members = new Map<number, Member>();
  readonly #molds = new Set<MoldMember>();
  readonly #byPid = new Map<number, Member | MoldMember>();
  /** Cells of workers that a mold may have forked before it ended, and that nobody waits for. */
  readonly #limbo = new Set<number>();
  readonly #news: { readonly read: number; readonly write: number; readonly watcher: Watcher };
  readonly #lifeline: { readonly read: number; readonly write: number };
  readonly #orders = new Orders();
  /** What the forks of this process become. */
  readonly #descendant: Descendant;
  readonly #stopped: Promise<void>;
  /** Fulfilled by `#hurry`, when the server shall stop quickly. */
  readonly #hurried: Promise<void>;
  #hurry: () => void = () => undefined;
  /** What workers are forked from; undefined while a mold boots for the first time, or after the last one was lost. */
  #source: Source | undefined;
  /** The last generation that was begun. */
  #generation = 1;
  /** Places whose worker is to be replaced, in this order. */
  readonly #queue = new Set<Place>();
  #change: Change | undefined;
  #reforks = 0;
  /** By `now()`: after one that has failed. */
  #noReforkBefore = 0;
  #moldFailures = 0;
  #everReady = false;
  #bootFailures = 0;
  #failed: PreforkError | undefined;
  #stopping: 'graceful' | 'quick' | undefined;
  /** Whether the workers have been told to stop. */
  #told = false;
  /** Whether a signal has told this process to end. */
  #exiting = false;

  /** Only `prefork` makes one. */
  constructor(application: Application, settings: Settings, listener: Listener, statusServer?: StatusServer) {
    super();
    this.#settings = settings;
    this.#application = application;
    this.#listener = listener;
    this.#statusServer = statusServer;
    this.address = listener.address;
    this.#scoreboard = Scoreboard.create(this.address, settings.log);
    this.#places = Array.from({ length: settings.workers }, (_, worker) => new Place(worker));
    const [newsRead, newsWrite] = pipe2(O_CLOEXEC | O_NONBLOCK);
    const watcher = new Watcher(newsRead, () => {
      this.#readNews();
    });
    this.#news = { read: newsRead, write: newsWrite, watcher };
    const [lifelineRead, lifelineWrite] = pipe2(O_CLOEXEC);
    this.#lifeline = { read: lifelineRead, write: lifelineWrite };
    this.#lastWords = new LastWords(settings.log, (pid, signal) => {
      this.#signal(pid, signal);
    });
    this.#inspection = new Inspection(settings, {
      question: (member, reason) => {
        this.#question(member, reason);
      },
      kill: (member, reason) => {
        this.#killFor(member, reason);
      },
      recycle: (member, reason) => {
        this.#recycle(member, reason);
      },
    });
    const inspection = this.#inspection;
    const scoreboard = this.#scoreboard;
    this.#descendant = new Descendant({
      scoreboard,
      address: listener.address,
      backlog: settings.backlog,
      gracefulTimeout: settings.gracefulTimeout,
      news: newsWrite,
      lifeline: lifelineRead,
      orders: this.#orders,
      birth: (number) => {
        const cell = scoreboard.cell(number);
        return {
          cell,
          listener: listener.socketOf(cell.worker),
          maxRequests: inspection.maxRequests(),
          beat: inspection.beat,
        };
      },
      log: settings.log,
    });
    this.#reporter = new Reporter({
      address: this.address,
      scoreboard,
      beat: inspection.beat,
      view: () => ({
        generation: this.#source?.generation ?? this.#generation,
        wanted: this.#places.length,
        replacing: this.#change?.kind ?? null,
        stopping: this.#stopping ?? null,
      }),
    });
    this.#control = new Control((words) => this.#asked(words));
    this.#upgrade = new Upgrade({
      command: settings.command,
      // A mold and the workers may each take so long.
      timeout: 2 * settings.bootTimeout,
      gracefulTimeout: settings.gracefulTimeout,
      sockets: () => [...listener.sockets(), ...(statusServer?.sockets() ?? [])],
      ended: () => {
        if (this.#stopping) this.#finishIfAlone();
      },
    });
    this.#reaper.on('exit', (pid, status) => {
      this.#reaped(pid, status);
    });
    this.#reaper.on('lost', (pid) => {
      this.#reaped(pid, undefined);
    });
    this.#hurried = new Promise((resolve) => (this.#hurry = resolve));
    this.#stopped = new Promise((resolve) => this.once('stopped', resolve));
    for (const signal of handledSignals) process.on(signal, this.#onSignal);
  }

  /**
   * The workers, as the scoreboard has them. While one is replaced there are two in its place: the older one finishes, or
   * the newer one is not ready yet.
   */
  get workers(): WorkerStatus[] {
    return this.#scoreboard.status();
  }

  /** The processes that workers are forked from, if it is not this one: more than one while they change. */
  get molds(): MoldStatus[] {
    return this.#scoreboard.molds();
  }

  /** What there is to know of the family: of each process, and of the last hour. */
  status(): Promise<MasterStatus> {
    return this.#reporter.status();
  }

  /** Where the status page is, if there is one. */
  get statusAddress(): ServerAddress | undefined {
    return this.#statusServer?.address;
  }

  /** Resolves when all workers have ended and nothing of the server is left. */
  get stopped(): Promise<void> {
    return this.#stopped;
  }

  /**
   * Has the workers forked and waits until each accepts connections.
   *
   * @param takesOver whether another master serves on the same sockets until `takeOver`
   * @throws {ForkUnsafeError | PosixError} the first fork failed
   * @throws {PreforkError} the application could not be loaded; the workers end before they are ready
   */
  async start(takesOver: boolean): Promise<void> {
    const { log, workers } = this.#settings;
    log(`master pid=${process.pid} listening ${addressFields(this.address)} workers=${workers}`);
    this.#reporter.open();
    if (!takesOver) this.#openStatus();
    const application = this.#application;
    if (typeof application !== 'function') await this.#descendant.prepare(application);
    // From the check phase of the event loop, in which a child inherits no event that is half dispatched.
    await nextCheckPhase();
    try {
      // A mold has the sockets of as many places as there are when it is forked.
      if (typeof application === 'function') for (const { worker } of this.#places) this.#listener.open(worker, true);
      const role = typeof application === 'function' ? this.#bootMold(1) : this.#begin();
      if (role === 'descendant') return await new Promise<never>(() => undefined);
    } catch (error) {
      await this.stop({ quick: true });
      throw error;
    }
    this.#agenda.every(this.#inspection.interval, () => {
      this.#inspection.inspect(this.#members.values());
      this.#considerRefork();
    });
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (this.#failed) reject(this.#failed);
        else if (this.#places.every(({ holder }) => holder?.readyAt !== undefined)) resolve();
        // Stopped by a signal before that, it stays pending: the process is about to exit.
        else return;
        this.off('ready', check);
        this.off('stopped', check);
      };
      this.on('ready', check);
      this.on('stopped', check);
    });
    if (!this.#stopping && !takesOver) this.#openControl();
  }

  /** Takes the place of another master, when that has let go of it; unless this one has been told to stop by then. */
  async takeOver(former: Predecessor): Promise<void> {
    if (this.#stopping) return;
    await former.relieve(this.#places.length);
    this.#inherit();
  }

  #inherit(): void {
    if (this.#stopping) return;
    this.#listener.takeOver();
    this.#openStatus();
    this.#openControl();
  }

  #openControl(): void {
    this.#control.open((error) => {
      this.#settings.log(`master pid=${process.pid} control=none reason=${JSON.stringify(error.message)}`);
    });
  }

  #openStatus(): void {
    if (!this.#statusServer) return;
    this.#statusServer.open(this.#reporter);
    this.#settings.log(`master pid=${process.pid} status ${addressFields(this.#statusServer.address)}`);
  }

  /**
   * Stops the server: the workers stop accepting, finish what they have in hand and end; those that take longer than
   * `gracefulTimeout` are killed. All have been reaped when the result resolves.
   *
   * @param options `quick`: the workers end at once, whatever they have in hand
   */
  async stop({ quick = false }: { quick?: boolean } = {}): Promise<void> {
    if (this.#stopping === undefined) await this.#beginStop(quick ? 'quick' : 'graceful');
    else if (quick && this.#stopping === 'graceful') this.#quicken();
    await this.#stopped;
  }

  /**
   * Replaces all workers by new ones: of an application that a new mold has loaded, or, where the server is this process's
   * own, by new forks of this process as it is now. At most a tenth of them, rounded up, at a time. A new worker accepts
   * connections before the old one stops to, which then finishes what it has in hand.
   *
   * @returns when the new workers serve; the old ones may still be finishing
   * @throws {PreforkError} ERR_PREFORK_RELOAD: the application could not be loaded, or a new worker ended before it was ready,
   * and the old ones that were left go on; the workers are being replaced already; the server stops
   */
  reload(): Promise<void> {
    return this.#beginChange('reload', (change) => {
      if (typeof this.#application === 'function') this.#bootMold(++this.#generation, change);
      else this.#changeSource({ generation: ++this.#generation, mold: undefined }, change);
    });
  }

  /**
   * Replaces all workers by forks of one that is warm: the one that has served most finishes what it has in hand, and is the
   * mold from then on. What it has compiled, cached and collected its children have, and share. Replaced as by `reload`.
   *
   * @returns when the new workers serve; the old ones may still be finishing
   * @throws {PreforkError} ERR_PREFORK_REFORK: no worker serves; the one that should be the mold did not finish in time, or a
   * new worker ended before it was ready, and the old ones that were left go on; the workers are being replaced already; the
   * server stops
   */
  refork(): Promise<void> {
    return this.#beginChange('refork', (change) => {
      const served = ({ holder }: Place) => (holder?.readyAt === undefined ? -1 : holder.cell.requests);
      const [place] = this.#places.toSorted((a, b) => served(b) - served(a));
      const donor = place?.holder;
      if (donor?.readyAt === undefined || donor.retiring) {
        this.#changeFailed('no worker serves');
        return;
      }
      donor.promoted = true;
      change.donor = donor;
      this.#queue.add(donor.place);
      this.#replaceSoon();
    });
  }

  /**
   * Replaces the whole server, master and all: has the program executed anew by the option `command`, with the listening
   * sockets. When the new one serves, the workers of this one finish what they have in hand, and this process exits. Until
   * then it goes on as it is; it does so, too, if the new one fails.
   *
   * @returns the pid of the new master, when that serves
   * @throws {PreforkError} ERR_PREFORK_UPGRADE: the new one ended before it served, or did not serve in time, within twice
   * `bootTimeout`; there is no `command`; this process is process 1 of a container, with whose end that would end; the workers
   * or the master are being replaced already; the server stops
   */
  async upgrade(): Promise<number> {
    const { log } = this.#settings;
    const obstacle = this.#stopping
      ? 'the server stops'
      : this.#change
        ? 'its workers are being replaced'
        : (this.#busy ?? this.#upgrade.obstacle);
    if (obstacle !== undefined) throw upgradeError(obstacle);
    log(`master pid=${process.pid} upgrade`);
    this.#reporter.note('upgrade');
    const finished = this.#upgraded(this.#upgrade.begin());
    this.emit('upgrading', finished);
    return await finished;
  }

  async #upgraded(begun: Promise<Successor>): Promise<number> {
    const { log } = this.#settings;
    try {
      const successor = await begun;
      if (this.#stopping) throw new Error('the server stops');
      log(`master pid=${process.pid} upgraded successor=${successor.pid}`);
      this.#reporter.note('upgraded', { detail: `successor=${successor.pid}` });
      // When everybody has been told.
      this.#agenda.after(0, () => {
        this.#yield(successor);
      });
      return successor.pid;
    } catch (error) {
      const reason = this.#stopping ? 'the server stops' : (error as Error).message;
      log(`master pid=${process.pid} upgrade failed reason=${JSON.stringify(reason)}`);
      this.#reporter.note('upgrade failed', { detail: reason });
      throw upgradeError(this.#stopping ? reason : `${reason}; the old one goes on`);
    }
  }

  /** What keeps the workers from being replaced, because of another master. */
  get #busy(): string | undefined {
    const reasons = {
      idle: undefined,
      'under way': 'a new master is being started',
      done: 'a new master has taken over',
    };
    return reasons[this.#upgrade.state];
  }

  /** A new master serves: the workers finish, so that their clients do not notice, and then this one exits. */
  #yield({ workers }: Successor): void {
    this.#statusServer?.leave();
    this.#listener.handOver();
    this.#upgrade.handOver();
    const closed = this.#places.splice(0);
    if (workers < closed.length) this.#listener.giveUp(workers);
    for (const place of closed) this.#close(place);
    this.#exitIfRelieved();
  }

  /** A new master has taken over: this one ends with its last worker. */
  #exitIfRelieved(): void {
    if (this.#upgrade.state === 'done' && !this.#stopping && this.#members.size === 0) this.#exit(false);
  }

  /**
   * Changes the number of workers: forks more, or has those in the highest places finish what they have in hand and end.
   *
   * @param workers how many there shall be, 0 to 1,024; with none, connections wait in the backlog
   * @throws {TypeError | RangeError} no such number
   * @throws {PreforkError} ERR_PREFORK_UPGRADE: a new master is being started, which would not know of it
   */
  scale(workers: number): void {
    integer('workers', workers, 0, MOST_WORKERS);
    if (this.#stopping) return;
    if (this.#busy !== undefined) {
      throw new PreforkError('ERR_PREFORK_UPGRADE', `the number of workers stays as it is: ${this.#busy}`);
    }
    this.#settings.log(`master pid=${process.pid} scale workers=${workers} from=${this.#places.length}`);
    this.#reporter.note('scale', { detail: `workers=${workers} from=${this.#places.length}` });
    const closed = this.#places.splice(workers);
    if (closed.length > 0) this.#listener.giveUp(workers);
    for (const place of closed) this.#close(place);
    const added = Array.from({ length: workers - this.#places.length }, (_, n) => new Place(this.#places.length + n));
    this.#places.push(...added);
    this.#agenda.after(0, () => {
      this.#fill();
    });
    this.#replaceSoon();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The first workers, of this process. */
  #begin(): 'master' | 'descendant' {
    this.#source = { generation: this.#generation, mold: undefined };
    return this.#spawn(this.#places);
  }

  /**
   * Forks a process that loads the application. It returns in the child too, which goes on by itself.
   *
   * @param change what it is for; absent if it shall be in charge as soon as it is ready
   * @throws {ForkUnsafeError | PosixError} it could not be forked
   */
  #bootMold(generation: number, change?: Change): 'master' | 'descendant' {
    const number = this.#scoreboard.take();
    if (number === undefined) throw new RangeError('too many workers are finishing');
    const cell = this.#scoreboard.cell(number);
    const line = this.#freeLine();
    cell.assignMold({ generation, line });
    let forked: Forked;
    try {
      forked = forkMany(1);
    } catch (error) {
      this.#scoreboard.retire(number);
      throw error;
    }
    if (forked.role === 'child') {
      this.#leave();
      void this.#descendant.mold(number, this.#application as () => unknown);
      return 'descendant';
    }
    const mold = new MoldMember(forked.pids[0] ?? 0, number, cell, generation, line);
    const { log, bootTimeout } = this.#settings;
    log(`mold pid=${mold.pid} forked generation=${generation}`);
    this.#reporter.note('mold forked', { worker: MOLD, pid: mold.pid, detail: `generation=${generation}` });
    this.#join(mold);
    if (change) change.candidate = mold;
    if (bootTimeout < Infinity) {
      mold.cancelKill = this.#agenda.after(bootTimeout, () => {
        this.#lastWords.ask('mold', mold.pid, 'bootTimeout');
        mold.cancelKill = this.#agenda.after(GRACE, () => {
          this.#killMold(mold, 'bootTimeout');
        });
      });
    }
    void this.#reaper.watch(mold.pid);
    return 'master';
  }

  /** Where the next mold takes its orders: not where the one in charge does. What is left there is nobody's. */
  #freeLine(): Line {
    const line: Line = [this.#source?.mold?.line, this.#change?.donorLine].includes(0) ? 1 : 0;
    // One that does not end by itself would take the orders of the next.
    for (const mold of this.#molds) if (mold.retiring && mold.line === line) this.#signal(mold.pid, 'SIGKILL');
    this.#orders.take(line);
    return line;
  }

  #join(mold: MoldMember): void {
    this.#molds.add(mold);
    this.#byPid.set(mold.pid, mold);
  }

  /** Has workers forked for these places. It returns in each child too, which is a worker by then. */
  #spawn(places: readonly Place[]): 'master' | 'descendant' {
    const source = this.#source;
    // They get their workers when there is a mold.
    if (!source) return 'master';
    const members: Member[] = [];
    for (const place of places) {
      const number = this.#scoreboard.take();
      if (number === undefined) this.#forkFailed(place, 'too many workers are finishing');
      else members.push(new Member(place, number, this.#scoreboard.cell(number), source));
    }
    if (members.length === 0) return 'master';
    const numbers = members.map(({ number }) => number);
    let forked: Forked | undefined;
    try {
      for (const { place } of members) this.#listener.open(place.worker, !source.mold);
      if (source.mold) this.#orders.give(source.mold.line, numbers);
      else forked = forkMany(members.length);
    } catch (error) {
      for (const number of numbers) this.#scoreboard.retire(number);
      throw error;
    }
    if (forked?.role === 'child') {
      this.#becomeWorker(numbers[forked.index] ?? 0);
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

  #forked(member: Member, pid: number): void {
    const { place, generation } = member;
    member.pid = pid;
    if (member === place.successor) {
      const { log } = this.#settings;
      log(`worker=${place.worker} pid=${pid} forked generation=${generation} replaces=${place.holder?.pid ?? 0}`);
    }
    this.#reporter.note('fork', { worker: place.worker, pid, detail: `generation=${generation}` });
    this.#byPid.set(pid, member);
    void this.#reaper.watch(pid);
    // It was ordered before the stop, or before its place was closed.
    if (this.#told) this.#signal(pid, this.#stopping === 'quick' ? 'SIGINT' : 'SIGTERM');
    else if (member.retiring) this.#signal(pid, RETIRE);
  }

  /** A worker has not come to be. */
  #unforked(member: Member, reason: string): void {
    const { place, number } = member;
    const replacement = member === place.successor;
    this.#members.delete(number);
    if (!this.#limbo.has(number)) this.#scoreboard.retire(number);
    place.lose(member);
    member.cancelKill();
    if (this.#stopping) this.#finishIfAlone();
    else if (!place.closed) this.#forkFailed(place, reason, replacement);
    this.#exitIfRelieved();
  }

  #forkFailed(place: Place, reason: string, replacement = place.holder !== undefined): void {
    place.failures++;
    this.#settings.log(`worker=${place.worker} fork failed reason=${JSON.stringify(reason)}`);
    this.#reporter.note('fork failed', { worker: place.worker, detail: reason });
    if (replacement) this.#replacementFailed(place);
    else if (!this.#everReady && ++this.#bootFailures >= BOOT_FAILURES) this.#giveUp();
    else this.#respawn(place);
  }

  /** In a child: lets go of everything that is the master's. The reaper lets go by itself. */
  #leave(): void {
    // Others may have ended at the same moment, and their respawns wait in the phase of the event loop that forked.
    this.#agenda.clear();
    this.#control.close();
    this.#news.watcher.close();
    this.#orders.leave();
    close(this.#news.read);
    close(this.#lifeline.write);
    this.removeAllListeners();
  }

  #becomeWorker(cell: number): void {
    this.#leave();
    try {
      this.#descendant.serve(cell);
    } catch (error) {
      // It ends this worker, as an uncaught one, and is not the caller's.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** All that has come. */
  #readNews(): void {
    const buffer = new Uint8Array(4096);
    for (;;) {
      let length;
      try {
        length = read(this.#news.read, buffer);
      } catch (error) {
        if (isPosixError(error, 'EAGAIN')) return;
        throw error;
      }
      for (const message of newsIn(buffer.subarray(0, length))) this.#hear(message);
      if (length < buffer.length) return;
    }
  }

  #hear({ cell, news, value }: Message): void {
    const member = this.#members.get(cell);
    if (this.#limbo.has(cell)) {
      if (news === 'forked' || news === 'ready') this.#disown(cell, value);
      return;
    }
    if (news === 'unforked') {
      if (member?.pid === 0) this.#unforked(member, value === 0 ? 'the mold could not fork' : `errno ${value}`);
      return;
    }
    if (news === 'molded') {
      this.#molded(value, cell);
      return;
    }
    if (!member) return;
    // The worker may be quicker than its mold.
    if (member.pid === 0) this.#forked(member, value);
    // One that said so and died, and was reaped first, is not the one that has the cell now.
    if (member.pid !== value) return;
    if (news === 'ready') this.#isReady(member);
    else if (news === 'served') this.#recycle(member, 'requests');
  }

  /** A worker that its mold has not lived to tell of, and whose place has another by now. */
  #disown(cell: number, pid: number): void {
    this.#limbo.delete(cell);
    this.#settings.log(`worker pid=${pid} killing reason=orphan`);
    this.#reporter.note('kill', { worker: this.#scoreboard.cell(cell).worker, pid, detail: 'orphan' });
    const ended = () => {
      this.#scoreboard.retire(cell);
    };
    this.#reaper.watch(pid).then(ended, ended);
    this.#signal(pid, 'SIGKILL');
  }

  /** Workers can be forked from this process. */
  #molded(pid: number, number: number): void {
    let mold = this.#byPid.get(pid);
    if (mold instanceof Member) {
      // A worker until now.
      const { generation, line } = mold.cell.mold;
      mold.cancelKill();
      this.#members.delete(number);
      this.#reporter.promoted(pid, mold.place.worker);
      mold = new MoldMember(pid, number, mold.cell, generation, line);
      this.#join(mold);
      if (this.#change?.donor?.pid !== pid) {
        // It took too long, or something else has failed.
        this.#retireMold(mold);
        return;
      }
      delete this.#change.donor;
      delete this.#change.donorLine;
      this.#change.candidate = mold;
    }
    if (!mold || mold.retiring || mold.ready) return;
    mold.ready = true;
    mold.cancelKill();
    this.#moldFailures = 0;
    this.#settings.log(`mold pid=${pid} ready generation=${mold.generation} ms=${(now() - mold.since).toFixed(1)}`);
    this.#reporter.note('mold ready', { worker: MOLD, pid, detail: `generation=${mold.generation}` });
    if (this.#change?.candidate === mold) this.#changeSource(mold, this.#change);
    else this.#source = mold;
    this.#agenda.after(0, () => {
      this.#fill();
      this.#replace();
    });
  }

  /** From now on workers are forked from this, and those that were forked from something else are replaced. */
  #changeSource(source: Source, change: Change): void {
    delete change.candidate;
    if (this.#source) change.former = this.#source;
    change.source = source;
    this.#source = source;
    for (const place of this.#places) this.#queue.add(place);
    this.#replaceSoon();
  }

  #isReady(member: Member): void {
    const { place, pid } = member;
    if (member.readyAt !== undefined || member.retiring || member.killed) return;
    member.readyAt = now();
    member.waited = 0;
    this.#everReady = true;
    this.#settings.log(`worker=${place.worker} pid=${pid} ready ms=${(member.readyAt - member.forkedAt).toFixed(1)}`);
    this.#reporter.note('ready', { worker: place.worker, pid });
    const former = this.#change?.former;
    if (former && member.source === this.#source) {
      delete this.#change?.former;
      if (former.mold) this.#retireMold(former.mold);
    }
    if (member === place.successor) {
      const old = place.succeed();
      if (old?.promoted) this.#promote(old);
      else if (old) this.#retire(old);
    }
    this.emit('ready', place.worker, pid);
    this.#replaceSoon();
  }

  /** It stops accepting, finishes what it has in hand, and ends. */
  #retire(member: Member, signal: Signal = RETIRE): void {
    if (member.retiring) return;
    member.retiring = true;
    if (member.pid !== 0) this.#signal(member.pid, signal);
    member.cancelKill = this.#agenda.after(this.#settings.gracefulTimeout, () => {
      this.#settings.log(`worker=${member.place.worker} pid=${member.pid} gracefulTimeout passed, killing`);
      if (member.pid === 0) return;
      this.#reporter.note('kill', { worker: member.place.worker, pid: member.pid, detail: 'gracefulTimeout' });
      this.#signal(member.pid, 'SIGKILL');
    });
  }

  /** As retire(), and then it is the next mold. */
  #promote(member: Member): void {
    const line = this.#freeLine();
    if (this.#change) this.#change.donorLine = line;
    this.#scoreboard.nextMold = { generation: ++this.#generation, line };
    this.#scoreboard.promote(member.number);
    this.#settings.log(`worker=${member.place.worker} pid=${member.pid} promoted generation=${this.#generation}`);
    this.#retire(member, PROMOTE);
  }

  #retireMold(mold: MoldMember): void {
    mold.retiring = true;
    this.#signal(mold.pid, 'SIGTERM');
    mold.cancelKill = this.#agenda.after(this.#settings.gracefulTimeout, () => {
      this.#killMold(mold, 'gracefulTimeout');
    });
  }

  /** Where it is: or where the mold is that has been told to fork it, and has not. */
  #question({ pid, place, source }: Member, reason: string): void {
    if (pid !== 0) this.#lastWords.ask(`worker=${place.worker}`, pid, reason);
    else if (source.mold) this.#lastWords.ask('mold', source.mold.pid, reason);
  }

  #killFor(member: Member, reason: string): void {
    member.killed = true;
    const { pid, place, source } = member;
    if (pid !== 0) {
      this.#settings.log(`worker=${place.worker} pid=${pid} killing reason=${reason}`);
      this.#reporter.note('kill', { worker: place.worker, pid, detail: reason });
      this.#signal(pid, 'SIGKILL');
    } else if (source.mold) {
      // It was ordered, and has not been forked.
      this.#killMold(source.mold, reason);
    }
  }

  #killMold({ pid }: MoldMember, reason: string): void {
    this.#settings.log(`mold pid=${pid} killing reason=${reason}`);
    this.#reporter.note('kill', { worker: MOLD, pid, detail: reason });
    this.#signal(pid, 'SIGKILL');
  }

  #recycle(member: Member, reason: string): void {
    const { place } = member;
    if (this.#stopping || place.closed || place.holder !== member || member.tired !== undefined) return;
    this.#settings.log(`worker=${place.worker} pid=${member.pid} recycling reason=${reason}`);
    this.#reporter.note('recycle', { worker: place.worker, pid: member.pid, detail: reason });
    member.tired = reason;
    this.#queue.add(place);
    this.#replaceSoon();
  }

  #replaceSoon(): void {
    this.#agenda.after(0, () => {
      this.#replace();
    });
  }

  /** Has the next replacements forked: at most a tenth of the workers, rounded up, is being replaced at a time. */
  #replace(): void {
    if (this.#stopping) return;
    this.#settleChange();
    if (!this.#source) return;
    let room = Math.ceil(this.#places.length / 10) - this.#places.filter(({ successor }) => successor).length;
    const places: Place[] = [];
    for (const place of this.#queue) {
      if (room <= 0) break;
      if (place.successor) continue;
      this.#queue.delete(place);
      // A place without a worker is about to get a new one anyway.
      if (!place.holder) continue;
      places.push(place);
      room--;
    }
    if (places.length > 0) this.#trySpawn(places);
  }

  /** Has workers forked for the places that have none and wait for none. */
  #fill(): void {
    if (this.#stopping) return;
    const empty = this.#places.filter(({ holder, cancelRespawn }) => !holder && !cancelRespawn);
    if (empty.length > 0) this.#trySpawn(empty);
  }

  #trySpawn(places: readonly Place[]): void {
    try {
      this.#spawn(places);
    } catch (error) {
      for (const place of places) this.#forkFailed(place, (error as Error).message);
    }
  }

  #beginChange(kind: Change['kind'], begin: (change: Change) => void): Promise<void> {
    if (this.#stopping) return Promise.reject(changeError(kind, 'the server stops'));
    if (this.#change) return Promise.reject(changeError(kind, 'they are being replaced already'));
    if (this.#busy !== undefined) return Promise.reject(changeError(kind, this.#busy));
    this.#settings.log(`master pid=${process.pid} ${kind} from=${this.#generation}`);
    this.#reporter.note(kind, { detail: `from=${this.#generation}` });
    const finished = new Promise<void>((resolve, reject) => {
      const change: Change = { kind, resolve, reject };
      this.#change = change;
      // A fork comes from the check phase of the event loop.
      this.#agenda.after(0, () => {
        if (this.#change !== change) return;
        try {
          begin(change);
        } catch (error) {
          this.#changeFailed((error as Error).message);
        }
      });
    });
    this.emit('replacing', finished);
    return finished;
  }

  #settleChange(): void {
    const change = this.#change;
    // Its mold may have ended meanwhile, and the workers go on without.
    if (!change?.source || change.source !== this.#source) return;
    const current = ({ holder }: Place) => holder?.readyAt !== undefined && holder.source === change.source;
    if (!this.#places.every(current)) return;
    // Where no worker is wanted, none has let it go.
    if (change.former?.mold) this.#retireMold(change.former.mold);
    this.#settings.log(`master pid=${process.pid} ${change.kind}ed generation=${change.source.generation}`);
    this.#reporter.note(`${change.kind}ed`, { detail: `generation=${change.source.generation}` });
    if (change.kind === 'refork') this.#reforks++;
    this.#change = undefined;
    change.resolve();
  }

  /** The old workers go on, and new ones are forked from what they were forked from before, if that is there still. */
  #changeFailed(reason: string): void {
    const change = this.#change;
    if (!change) return;
    this.#change = undefined;
    this.#queue.clear();
    const { kind, donor, candidate, source, former } = change;
    const { log } = this.#settings;
    log(`master pid=${process.pid} ${kind} failed generation=${this.#generation} reason=${JSON.stringify(reason)}`);
    this.#reporter.note(`${kind} failed`, { detail: reason });
    if (donor) donor.promoted = false;
    if (candidate) this.#retireMold(candidate);
    if (former) {
      this.#source = former;
      if (source?.mold && this.#molds.has(source.mold)) this.#retireMold(source.mold);
      for (const { successor } of this.#places) {
        if (successor && successor.source === source && !successor.killed) this.#killFor(successor, kind);
      }
    }
    // Who has reached a limit is replaced in the end.
    for (const { holder } of this.#places) if (holder?.tired !== undefined) this.#queue.add(holder.place);
    change.reject(changeError(kind, `${reason}; the old workers go on`));
  }

  /** The old worker goes on. */
  #replacementFailed(place: Place): void {
    this.#changeFailed('a new worker ended before it was ready');
    this.#queue.delete(place);
    if (place.holder?.tired === undefined) {
      this.#replaceSoon();
      return;
    }
    this.#agenda.after(Math.max(respawnDelay(place.failures), FIRST_DELAY), () => {
      if (place.holder?.tired !== undefined && !place.closed) this.#queue.add(place);
      this.#replace();
    });
  }

  #considerRefork(): void {
    const { reforkAfter } = this.#settings;
    const limit = reforkAfter[Math.min(this.#reforks, reforkAfter.length - 1)];
    if (limit === undefined || this.#change || this.#stopping || now() < this.#noReforkBefore) return;
    if (this.#busy !== undefined) return;
    const warm = ({ holder }: Place) => holder?.source === this.#source && holder && holder.cell.requests >= limit;
    if (!this.#places.some(warm)) return;
    this.refork().catch(() => {
      this.#noReforkBefore = now() + REFORK_AGAIN;
    });
  }

  /** Nobody shall be this worker any more. */
  #close(place: Place): void {
    place.closed = true;
    place.cancelRespawn?.();
    place.cancelRespawn = undefined;
    this.#queue.delete(place);
    for (const member of [place.holder, place.successor]) {
      if (member && member === this.#change?.donor) this.#changeFailed('the worker is not wanted any more');
    }
    this.#retireInTime(place);
  }

  /** The worker of a place that is closed is told to stop when nothing more can come that only it can accept. */
  #retireInTime(place: Place): void {
    const wait = this.#listener.patience(place.worker);
    if (wait > 0) {
      this.#agenda.after(wait, () => {
        this.#retireInTime(place);
      });
      return;
    }
    for (const member of [place.holder, place.successor]) if (member) this.#retire(member);
  }

  #reaped(pid: number, status: ExitStatus | undefined): void {
    const member = this.#byPid.get(pid);
    this.#byPid.delete(pid);
    if (member instanceof MoldMember) this.#moldReaped(member, status);
    else if (member) this.#workerReaped(member, status);
    else if (this.#stopping) this.#finishIfAlone();
  }

  #workerReaped(member: Member, status: ExitStatus | undefined): void {
    const { place, readyAt, pid } = member;
    this.#members.delete(member.number);
    member.cancelKill();
    this.#scoreboard.retire(member.number);
    this.#settings.log(`worker=${place.worker} pid=${pid} exited ${manner(status)}`);
    const replacement = member === place.successor;
    const asked = !replacement && member !== place.holder;
    const expected = asked || this.#stopping !== undefined;
    this.#reporter.note('exit', { worker: place.worker, pid, detail: manner(status), asked: expected });
    if (!asked) {
      const healthy = readyAt !== undefined && now() - readyAt >= HEALTHY_AFTER;
      place.failures = healthy ? 1 : place.failures + 1;
      if (readyAt === undefined) this.#bootFailures++;
      place.lose(member);
    }
    this.emit('exit', place.worker, pid, status);
    if (this.#stopping) {
      this.#finishIfAlone();
      return;
    }
    this.#exitIfRelieved();
    if (member === this.#change?.donor) this.#changeFailed('the worker ended that should be the mold');
    if (asked || place.closed) this.#replaceSoon();
    else if (!this.#everReady && this.#bootFailures >= BOOT_FAILURES) this.#giveUp();
    else if (replacement) this.#replacementFailed(place);
    else if (!place.holder) {
      this.#queue.delete(place);
      this.#respawn(place);
    }
  }

  #moldReaped(mold: MoldMember, status: ExitStatus | undefined): void {
    // What it told before its end.
    this.#readNews();
    this.#molds.delete(mold);
    mold.cancelKill();
    this.#scoreboard.retire(mold.number);
    this.#settings.log(`mold pid=${mold.pid} exited ${manner(status)} generation=${mold.generation}`);
    const asked = mold.retiring || this.#stopping !== undefined;
    this.#reporter.note('mold exited', { worker: MOLD, pid: mold.pid, detail: manner(status), asked });
    const lost = [...this.#members.values()].filter(({ pid, source }) => pid === 0 && source === mold);
    if (this.#change?.candidate === mold) {
      delete this.#change.candidate;
      this.#changeFailed('the mold ended before it was ready');
    }
    if (this.#source === mold) {
      this.#source = undefined;
      if (this.#change?.source === mold) this.#changeFailed('the mold ended');
    } else if (this.#change?.former === mold) {
      // There is no way back, and none is needed if the new one is good.
      delete this.#change.former;
    }
    for (const member of lost) this.#loseToLimbo(member);
    if (this.#stopping) this.#finishIfAlone();
    else if (!this.#source && !this.#change?.candidate) this.#moldLost(status);
  }

  /** Whether its mold has forked it nobody knows: it may still tell of itself. */
  #loseToLimbo(member: Member): void {
    const { number } = member;
    this.#limbo.add(number);
    this.#agenda.after(LIMBO, () => {
      if (this.#limbo.delete(number)) this.#scoreboard.retire(number);
    });
    this.#unforked(member, 'the mold has ended');
  }

  /** There is nothing that workers can be forked from. */
  #moldLost(status: ExitStatus | undefined): void {
    if (typeof this.#application !== 'function') {
      this.#source = { generation: ++this.#generation, mold: undefined };
      this.#agenda.after(0, () => {
        this.#fill();
        this.#replace();
      });
    } else if (!this.#everReady) {
      const message = `the application could not be loaded (${manner(status)}, see the output)`;
      this.#failed = new PreforkError('ERR_PREFORK_MOLD', message, status);
      void this.#beginStop('quick');
    } else {
      const delay = respawnDelay(++this.#moldFailures);
      this.#agenda.after(delay, () => {
        if (this.#stopping || this.#source || this.#change?.candidate) return;
        try {
          this.#bootMold(++this.#generation);
        } catch (error) {
          this.#settings.log(`mold fork failed reason=${JSON.stringify((error as Error).message)}`);
          this.#reporter.note('fork failed', { worker: MOLD, detail: (error as Error).message });
          this.#moldLost(undefined);
        }
      });
    }
  }

  #respawn(place: Place): void {
    const delay = respawnDelay(place.failures);
    if (delay > 0) this.#settings.log(`worker=${place.worker} respawn in=${delay} failures=${place.failures}`);
    place.cancelRespawn = this.#agenda.after(delay, () => {
      place.cancelRespawn = undefined;
      if (!this.#stopping && !place.holder) this.#trySpawn([place]);
    });
  }

  #giveUp(): void {
    this.#failed = new PreforkError(
      'ERR_PREFORK_BOOT',
      `${this.#bootFailures} workers ended before any was ready: the server cannot start (see their output)`,
    );
    this.#settings.log(`master pid=${process.pid} giving up failures=${this.#bootFailures}`);
    void this.#beginStop('quick');
  }

  // One listener for all: a forked child hears a signal from its first moment on, and is what it shall be by the time that
  // the event loop tells it.
  readonly #onSignal = (signal: NodeJS.Signals) => {
    if (this.#descendant.lives) {
      this.#descendant.onSignal(signal);
      return;
    }
    this.#settings.log(`master pid=${process.pid} signal=${signal}`);
    this.#reporter.note('signal', { detail: signal });
    const { action } = rowOf(signal) ?? {};
    if (this.#busy !== undefined && action !== 'quick' && action !== 'stop') {
      this.#settings.log(`master pid=${process.pid} signal=${signal} ignored: ${this.#busy}`);
      return;
    }
    switch (action) {
      case 'quick':
        if (this.#stopping === 'quick') this.#signalAll('SIGKILL');
        else this.#exit(true);
        break;
      case 'stop':
        this.#exit(false);
        break;
      case 'reload':
      case 'refork':
        // Whether it succeeds is in the log.
        (action === 'reload' ? this.reload() : this.refork()).catch(() => undefined);
        break;
      case 'more':
        this.scale(Math.min(this.#places.length + 1, MOST_WORKERS));
        break;
      case 'fewer':
        this.scale(Math.max(this.#places.length - 1, 0));
        break;
      case 'drain':
        if (hasTerminal()) this.#settings.log(`master pid=${process.pid} signal=${signal} ignored: it has a terminal`);
        else this.scale(0);
        break;
    }
  };

  /** What somebody asks for by the control socket. */
  #asked([what = '', argument]: readonly string[]): unknown {
    // Who watches asks every second.
    if (what !== 'status') this.#settings.log(`master pid=${process.pid} control=${JSON.stringify(what)}`);
    switch (what) {
      case 'status':
        return this.status();
      case 'reload':
        return this.reload();
      case 'refork':
        return this.refork();
      case 'upgrade':
        return this.upgrade();
      case 'scale':
        // Not Number(''), which is 0.
        this.scale(/^\d+$/.test(argument ?? '') ? Number(argument) : NaN);
        return undefined;
      case 'stop':
        this.#exit(argument === 'quick');
        return undefined;
      default:
        throw new RangeError(
          `there is no request ${JSON.stringify(what)}: status, reload, refork, upgrade, scale N, stop, stop quick`,
        );
    }
  }

  #exit(quick: boolean): void {
    this.#exiting = true;
    // Nobody else's handler ends a process that a signal has told to end.
    void this.stop({ quick }).then(() => process.exit());
  }

  async #beginStop(how: 'graceful' | 'quick'): Promise<void> {
    this.#stopping = how;
    this.#agenda.clear();
    this.#change?.reject(changeError(this.#change.kind, 'the server stops'));
    this.#change = undefined;
    this.#settings.log(`master pid=${process.pid} stopping how=${how}`);
    this.#reporter.note('stop', { detail: how });
    this.emit('stopping');
    if (how === 'quick') this.#hurry();
    this.#upgrade.stop(how === 'quick' ? 'SIGINT' : 'SIGTERM');
    await Promise.race([this.#beforeStop(), this.#hurried]);
    this.#signalAll(this.#stopping === 'quick' ? 'SIGINT' : 'SIGTERM');
    this.#told = true;
    this.#agenda.after(this.#settings.gracefulTimeout, () => {
      this.#settings.log(`master pid=${process.pid} gracefulTimeout passed, killing pids=${this.#reaper.pids.join()}`);
      this.#signalAll('SIGKILL');
    });
    this.#finishIfAlone();
  }

  async #beforeStop(): Promise<void> {
    try {
      await this.#settings.beforeStop();
    } catch (error) {
      this.#settings.log(`master pid=${process.pid} beforeStop failed reason=${JSON.stringify(String(error))}`);
    }
  }

  #quicken(): void {
    this.#stopping = 'quick';
    this.#hurry();
    this.#signalAll('SIGINT');
  }

  /** Also a new master that has not taken over. */
  #signalAll(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void {
    this.#upgrade.stop(signal);
    for (const pid of this.#reaper.pids) this.#signal(pid, signal);
  }

  #signal(pid: number, signal: Signal): void {
    try {
      this.#reaper.kill(pid, signal);
    } catch (error) {
      if (!isPosixError(error, 'ESRCH')) throw error;
    }
  }

  #finishIfAlone(): void {
    if (this.#reaper.pids.length > 0 || this.#upgrade.hasChild || !this.#told) return;
    // A mold may have forked one more before its end.
    this.#readNews();
    if (this.#reaper.pids.length > 0) return;
    this.#agenda.clear();
    // A process that is about to exit is not to be killed by a signal that repeats.
    if (!this.#exiting) for (const signal of handledSignals) process.off(signal, this.#onSignal);
    this.#control.close();
    this.#lastWords.close();
    this.#statusServer?.close();
    this.#reporter.close();
    this.#reaper.close();
    this.#news.watcher.close();
    this.#descendant.close();
    this.#orders.close();
    for (const fd of [this.#news.read, this.#news.write, this.#lifeline.read, this.#lifeline.write]) close(fd);
    this.#listener.close();
    this.#scoreboard.remove();
    this.#settings.log(`master pid=${process.pid} stopped`);
    this.emit('stopped');
  }
}

// To workers. Not SIGUSR2: programs use it for themselves, for a heap snapshot say.
const RETIRE: Signal = 'SIGTTOU';
const PROMOTE: Signal = 'SIGTTIN';

// How long a worker that its mold did not live to tell of may take to tell of itself, in milliseconds.
const LIMBO = 60_000;

// How long after a refork that has failed the next one by itself, in milliseconds: a worker ended for it.
const REFORK_AGAIN = 60_000;

function changeError(kind: Change['kind'], why: string): PreforkError {
  const code = kind === 'reload' ? 'ERR_PREFORK_RELOAD' : 'ERR_PREFORK_REFORK';
  return new PreforkError(code, `the workers were not replaced: ${why}`);
}

function upgradeError(why: string): PreforkError {
  return new PreforkError('ERR_PREFORK_UPGRADE', `the master was not replaced: ${why}`);
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

function nextCheckPhase(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function manner(status: ExitStatus | undefined): string {
  if (!status) return 'status=lost';
  return status.state === 'exited' ? `code=${status.code}` : `signal=${status.signal}`;
}
