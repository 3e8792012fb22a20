// A listening socket that has a path, and what becomes of its file.
import { lstatSync, statSync, unlinkSync, type Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import {
  AF_UNIX,
  bind,
  close,
  connect,
  errno,
  isPosixError,
  listen,
  PosixError,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  socket,
} from '../posix/index.js';
import { isAbstract } from './address.js';
import { SharedListener, type SocketFile } from './shared-listener.js';

/**
 * Listens on a path, or on a name in the abstract namespace. A socket that a dead server has left there is replaced; whatever
 * else is there is left as it is.
 *
 * @param mode of the file, to the bit; undefined: as bind(2) makes it, 0777 less the umask
 * @throws {PosixError} EADDRINUSE: a server listens there, or is about to; or there is a file that is no socket. EACCES, ENOENT, …
 */
export function listenOnPath(path: string, backlog: number, mode: number | undefined): SharedListener {
  if (isAbstract(path)) return new SharedListener(listening(path, backlog), { path });
  const lock = lockOf(path);
  try {
    return listenOnFile(path, backlog, mode);
  } finally {
    if (lock !== undefined) close(lock);
  }
}

function listenOnFile(path: string, backlog: number, mode: number | undefined): SharedListener {
  const fd = withMode(mode, () => {
    try {
      return listening(path, backlog);
    } catch (error) {
      if (!isPosixError(error, 'EADDRINUSE')) throw error;
      removeLeft(path);
      return listening(path, backlog);
    }
  });
  return new SharedListener(fd, { path }, socketFile(path));
}

/** The file that is at this path now. While its socket is open, nobody else's can have its inode. */
export function socketFile(path: string): SocketFile {
  const own = lstatSync(path, { throwIfNoEntry: false });
  return {
    isThere: () => own !== undefined && isAt(path, own),
    remove: () => {
      if (own) removeIf(path, own);
    },
  };
}

/** A Unix socket that listens; with an empty path, on a name that is free. */
export function listening(path: string, backlog: number): number {
  const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  try {
    bind(fd, path);
    listen(fd, backlog);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

// The file has its mode from its first moment on: nobody connects who must not, and there is no file to change by its name,
// which may be another's by then. bind(2) gives a socket 0777 less the umask.
function withMode<T>(mode: number | undefined, make: () => T): T {
  if (mode === undefined) return make();
  const umask = process.umask(0o777 & ~mode);
  try {
    return make();
  } finally {
    process.umask(umask);
  }
}

/** Removes the socket of a dead server. */
function removeLeft(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw inUse(path, `there is ${kindOf(found)}, which is left as it is`);
  if (hasServer(path)) throw inUse(path, 'a server listens there');
  removeIf(path, found);
}

// Nobody can connect to a socket whose server is dead, nor to one that does not listen yet: that is what the lock is for.
function hasServer(path: string): boolean {
  const probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  try {
    connect(probe, path);
    return true;
  } catch (error) {
    if (isPosixError(error, 'ECONNREFUSED') || isPosixError(error, 'ENOENT')) return false;
    // Its backlog is full, or it is one for datagrams.
    if (isPosixError(error, 'EAGAIN') || isPosixError(error, 'EPROTOTYPE')) return true;
    throw error;
  } finally {
    close(probe);
  }
}

/** Removes a file, if it is still this one. One that cannot be removed is replaced by the next server. */
function removeIf(path: string, found: Stats): void {
  try {
    if (isAt(path, found)) unlinkSync(path);
  } catch {
    // Somebody else has removed it; or this process may not any more.
  }
}

function isAt(path: string, { dev, ino }: Stats): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.dev === dev && found.ino === ino;
}

/**
 * Holds a path against others that are about to listen on it: between two that start at once, one would take the other's
 * new socket, which does not listen yet, for a dead one's. It is a name in the abstract namespace, which the kernel gives to
 * one process, and takes back from a dead one.
 *
 * @returns what to close; undefined if there is no directory for the path
 */
function lockOf(path: string): number | undefined {
  const directory = statSync(dirname(path), { throwIfNoEntry: false });
  if (!directory) return undefined;
  // A directory may have several paths. Of a long name the end has to do, so that it fits.
  const file = Buffer.from(basename(path)).toString('latin1').slice(-32);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    bind(fd, `\0truefork ${directory.dev}:${directory.ino} ${file}`);
    return fd;
  } catch (error) {
    close(fd);
    throw isPosixError(error, 'EADDRINUSE') ? inUse(path, 'another server is about to listen there') : error;
  }
}

function inUse(path: string, why: string): PosixError {
  return new PosixError('EADDRINUSE', errno.EADDRINUSE, 'bind', `EADDRINUSE: ${why}, bind('${path}')`, { path });
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a directory';
  if (found.isSymbolicLink()) return 'a symbolic link';
  return found.isFile() ? 'a file' : 'something that is no socket';
}
