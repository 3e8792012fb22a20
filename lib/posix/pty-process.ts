import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { text } from '../mistakes.js';
import { cString, list, object } from './arguments.js';
import { ChildWatcher } from './child-watcher.js';
import { wereForked } from './children.js';
import { close, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR, open } from './descriptor.js';
import { DescriptorReadable, DescriptorWritable } from './descriptor-streams.js';
import { answered, errno, strerror } from './errno.js';
import { ProcessLookupError } from './errors.js';
import { F_DUPFD_CLOEXEC, fcntl } from './fcntl.js';
import { atfork } from './fork.js';
import { native } from './native.js';
import { kill } from './process.js';
import { grantpt, posix_openpt, ptsname, unlockpt } from './pty.js';
import type { Signal } from './signal.js';
import { tcgetwinsize, tcsetwinsize, type WindowSize } from './termios.js';
import { decodeWaitStatus, type ExitStatus } from './wait-status.js';
import { waitpidAsync } from './waitpid-async.js';

/** The terminal, and the program in it. */
export interface PtyOptions {
  /** How many columns the terminal has, 0 to 65,535. Default 80. */
  cols?: number;
  /** How many rows it has, 0 to 65,535. Default 24. */
  rows?: number;
  /** The environment of the program. Default that of this process. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Its working directory. Default that of this process. */
  cwd?: string;
}

/** The master of a terminal, twice: the event loop watches a descriptor for one thing. @inline */
interface PtyEnds {
  reading: number;
  writing: number;
}

/**
 * A program in a terminal of its own. It keeps the event loop alive until the program has ended and all its output has been
 * read. A forked child lets go of it.
 */
export class PtyProcess implements Disposable, AsyncDisposable {
  /** The program; it leads a session, and a process group, of this number. */
  readonly pid: number;
  /** What the programs in the terminal write. It ends when the last of them has closed the terminal. */
  readonly output: Readable;
  /** What is typed: `'\x03'` is Ctrl-C, `'\x04'` the end of the input, to programs that have not changed the modes. */
  readonly input: Writable;
  /** How the program itself has ended. Rejected with `ChildProcessError` if somebody else has waited for it. */
  readonly exited: Promise<ExitStatus>;
  readonly #ends: PtyEnds;
  readonly #forget: () => void;
  readonly #watcher: ChildWatcher;
  #ended = false;
  #closed = false;

  /** Only `ptySpawn` makes one. */
  constructor(pid: number, ends: PtyEnds) {
    this.pid = pid;
    this.#ends = ends;
    const output = new DescriptorReadable(ends.reading);
    const input = new DescriptorWritable(ends.writing);
    this.output = output;
    this.input = input;
    output.once('close', () => {
      this.#closeWhenDone();
    });
    this.exited = waitpidAsync(pid).then(({ status }) => decodeWaitStatus(status) as ExitStatus);
    // Who does not ask must not die of an unhandled rejection.
    this.exited.catch(() => undefined);
    this.#watcher = new ChildWatcher(pid, () => {
      this.#ended = true;
      this.#closeWhenDone();
    });
    this.#forget = atfork({
      child: () => {
        output.leave();
        input.leave();
        this.#ended = true;
        this.#closeEnds();
      },
    });
  }

  // Not with the output alone: a program may close its terminal and go on, and would be hung up.
  #closeWhenDone(): void {
    if (this.#ended && this.output.closed) this.close();
  }

  #closeEnds(): void {
    if (this.#closed) return;
    this.#closed = true;
    close(this.#ends.reading);
    close(this.#ends.writing);
    this.#forget();
  }

  /** The size of the terminal. */
  get size(): WindowSize {
    return tcgetwinsize(this.#ends.reading);
  }

  /**
   * Gives the terminal another size, of which the programs in the foreground hear by SIGWINCH.
   *
   * @param size rows and cols, 0 to 65,535 each
   * @throws {PosixError} EBADF: it is closed
   */
  resize(size: WindowSize): void {
    tcsetwinsize(this.#ends.reading, size);
  }

  /**
   * Sends a signal to the program.
   *
   * @throws {ProcessLookupError} ESRCH: it has ended
   */
  kill(signal: Signal = 'SIGHUP'): void {
    const { pid } = this;
    if (this.#watcher.isGone) {
      // Its pid may be another's by now.
      const message = `ESRCH: ${strerror(errno.ESRCH)}, kill(${pid}, ${signal})`;
      throw new ProcessLookupError('ESRCH', errno.ESRCH, 'kill', message, { pid });
    }
    kill(pid, signal);
  }

  /**
   * Hangs up, as one who closes the window: SIGHUP ends the programs in the terminal that do not say otherwise. Again is no
   * mistake. How the program ends, `exited` tells.
   */
  close(): void {
    this.output.destroy();
    this.input.destroy();
    this.#closeEnds();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hangs up, and waits until the program has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.exited;
  }
}

/** The calls of the addon on the way to the program, by which a failure is told. */
const STEPS = ['vfork', 'login_tty', 'chdir', 'execvp'];

/**
 * Starts a program in a terminal of its own: it leads a session, the terminal is its controlling terminal and its descriptors
 * 0 to 2, every signal has its default action, and none is blocked. Descriptors of this process without FD_CLOEXEC it has too.
 *
 * @param file the program; without a slash it is looked for in the PATH of this process
 * @param args its arguments, without its name
 * @throws {FileNotFoundError} ENOENT: there is no such program, or no such directory: `syscall` is `'execvp'` or `'chdir'`
 * @throws {PermissionError} EACCES
 * @throws {BlockingIOError} EAGAIN: the limit on processes is reached
 * @throws {PosixError} any other errno of execve(2); as `posix_openpt`
 * @see https://man7.org/linux/man-pages/man7/pty.7.html
 *
 * @example
 * await using shell = ptySpawn('sh', ['-c', 'tty; stty size'], { cols: 132 });
 * shell.output.pipe(process.stdout);
 * await shell.exited;
 */
export function ptySpawn(file: string, args: readonly string[] = [], options: PtyOptions = {}): PtyProcess {
  cString('file', text('file', file));
  const argv = [file, ...list('args', 'strings', args, cString)];
  const { cols = 80, rows = 24, env = process.env, cwd } = object('options', options);
  const environment = pairs(object('options.env', env));
  if (cwd !== undefined) cString('options.cwd', text('options.cwd', cwd));

  const opened: number[] = [];
  const opens = (fd: number) => {
    opened.push(fd);
    return fd;
  };
  try {
    const reading = opens(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    grantpt(reading);
    unlockpt(reading);
    tcsetwinsize(reading, { rows, cols });
    const writing = opens(fcntl(reading, F_DUPFD_CLOEXEC, 0));
    const slave = open(ptsname(reading), O_RDWR | O_NOCTTY | O_CLOEXEC);
    const step = new Int32Array(1);
    const result = native.spawnInTerminal(slave, file, argv, environment, cwd ?? null, step);
    close(slave);
    const syscall = STEPS[step[0] ?? 0] ?? '';
    const path = syscall === 'chdir' ? (cwd ?? '') : file;
    const pid = answered(result, syscall, `'${path}'`, { path }, ptySpawn);
    wereForked([pid]);
    return new PtyProcess(pid, { reading, writing });
  } catch (error) {
    for (const fd of opened) close(fd);
    throw error;
  }
}

function pairs(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => cString(`options.env.${name}`, `${name}=${value ?? ''}`));
}
