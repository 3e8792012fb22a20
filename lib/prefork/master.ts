// The parent's side: owns the listening socket, forks workers, waits for them, and serves nothing.
import { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
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
import { BOOT_FAILURES, HEALTHY_AFTER, respawnDelay } from './backoff.js';
import type { Listener } from './listener.js';
import { Scoreboard, type WorkerStatus } from './scoreboard.js';
import type { Settings } from './settings.js';
import { readyWorkers, Worker } from './worker.js';

/** A worker's place, and who holds it. */
interface Place {
  readonly worker: number;
  pid: number;
  /** When it was forked, by `now()`. */
  forkedAt: number;
  /** When it was ready; undefined until then. */
  readyAt: number | undefined;
  /** Ends in a row that nobody asked for. */
  failures: number;
  /** Takes back the respawn that waits, if one does. */
  cancelRespawn: () => void;
}

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
  readonly code = 'ERR_PREFORK_BOOT';
  override readonly name = 'PreforkError';
}

const stopSignals = ['SIGTERM', 'SIGQUIT', 'SIGINT'] as const;

/** A prefork server, as the process that called `prefork` sees it. */
export class Master extends EventEmitter<MasterEvents> implements AsyncDisposable {
  /** Where the server listens. */
  readonly address: { readonly host: string; readonly port: number };
  readonly #settings: Settings;
  readonly #listener: Listener;
  readonly #scoreboard: Scoreboard;
  readonly #reaper = new Reaper();
  readonly #places: Place[];
  readonly #ready: { readonly read: number; readonly write: number; readonly watcher: Watcher };
  readonly #lifeline: { readonly read: number; readonly write: number };
  /** What the forks of this process become. */
  readonly #worker: Worker;
  readonly #stopped: Promise<void>;
  /** Fulfilled by `#hurry`, when the server shall stop quickly. */
  readonly #hurried: Promise<void>;
  #hurry: () => void = () => undefined;
  #everReady = false;
  #bootFailures = 0;
  #failed: PreforkError | undefined;
  #stopping: 'graceful' | 'quick' | undefined;
  /** Whether a signal has told this process to end. */
  #exiting = false;
  #kill: NodeJS.Timeout | undefined;

  /** Only `prefork` makes one. */
  constructor(server: Server, settings: Settings, listener: Listener) {
    super();
    this.#settings = settings;
    this.#listener = listener;
    this.address = { host: listener.host, port: listener.port };
    this.#scoreboard = Scoreboard.create(settings.workers, this.address, settings.log);
    this.#places = Array.from({ length: settings.workers }, (_, worker) => emptyPlace(worker));
    const [readyRead, readyWrite] = pipe2(O_CLOEXEC | O_NONBLOCK);
    const watcher = new Watcher(readyRead, () => {
      this.#readReady();
    });
    this.#ready = { read: readyRead, write: readyWrite, watcher };
    const [lifelineRead, lifelineWrite] = pipe2(O_CLOEXEC);
    this.#lifeline = { read: lifelineRead, write: lifelineWrite };
    this.#worker = new Worker({
      server,
      listener: listener.fd,
      backlog: settings.backlog,
      gracefulTimeout: settings.gracefulTimeout,
      readyPipe: readyWrite,
      lifeline: lifelineRead,
    });
    this.#reaper.on('exit', (pid, status) => {
      this.#reaped(pid, status);
    });
    this.#reaper.on('lost', (pid) => {
      this.#reaped(pid, undefined);
    });
    this.#hurried = new Promise((resolve) => (this.#hurry = resolve));
    this.#stopped = new Promise((resolve) => this.once('stopped', resolve));
    for (const signal of stopSignals) process.on(signal, this.#onSignal);
  }

  /** The workers, as the scoreboard has them. */
  get workers(): WorkerStatus[] {
    return this.#scoreboard.status();
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
    // From the check phase of the event loop, in which a child inherits no event that is half dispatched.
    await nextCheckPhase();
    try {
      if (this.#spawn(this.#places) === 'worker') return await new Promise<never>(() => undefined);
    } catch (error) {
      await this.stop({ quick: true });
      throw error;
    }
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (this.#failed) reject(this.#failed);
        else if (this.#places.every(({ readyAt }) => readyAt !== undefined)) resolve();
        // Stopped by a signal before that, it stays pending: the process is about to exit.
        else return;
        this.off('ready', check);
        this.off('stopped', check);
      };
      this.on('ready', check);
      this.on('stopped', check);
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Forks these workers. It returns in each child too, which is a worker by then. */
  #spawn(places: readonly Place[]): 'master' | 'worker' {
    for (const place of places) {
      place.forkedAt = now();
      place.readyAt = undefined;
    }
    const forked = forkMany(places.length);
    if (forked.role === 'child') {
      this.#becomeWorker(places[forked.index]?.worker ?? -1);
      return 'worker';
    }
    for (const [index, place] of places.entries()) {
      const pid = forked.pids[index];
      if (pid === undefined) this.#forkFailed(place, 'the system would not make more processes');
      else this.#forked(place, pid);
    }
    return 'master';
  }

  #forked(place: Place, pid: number): void {
    place.pid = pid;
    void this.#reaper.watch(pid);
  }

  #forkFailed(place: Place, reason: string): void {
    place.failures++;
    this.#settings.log(`worker=${place.worker} fork failed reason=${JSON.stringify(reason)}`);
    this.#respawn(place);
  }

  /** In the child: lets go of everything that is the master's, and serves. The reaper lets go by itself. */
  #becomeWorker(worker: number): void {
    // Others may have ended at the same moment, and their respawns wait in the phase of the event loop that forked.
    for (const place of this.#places) place.cancelRespawn();
    clearTimeout(this.#kill);
    this.#ready.watcher.close();
    close(this.#ready.read);
    close(this.#lifeline.write);
    this.removeAllListeners();
    try {
      const cell = this.#scoreboard.cells[worker];
      if (!cell) throw new RangeError(`there is no worker ${worker}`);
      this.#worker.serve(worker, cell);
    } catch (error) {
      // It ends this worker, as an uncaught one, and is not the caller's.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #readReady(): void {
    const buffer = new Uint8Array(4096);
    const messages = buffer.subarray(0, read(this.#ready.read, buffer));
    for (const worker of readyWorkers(messages)) {
      const place = this.#places[worker];
      const status = this.#scoreboard.cells[worker]?.status(worker);
      // One that said so and died, and was reaped first, is not the one that holds the place now.
      if (!place || status?.pid !== place.pid || status.state !== 'ready') continue;
      place.readyAt = now();
      this.#everReady = true;
      this.#settings.log(`worker=${worker} pid=${place.pid} ready ms=${(place.readyAt - place.forkedAt).toFixed(1)}`);
      this.emit('ready', worker, place.pid);
    }
  }

  #reaped(pid: number, status: ExitStatus | undefined): void {
    const place = this.#places.find((candidate) => candidate.pid === pid);
    if (!place) return;
    this.#settings.log(`worker=${place.worker} pid=${pid} exited ${manner(status)}`);
    const healthy = place.readyAt !== undefined && now() - place.readyAt >= HEALTHY_AFTER;
    place.failures = healthy ? 1 : place.failures + 1;
    if (place.readyAt === undefined) this.#bootFailures++;
    place.pid = 0;
    place.readyAt = undefined;
    this.#scoreboard.retire(place.worker);
    this.emit('exit', place.worker, pid, status);
    if (this.#stopping) this.#finishIfAlone();
    else if (!this.#everReady && this.#bootFailures >= BOOT_FAILURES) this.#giveUp();
    else this.#respawn(place);
  }

  #respawn(place: Place): void {
    const delay = respawnDelay(place.failures);
    const again = () => {
      if (this.#stopping) return;
      try {
        this.#spawn([place]);
      } catch (error) {
        this.#forkFailed(place, (error as Error).message);
      }
    };
    if (delay === 0) {
      const immediate = setImmediate(again);
      place.cancelRespawn = () => {
        clearImmediate(immediate);
      };
      return;
    }
    this.#settings.log(`worker=${place.worker} respawn in=${delay} failures=${place.failures}`);
    // The timer's phase, like the check phase, has no event half dispatched.
    const timer = setTimeout(again, delay);
    place.cancelRespawn = () => {
      clearTimeout(timer);
    };
  }

  #giveUp(): void {
    this.#failed = new PreforkError(
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
    if (signal === 'SIGINT' && this.#stopping === 'quick') this.#signalAll('SIGKILL');
    else {
      this.#exiting = true;
      // Nobody else's handler ends a process that a signal has told to end.
      void this.stop({ quick: signal === 'SIGINT' }).then(() => process.exit());
    }
  };

  async #beginStop(how: 'graceful' | 'quick'): Promise<void> {
    this.#stopping = how;
    for (const place of this.#places) place.cancelRespawn();
    this.#settings.log(`master pid=${process.pid} stopping how=${how}`);
    if (how === 'quick') this.#hurry();
    await Promise.race([this.#beforeStop(), this.#hurried]);
    this.#signalAll(this.#stopping === 'quick' ? 'SIGINT' : 'SIGTERM');
    this.#kill = setTimeout(() => {
      this.#settings.log(`master pid=${process.pid} gracefulTimeout passed, killing pids=${this.#reaper.pids.join()}`);
      this.#signalAll('SIGKILL');
    }, this.#settings.gracefulTimeout);
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
    for (const pid of this.#reaper.pids) {
      try {
        this.#reaper.kill(pid, signal);
      } catch (error) {
        if (!isPosixError(error, 'ESRCH')) throw error;
      }
    }
  }

  #finishIfAlone(): void {
    if (this.#reaper.pids.length > 0 || this.#kill === undefined) return;
    clearTimeout(this.#kill);
    // A process that is about to exit is not to be killed by a signal that repeats.
    if (!this.#exiting) for (const signal of stopSignals) process.off(signal, this.#onSignal);
    this.#reaper.close();
    this.#ready.watcher.close();
    this.#worker.close();
    for (const fd of [this.#ready.read, this.#ready.write, this.#lifeline.read, this.#lifeline.write]) close(fd);
    close(this.#listener.fd);
    this.#scoreboard.remove();
    this.#settings.log(`master pid=${process.pid} stopped`);
    this.emit('stopped');
  }
}

// Milliseconds of a clock that is not set. Not performance.now(): to load what else is there takes 2 ms of the start.
function now(): number {
  return process.uptime() * 1_000;
}

function nextCheckPhase(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function emptyPlace(worker: number): Place {
  return { worker, pid: 0, forkedAt: 0, readyAt: undefined, failures: 0, cancelRespawn: () => undefined };
}

function manner(status: ExitStatus | undefined): string {
  if (!status) return 'status=lost';
  return status.state === 'exited' ? `code=${status.code}` : `signal=${status.signal}`;
}
