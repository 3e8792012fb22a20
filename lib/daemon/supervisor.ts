import { EventEmitter } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { manner } from '../log-fields.js';
import { atfork, getpid, type ExitStatus, type Signal } from '../posix/index.js';
import { timeLimit } from '../time-limit.js';
import { uncaught } from '../uncaught.js';
import { start, type Program, type Run } from './program.js';
import { tellTo, type SupervisorLog, type Tell } from './supervisor-log.js';

/** What a check is told of the program. */
export interface Checked {
  /** The process of the program. */
  readonly pid: number;
  /** Aborted when the program has ended, or the time for an answer is over. */
  readonly signal: AbortSignal;
}

/** Whether the program answers: it does not if this returns false, throws, or takes too long. */
export type Check = (program: Checked) => unknown;

/** How a program is supervised. Times in milliseconds. */
export interface SupervisorSettings extends SupervisorLog {
  readonly check: Check | undefined;
  readonly checkInterval: number;
  readonly checkTimeout: number;
  readonly checkFailures: number;
  readonly gracefulTimeout: number;
  readonly firstDelay: number;
  readonly longestDelay: number;
  readonly healthyAfter: number;
  readonly maxFailures: number;
  readonly signals: boolean;
}

/** The events of a `Supervisor`, with what their listeners are told. */
export interface SupervisorEvents {
  /** The program runs. */
  start: [pid: number];
  /** It could not be started. */
  startFailed: [error: Error];
  /** It did not answer. */
  checkFailed: [pid: number, reason: string];
  /** It has ended, and has been waited for. */
  exit: [pid: number, status: ExitStatus];
  /** The supervisor has ended, and the program. */
  end: [ending: SupervisorEnding];
}

/** Why a supervisor has ended: it was told to, or the program has failed too often in a row. */
export type SupervisorEnding = 'stopped' | 'gave up';

// What the supervisor does with signals of its own: the program gets each, and some are the end of both.
const signalTable = {
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGQUIT: 'stop',
  SIGHUP: 'hand on',
  SIGUSR1: 'hand on',
  SIGUSR2: 'hand on',
  SIGTTIN: 'hand on',
  SIGTTOU: 'hand on',
  SIGWINCH: 'hand on',
} as const satisfies Partial<Record<NodeJS.Signals, 'stop' | 'hand on'>>;

type Handled = keyof typeof signalTable;

/** Keeps a program running. */
export class Supervisor extends EventEmitter<SupervisorEvents> implements AsyncDisposable {
  /** Resolved when it has ended, and the program. */
  readonly ended: Promise<SupervisorEnding>;
  readonly #program: Program;
  readonly #settings: SupervisorSettings;
  readonly #tell: Tell;
  #run: Run | undefined;
  readonly #stopping = new AbortController();
  /** Of the checks of this run. */
  #over = new AbortController();
  readonly #owner = getpid();
  readonly #forget: () => void;
  readonly #onSignal = (signal: NodeJS.Signals) => {
    this.#tell('signal', { signal });
    // One that is stopping gets the next one, too: it may heed that at once.
    if (signalTable[signal as Handled] === 'stop' && !this.#stopping.signal.aborted) void this.stop(signal);
    else this.#run?.kill(signal);
  };

  /** Only `supervise` makes one. */
  constructor(program: Program, settings: SupervisorSettings) {
    super();
    this.#program = program;
    this.#settings = settings;
    const tell = tellTo(settings);
    // What it throws, or a listener, does not end the supervision.
    this.#tell = (...fact) => {
      uncaught(() => {
        tell(...fact);
      });
    };
    // The program is not to find them between the fork and its own handlers; and another fork has nothing to supervise.
    this.#forget = atfork({
      child: () => {
        this.#leaveSignals();
        this.#stopping.abort();
        this.#over.abort();
      },
    });
    if (settings.signals) for (const signal of Object.keys(signalTable)) process.on(signal, this.#onSignal);
    this.ended = this.#supervise();
  }

  /** The program, while it runs. */
  get pid(): number | undefined {
    return this.#run?.pid;
  }

  /** Signals the program, and all that is in its process group; nobody while it does not run. */
  kill(signal: Signal = 'SIGTERM'): void {
    this.#run?.kill(signal);
  }

  /**
   * Ends the program and the supervision. What is left of the program after `gracefulTimeout` is killed. Again is no mistake.
   *
   * @param signal what the program gets
   * @returns resolved as `ended`; in a forked child, at once
   */
  async stop(signal: Signal = 'SIGTERM'): Promise<SupervisorEnding> {
    if (getpid() !== this.#owner) return 'stopped';
    if (!this.#stopping.signal.aborted) {
      this.#tell('stop', { signal });
      this.#stopping.abort();
      await this.#endRun(signal);
    }
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #supervise(): Promise<SupervisorEnding> {
    const { healthyAfter, maxFailures } = this.#settings;
    const { signal } = this.#stopping;
    this.#tell('supervise', { program: nameOf(this.#program) });
    let failures = 0;
    // Who has called has not listened yet.
    let goesOn = await pause(0, signal);
    while (goesOn) {
      const lifetime = await this.#runOnce();
      failures = lifetime !== undefined && lifetime >= healthyAfter ? 1 : failures + 1;
      goesOn = failures < maxFailures && (await this.#restart(failures));
    }
    if (getpid() !== this.#owner) return 'stopped';
    const ending = signal.aborted ? 'stopped' : 'gave up';
    if (ending === 'gave up') this.#tell('giving up', { failures });
    this.#leaveSignals();
    this.#forget();
    this.#tell('stopped');
    this.#emit('end', ending);
    return ending;
  }

  // False: it is to stop.
  async #restart(failures: number): Promise<boolean> {
    const { signal } = this.#stopping;
    if (signal.aborted) return false;
    const { firstDelay, longestDelay } = this.#settings;
    // The first at once: a single crash shall cost no time. Doubled no more often than any delay can be: 0 times Infinity is none.
    const delay = failures === 1 ? 0 : Math.min(firstDelay * 2 ** Math.min(failures - 2, 31), longestDelay);
    this.#tell('restart', { ms: delay, failures });
    return await pause(delay, signal);
  }

  /** How long the program has run; undefined: it could not be started. */
  async #runOnce(): Promise<number | undefined> {
    let run: Run;
    try {
      run = await start(this.#program);
    } catch (error) {
      this.#tell('start failed', { reason: (error as Error).message });
      this.#emit('startFailed', error as Error);
      return undefined;
    }
    this.#run = run;
    const began = performance.now();
    const { pid } = run;
    this.#tell('start', {}, pid);
    this.#emit('start', pid);
    this.#over = new AbortController();
    // Told while it was being started.
    if (this.#stopping.signal.aborted) void this.#endRun('SIGTERM');
    else void this.#keepChecking(run, this.#over.signal);
    try {
      const status = await run.exited;
      this.#tell('exit', manner(status), pid);
      this.#emit('exit', pid, status);
    } catch (error) {
      this.#tell('exit', { reason: (error as Error).message }, pid);
    } finally {
      this.#over.abort();
      this.#run = undefined;
    }
    return performance.now() - began;
  }

  async #keepChecking(run: Run, over: AbortSignal): Promise<void> {
    const { check, checkInterval, checkFailures } = this.#settings;
    if (!check) return;
    let failures = 0;
    while (failures < checkFailures) {
      if (!(await pause(checkInterval, over))) return;
      const reason = await this.#ask(check, run.pid, over);
      if (over.aborted) return;
      failures = reason === undefined ? 0 : failures + 1;
      if (reason === undefined) continue;
      this.#tell('check failed', { reason, failures }, run.pid);
      this.#emit('checkFailed', run.pid, reason);
    }
    this.#tell('kill', { signal: 'SIGTERM' }, run.pid);
    await this.#endRun('SIGTERM');
  }

  /** Why the program does not answer; undefined: it does. */
  async #ask(check: Check, pid: number, over: AbortSignal): Promise<string | undefined> {
    const { checkTimeout } = this.#settings;
    // Not AbortSignal.any: what that makes is kept as long as one of its sources, and this one lasts as long as the program.
    const asking = new AbortController();
    const { signal } = asking;
    const giveUp = (): void => {
      asking.abort();
    };
    over.addEventListener('abort', giveUp);
    const endLimit = timeLimit(checkTimeout, giveUp);
    const silence = new Promise<string>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve(`no answer in ${checkTimeout} ms`);
      });
    });
    const answer = async () => ((await check({ pid, signal })) === false ? 'it says so' : undefined);
    try {
      return await Promise.race([silence, answer()]);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      endLimit();
      over.removeEventListener('abort', giveUp);
    }
  }

  async #endRun(signal: Signal): Promise<void> {
    const run = this.#run;
    await run?.end(signal, this.#settings.gracefulTimeout, () => {
      this.#tell('kill', { signal: 'SIGKILL' }, run.pid);
    });
  }

  #emit<Name extends keyof SupervisorEvents>(name: Name, ...args: SupervisorEvents[Name]): void {
    uncaught(() => {
      (this as EventEmitter).emit(name, ...args);
    });
  }

  #leaveSignals(): void {
    for (const signal of Object.keys(signalTable)) process.off(signal, this.#onSignal);
  }
}

function nameOf(program: Program): string {
  return typeof program === 'function' ? program.name || 'a function' : program.join(' ');
}

/** False: it was aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
