import { readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { integer, object, text } from '../mistakes.js';
import {
  _exit,
  atfork,
  close,
  dup3,
  fork,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_RDONLY,
  O_WRONLY,
  open,
  pipe2,
  setsid,
} from '../posix/index.js';

export interface DaemonizeOptions {
  /** The working directory of the daemon. Default `/`, so that it keeps no file system from being unmounted. */
  cwd?: string;
  /** Permission bits that the files it makes do not get, 0 to 0o777. Default: as they are. */
  umask?: number;
  /** A file that its output is appended to; made, with mode 0640, if there is none. Default `/dev/null`. */
  logFile?: string;
}

/** How a start ended. */
interface Outcome {
  readonly code: number;
  readonly text: string;
}

// EX_OSERR of sysexits(3): no process could be forked.
const NO_FORK = 71;

/** A daemon, while the process that started it waits to hear how the start went. */
export class Daemon {
  /** The end to write to of a pipe; undefined when the starter has heard, and in forked children. */
  #pipe: number | undefined;
  readonly #forget: () => void;
  #uncaught = '';

  /** Only `daemonize` makes one. */
  constructor(pipe: number) {
    this.#pipe = pipe;
    this.#forget = atfork({
      child: () => {
        this.#leave();
      },
    });
    process.on('uncaughtExceptionMonitor', this.#onUncaught);
    process.on('exit', this.#onExit);
  }

  /** Tells the starter that the daemon does what it was started for: the starter exits with 0. Later calls do nothing. */
  ready(): void {
    this.#tell({ code: 0, text: '' });
  }

  /**
   * Tells the starter that it has failed; the daemon itself goes on. Later calls do nothing. A daemon that ends before
   * either is called is told of in the same way, with its uncaught error, if there was one.
   *
   * @param message what the starter writes to its stderr, as it is
   * @param code the exit code of the starter, 1 to 255
   */
  failed(message: string, code: number): void {
    this.#tell({ code: integer('code', code, 1, 255), text: message });
  }

  #tell(outcome: Outcome): void {
    if (this.#pipe === undefined) return;
    this.#forget();
    tell(this.#pipe, outcome);
    this.#leave();
  }

  #leave(): void {
    if (this.#pipe !== undefined) close(this.#pipe);
    this.#pipe = undefined;
    process.off('uncaughtExceptionMonitor', this.#onUncaught);
    process.off('exit', this.#onExit);
  }

  readonly #onUncaught = (error: unknown) => {
    this.#uncaught = `${inspect(error)}\n`;
  };

  readonly #onExit = (first: number) => {
    // A listener before this one may have changed it.
    const code = Number(process.exitCode ?? first);
    const how = `the daemon ended before it was ready, with exit code ${code}\n`;
    this.failed(`${this.#uncaught}${how}`, code === 0 ? 1 : code);
  };
}

function tell(pipe: number, outcome: Outcome): void {
  try {
    writeFileSync(pipe, JSON.stringify(outcome));
  } catch (error) {
    // The starter has gone away.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/**
 * Makes a daemon of this program: a child in a session of its own, without a terminal and never to get one, with `/dev/null`
 * for input and a log for output. Only the daemon returns from the call. The process that called it, the starter, waits
 * until the daemon says how its start went, writes what went wrong to its stderr, and exits with 0 or the code it was told.
 *
 * Call it first: the daemon has what is open as any forked child has, and where `process.stdout` or `process.stderr` has
 * been used already, and is a terminal, it still writes there.
 *
 * @throws {TypeError | RangeError} an option that cannot be
 * @throws {PosixError} the log file cannot be opened
 * @throws {Error} of process.chdir, for the working directory
 * @throws {ForkUnsafeError | PosixError} as `fork`
 * @see https://man7.org/linux/man-pages/man7/daemon.7.html
 *
 * @example
 * const daemon = daemonize({ cwd: '/srv/app', logFile: '/var/log/app.log' });
 * await start();
 * daemon.ready();
 */
export function daemonize(options: DaemonizeOptions = {}): Daemon {
  const { cwd = '/', umask, logFile = '/dev/null' } = object('options', options);
  text('options.cwd', cwd);
  if (umask !== undefined) integer('options.umask', umask, 0, 0o777);
  text('options.logFile', logFile);
  const { input, output, reader, writer } = descriptors(logFile);
  const before = process.cwd();
  let child;
  try {
    // Here, where the caller can still be told by an error.
    process.chdir(cwd);
    child = fork();
  } catch (error) {
    process.chdir(before);
    for (const fd of [input, output, reader, writer]) close(fd);
    throw error;
  }
  if (child !== 0) {
    close(writer);
    return end(reader);
  }
  close(reader);
  leaveSession(writer);
  if (umask !== undefined) process.umask(umask);
  dup3(input, 0, 0);
  close(input);
  writeTo(output);
  return new Daemon(writer);
}

/**
 * Appends from now on what this process and its forks write to stdout and stderr to a file; made, with mode 0640, if there is
 * none. Called again after the file has been renamed, it makes the new one: a fork that is there already has to call it, too.
 *
 * @throws {TypeError} no such path
 * @throws {PosixError} the file cannot be opened; the output goes where it went
 *
 * @example
 * process.on('SIGUSR1', () => redirectOutput('/var/log/app.log'));
 */
export function redirectOutput(logFile: string): void {
  writeTo(openLog(text('logFile', logFile)));
}

function openLog(path: string): number {
  return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640);
}

function writeTo(output: number): void {
  for (const fd of [1, 2]) dup3(output, fd, 0);
  close(output);
}

function descriptors(logFile: string): Record<'input' | 'output' | 'reader' | 'writer', number> {
  const opened: number[] = [];
  const keep = (fd: number) => {
    opened.push(fd);
    return fd;
  };
  try {
    const input = keep(open('/dev/null', O_RDONLY | O_CLOEXEC));
    const output = keep(openLog(logFile));
    const [reader, writer] = pipe2(O_CLOEXEC);
    return { input, output, reader, writer };
  } catch (error) {
    for (const fd of opened) close(fd);
    throw error;
  }
}

/** In the child: one that leads no session can never get a terminal, so the leader of the new one makes another child. */
function leaveSession(writer: number): void {
  try {
    setsid();
    if (fork() === 0) return;
  } catch (error) {
    tell(writer, { code: NO_FORK, text: `${inspect(error)}\n` });
  }
  _exit(0);
}

/** In the starter: waits for the daemon's word, and ends. */
function end(reader: number): never {
  const told = readFileSync(reader, 'utf8');
  const { code, text: why }: Outcome =
    told === '' ? { code: 1, text: 'the daemon was killed before it was ready\n' } : (JSON.parse(told) as Outcome);
  writeToStderr(why);
  process.exit(code);
}

// At once: process.stderr may be a pipe that is not written before the end.
function writeToStderr(why: string): void {
  try {
    writeFileSync(2, why);
  } catch (error) {
    if (!['EPIPE', 'EAGAIN', 'EBADF'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
