import { spawn, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { boolean, callback, cString, list, object, text, wrongValue } from '../mistakes.js';
import { close } from '../posix/index.js';
import { now } from './clock.js';
import { tracedEnvironment } from './environment.js';
import { TraceError } from './errors.js';
import { Observer } from './observer.js';
import { endOf } from './program-end.js';
import { capacityOf, type RecordOptions } from './record.js';
import { tell } from './story.js';
import { Tape } from './tape.js';
import type { Timeline } from './timeline.js';

/** How the program is started, and how much is recorded. */
export interface TraceProgramOptions extends RecordOptions {
  /** Its working directory. Default: that of this process. */
  cwd?: string;
  /** Its environment, to which two variables are added. Default: that of this process. */
  env?: NodeJS.ProcessEnv;
  /** Its descriptors, as for `child_process.spawn`. Default `'inherit'`. */
  stdio?: StdioOptions;
  /** Whether it is the leader of a session of its own, without a terminal. Default false. */
  detached?: boolean;
  /** Is called with its pid as soon as it runs. */
  onStart?: (pid: number) => void;
}

/** A program that has been traced. */
export interface TracedProgram {
  /** What was recorded of it and of its descendants. */
  readonly timeline: Timeline;
  /** null: a signal has ended it. */
  readonly exitCode: number | null;
  /** The signal that has ended it, a real-time one by its number; null: none has. */
  readonly signal: NodeJS.Signals | number | null;
}

function argumentsFrom(argv: readonly string[]): [file: string, ...rest: string[]] {
  const [file, ...rest] = list('argv', 'strings', argv, cString);
  if (file === undefined) throw wrongValue('argv', 'must have the name of the program', argv);
  return [text('argv[0]', file), ...rest];
}

// What goes wrong spawn() tells by an event if it is usual, ENOENT say, and throws otherwise: ENOTDIR, E2BIG.
async function started(file: string, args: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
  try {
    const child = spawn(file, args, options);
    await once(child, 'spawn');
    return child;
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    // An option that cannot be.
    if (syscall === undefined) throw error;
    throw new TraceError('ERR_TRACE_PROGRAM', `'${file}' could not be started: ${message}`, { cause: error });
  }
}

/**
 * Runs a program as a child of this process, and records what it and all its descendants do until it ends: of each Node.js
 * among them the calls of truefork, of all what is seen from outside. See `record`.
 *
 * @param argv the program and its arguments; a name without a slash is looked for in `PATH`
 * @returns what was recorded, and how the program has ended
 * @throws {TypeError | RangeError} an argument that cannot be
 * @throws {TraceError} ERR_TRACE_PROGRAM: the program could not be started; `cause` says why
 * @throws {PosixError} ENOMEM, EMFILE, ENFILE: there is no memory, or no descriptor
 *
 * @example
 * const { timeline, exitCode } = await traceProgram(['node', 'zombie.mjs']);
 */
export async function traceProgram(argv: readonly string[], options: TraceProgramOptions = {}): Promise<TracedProgram> {
  const { cwd, env = process.env, stdio = 'inherit', detached = false, onStart } = object('options', options);
  const [file, ...rest] = argumentsFrom(argv);
  boolean('options.detached', detached);
  if (onStart !== undefined) callback('options.onStart', onStart);
  const { tape, fd } = Tape.create(capacityOf(options));
  try {
    using observer = new Observer(tape);
    const startedAt = now();
    const child = await started(file, rest, {
      ...(cwd !== undefined && { cwd }),
      stdio,
      detached,
      env: tracedEnvironment(env, `/proc/${process.pid}/fd/${fd}`),
    });
    const ended = endOf(child);
    const { pid = 0 } = child;
    observer.meet(pid);
    observer.start();
    onStart?.(pid);
    const { exitCode, signal } = await ended;
    observer.look();
    tape.stop();
    return { timeline: tell(tape, { root: pid, started: startedAt, exitCode, signal }), exitCode, signal };
  } finally {
    tape.stop();
    close(fd);
  }
}
