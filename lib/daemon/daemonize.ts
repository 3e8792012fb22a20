import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { INT_MAX, integer, list, object, text } from '../mistakes.js';
import {
  _exit,
  atfork,
  close,
  dup3,
  F_GETFD,
  FD_CLOEXEC,
  fcntl,
  fork,
  isPosixError,
  O_CLOEXEC,
  O_RDONLY,
  open,
  pipe2,
  setsid,
} from '../posix/index.js';
import { aside, openLog, writeTo, type Outputs } from './output.js';
import { checkPidFile, PidFileError, writePidFile, type PidFile } from './pid-file.js';
import { end, tell, type Outcome } from './starter.js';

/** What a daemon is to be; what is absent it has by the defaults. */
export interface DaemonizeOptions {
  /** The working directory of the daemon. Default `/`, so that it keeps no file system from being unmounted. */
  cwd?: string;
  /** Permission bits that the files it makes do not get, 0 to 0o777. Default: as they are. */
  umask?: number;
  /** A file that its output is appended to; made, with mode 0640, if there is none. Default `/dev/null`. */
  logFile?: string;
  /** One for what it writes to stderr. Default: that of its other output. */
  errorFile?: string;
  /** A file that gets the daemon's pid, and the lock on which says that it runs: there is no second one. Default: none. */
  pidFile?: string;
  /**
   * Descriptors that the daemon keeps, besides 0 to 2 and those that are close-on-exec, as all of Node.js and of this library are;
   * the others are closed: what the starter was left with, by a shell say. Default: all are kept.
   */
  keep?: readonly number[];
  /**
   * How long the starter waits to hear that the daemon is ready, in milliseconds, 0 to 2³¹ - 1. Then it kills the daemon, and
   * fails. Default: as long as it takes.
   */
  timeout?: number;
}

// Of sysexits(3), EX_OSERR: no process could be forked.
const NO_FORK = 71;
// EX_CANTCREAT: the pid file cannot be written; EX_TEMPFAIL: it is of a daemon that runs.
const NO_PID_FILE = 73;
const RUNNING = 75;

/**
 * A daemon, while the process that started it waits to hear how the start went.
 *
 * It has nothing to close. What it holds for the starter, an end of a pipe, `ready()`, `failed()` and the end of the process
 * give back, with a word each; a block that ended with an error would have to say that the start has failed before anybody
 * knows why. `pidFile` can be disposed of by itself.
 */
export class Daemon {
  /** It is removed when the daemon ends, but not when a signal kills it. */
  readonly pidFile: PidFile | undefined;
  /** The end to write to of a pipe; undefined when the starter has heard, and in forked children. */
  #pipe: number | undefined;
  readonly #forget: () => void;
  #uncaught = '';

  /** Only `daemonize` makes one. */
  constructor(pipe: number, pidFile: string | undefined) {
    this.#pipe = pipe;
    this.#forget = atfork({
      child: () => {
        this.#leave();
      },
    });
    process.on('uncaughtExceptionMonitor', this.#onUncaught);
    process.on('exit', this.#onExit);
    this.pidFile = pidFile === undefined ? undefined : this.#claim(pidFile);
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

  // Another one may have been quicker since the starter has looked.
  #claim(path: string): PidFile {
    try {
      return writePidFile(path);
    } catch (error) {
      if (!(error instanceof PidFileError)) throw error;
      const code = error.code === 'ERR_PID_FILE_RUNNING' ? RUNNING : NO_PID_FILE;
      this.failed(`${error.message}\n`, code);
      process.exit(code);
    }
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
 * @throws {PidFileError} ERR_PID_FILE_RUNNING: the pid file is of a daemon that runs; ERR_PID_FILE: it cannot be written
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
  const settings = settingsOf(options);
  const { cwd, umask, pidFile, keep, timeout } = settings;
  if (pidFile !== undefined) checkPidFile(pidFile);
  const before = workingDirectory();
  const { input, outputs, reader, writer } = descriptors(settings);
  let child;
  try {
    // Here, where the caller can still be told by an error.
    process.chdir(cwd);
    child = fork();
  } catch (error) {
    if (before !== undefined) process.chdir(before);
    for (const fd of new Set([input, ...outputs, reader, writer])) close(fd);
    throw error;
  }
  if (child !== 0) {
    close(writer);
    return end(reader, timeout);
  }
  close(reader);
  leaveSession(writer);
  tell(writer, { pid: process.pid });
  if (umask !== undefined) process.umask(umask);
  dup3(input, 0, 0);
  close(input);
  writeTo(outputs);
  if (keep) closeOthers(keep);
  return new Daemon(writer, pidFile);
}

type Settings = Required<Pick<DaemonizeOptions, 'cwd' | 'logFile' | 'errorFile'>> & DaemonizeOptions;

function settingsOf(options: DaemonizeOptions): Settings {
  const {
    cwd = '/',
    umask,
    logFile = '/dev/null',
    errorFile = logFile,
    pidFile,
    keep,
    timeout,
  } = object('options', options);
  text('options.cwd', cwd);
  text('options.logFile', logFile);
  text('options.errorFile', errorFile);
  if (umask !== undefined) integer('options.umask', umask, 0, 0o777);
  if (timeout !== undefined) integer('options.timeout', timeout, 0, INT_MAX);
  const descriptor = (name: string, fd: unknown) => integer(name, fd, 0, INT_MAX);
  const kept = keep === undefined ? undefined : list('options.keep', 'descriptors', keep, descriptor);
  // As the other files: relative to where the starter is.
  const absolute = pidFile === undefined ? undefined : resolve(text('options.pidFile', pidFile));
  return {
    cwd,
    logFile,
    errorFile,
    ...(umask !== undefined && { umask }),
    ...(absolute !== undefined && { pidFile: absolute }),
    ...(kept && { keep: kept }),
    ...(timeout !== undefined && { timeout }),
  };
}

interface Descriptors {
  readonly input: number;
  readonly outputs: Outputs;
  readonly reader: number;
  readonly writer: number;
}

function descriptors({ logFile, errorFile }: Settings): Descriptors {
  const opened: number[] = [];
  const keep = (fd: number) => {
    opened.push(fd);
    return fd;
  };
  try {
    const input = keep(aside(open('/dev/null', O_RDONLY | O_CLOEXEC)));
    const output = keep(openLog(logFile));
    const errors = errorFile === logFile ? output : keep(openLog(errorFile));
    const [reader, writer] = pipe2(O_CLOEXEC).map((fd) => keep(aside(fd))) as [number, number];
    return { input, outputs: [output, errors], reader, writer };
  } catch (error) {
    for (const fd of opened) close(fd);
    throw error;
  }
}

/** Undefined: it has been removed. */
function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function closeOthers(keep: readonly number[]): void {
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd <= 2 || keep.includes(fd)) continue;
    try {
      if ((fcntl(fd, F_GETFD) & FD_CLOEXEC) === 0) close(fd);
    } catch (error) {
      // That of the directory is closed by now.
      if (!isPosixError(error, 'EBADF')) throw error;
    }
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
