// One run of a supervised program: a child in a session of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  _exit,
  close,
  execvp,
  fork,
  getpid,
  getppid,
  isPosixError,
  kill,
  O_CLOEXEC,
  pipe2,
  PR_SET_PDEATHSIG,
  prctl,
  read,
  retryOnIntr,
  setsid,
  signalNumber,
  write,
  type Signal,
  type ExitStatus,
} from '../posix/index.js';
import { forkChild, Reaper } from '../reaper/index.js';

/** What is supervised: a command with its arguments, found by `PATH`; or a function, which runs in a forked child. */
export type Program = readonly string[] | (() => unknown);

// As of a shell: the command was not found, or could not be executed.
const NOT_EXECUTED = 127;

/** A program that runs. */
export class Run {
  readonly pid: number;
  /** How it ended. Nothing that it has left in its process group lives then. */
  readonly exited: Promise<ExitStatus>;
  readonly #parent = getpid();
  #lives = true;

  /** Only `start` makes one. */
  constructor(pid: number, exited: Promise<ExitStatus>) {
    this.pid = pid;
    const ended = exited.finally(() => {
      this.#lives = false;
    });
    this.exited = ended.then((status) => {
      send(-pid, 'SIGKILL');
      return status;
    });
  }

  /** Signals the program and all that is in its process group. In a forked child of the supervisor it does nothing. */
  kill(signal: Signal): void {
    if (!this.#lives || getpid() !== this.#parent) return;
    // Before it has made its session, it is in ours.
    if (!send(-this.pid, signal)) send(this.pid, signal);
  }

  /** Ends it: with a signal, and after so many milliseconds with SIGKILL. */
  async end(signal: Signal, gracefulTimeout: number, late: () => void): Promise<void> {
    this.kill(signal);
    const over = new AbortController();
    // What waits for the program keeps the event loop alive.
    const patience = sleep(gracefulTimeout, undefined, { signal: over.signal, ref: false }).then(
      () => {
        if (getpid() !== this.#parent) return;
        late();
        this.kill('SIGKILL');
      },
      () => undefined,
    );
    await this.exited.catch(() => undefined);
    over.abort();
    await patience;
  }
}

/** False: there is nobody to get it. */
function send(pid: number, signal: Signal): boolean {
  try {
    kill(pid, signal);
    return true;
  } catch (error) {
    if (isPosixError(error, 'ESRCH') || isPosixError(error, 'EPERM')) return false;
    throw error;
  }
}

/**
 * Starts a program: when the promise is resolved, it has been executed.
 *
 * @throws {Error} it could not be executed; {ForkUnsafeError | PosixError} of `fork`
 */
export async function start(program: Program): Promise<Run> {
  const parent = getpid();
  if (typeof program !== 'function') return await execute(program, parent);
  const child = await forkChild(() => {
    standAlone(parent);
    return program();
  });
  return new Run(child.pid, child.exited);
}

// The session makes signals of a terminal the supervisor's alone, and the family of the program one that can be ended. The
// supervisor's end ends the program.
function standAlone(parent: number): void {
  setsid();
  prctl(PR_SET_PDEATHSIG, signalNumber('SIGTERM'));
  if (getppid() !== parent) _exit(NOT_EXECUTED);
}

// What goes wrong in the child comes through a pipe, which is closed when the command has been executed.
async function execute(command: readonly string[], parent: number): Promise<Run> {
  const [reader, writer] = pipe2(O_CLOEXEC);
  let pid;
  try {
    pid = fork();
    if (pid === 0) become(command, parent, writer);
  } catch (error) {
    close(reader);
    throw error;
  } finally {
    close(writer);
  }
  const reaper = new Reaper();
  const run = new Run(
    pid,
    reaper.watch(pid).finally(() => {
      reaper.close();
    }),
  );
  const complaint = complaintFrom(reader, run);
  if (complaint === '') return run;
  await run.exited.catch(() => undefined);
  throw new Error(complaint);
}

function complaintFrom(reader: number, run: Run): string {
  const buffer = Buffer.alloc(4096);
  try {
    const length = retryOnIntr(() => read(reader, buffer));
    return buffer.toString('utf8', 0, length);
  } catch (error) {
    // Thrown by a signal handler of the program.
    run.kill('SIGKILL');
    throw error;
  } finally {
    close(reader);
  }
}

function become(command: readonly string[], parent: number, writer: number): never {
  try {
    standAlone(parent);
    execvp(command[0] ?? '', command);
  } catch (error) {
    write(writer, Buffer.from(error instanceof Error ? error.message : String(error)));
  }
  return _exit(NOT_EXECUTED);
}
