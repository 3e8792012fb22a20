// The parent's side: owns the listening socket, has workers forked, waits for them, and serves nothing.
import { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { manner } from '../log-fields.js';
import { integer } from '../mistakes.js';
import { isPosixError, type ExitStatus, type Signal } from '../posix/index.js';
import { adoptsOrphans, Reaper, type StrangerReaper } from '../reaper/index.js';
import { uncaught } from '../uncaught.js';
import { addressFields, type ServerAddress } from './address.js';
import { MOLD, MOST_WORKERS, type MoldStatus, type WorkerStatus } from './cell.js';
import type { Common } from './common.js';
import { Descendant } from './descendant.js';
import { PreforkError } from './errors.js';
import { Estate } from './estate.js';
import { Handover } from './handover.js';
import { Inspection } from './inspection.js';
import { LastWords } from './last-words.js';
import type { Listener } from './listener.js';
import { noteTo, type Note } from './log.js';
import { Molds } from './molds.js';
import { reapOrphans } from './orphans.js';
import { never } from './never.js';
import { now } from './place.js';
import { predecessor, type Predecessor } from './predecessor.js';
import { Requests } from './requests.js';
import { Scoreboard } from './scoreboard.js';
import type { Settings } from './settings.js';
import { handledSignals } from './signals.js';
import type { StatusServer } from './status-server.js';
import { Reporter, type MasterStatus } from './status.js';
import { Stop } from './stop.js';
import { Succession } from './succession.js';
import { Upgrade, type Successor } from './upgrade.js';
import { WorkerOrders } from './worker-orders.js';
import { Workers } from './workers.js';

/** @inline */
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

/** What is served: a server of this process, or what a mold loads. */
export type Application = Server | (() => unknown);

/**
 * A prefork server, as the process that called `prefork` sees it. A fork of that process may have a copy, with timers and code
 * that wait for it: there it does nothing, and what it promises stays pending.
 */
export class Master extends EventEmitter<MasterEvents> implements AsyncDisposable {
  /** Where the server listens. */
  readonly address: ServerAddress;
  readonly #settings: Settings;
  readonly #application: Application;
  readonly #listener: Listener;
  readonly #scoreboard: Scoreboard;
  readonly #reaper = new Reaper();
  #orphans: StrangerReaper | undefined;
  readonly #inspection: Inspection;
  readonly #lastWords: LastWords;
  readonly #reporter: Reporter;
  /** To the log, and to the history. */
  readonly #note: Note;
  readonly #statusServer: StatusServer | undefined;
  readonly #upgrade: Upgrade;
  readonly #molds: Molds;
  readonly #workers: Workers;
  /** What workers are forked from. */
  readonly #succession: Succession;
  readonly #estate: Estate;
  readonly #requests: Requests;
  /** What the forks of this process become. */
  readonly #descendant: Descendant;
  readonly #stopped: Promise<void>;
  readonly #handover: Handover;
  readonly #stop: Stop;
  /** Resolves `start`, until it has. */
  #started: (() => void) | undefined;
  #failed: PreforkError | undefined;
  /** By `now()`: when the logs were opened anew. */
  #reopenedAt = -Infinity;
  /** Whether a signal has told this process to end. */
  #exiting = false;
  /** Whether nothing of the server is left. */
  #over = false;

  /** Only `prefork` makes one. */
  constructor(application: Application, settings: Settings, listener: Listener, statusServer?: StatusServer) {
    super();
    this.#settings = settings;
    this.#application = application;
    this.#listener = listener;
    this.#statusServer = statusServer;
    this.address = listener.address;
    const logged = noteTo(settings.log);
    this.#note = (name, subject, fields) => {
      logged(name, subject, fields);
      this.#reporter.note(name, subject, fields);
    };
    // First: it throws where there are no descriptors, and nothing else is there then.
    const estate = new Estate(
      (message) => {
        if (message.news === 'molded') this.#succession.molded(message.value);
        else this.#workers.hear(message);
      },
      (words) => this.#requests.onWords(words),
    );
    this.#estate = estate;
    this.#scoreboard = Scoreboard.create(this.address, logged);
    const signal = (pid: number, signal: Signal) => {
      this.#signal(pid, signal);
    };
    this.#lastWords = new LastWords(logged, signal);
    const scoreboard = this.#scoreboard;
    this.#descendant = new Descendant({
      scoreboard,
      address: listener.address,
      backlog: settings.backlog,
      maxConnections: settings.maxConnections,
      collectAfter: settings.collectAfter,
      gracefulTimeout: settings.gracefulTimeout,
      estate,
      news: estate.news.end,
      birth: (number) => {
        const cell = scoreboard.cell(number);
        return {
          cell,
          listener: listener.socketOf(cell.worker),
          maxRequests: this.#inspection.maxRequests(),
          beat: this.#inspection.beat,
        };
      },
      load: application as () => unknown,
      preload: settings.preload,
      leave: () => {
        this.#leave();
      },
      leaveListener: () => {
        this.#leaveListener();
      },
      failed: (error) => {
        // It ends this worker, as an uncaught one, and is not the caller's.
        queueMicrotask(() => {
          throw error;
        });
      },
      note: logged,
      reopenLogs: settings.reopenLogs,
      beforeExit: settings.beforeWorkerExit,
    });
    const common: Common = {
      settings,
      scoreboard,
      orders: estate.orders,
      agenda: estate.agenda,
      lastWords: this.#lastWords,
      note: this.#note,
      watch: (pid) => this.#reaper.watch(pid),
      signal,
      descendant: this.#descendant,
      stopping: () => this.#stopping,
      farewell: () => this.#stop.farewell,
      reopenedAt: () => this.#reopenedAt,
    };
    const molds = new Molds(common);
    const orders = new WorkerOrders(common, molds);
    const workers = new Workers(common, molds, orders, listener, {
      ready: (member, old) => {
        this.#succession.ready(member, old);
        uncaught(() => this.emit('ready', member.place.worker, member.pid));
      },
      exited: (member, status) => {
        uncaught(() => this.emit('exit', member.place.worker, member.pid, status));
        this.#succession.lost(member, 'the worker ended that should be the mold');
      },
      gone: () => {
        this.#exitIfRelieved();
      },
      untold: () => {
        this.#reapOrphans();
      },
      unwanted: (member) => {
        this.#succession.lost(member, 'the worker is not wanted any more');
      },
      settle: () => this.#settleStart() || this.#succession.settle(),
      replacementFailed: (source, unforked) => {
        this.#succession.replacementFailed(source, unforked);
      },
      stillborn: (member) => {
        this.#succession.stillborn(member);
      },
      hopeless: (failures, status) => {
        this.#note('giving up', {}, { failures });
        const message = `${failures} workers ended before any was ready: the server cannot start (see their output)`;
        this.#fail(new PreforkError('ERR_PREFORK_BOOT', message, { status }));
      },
    });
    this.#molds = molds;
    this.#workers = workers;
    this.#succession = new Succession(common, molds, workers, orders, {
      loads: typeof application === 'function',
      obstacle: () => this.#obstacle,
      replacing: (finished) => {
        uncaught(() => this.emit('replacing', finished));
      },
      promoted: (pid, worker) => {
        this.#reporter.promoted(pid, worker);
      },
      hopeless: (status) => {
        const message = `the application could not be loaded (${ending(status)}, see the output)`;
        this.#fail(new PreforkError('ERR_PREFORK_MOLD', message, { status }));
      },
    });
    this.#inspection = new Inspection(settings, orders, (member, reason) => {
      workers.recycle(member, reason);
    });
    this.#reporter = new Reporter({
      address: this.address,
      scoreboard,
      beat: this.#inspection.beat,
      view: () => ({
        generation: this.#succession.generation,
        wanted: workers.wanted,
        replacing: this.#succession.replacing ?? null,
        stopping: this.#stop.manner ?? null,
      }),
    });
    if (adoptsOrphans()) this.#reapOrphans();
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
    this.#handover = new Handover(this.#upgrade, {
      note: this.#note,
      agenda: estate.agenda,
      stopping: () => this.#stopping,
      replacing: () => this.#succession.replacing !== undefined,
      begun: (finished) => {
        uncaught(() => this.emit('upgrading', finished));
      },
      yield: (successor) => {
        this.#yield(successor);
      },
    });
    this.#stop = new Stop({
      settings,
      agenda: estate.agenda,
      note: this.#note,
      isFork: () => this.#descendant.isFork,
      begun: (farewell) => {
        this.#handover.conclude();
        this.#succession.stop();
        uncaught(() => this.emit('stopping'));
        this.#upgrade.stop(farewell);
      },
      signalAll: (signal) => {
        this.#endAll(signal);
      },
      killAll: (reason) => {
        this.#killAll(reason);
      },
      told: () => {
        this.#listener.close();
        this.#finishIfAlone();
      },
    });
    this.#requests = new Requests({
      note: this.#note,
      obstacle: () => this.#obstacle,
      replacing: () => this.#succession.replacing !== undefined,
      wanted: () => workers.wanted,
      status: () => this.status(),
      reload: () => this.reload(),
      reloadLater: () => {
        this.#succession.reloadLater();
      },
      refork: () => this.refork(),
      upgrade: () => this.upgrade(),
      scale: (count) => {
        this.scale(count);
      },
      reopenLogs: () => {
        this.#reopenLogs();
      },
      quicken: () => {
        if (this.#stop.manner === 'quick') this.#endAll('SIGKILL');
        else this.#exit(true);
      },
      exit: (quick) => {
        this.#exit(quick);
      },
    });
    this.#reaper.on('exit', (pid, status) => {
      this.#reaped(pid, status);
    });
    this.#reaper.on('lost', (pid) => {
      this.#reaped(pid, undefined);
    });
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
    return this.#descendant.isFork ? never : this.#reporter.status();
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
    this.#note('listening', {}, { ...addressFields(this.address), workers: this.#settings.workers });
    const application = this.#application;
    try {
      if (typeof application !== 'function') await this.#descendant.prepare(application);
      // From the check phase of the event loop, in which a child inherits no event that is half dispatched.
      await nextCheckPhase();
      if (this.#succession.begin() === 'descendant') return await never;
    } catch (error) {
      await this.stop({ quick: true });
      throw error;
    }
    // What the first workers need not wait for, nor have to let go of.
    this.#reporter.open();
    if (!takesOver) this.#open();
    this.#estate.agenda.every(this.#inspection.interval, () => {
      this.#inspection.inspect(this.#workers.members);
      this.#succession.considerRefork();
    });
    await new Promise<void>((resolve, reject) => {
      this.#started = resolve;
      // Stopped by a signal before it has started, it stays pending: the process is about to exit.
      this.once('stopped', () => {
        if (this.#failed) reject(this.#failed);
      });
    });
  }

  /** Looks whether there is one in each place by now, of as many as are wanted by now; true: it has just started. */
  #settleStart(): boolean {
    const started = this.#started;
    if (!started || !this.#workers.allReady) return false;
    this.#started = undefined;
    started();
    return true;
  }

  /** Takes the place of another master, when that has let go of it; unless this one has been told to stop by then. */
  async takeOver(former: Predecessor): Promise<void> {
    if (this.#stopping) return;
    await former.relieve(this.#workers.wanted);
    this.#inherit();
  }

  #inherit(): void {
    if (this.#stopping) return;
    this.#listener.takeOver();
    this.#open();
  }

  /** To those who ask. */
  #open(): void {
    this.#estate.control.open((error) => {
      this.#note('no control', {}, { reason: error.message });
    });
    if (!this.#statusServer) return;
    this.#statusServer.open(this.#reporter);
    this.#note('status page', {}, addressFields(this.#statusServer.address));
  }

  /**
   * Stops the server: the workers stop accepting, finish what they have in hand and end; those that take longer than
   * `gracefulTimeout` are killed. All have been reaped when the result resolves. In a process that the program has forked by itself
   * it resolves at once: there is nothing to wait for.
   *
   * @param options `quick`: the workers end at once, whatever they have in hand
   */
  async stop({ quick = false }: { quick?: boolean } = {}): Promise<void> {
    if (this.#descendant.isStranger) return;
    if (this.#descendant.isFork) return await never;
    await this.#stop.begin(quick ? 'quick' : 'graceful');
    await this.#stopped;
  }

  /**
   * Replaces all workers by new ones: of an application that a new mold has loaded, or, where the server is this process's
   * own, by new forks of this process as it is now. At most a tenth of them, rounded up, at a time. A new worker accepts
   * connections before the old one stops to, which then finishes what it has in hand.
   *
   * @returns when the new workers serve; the old ones may still be finishing
   * @throws {PreforkError} ERR_PREFORK_RELOAD: the application could not be loaded, or a new worker could not be forked or ended
   * before it was ready, and the old ones that were left go on; the workers are being replaced already; the server stops
   */
  reload(): Promise<void> {
    return this.#descendant.isFork ? never : this.#succession.reload();
  }

  /**
   * Replaces all workers by forks of one that is warm: the one that has served most finishes what it has in hand, and is the
   * mold from then on. What it has compiled, cached and collected its children have, and share. Replaced as by `reload`.
   *
   * @returns when the new workers serve; the old ones may still be finishing
   * @throws {PreforkError} ERR_PREFORK_REFORK: no worker serves; the one that should be the mold did not finish in time, or a
   * new worker could not be forked or ended before it was ready, and the old ones that were left go on; the workers are being
   * replaced already; the server stops
   */
  refork(): Promise<void> {
    return this.#descendant.isFork ? never : this.#succession.refork();
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
  upgrade(): Promise<number> {
    return this.#descendant.isFork ? never : this.#handover.begin();
  }

  /** A new master serves: the workers finish, so that their clients do not notice, and then this one exits. */
  #yield({ workers, startedAt }: Successor): void {
    // It may have opened the old file. Before it served, it might have had no handler for the signal.
    if (startedAt < this.#reopenedAt) this.#upgrade.signal('SIGUSR1');
    this.#statusServer?.leave();
    this.#listener.handOver();
    this.#upgrade.handOver();
    this.#workers.resize(0, workers);
    this.#exitIfRelieved();
  }

  /** A new master has taken over: this one ends with its last worker. */
  #exitIfRelieved(): void {
    if (this.#handover.done && !this.#stopping && this.#workers.none) this.#exit(false);
  }

  /**
   * Changes the number of workers: forks more, or has those in the highest places finish what they have in hand and end.
   *
   * @param workers how many there shall be, 0 to 1,024; with none, connections wait in the backlog
   * @throws {TypeError | RangeError} no such number
   * @throws {PreforkError} ERR_PREFORK_SCALE: a new master is being started, which would not know of it; the server stops
   */
  scale(workers: number): void {
    integer('workers', workers, 0, MOST_WORKERS);
    if (this.#descendant.isFork) return;
    const obstacle = this.#obstacle;
    if (obstacle !== undefined) {
      throw new PreforkError('ERR_PREFORK_SCALE', `the number of workers stays as it is: ${obstacle}`);
    }
    this.#note('scale', {}, { workers, from: this.#workers.wanted });
    this.#workers.resize(workers);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #reaped(pid: number, status: ExitStatus | undefined): void {
    // What it told before its end: a worker that it is a mold now, say. Its cell may be another's soon.
    this.#estate.news.read();
    // Whoever was told of it may have forked.
    if (this.#descendant.isFork) return;
    const mold = this.#molds.of(pid);
    const member = this.#workers.of(pid);
    if (mold) this.#succession.moldEnded(mold, status);
    else if (member) this.#workers.reaped(member, status);
    if (this.#stopping) this.#finishIfAlone();
  }

  #reapOrphans(): void {
    this.#orphans ??= reapOrphans(noteTo(this.#settings.log), () => {
      // What they have told before their ends.
      this.#estate.news.read();
      return this.#workers.expecting;
    });
  }

  /** It cannot start. */
  #fail(error: PreforkError): void {
    this.#failed = error;
    void this.#stop.begin('quick');
  }

  // One listener for all: a forked child hears a signal from its first moment on, and is what it shall be by the time that
  // the event loop tells it.
  readonly #onSignal = (signal: NodeJS.Signals) => {
    if (this.#descendant.isFork) {
      this.#descendant.onSignal(signal);
      return;
    }
    this.#requests.onSignal(signal);
  };

  #reopenLogs(): void {
    try {
      this.#settings.reopenLogs();
      this.#note('reopened');
    } catch (error) {
      this.#note('reopen failed', {}, { reason: (error as Error).message });
    }
    this.#reopenedAt = now();
    this.#signalAll('SIGUSR1');
    predecessor()?.reopenLogs();
  }

  #exit(quick: boolean): void {
    this.#exiting = true;
    // Nobody else's handler ends a process that a signal has told to end.
    void this.stop({ quick }).then(() => process.exit());
  }

  /** Whether nothing is begun any more; nor in a fork, which may have been made while the master was about to. */
  get #stopping(): boolean {
    return this.#descendant.isFork || this.#stop.manner !== undefined;
  }

  /** What keeps the workers as they are. */
  get #obstacle(): string | undefined {
    return this.#stopping ? 'the server stops' : this.#handover.obstacle;
  }

  /** Also a new master that has not taken over. */
  #endAll(signal: NodeJS.Signals): void {
    this.#upgrade.stop(signal);
    this.#signalAll(signal);
  }

  #killAll(reason: string): void {
    this.#upgrade.stop('SIGKILL');
    for (const pid of this.#reaper.pids) {
      const worker = this.#workers.of(pid)?.place.worker ?? MOLD;
      this.#note('kill', { worker, pid }, { reason });
      this.#signal(pid, 'SIGKILL');
    }
  }

  #signalAll(signal: Signal): void {
    for (const pid of this.#reaper.pids) this.#signal(pid, signal);
  }

  #signal(pid: number, signal: Signal): void {
    try {
      this.#reaper.kill(pid, signal);
    } catch (error) {
      if (!isPosixError(error, 'ESRCH')) throw error;
    }
  }

  /** In a process that the program has forked in this one: the family goes on, and is none of its business. */
  #leave(): void {
    this.#over = true;
    for (const signal of handledSignals) process.off(signal, this.#onSignal);
    this.#estate.leave();
    this.#estate.closeCommon();
    this.#leaveListener();
  }

  /** In a fork of this process. */
  #leaveListener(): void {
    // Its file is the master's.
    this.#listener.handOver();
    this.#listener.close();
  }

  #finishIfAlone(): void {
    // The last worker and a new master that has not taken over may end one after the other in one turn of the event loop.
    if (this.#over) return;
    if (this.#reaper.pids.length > 0 || this.#upgrade.hasChild || !this.#stop.farewell) return;
    // A mold may have forked one more before its end.
    this.#estate.news.read();
    if (this.#descendant.isFork || this.#reaper.pids.length > 0) return;
    this.#over = true;
    this.#estate.agenda.clear();
    // A process that is about to exit is not to be killed by a signal that repeats.
    if (!this.#exiting) for (const signal of handledSignals) process.off(signal, this.#onSignal);
    this.#lastWords.close();
    this.#statusServer?.close();
    this.#reporter.close();
    this.#reaper.close();
    this.#orphans?.close();
    this.#descendant.close();
    this.#estate.close();
    this.#scoreboard.remove();
    this.#note('stopped');
    uncaught(() => this.emit('stopped'));
  }
}

function nextCheckPhase(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How a process ended, for people. */
function ending(status: ExitStatus | undefined): string {
  const [[name, value] = []] = Object.entries(manner(status));
  return `${name}=${value}`;
}
