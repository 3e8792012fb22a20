// What a process of the family is that is not the master: a mold, from which workers are forked, or a worker. The master has
// one too, which is nothing yet: what its forks need is there when they are born.
import { Server } from 'node:net';
import { inspect } from 'node:util';
import { INT_MAX, wrongType } from '../mistakes.js';
import { atfork, ForkUnsafeError, isPosixError, prepareFork, Watcher } from '../posix/index.js';
import { keepTicksFast, makeSocketsFast } from '../shapes.js';
import type { ServerAddress } from './address.js';
import { MOLD } from './cell.js';
import type { Note } from './log.js';
import { alreadyListening } from './errors.js';
import type { Estate } from './estate.js';
import { GRACE } from './last-words.js';
import { tell, type News } from './news.js';
import { rehearse } from './rehearsal.js';
import { holdReducer, outwaitReducer, releaseReducer } from './memory-reducer.js';
import type { Scoreboard } from './scoreboard.js';
import { rowOf } from './signals.js';
import { beNoWorker, forkWorkers, isStranger, thisWorker } from './this-worker.js';
import { Worker, type Birth } from './worker.js';

/** What all processes of a family have in common. */
export interface DescendantPlan {
  readonly scoreboard: Scoreboard;
  readonly address: ServerAddress;
  readonly backlog: number;
  readonly maxConnections: number;
  readonly collectAfter: number;
  readonly gracefulTimeout: number;
  /** The master's. */
  readonly estate: Estate;
  /** Where it tells the master of itself. */
  readonly news: number;
  /** What is loaded: answers the server. */
  readonly load: () => unknown;
  /** Whether a mold loads it; else each worker does. */
  readonly preload: boolean;
  /** Called in a process that the program has forked in the master. */
  readonly leave: () => void;
  /** Closes the sockets of the family here: a worker has one of its own by then. */
  readonly leaveListener: () => void;
  /** Is told why a worker cannot serve. */
  readonly failed: (error: unknown) => void;
  /** For the worker that is born. */
  readonly birth: (cell: number) => Birth;
  readonly note: Note;
  readonly reopenLogs: () => void;
  /** What a worker does last. */
  readonly beforeExit: () => void | Promise<void>;
}

/** Whether it cannot be forked because of worker threads: an application that starts them will do so again. */
function hasThreads(error: unknown): boolean {
  return error instanceof ForkUnsafeError && error.reason === 'worker-threads';
}

/** What a process of the family is: nothing in the master, and in what the program forks there by itself. */
type Role = 'nothing' | 'mold' | 'worker';

export class Descendant {
  readonly #plan: DescendantPlan;
  readonly #lifeline: Watcher;
  /** There is one as soon as there is a server: in a worker from its birth on, if the mold has loaded that. */
  #worker: Worker | undefined;
  #role: Role = 'nothing';
  #isFork = false;
  /** The number of its own cell. */
  #cell = 0;
  /** A mold's orders. */
  #orders: Watcher | undefined;
  /** A worker has been told to end. */
  #ending = false;
  /** The program has forked this process by itself: it is none of the family, and does nothing for it. */
  #estranged = false;
  readonly #forgetFork: () => void;

  /** In the master. */
  constructor(plan: DescendantPlan) {
    this.#plan = plan;
    this.#lifeline = new Watcher(plan.estate.lifeline, () => {
      this.#masterEnded();
    }).unref();
    this.#forgetFork = atfork({
      child: () => {
        this.#isFork = true;
        if (isStranger()) this.#estrange();
      },
    });
  }

  /** In the master, when nobody else is left: the server is as it was. */
  close(): void {
    this.#forgetFork();
    this.#lifeline.close();
    this.#worker?.close();
    releaseReducer();
  }

  // A copy of the master, or of the mold, would take what is told to that; one of a worker would tell the master that the worker
  // lives, whose event loop turns no more.
  #estrange(): void {
    this.#estranged = true;
    this.#forgetFork();
    this.#orders?.close();
    this.#worker?.leave();
    if (this.#role === 'worker') return;
    outwaitReducer();
    if (this.#role === 'mold') return;
    this.#lifeline.close();
    this.#plan.leave();
  }

  /** Whether this process is a fork of the master, whoever has forked it: what the master has is here a copy. */
  get isFork(): boolean {
    return this.#isFork;
  }

  /** Whether it is one that the program has forked by itself, in the master or in another process of the family. */
  get isStranger(): boolean {
    return this.#estranged;
  }

  /** In the process that workers are forked from: they serve this. */
  async prepare(server: Server): Promise<void> {
    keepTicksFast();
    makeSocketsFast();
    await rehearse(server, this.#plan, (plan) => new Descendant(plan));
    this.take(server);
  }

  /** They serve this, unprepared. */
  take(server: Server): Worker {
    const { backlog, maxConnections, collectAfter } = this.#plan;
    this.#worker = new Worker({
      server,
      backlog,
      maxConnections,
      collectAfter,
      tell: (news) => {
        this.#tell(news);
      },
      end: () => {
        void this.#end();
      },
    });
    return this.#worker;
  }

  /** In a fork of the master: loads the application, and from then on forks what the master orders. What fails ends it. */
  beMold(cell: number): void {
    if (this.#estranged) return;
    this.#plan.estate.leave();
    this.#role = 'mold';
    this.#cell = cell;
    const { scoreboard, preload } = this.#plan;
    scoreboard.cell(cell).enter('booting', process.pid);
    if (preload) void this.#load((server) => this.#mold(server));
    else this.#open();
  }

  async #mold(server: Server): Promise<void> {
    await this.prepare(server);
    this.#open();
  }

  /** What fails ends the process. */
  async #load(loaded: (server: Server) => void | Promise<void>): Promise<void> {
    const { note, load } = this.#plan;
    try {
      const server = await load();
      if (this.#estranged) return;
      if (!(server instanceof Server))
        throw wrongType('the server that was loaded', 'a server of net, http, https or http2', server);
      if (server.listening) throw alreadyListening();
      await loaded(server);
    } catch (error) {
      const worker = thisWorker()?.worker ?? MOLD;
      note(worker === MOLD ? 'mold failed' : 'load failed', { worker, pid: process.pid }, { reason: String(error) });
      process.stderr.write(`${inspect(error)}\n`, () => process.exit(1));
    }
  }

  /** In a fork of the master: serves until it is told to stop. */
  beWorker(cell: number): void {
    if (this.#estranged) return;
    this.#plan.estate.leave();
    try {
      this.#serve(cell);
    } catch (error) {
      this.#plan.failed(error);
    }
  }

  #serve(cell: number): void {
    if (this.#estranged) return;
    this.#role = 'worker';
    this.#cell = cell;
    const { scoreboard, birth } = this.#plan;
    if (this.#worker) {
      outwaitReducer();
      this.#worker.serve(birth(cell));
      return;
    }
    releaseReducer();
    scoreboard.cell(cell).enter('booting', process.pid);
    void this.#load((server) => {
      keepTicksFast();
      makeSocketsFast();
      this.take(server).serve(birth(cell));
    });
  }

  /**
   * SIGINT ends it at once; SIGTERM and SIGQUIT when it has finished what it has in hand; SIGTTOU so that its clients do not
   * notice; SIGTTIN makes it a mold when it has finished so. A mold has nothing in hand. SIGUSR1: its log files are opened anew.
   */
  onSignal(signal: NodeJS.Signals): void {
    const reaction = rowOf(signal)?.worker;
    if (reaction === 'quick') process.exit();
    if (reaction === 'reopen') this.#reopenLogs();
    if (this.#role === 'mold') {
      if (reaction === 'stop') process.exit();
      return;
    }
    if (reaction === 'stop' || reaction === 'retire') this.#finish(reaction);
    if (reaction === 'promote') this.#promote();
  }

  /** The worker has nothing in hand any more: it ends as soon as the program has done what it does last. */
  async #end(): Promise<void> {
    const { beforeExit, note } = this.#plan;
    const identity = thisWorker();
    // What the program has forked in the worker hears the same signals, and is none.
    if (!identity) process.exit();
    // What it waits for need not keep the event loop alive by itself.
    setInterval(() => undefined, INT_MAX);
    try {
      await beforeExit();
    } catch (error) {
      note('beforeWorkerExit failed', identity, { reason: String(error) });
      process.stderr.write(`${inspect(error)}\n`, () => process.exit(1));
      return;
    }
    process.exit();
  }

  #reopenLogs(): void {
    const { reopenLogs, note, scoreboard } = this.#plan;
    try {
      reopenLogs();
    } catch (error) {
      const worker = this.#role === 'mold' ? MOLD : scoreboard.cell(this.#cell).worker;
      note('reopen failed', { worker, pid: process.pid }, { reason: (error as Error).message });
    }
  }

  #tell(news: News, cell = this.#cell, value = process.pid): void {
    if (!this.#estranged) tell(this.#plan.news, { cell, news, value });
  }

  // Not a fork of a worker that serves: what that has in hand would go on in both.
  #promote(): void {
    const { scoreboard, estate } = this.#plan;
    // As it is when the signal comes. Later the master may have promoted another.
    const assignment = scoreboard.nextMold(this.#cell);
    // The signal is not the master's: the kernel sends it to a group in the background that reads from its terminal.
    if (!assignment || this.#estranged) return;
    this.#worker?.rest(() => {
      this.#role = 'mold';
      beNoWorker();
      // Somebody may have told it to retire meanwhile. It is no worker that ends, nor are its forks.
      estate.agenda.clear();
      this.#ending = false;
      const cell = scoreboard.cell(this.#cell);
      cell.assignMold(assignment);
      cell.enter('booting', process.pid);
      this.#open();
    });
  }

  // Takes orders from now on.
  #open(): void {
    if (this.#estranged) return;
    const { scoreboard, estate } = this.#plan;
    const { line } = scoreboard.cell(this.#cell).mold;
    holdReducer();
    prepareFork();
    this.#orders = new Watcher(estate.orders.descriptor(line), () => {
      const cells = estate.orders.take(line);
      // From the check phase of the event loop, in which a child inherits no event that is half dispatched.
      if (cells.length > 0)
        setImmediate(() => {
          this.#fork(cells);
        });
    });
    scoreboard.cell(this.#cell).enter('ready', process.pid);
    this.#tell('molded');
  }

  #fork(cells: readonly number[]): void {
    if (this.#estranged) return;
    const { scoreboard, note, preload } = this.#plan;
    let forked;
    try {
      // The workers are the master's children: it waits for them.
      forked = forkWorkers(
        cells.map((cell) => scoreboard.cell(cell)),
        { sibling: true },
      );
    } catch (error) {
      const way =
        preload && hasThreads(error) ? '; with preload: false each worker loads the application for itself' : '';
      note('fork failed', { worker: MOLD, pid: process.pid }, { reason: `${String(error)}${way}` });
      const errno = isPosixError(error) ? error.errno : 0;
      for (const cell of cells) this.#tell('unforked', cell, errno);
      return;
    }
    if (forked.role === 'child') {
      this.#orders?.close();
      this.#orders = undefined;
      this.#serve(cells[forked.index] ?? 0);
      return;
    }
    for (const [index, cell] of cells.entries()) {
      const pid = forked.pids[index];
      if (pid === undefined) this.#tell('unforked', cell, 0);
      else this.#tell('forked', cell, pid);
    }
  }

  #masterEnded(): void {
    this.#lifeline.close();
    if (this.#role === 'mold') process.exit();
    this.#finish('stop');
  }

  #finish(how: 'stop' | 'retire'): void {
    // It loads the application still.
    if (!this.#worker) process.exit();
    // The family stops. Until the last request is answered, nobody is to wait for a connection that none accepts.
    if (how === 'stop') this.#plan.leaveListener();
    this.#worker[how]();
    this.#endInTime();
  }

  /** The master comes with SIGKILL, if it is there, and has told this worker to end: else it does it itself. */
  #endInTime(): void {
    if (this.#ending) return;
    this.#ending = true;
    const { gracefulTimeout, note, estate } = this.#plan;
    estate.agenda.afterGrace(gracefulTimeout + GRACE, () => {
      const identity = thisWorker();
      // What the program has forked in the worker is none.
      if (!identity) return;
      note('kill', identity, { reason: 'gracefulTimeout' });
      process.exit(1);
    });
  }
}
