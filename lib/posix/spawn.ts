// posix_spawn: a child that is another program, without a copy of this one in between.
import { boolean } from '../mistakes.js';
import {
  descriptor,
  flagBits,
  INT_MAX,
  integer,
  list,
  mode as modeBits,
  object,
  path as fileName,
  wrongValue,
} from './arguments.js';
import { wereForked } from './children.js';
import { answered } from './errno.js';
import { native, type NativeFileAction, type NativeSpawnAttributes } from './native.js';
import { argumentsOf, environmentOf, restoredSignals, type Environment } from './program.js';
import { signalNumber, type Signal } from './signal.js';

/** What the child does with a descriptor before it becomes the program. */
export type FileAction =
  /** Opens a file as `fd`. */
  | {
      readonly action: 'open';
      readonly fd: number;
      readonly path: string;
      /** As of `open`. */
      readonly flags: number;
      /** Permission bits, less the umask. Default 0. */
      readonly mode?: number;
    }
  /** Closes `fd`; that it is not open is no error. */
  | { readonly action: 'close'; readonly fd: number }
  /** Makes `newfd` another descriptor of what `fd` is open for; the program inherits it, also if they are the same. */
  | { readonly action: 'dup2'; readonly fd: number; readonly newfd: number };

/** What the child is to be; what is absent it has from this process. */
export interface SpawnAttributes {
  /** Its process group; 0: one of its own. POSIX_SPAWN_SETPGROUP. Default: this process's. */
  readonly setpgroup?: number;
  /** Whether it leads a session of its own. POSIX_SPAWN_SETSID, glibc 2.26. Default false. */
  readonly setsid?: boolean;
  /** The signals that it blocks. POSIX_SPAWN_SETSIGMASK. Default: those that this thread blocks. */
  readonly setsigmask?: readonly Signal[];
  /** Signals that have their default actions, although this process ignores them. POSIX_SPAWN_SETSIGDEF. Default: none. */
  readonly setsigdef?: readonly Signal[];
  /** Whether its effective user and group are the real ones. POSIX_SPAWN_RESETIDS. Default false. */
  readonly resetids?: boolean;
  /**
   * How it gets processors: `policy`, `SCHED_OTHER`, `SCHED_FIFO` or `SCHED_RR`, which are all that glibc hands over, and
   * `priority`, 1 to 99 for real time, else 0. Without `policy`, the priority alone is set. POSIX_SPAWN_SETSCHEDULER, POSIX_SPAWN_SETSCHEDPARAM.
   * Default: as this process.
   */
  readonly scheduler?: { readonly policy?: number; readonly priority: number };
}

/** How a program is started. */
export interface SpawnOptions {
  /** What is done with descriptors, in this order. Default: nothing. */
  readonly fileActions?: readonly FileAction[];
  /** What the child is to be; what is absent it has from this process. Default: those of `SpawnAttributes`, each. */
  readonly attributes?: SpawnAttributes;
}

function nativeAction(name: string, value: unknown): NativeFileAction {
  const given = object(name, value) as FileAction;
  const fd = descriptor(given.fd);
  switch (given.action) {
    case 'open':
      return [0, fd, fileName(given.path), flagBits(`${name}.flags`, given.flags), modeBits(given.mode ?? 0)];
    case 'close':
      return [1, fd];
    case 'dup2':
      return [2, fd, descriptor(given.newfd)];
    default:
      throw wrongValue(`${name}.action`, "must be 'open', 'close' or 'dup2'", (given as FileAction).action);
  }
}

function signalNumbers(name: string, value: readonly Signal[]): number[] {
  return list(name, 'signals', value, (_, signal) => signalNumber(signal as Signal));
}

function nativeAttributes(given: SpawnAttributes): NativeSpawnAttributes {
  const { setpgroup, setsid = false, setsigmask, setsigdef = [], resetids = false, scheduler } = given;
  const name = 'options.attributes';
  const schedule = scheduler === undefined ? undefined : object(`${name}.scheduler`, scheduler);
  return {
    setpgroup: setpgroup === undefined ? undefined : integer(`${name}.setpgroup`, setpgroup, 0, INT_MAX),
    setsid: boolean(`${name}.setsid`, setsid),
    setsigmask: setsigmask === undefined ? undefined : signalNumbers(`${name}.setsigmask`, setsigmask),
    setsigdef: [...restoredSignals(), ...signalNumbers(`${name}.setsigdef`, setsigdef)],
    resetids: boolean(`${name}.resetids`, resetids),
    policy:
      schedule?.policy === undefined ? undefined : integer(`${name}.scheduler.policy`, schedule.policy, 0, INT_MAX),
    priority: schedule && integer(`${name}.scheduler.priority`, schedule.priority, 0, INT_MAX),
  };
}

type Caller = typeof posixSpawn;

function spawn(
  path: string,
  search: boolean,
  argv: readonly string[],
  env: Environment,
  options: SpawnOptions,
  caller: Caller,
): number {
  fileName(path);
  const checkedArguments = argumentsOf('argv', argv);
  const environment = environmentOf(env);
  const { fileActions = [], attributes = {} } = object('options', options);
  const actions = list('options.fileActions', 'actions', fileActions, nativeAction);
  const checked = nativeAttributes(object('options.attributes', attributes));
  const result = native.posixSpawn(path, search, checkedArguments, environment, actions, checked);
  const pid = answered(result, search ? 'posix_spawnp' : 'posix_spawn', `'${path}'`, { path }, caller);
  wereForked([pid]);
  return pid;
}

/**
 * Starts a program as a child, which is the caller's own to wait for. Nothing of this process is copied for it, however large
 * it is, and other threads go on; the calling one waits until the child has become the program.
 *
 * The child has of this process what a program has that `execve` has executed. Its descriptors 0 to 2 are this process's,
 * unless an action says more; for it to be able to use them, they block from then on, in this process too (as for
 * `child_process.spawn` with `stdio: 'inherit'`). Other descriptors it has if they are not close-on-exec.
 *
 * @param path the program's file
 * @param argv its arguments, the first being the name that it is called by
 * @param env its environment
 * @returns the child's pid
 * @throws {TypeError | RangeError} an argument that cannot be
 * @throws {PosixError} that of execve(2), or of the action or attribute that failed, such as EBADF or EPERM; EAGAIN, ENOMEM:
 *   there can be no child. No child is left to wait for.
 * @see https://man7.org/linux/man-pages/man3/posix_spawn.3.html
 *
 * @example
 * const pid = posixSpawn('/bin/ls', ['ls', '-l'], process.env, {
 *   fileActions: [{ action: 'open', fd: 1, path: 'list.txt', flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644 }],
 * });
 * waitpid(pid, 0);
 */
export function posixSpawn(
  path: string,
  argv: readonly string[],
  env: Environment,
  options: SpawnOptions = {},
): number {
  return spawn(path, false, argv, env, options, posixSpawn);
}

/**
 * As `posixSpawn`; a file without a slash in its name is looked for in the directories of this process's `PATH`. (A script
 * without `#!` is ENOEXEC: glibc leaves shells to `execvp`.)
 *
 * @throws as `posixSpawn`
 * @see https://man7.org/linux/man-pages/man3/posix_spawn.3.html
 */
export function posixSpawnp(
  file: string,
  argv: readonly string[],
  env: Environment,
  options: SpawnOptions = {},
): number {
  return spawn(file, true, argv, env, options, posixSpawnp);
}
