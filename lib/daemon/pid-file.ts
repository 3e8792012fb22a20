// A file with the pid of a server that runs. The server holds a lock on it (fcntl(2)), which the kernel drops when the process
// ends, however it ends. So who finds the file need not believe the number in it, which may be somebody else's by now: the
// lock says whether the server runs. Forked children let go of it.
import { accessSync, constants, fstatSync, linkSync, lstatSync, readFileSync, renameSync, unlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  atfork,
  close,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_UNLCK,
  F_WRLCK,
  fcntl,
  isPosixError,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  open,
  UnsupportedPlatformError,
  write,
} from '../posix/index.js';

/** A pid file that cannot be had. */
export class PidFileError extends Error {
  /** `ERR_PID_FILE_RUNNING`: it is of a server that runs; `ERR_PID_FILE`: it cannot be written. */
  readonly code: 'ERR_PID_FILE_RUNNING' | 'ERR_PID_FILE';
  override readonly name = 'PidFileError';
  /** The pid file, as it was named. */
  readonly path: string;

  constructor(code: PidFileError['code'], path: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.path = path;
  }
}

function unwritable(path: string, cause: unknown): PidFileError | UnsupportedPlatformError {
  if (cause instanceof UnsupportedPlatformError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PidFileError('ERR_PID_FILE', path, `the pid file ${path} cannot be written: ${why}`, cause);
}

function running(path: string, pid: number | undefined): PidFileError {
  const who = pid === undefined ? 'a process' : `process ${pid}`;
  return new PidFileError('ERR_PID_FILE_RUNNING', path, `${who} runs with the pid file ${path}`);
}

/** What `use` makes of the file; undefined if there is none. A FIFO does not make it wait. */
function withFile<T>(path: string, flags: number, use: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
  } catch (error) {
    if (isPosixError(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return use(fd);
  } finally {
    close(fd);
  }
}

// Whoever replaces what the path is, or removes it, does so with the lock on it.
function take(fd: number): boolean {
  try {
    fcntl(fd, F_OFD_SETLK, { type: F_WRLCK });
    return true;
  } catch (error) {
    if (isPosixError(error, 'EAGAIN')) return false;
    throw error;
  }
}

function isAt(path: string, fd: number): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  const ours = fstatSync(fd);
  return there?.ino === ours.ino && there.dev === ours.dev;
}

/** The number in it; undefined while it is empty. Other files are not to be replaced by mistake. */
function pidIn(fd: number): number | undefined {
  const text = fstatSync(fd).isFile() ? readFileSync(fd, 'latin1') : 'no file';
  if (!/^\d{0,10}\n?$/.test(text)) throw new Error('what is there is no pid file');
  return Number(text) || undefined;
}

/**
 * The pid of the server whose pid file this is, if that server runs.
 *
 * @returns undefined: it has ended and left the file behind, or the file was written by something that holds no lock on it
 * @throws {FileNotFoundError} ENOENT: there is no such file
 * @throws {PosixError} it cannot be read
 * @throws {Error} it is no pid file
 */
export function readPidFile(path: string): number | undefined {
  const fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  try {
    const pid = pidIn(fd);
    return fcntl(fd, F_OFD_GETLK, { type: F_WRLCK }) === F_UNLCK ? undefined : pid;
  } finally {
    close(fd);
  }
}

/**
 * Looks whether a pid file could be written, and changes nothing.
 *
 * @param predecessor a server that may run with it: this process takes its place
 * @throws {PidFileError} ERR_PID_FILE_RUNNING, ERR_PID_FILE
 */
export function checkPidFile(path: string, predecessor?: number): void {
  let runs;
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    runs = withFile(path, O_RDONLY | O_NOFOLLOW, (fd) => {
      const pid = pidIn(fd);
      return fcntl(fd, F_OFD_GETLK, { type: F_WRLCK }) === F_UNLCK ? undefined : { pid };
    });
  } catch (error) {
    throw unwritable(path, error);
  }
  if (runs && !isPredecessor(runs.pid, predecessor)) throw running(path, runs.pid);
}

function isPredecessor(pid: number | undefined, predecessor: number | undefined): boolean {
  return pid !== undefined && pid === predecessor;
}

/** A pid file of this process. */
export class PidFile implements Disposable {
  /** Where it is: absolute, since the process may go to another directory. */
  readonly path: string;
  /** Of the file, with the lock; undefined when it is removed, and in forked children. */
  #fd: number | undefined;
  readonly #forget: () => void;

  /** Only `writePidFile` makes one. */
  constructor(path: string, fd: number) {
    this.path = resolve(path);
    this.#fd = fd;
    this.#forget = atfork({
      child: () => {
        this.#letGo();
      },
    });
    process.once('exit', this.#onExit);
  }

  /**
   * Writes it again, if another process that was to take the place of this one has replaced it, and has ended.
   *
   * @throws {PidFileError} as `writePidFile`
   */
  renew(): void {
    if (this.#fd === undefined || isAt(this.path, this.#fd)) return;
    const fd = written(this.path, undefined);
    close(this.#fd);
    this.#fd = fd;
  }

  /** Removes the file, if it is still this process's. A forked child's copy removes nothing. */
  remove(): void {
    if (this.#fd === undefined) return;
    process.off('exit', this.#onExit);
    this.#forget();
    try {
      if (isAt(this.path, this.#fd)) unlinkSync(this.path);
    } finally {
      this.#letGo();
    }
  }

  [Symbol.dispose](): void {
    this.remove();
  }

  #letGo(): void {
    if (this.#fd !== undefined) close(this.#fd);
    this.#fd = undefined;
  }

  readonly #onExit = () => {
    this.remove();
  };
}

/**
 * Writes the pid of this process to a file: at no moment is there a file that is empty, or half written. One that a server
 * has left behind is replaced. It is removed by `remove()`, or when the process ends, but not when a signal kills it.
 *
 * @param predecessor a server that may run with it: this process takes its place. What that one has to remove is no longer there
 * @throws {PidFileError} ERR_PID_FILE_RUNNING: a server runs whose pid file this is; ERR_PID_FILE: it cannot be written
 */
export function writePidFile(path: string, predecessor?: number): PidFile {
  return new PidFile(path, written(path, predecessor));
}

/** The descriptor of the file, which has the lock. */
function written(path: string, predecessor: number | undefined): number {
  const temporary = `${path}.${process.pid}`;
  let fd: number | undefined;
  try {
    // What is left of an earlier process of the same pid.
    remove(temporary);
    fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644);
    take(fd);
    write(fd, Buffer.from(`${process.pid}\n`));
    const placed = place(temporary, path, predecessor);
    if (placed === 'placed') return fd;
    throw running(path, placed.pid);
  } catch (error) {
    if (fd !== undefined) {
      close(fd);
      remove(temporary);
    }
    throw error instanceof PidFileError ? error : unwritable(path, error);
  }
}

/** Gives the file its name; or answers whose pid file is there. */
function place(
  temporary: string,
  path: string,
  predecessor: number | undefined,
): 'placed' | { pid: number | undefined } {
  for (;;) {
    const outcome = withFile(path, O_RDWR | O_NOFOLLOW, (old) => {
      const pid = pidIn(old);
      if (!take(old) && !isPredecessor(pid, predecessor)) return { pid };
      // Else it has been replaced or removed since it was opened.
      if (!isAt(path, old)) return 'again';
      renameSync(temporary, path);
      return 'placed';
    });
    if (outcome === undefined && linked(temporary, path)) {
      unlinkSync(temporary);
      return 'placed';
    }
    if (outcome !== undefined && outcome !== 'again') return outcome;
  }
}

/** False: somebody else was there first. */
function linked(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
