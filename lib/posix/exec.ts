// The exec family: the process becomes another program.
import { isMainThread } from 'node:worker_threads';
import { descriptor, path as fileName } from './arguments.js';
import { answered } from './errno.js';
import type { PosixErrorDetails } from './errors.js';
import { native } from './native.js';
import { argumentsOf, environmentOf, restoredSignals, type Environment } from './program.js';
import { writeOut } from './streams.js';

type Caller = (...args: never) => never;

// The kernel would let it: the thread would become the process, and all others end.
function inMainThread(caller: Caller): void {
  if (isMainThread) return;
  const error = new TypeError(`${caller.name}() works in the main thread only`);
  Error.captureStackTrace(error, caller);
  throw Object.assign(error, { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' });
}

// With null, the environment is that of this process as it is: `process.env` has only what is UTF-8.
function become(
  call: 'execve' | 'execvpe',
  path: string,
  argv: readonly unknown[],
  env: readonly string[] | null,
  caller: Caller,
): never {
  fileName(path);
  const checked = argumentsOf(caller.name.startsWith('execl') ? 'args' : 'argv', argv);
  inMainThread(caller);
  writeOut();
  return failed(native[call](path, checked, env, restoredSignals()), `'${path}'`, { path }, caller);
}

function failed(result: number, shown: string | number, details: PosixErrorDetails, caller: Caller): never {
  answered(result, caller.name, shown, details, caller);
  throw new Error(`${caller.name} came back`);
}

/**
 * Makes this process another program. It does not return: the process has its pid, its parent, its children, its working
 * directory, its umask, its limits and what is open and not close-on-exec, and nothing else of before. 'exit' listeners do
 * not run.
 *
 * What the program itself has chosen is inherited as POSIX says: the mask of blocked signals, signals that are ignored, timers
 * of setitimer. What Node.js has changed for itself is not: SIGPIPE and SIGXFSZ have their default actions, descriptors 0 to 2
 * block and are inherited, terminals have left the raw mode, and `process.stdout` and `process.stderr` are written out. The
 * soft limit of descriptors stays where Node.js has raised it: what it was is not known.
 *
 * When it fails, the process goes on as it was.
 *
 * @param path the program's file
 * @param argv its arguments, the first being the name that it is called by
 * @param env its environment
 * @throws {TypeError} an argument that cannot be; `argv` is empty
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: this is a worker thread
 * @throws {FileNotFoundError} ENOENT: there is no such file, or not the interpreter that it names
 * @throws {PermissionError} EACCES: it is no regular file or not executable, or a directory may not be searched; EPERM
 * @throws {NotADirectoryError} ENOTDIR
 * @throws {PosixError} ENOEXEC: it has no format that the kernel knows; E2BIG: arguments and environment are too large;
 *   ENAMETOOLONG; ELOOP; ETXTBSY: it is open for writing; EINVAL, ELIBBAD: it is damaged; ENOMEM, EMFILE, ENFILE, EIO, EISDIR
 * @see https://man7.org/linux/man-pages/man2/execve.2.html
 */
export function execve(path: string, argv: readonly string[], env: Environment): never {
  return become('execve', path, argv, environmentOf(env), execve);
}

/**
 * As `execve`, with the environment of this process.
 *
 * @throws as `execve`
 * @see https://man7.org/linux/man-pages/man3/exec.3.html
 */
export function execv(path: string, argv: readonly string[]): never {
  return become('execve', path, argv, null, execv);
}

/**
 * As `execv`; a file without a slash in its name is looked for in the directories of this process's `PATH`, and what the kernel
 * does not know the format of (ENOEXEC) is a script for `/bin/sh`.
 *
 * @throws as `execve`; EACCES: one was found that cannot be executed, and no other
 * @see https://man7.org/linux/man-pages/man3/exec.3.html
 */
export function execvp(file: string, argv: readonly string[]): never {
  return become('execvpe', file, argv, null, execvp);
}

/**
 * As `execvp`, with an environment. The `PATH` is that of this process.
 *
 * @throws as `execvp`
 * @see https://man7.org/linux/man-pages/man3/exec.3.html
 */
export function execvpe(file: string, argv: readonly string[], env: Environment): never {
  return become('execvpe', file, argv, environmentOf(env), execvpe);
}

/**
 * As `execv`, with the arguments one by one: `execl('/bin/ls', 'ls', '-l')`.
 *
 * @throws as `execve`
 * @see https://man7.org/linux/man-pages/man3/exec.3.html
 */
export function execl(path: string, ...args: readonly string[]): never {
  return become('execve', path, args, null, execl);
}

/**
 * As `execvp`, with the arguments one by one.
 *
 * @throws as `execvp`
 * @see https://man7.org/linux/man-pages/man3/exec.3.html
 */
export function execlp(file: string, ...args: readonly string[]): never {
  return become('execvpe', file, args, null, execlp);
}

/**
 * As `execve`, with the arguments one by one, and the environment last: `execle('/bin/ls', 'ls', '-l', { LANG: 'C' })`.
 *
 * @throws as `execve`
 * @see https://man7.org/linux/man-pages/man3/exec.3.html
 */
export function execle(path: string, ...args: readonly [...string[], Environment]): never {
  return become('execve', path, args.slice(0, -1), environmentOf(args.at(-1)), execle);
}

/**
 * As `execvpe`, with the arguments one by one, and the environment last. (Python has it, POSIX does not.)
 *
 * @throws as `execvp`
 * @see https://docs.python.org/3/library/os.html#os.execlpe
 */
export function execlpe(file: string, ...args: readonly [...string[], Environment]): never {
  return become('execvpe', file, args.slice(0, -1), environmentOf(args.at(-1)), execlpe);
}

/**
 * As `execve`, with the file that a descriptor is open for. One that is close-on-exec cannot be that of a script: its
 * interpreter does not find it (ENOENT).
 *
 * @param fd open for reading, or with `O_PATH`
 * @throws as `execve`; {PosixError} EBADF: it is not open
 * @see https://man7.org/linux/man-pages/man3/fexecve.3.html
 */
export function fexecve(fd: number, argv: readonly string[], env: Environment): never {
  descriptor(fd);
  const checked = argumentsOf('argv', argv);
  const environment = environmentOf(env);
  inMainThread(fexecve);
  writeOut();
  return failed(native.fexecve(fd, checked, environment, restoredSignals()), fd, { fd }, fexecve);
}
