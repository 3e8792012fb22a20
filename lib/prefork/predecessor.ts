// The new master's side of an upgrade: the master whose place this process is to take. upgrade.ts is the other side.
import { fstatSync } from 'node:fs';
import {
  atfork,
  close,
  F_SETFD,
  F_SETFL,
  fcntl,
  FD_CLOEXEC,
  kill,
  O_NONBLOCK,
  isPosixError,
  read,
  Watcher,
  write,
} from '../posix/index.js';

/**
 * The variable with the number of a descriptor: a socket that leads to the predecessor. What this process is told through it
 * is for whom it is, and then its end, no more.
 */
export const VARIABLE = 'TRUEFORK_UPGRADE';

/** What a predecessor tells first: for which process it all is, as LISTEN_PID, whose value nobody knows before there is one. */
export function addressee(pid: number): string {
  return `${pid}\n`;
}

/** What a new master tells: a line of JSON. */
export type Word =
  { readonly ready: { /** How many there shall be. */ readonly workers: number } } | { readonly failed: string };

/** A master that goes on until this process tells that it serves. */
export class Predecessor {
  /** The master that goes on. */
  readonly pid = process.ppid;
  /** Undefined when there is nothing more to say, and in forked children. */
  #fd: number | undefined;
  #watcher: Watcher | undefined;
  readonly #forgetFork: () => void;

  /** Only `predecessor` makes one. */
  constructor(fd: number) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    this.#fd = fd;
    // It would keep the predecessor from hearing of this process's end.
    this.#forgetFork = atfork({
      child: () => {
        this.#leave();
      },
    });
  }

  /** Tells why this process cannot take its place, and is about to end. Later calls do nothing. */
  refuse(reason: string): void {
    this.#tell({ failed: reason });
    this.#leave();
  }

  /** Has it open its log anew, if it lives: it may have workers that finish what they have in hand. */
  reopenLogs(): void {
    // This process is its child till its end, and then that of somebody else.
    if (process.ppid !== this.pid) return;
    try {
      kill(this.pid, 'SIGUSR1');
    } catch (error) {
      // It has ended just now; or this process has become another user.
      if (!isPosixError(error, 'ESRCH') && !isPosixError(error, 'EPERM')) throw error;
    }
  }

  /**
   * Tells that this process serves.
   *
   * @param workers how many there shall be
   * @returns when the predecessor has let go of what it had, or is gone
   */
  async relieve(workers: number): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#tell({ ready: { workers } });
    await new Promise<void>((resolve) => {
      this.#watcher = new Watcher(fd, () => {
        if (!hasEnded(fd)) return;
        this.#leave();
        resolve();
      });
    });
  }

  #tell(word: Word): void {
    if (this.#fd === undefined) return;
    try {
      write(this.#fd, Buffer.from(`${JSON.stringify(word)}\n`));
    } catch (error) {
      // It is gone: nobody needs to be told.
      if (!isPosixError(error, 'EPIPE') && !isPosixError(error, 'ECONNRESET')) throw error;
    }
  }

  #leave(): void {
    if (this.#fd === undefined) return;
    this.#forgetFork();
    this.#watcher?.close();
    close(this.#fd);
    this.#fd = undefined;
  }
}

function hasEnded(fd: number): boolean {
  try {
    return read(fd, new Uint8Array(64)) === 0;
  } catch (error) {
    if (isPosixError(error, 'EAGAIN')) return false;
    if (isPosixError(error, 'ECONNRESET')) return true;
    throw error;
  }
}

let found: Predecessor | undefined;

/** The master whose place this process has been started to take, if it has. No child sees the variable that says so. */
export function predecessor(): Predecessor | undefined {
  const told = process.env[VARIABLE];
  if (told === undefined) return found;
  Reflect.deleteProperty(process.env, VARIABLE);
  const fd = Number(told);
  if (isSocket(fd) && isForThis(fd)) {
    process.env['LISTEN_PID'] = String(process.pid);
    found = new Predecessor(fd);
  }
  return found;
}

/** Waits for what is said as soon as this process is there. */
function isForThis(fd: number): boolean {
  const text = Buffer.alloc(16);
  try {
    return text.toString('latin1', 0, read(fd, text)) === addressee(process.pid);
  } catch {
    // The predecessor is gone, or it is another socket.
    return false;
  }
}

function isSocket(fd: number): boolean {
  try {
    return fd > 2 && fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}
