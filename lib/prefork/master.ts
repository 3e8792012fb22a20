// The parent's side: owns the listening socket, forks workers, waits for them, and serves nothing.
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
  type Signal,
} from '../posix/index.js';
import { Reaper, type ExitStatus } from '../reaper/index.js';
import { Agenda } from './agenda.js';
import { Control } from './control.js';
import { BOOT_FAILURES, FIRST_DELAY, HEALTHY_AFTER, respawnDelay } from './backoff.js';
import { Inspection } from './inspection.js';
import type { Listener } from './listener.js';
import { Member, now, Place } from './place.js';
import { MOST_WORKERS, Scoreboard, type WorkerStatus } from './scoreboard.js';
import type { Settings } from './settings.js';
import { handledSignals, rowOf } from './signals.js';
import { Reporter, type MasterStatus } from './status.js';
import type { StatusServer } from './status-server.js';
import { newsIn, Worker } from './worker.js';

interface MasterEvents {
  /** A worker accepts connections. */
  ready: [worker: number, pid: number];
  /** A worker ended and was reaped; by somebody else (`waitpid(-1)`, say) if there is no status. */
  exit: [worker: number, pid: number, status: ExitStatus | undefined];
  /** All have ended, and nothing of the server is left. */
  stopped: [];
}

/** The workers could not be started. */
export class PreforkError extends Error {
  readonly code: 'ERR_PREFORK_BOOT' | 'ERR_PREFORK_REFORK';
  override readonly name = 'PreforkError';

  constructor(code: PreforkError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A replacement of all workers that goes on. */
interface Refork {
  readonly resolve: () => void;
  readonly reject: (error: PreforkError) => void;
}

/** A prefork server, as the process that called `prefork` sees it. */
export class Master extends EventEmitter<MasterEvents> implements AsyncDisposable {
  /** Where the server listens. */
  readonly address: { readonly host: string; readonly port: number };
  readonly #settings: Settings;
  readonly #listener: Listener;
  readonly #scoreboard: Scoreboard;
  readonly #reaper = new Reaper();
  readonly #agenda = new Agenda();
  readonly #inspection: Inspection;
  readonly #control: Control;
  readonly #reporter: Reporter;
  readonly #statusServer: StatusServer | undefined;
  /** One for each worker that there shall be. */
  readonly #places: Place[];
  /** Every process that has been forked and not been reaped, by its pid. */
  readonly #members = new Map<number, Member>();
  readonly #news: { readonly read: number; readonly write: number; readonly watcher: Watcher };
  readonly #lifeline: { readonly read: number; readonly write: number };
  /** What the forks of this process become. */
  readonly #worker: Worker;
  readonly #stopped: Promise<void>;
  /** Fulfilled by `#hurry`, when the server shall stop quickly. */
  readonly #hurried: Promise<void>;
  #hurry: () => void = () => undefined;
  #generation = 1;
  /** Places whose worker is to be replaced, in this order. */
  readonly #queue = new Set<Place>();
  #refork: Refork | undefined;
  #everReady = false;
  #bootFailures = 0;
  #failed: PreforkError | undefined;
  #stopping: 'graceful' | 'quick' | undefined;
  /** Whether the workers have been told to stop. */
  #told = false;
  /** Whether a signal has told this process to end. */
  #exiting = false;

  /** Only `prefork` makes one. */
  constructor(server: Server, settings: Settings, listener: Listener, statusServer?: StatusServer) {
    super();
    this.#settings = settings;
    this.#listener = listener;
    this.#statusServer = statusServer;
    this.address = { host: listener.host, port: listener.port };
    this.#scoreboard = Scoreboard.create(this.address, settings.log);
    this.#places = Array.from({ length: settings.workers }, (_, worker) => new Place(worker));
    const [newsRead, newsWrite] = pipe2(O_CLOEXEC | O_NONBLOCK);
    const watcher = new Watcher(newsRead, () => {
      this.#readNews();
    });
    this.#news = { read: newsRead, write: newsWrite, watcher };
    const [lifelineRead, lifelineWrite] = pipe2(O_CLOEXEC);
    this.#lifeline = { read: lifelineRead, write: lifelineWrite };
    this.#worker = new Worker({
      server,
      listener: listener.fd,
      backlog: settings.backlog,
      gracefulTimeout: settings.gracefulTimeout,
      pipe: newsWrite,
      lifeline: lifelineRead,
    });
    this.#inspection = new Inspection(settings, {
      kill: (member, reason) => {
        this.#killFor(member, reason);
      },
      recycle: (member, reason) => {
        this.#recycle(member, reason);
      },
    });
    this.#reporter = new Reporter({
      ...this.address,
      scoreboard: this.#scoreboard,
      beat: this.#inspection.beat,
      view: () => ({
        generation: this.#generation,
        wanted: this.#places.length,
        reforking: this.#refork !== undefined,
        stopping: this.#stopping ?? null,
      }),
    });
    this.#control = new Control((words) => this.#asked(words));
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

  /** What there is to know of the family: of each process, and of the last hour. */
  status(): Promise<MasterStatus> {
    return this.#reporter.status();
  }

  /** Where the status page is, if there is one. */
  get statusAddress(): { readonly host: string; readonly port: number } | undefined {
    return this.#statusServer?.address;
  }

  /** Resolves when all workers have ended and nothing of the server is left. */
  get stopped(): Promise<void> {
    return this.#stopped;
  }

  /**
   * Forks the workers and waits until each accepts connections.
   *
   * @throws {ForkUnsafeError | PosixError} the first fork failed
   * @throws {PreforkError} the workers end before they are ready
   */
  async start(): Promise<void> {
    const { log, workers } = this.#settings;
    const { host, port } = this.address;
    log(`master pid=${process.pid} listening host=${host} port=${port} workers=${workers}`);
    this.#reporter.open();
    if (this.#statusServer) {
      this.#statusServer.open(this.#reporter);
      log(
        `master pid=${process.pid} status host=${this.#statusServer.address.host} port=${this.#statusServer.address.port}`,
      );
    }
    // From the check phase of the event loop, in which a child inherits no event that is half dispatched.
    await nextCheckPhase();
    try {
      if (this.#spawn(this.#places) === 'worker') return await new Promise<never>(() => undefined);
    } catch (error) {
      await this.stop({ quick: true });
      throw error;
    }
    this.#agenda.every(this.#inspection.interval, () => {
      this.#inspection.inspect(this.#members.values());
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
    if (this.#stopping) return;
    this.#control.open((error) => {
      log(`master pid=${process.pid} control=none reason=${JSON.stringify(error.message)}`);
    });
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
   * Replaces all workers by new forks of this process, as it is now: at most a tenth of them, rounded up, at a time. A new
   * worker accepts connections before the old one stops to, which then finishes what it has in hand.
   *
   * @returns when the new workers serve; the old ones may still be finishing
   * @throws {PreforkError} ERR_PREFORK_REFORK: a new worker ended before it was ready, and the old ones that were left go on;
   * one of these goes on already; the server stops
   */
  refork(): Promise<void> {
    if (this.#stopping) return Promise.reject(reforkError('the server stops'));
    if (this.#refork) return Promise.reject(reforkError('the workers are being replaced already'));
    this.#generation++;
    this.#settings.log(`master pid=${process.pid} refork generation=${this.#generation}`);
    this.#reporter.note('refork', { detail: `generation=${this.#generation}` });
    return new Promise((resolve, reject) => {
      this.#refork = { resolve, reject };
      for (const place of this.#places) this.#queue.add(place);
      this.#replaceSoon();
    });
  }

  /**
   * Changes the number of workers: forks more, or has those in the highest places finish what they have in hand and end.
   *
   * @param workers how many there shall be, 0 to 1,024; with none, connections wait in the backlog
   * @throws {TypeError | RangeError} no such number
   */
  scale(workers: number): void {
    integer('workers', workers, 0, MOST_WORKERS);
    if (this.#stopping) return;
    this.#settings.log(`master pid=${process.pid} scale workers=${workers} from=${this.#places.length}`);
    this.#reporter.note('scale', { detail: `workers=${workers} from=${this.#places.length}` });
    for (const place of this.#places.splice(workers)) this.#close(place);
    const added = Array.from({ length: workers - this.#places.length }, (_, n) => new Place(this.#places.length + n));
    this.#places.push(...added);
    this.#agenda.after(0, () => {
      const open = added.filter(({ closed, holder }) => !closed && !holder);
      if (open.length > 0 && !this.#stopping) this.#trySpawn(open);
    });
    this.#replaceSoon();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Forks workers for these places. It returns in each child too, which is a worker by then. */
  #spawn(places: readonly Place[]): 'master' | 'worker' {
    const members: Member[] = [];
    for (const place of places) {
      const cell = this.#scoreboard.take();
      if (cell === undefined) this.#forkFailed(place, 'too many workers are finishing');
      else members.push(new Member(place, cell, this.#scoreboard.cell(cell), this.#generation));
    }
    if (members.length === 0) return 'master';
    let forked;
    try {
      forked = forkMany(members.length);
    } catch (error) {
      for (const { number } of members) this.#scoreboard.retire(number);
      throw error;
    }
    if (forked.role === 'child') {
      this.#becomeWorker(members[forked.index]);
      return 'worker';
    }
    for (const [index, member] of members.entries()) {
      const pid = forked.pids[index];
      if (pid === undefined) {
        this.#scoreboard.retire(member.number);
        this.#forkFailed(member.place, 'the system would not make more processes');
      } else this.#forked(member, pid);
    }
    return 'master';
  }

  #forked(member: Member, pid: number): void {
    const { place, generation } = member;
    member.pid = pid;
    if (place.holder) {
      const { log } = this.#settings;
      log(`worker=${place.worker} pid=${pid} forked generation=${generation} replaces=${place.holder.pid}`);
    }
    this.#reporter.note('fork', { worker: place.worker, pid, detail: `generation=${generation}` });
    place.take(member);
    this.#members.set(pid, member);
    void this.#reaper.watch(pid);
  }

  #forkFailed(place: Place, reason: string): void {
    place.failures++;
    this.#settings.log(`worker=${place.worker} fork failed reason=${JSON.stringify(reason)}`);
    this.#reporter.note('fork failed', { worker: place.worker, detail: reason });
    if (place.holder) this.#replacementFailed(place);
    else this.#respawn(place);
  }

  /** In the child: lets go of everything that is the master's, and serves. The reaper lets go by itself. */
  #becomeWorker(member: Member | undefined): void {
    // Others may have ended at the same moment, and their respawns wait in the phase of the event loop that forked.
    this.#agenda.clear();
    this.#control.close();
    this.#news.watcher.close();
    close(this.#news.read);
    close(this.#lifeline.write);
    this.removeAllListeners();
    try {
      if (!member) throw new RangeError('there is no such worker');
      const { number, cell } = member;
      const maxRequests = this.#inspection.maxRequests(member);
      this.#worker.serve({ number, cell, maxRequests, beat: this.#inspection.beat });
    } catch (error) {
      // It ends this worker, as an uncaught one, and is not the caller's.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #readNews(): void {
    const buffer = new Uint8Array(4096);
    for (const { cell, news } of newsIn(buffer.subarray(0, read(this.#news.read, buffer)))) {
      // One that said so and died, and was reaped first, is not the one that has the cell now.
      const member = [...this.#members.values()].find(({ number }) => number === cell);
      if (!member || member.cell.status()?.pid !== member.pid) continue;
      if (news === 'ready') this.#isReady(member);
      else if (news === 'served') this.#recycle(member, 'requests');
    }
  }

  #isReady(member: Member): void {
    const { place, pid } = member;
    if (member.readyAt !== undefined || member.retiring) return;
    member.readyAt = now();
    member.waited = 0;
    this.#everReady = true;
    this.#settings.log(`worker=${place.worker} pid=${pid} ready ms=${(member.readyAt - member.forkedAt).toFixed(1)}`);
    this.#reporter.note('ready', { worker: place.worker, pid });
    if (member === place.successor) {
      const old = place.succeed();
      if (old) this.#retire(old);
    }
    this.emit('ready', place.worker, pid);
    this.#replaceSoon();
  }

  /** It stops accepting, finishes what it has in hand, and ends. */
  #retire(member: Member): void {
    if (member.retiring) return;
    member.retiring = true;
    this.#signal(member.pid, RETIRE);
    member.cancelKill = this.#agenda.after(this.#settings.gracefulTimeout, () => {
      this.#settings.log(`worker=${member.place.worker} pid=${member.pid} gracefulTimeout passed, killing`);
      this.#reporter.note('kill', { worker: member.place.worker, pid: member.pid, detail: 'gracefulTimeout' });
      this.#signal(member.pid, 'SIGKILL');
    });
  }

  #killFor(member: Member, reason: string): void {
    member.killed = true;
    this.#settings.log(`worker=${member.place.worker} pid=${member.pid} killing reason=${reason}`);
    this.#reporter.note('kill', { worker: member.place.worker, pid: member.pid, detail: reason });
    this.#signal(member.pid, 'SIGKILL');
  }

  #recycle(member: Member, reason: string): void {
    const { place } = member;
    if (this.#stopping || place.holder !== member || member.tired !== undefined) return;
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

  /** Forks the next replacements: at most a tenth of the workers, rounded up, is being replaced at a time. */
  #replace(): void {
    if (this.#stopping) return;
    this.#settleRefork();
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

  #trySpawn(places: readonly Place[]): void {
    try {
      this.#spawn(places);
    } catch (error) {
      for (const place of places) this.#forkFailed(place, (error as Error).message);
    }
  }

  /** The old worker goes on. */
  #replacementFailed(place: Place): void {
    if (this.#refork) {
      const { reject } = this.#refork;
      this.#refork = undefined;
      this.#queue.clear();
      this.#settings.log(`master pid=${process.pid} refork failed generation=${this.#generation}`);
      this.#reporter.note('refork failed', { detail: `generation=${this.#generation}` });
      reject(reforkError('a new worker ended before it was ready; the old ones go on'));
    }
    // Who has reached a limit is replaced in the end.
    for (const { holder } of this.#places) {
      if (holder?.tired !== undefined && holder.place !== place) this.#queue.add(holder.place);
    }
    if (place.holder?.tired === undefined) return;
    place.cancelRespawn = this.#agenda.after(Math.max(respawnDelay(place.failures), FIRST_DELAY), () => {
      if (place.holder) this.#queue.add(place);
      this.#replace();
    });
  }

  #settleRefork(): void {
    const current = ({ holder }: Place) => holder?.readyAt !== undefined && holder.generation === this.#generation;
    if (!this.#refork || !this.#places.every(current)) return;
    this.#settings.log(`master pid=${process.pid} reforked generation=${this.#generation}`);
    this.#reporter.note('reforked', { detail: `generation=${this.#generation}` });
    this.#refork.resolve();
    this.#refork = undefined;
  }

  /** Nobody shall be this worker any more. */
  #close(place: Place): void {
    place.closed = true;
    place.cancelRespawn();
    this.#queue.delete(place);
    for (const member of [place.holder, place.successor]) if (member) this.#retire(member);
  }

  #reaped(pid: number, status: ExitStatus | undefined): void {
    const member = this.#members.get(pid);
    if (!member) return;
    const { place, readyAt } = member;
    this.#members.delete(pid);
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
      // A successor that boots is the worker from now on.
      if (replacement) place.successor = undefined;
      else place.succeed();
    }
    this.emit('exit', place.worker, pid, status);
    if (this.#stopping) this.#finishIfAlone();
    else if (asked || place.closed) this.#replaceSoon();
    else if (!this.#everReady && this.#bootFailures >= BOOT_FAILURES) this.#giveUp();
    else if (replacement) this.#replacementFailed(place);
    else if (!place.holder) {
      this.#queue.delete(place);
      this.#respawn(place);
    }
  }

  #respawn(place: Place): void {
    const delay = respawnDelay(place.failures);
    if (delay > 0) this.#settings.log(`worker=${place.worker} respawn in=${delay} failures=${place.failures}`);
    place.cancelRespawn = this.#agenda.after(delay, () => {
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

  // One listener for master and worker: a forked child hears a signal from its first moment on, and is a worker by the time
  // that the event loop tells it.
  readonly #onSignal = (signal: NodeJS.Signals) => {
    if (this.#worker.serving) {
      this.#worker.onSignal(signal);
      return;
    }
    this.#settings.log(`master pid=${process.pid} signal=${signal}`);
    this.#reporter.note('signal', { detail: signal });
    switch (rowOf(signal)?.action) {
      case 'quick':
        if (this.#stopping === 'quick') this.#signalAll('SIGKILL');
        else this.#exit(true);
        break;
      case 'stop':
        this.#exit(false);
        break;
      case 'refork':
        // Whether it succeeds is in the log.
        this.refork().catch(() => undefined);
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
      case 'refork':
        return this.refork();
      case 'scale':
        // Not Number(''), which is 0.
        this.scale(/^\d+$/.test(argument ?? '') ? Number(argument) : NaN);
        return undefined;
      case 'stop':
        this.#exit(argument === 'quick');
        return undefined;
      default:
        throw new RangeError(`there is no request ${JSON.stringify(what)}: status, refork, scale N, stop, stop quick`);
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
    this.#refork?.reject(reforkError('the server stops'));
    this.#refork = undefined;
    this.#settings.log(`master pid=${process.pid} stopping how=${how}`);
    this.#reporter.note('stop', { detail: how });
    if (how === 'quick') this.#hurry();
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

  #finishIfAlone(): void {
    if (this.#reaper.pids.length > 0 || !this.#told) return;
    this.#agenda.clear();
    // A process that is about to exit is not to be killed by a signal that repeats.
    if (!this.#exiting) for (const signal of handledSignals) process.off(signal, this.#onSignal);
    this.#control.close();
    this.#statusServer?.close();
    this.#reporter.close();
    this.#reaper.close();
    this.#news.watcher.close();
    this.#worker.close();
    for (const fd of [this.#news.read, this.#news.write, this.#lifeline.read, this.#lifeline.write]) close(fd);
    close(this.#listener.fd);
    this.#scoreboard.remove();
    this.#settings.log(`master pid=${process.pid} stopped`);
    this.emit('stopped');
  }
}

// Not SIGUSR2: programs use it for themselves, for a heap snapshot say.
const RETIRE: Signal = 'SIGTTOU';

function reforkError(why: string): PreforkError {
  return new PreforkError('ERR_PREFORK_REFORK', `the workers were not replaced: ${why}`);
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
