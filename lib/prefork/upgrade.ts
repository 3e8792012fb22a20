// How a server is executed anew, master and all: the new master inherits the listening sockets, and this one goes on until
// the new one says that it serves. predecessor.ts is the other side.
import type { ChildProcess } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { atfork, F_SETFD, fcntl, FD_CLOEXEC, isPosixError, processStat } from '../posix/index.js';
import { Agenda } from './agenda.js';
import { describing, type NamedSocket } from './inherited-sockets.js';
import { never } from './never.js';
import { now } from './place.js';
import { addressee, VARIABLE, type Word } from './predecessor.js';

/** A program to execute. */
export interface Command {
  /** Its path, or a name that is looked up in PATH, and its arguments. */
  readonly argv: readonly string[];
  /** The working directory. */
  readonly cwd: string;
  /** The environment. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** A new master that serves. */
export interface Successor {
  readonly pid: number;
  /** When it was started, by `now()`. */
  readonly startedAt: number;
  /** How many there shall be. */
  readonly workers: number;
}

interface UpgradePlan {
  /** Undefined: nobody has said what to execute. */
  readonly command: Command | undefined;
  /** How long it may take until it serves, in milliseconds. */
  readonly timeout: number;
  /** How long one that has failed may take to finish what it has in hand, in milliseconds. */
  readonly gracefulTimeout: number;
  /** What it inherits. */
  readonly sockets: () => readonly NamedSocket[];
  /** Is told that a new master has ended that has not taken over. */
  readonly ended: () => void;
}

/** How long one that has nothing in hand may take to end, in milliseconds. */
const GRACE = 5_000;

/** The longest line that it may say, in bytes. */
const LONGEST = 2 ** 16;

/** What is being done: `done` when a new master has taken over. */
type State = 'idle' | 'under way' | 'done';

export class Upgrade {
  readonly #plan: UpgradePlan;
  readonly #agenda = new Agenda();
  #state: State = 'idle';
  #child: ChildProcess | undefined;
  #link: Socket | undefined;
  #forgetFork: () => void = () => undefined;
  /** No new master shall be started any more. */
  #stopped = false;
  /** This process is a fork of the one that has begun. */
  #left = false;

  constructor(plan: UpgradePlan) {
    this.#plan = plan;
  }

  get state(): State {
    return this.#state;
  }

  /** Why this process cannot be replaced, whenever it is; undefined: it can. */
  get obstacle(): string | undefined {
    // The kernel ends all others of a pid namespace with its first process.
    if (process.pid === 1) return 'it is process 1, with whose end the container would end';
    return this.#plan.command ? undefined : 'nobody has told it by which command (the option command of prefork)';
  }

  /** Whether there is a new master that depends on this one. */
  get hasChild(): boolean {
    return this.#child !== undefined;
  }

  /**
   * Starts a new master, and waits until it serves. It holds on until `handOver`.
   *
   * @throws {Error} it does not come to that, and has ended
   */
  async begin(): Promise<Successor> {
    const { command } = this.#plan;
    if (!command) throw new Error(this.obstacle);
    this.#state = 'under way';
    const startedAt = now();
    this.#forgetFork = atfork({
      child: () => {
        this.#left = true;
        this.#link?.destroy();
        this.#leave();
      },
    });
    try {
      const workers = await this.#start(command);
      return { pid: this.#child?.pid ?? 0, startedAt, workers };
    } catch (error) {
      this.#state = 'idle';
      this.#leave();
      throw error;
    }
  }

  /** The new master has all that it needs: from now on it does not depend on this one. */
  handOver(): void {
    this.#state = 'done';
    // That is the word.
    this.#link?.end();
    this.#leave();
  }

  /** Ends a new master that has not taken over, or is about to be started. */
  stop(signal: NodeJS.Signals): void {
    this.#stopped = true;
    this.signal(signal);
  }

  /** To a new master that has not taken over. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async #start(command: Command): Promise<number> {
    // Loaded here: it is the only use that a master has for it.
    const { spawn } = await import('node:child_process');
    if (this.#left) return await never;
    if (this.#stopped) throw new Error('the server stops');
    const sockets = this.#plan.sockets();
    const place = 3 + sockets.length;
    closeOnExec();
    const [program = '', ...args] = command.argv;
    // spawn() would say that there is no such program.
    if (!isDirectory(command.cwd)) throw new Error(unstartable(`there is no directory ${command.cwd}`));
    // Not by way of a shell, which would know its pid and set LISTEN_PID: of the environment it leaves out what it has no name for.
    const child = spawn(program, args, {
      cwd: command.cwd,
      env: { ...command.env, ...watchdogOf(command), ...describing(sockets), [VARIABLE]: String(place) },
      stdio: ['inherit', 'inherit', 'inherit', ...sockets.map(({ fd }) => fd), 'pipe'],
    });
    // Where it has no descriptors for them, spawn() makes no streams.
    const { stdio } = child as { stdio?: ChildProcess['stdio'] };
    if (!stdio) throw new Error(unstartable((await failureOf(child)).message));
    const link = stdio[place] as Socket;
    this.#child = child;
    this.#link = link;
    child.unref();
    link.unref();
    if (child.pid !== undefined) link.write(addressee(child.pid));
    return await this.#heard(child, link);
  }

  /** What the new master says, or how it ends. */
  #heard(child: ChildProcess, link: Socket): Promise<number> {
    return new Promise((resolve, reject) => {
      let why: string | undefined;
      const fail = (reason: string, grace: number) => {
        why = reason;
        this.#agenda.afterGrace(grace, () => child.kill('SIGKILL'));
      };
      const end = (reason: string) => {
        fail(reason, GRACE);
        child.kill('SIGINT');
      };
      let text = '';
      link.setEncoding('utf8');
      link.on('data', (chunk: unknown) => {
        text += String(chunk);
        const length = text.indexOf('\n');
        if (why !== undefined || (length < 0 && text.length <= LONGEST)) return;
        this.#agenda.clear();
        const word = wordIn(text.slice(0, length));
        if (!word) end('the new one says what this one does not understand');
        else if ('failed' in word) fail(word.failed, this.#plan.gracefulTimeout + GRACE);
        // If this process was stopped, it may have ended since; of that this process hears later.
        else if (!hasEnded(child)) resolve(word.ready.workers);
      });
      // It ends unheard with the process.
      link.on('error', () => undefined);
      const gone = (reason: string) => {
        this.#child = undefined;
        reject(new Error(reason));
        // When whoever waits for it has been told.
        setImmediate(() => {
          this.#plan.ended();
        });
      };
      child.once('error', (error) => {
        gone(unstartable(error.message));
      });
      child.once('close', (code, signal) => {
        gone(why ?? `the new one ended with ${signal ?? `exit code ${code}`} before it served, see its output`);
      });
      if (this.#plan.timeout === Infinity) return;
      this.#agenda.afterGrace(this.#plan.timeout, () => {
        end(`the new one did not serve within ${this.#plan.timeout} ms`);
      });
    });
  }

  /** The new master is nothing to this process any more, or never was: in a forked child. */
  #leave(): void {
    this.#agenda.clear();
    this.#forgetFork();
    this.#child?.removeAllListeners();
    this.#child = undefined;
  }
}

function unstartable(why: string): string {
  return `the new one could not be started: ${why}`;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Why a process has not come to be, which is told later. */
function failureOf(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => child.once('error', resolve));
}

// As it was for this process, it is for none: without it, the watchdog is that of whoever reads of it.
function watchdogOf({ env }: Command): Record<string, undefined> {
  return env['WATCHDOG_PID'] === String(process.pid) ? { WATCHDOG_PID: undefined } : {};
}

/**
 * Asks the kernel: the signal that tells of its end comes when its last thread has ended, and may be on its way to the event
 * loop for as long as another thread that was given it does not get a processor.
 */
function hasEnded({ pid = 0, exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null || /[ZX]/.test(processStat(pid)?.state ?? '');
}

/** What others have opened here, without O_CLOEXEC, is not for the new master. */
function closeOnExec(): void {
  for (const fd of readdirSync('/proc/self/fd').map(Number)) {
    if (fd < 3) continue;
    try {
      fcntl(fd, F_SETFD, FD_CLOEXEC);
    } catch (error) {
      // The one by which the directory was read.
      if (!isPosixError(error, 'EBADF')) throw error;
    }
  }
}

function wordIn(line: string): Word | undefined {
  try {
    const word = JSON.parse(line) as Partial<Record<'ready', { workers?: unknown }> & Record<'failed', unknown>>;
    if (typeof word.failed === 'string') return { failed: word.failed };
    const workers = word.ready?.workers;
    return Number.isInteger(workers) ? { ready: { workers: workers as number } } : undefined;
  } catch {
    return undefined;
  }
}
