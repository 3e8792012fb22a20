// The settings that are about the process of the server, not about what it serves: who it is, where it is, its pid file.
import { closeSync, existsSync, fchownSync, openSync, statSync } from 'node:fs';
import {
  become,
  checkPidFile,
  daemonize,
  IdentityError,
  identityOf,
  PidFileError,
  redirectOutput,
  writePidFile,
  type Daemon,
  type Identity,
  type PidFile,
} from '../daemon/index.js';
import { predecessor, type Master, type Note } from '../prefork/index.js';
import type { Values } from './configuration.js';
import { Failure, isForkError, type Ending } from './exit-codes.js';
import { checkRegistry } from './registry.js';

const endings: Readonly<Record<(IdentityError | PidFileError)['code'], Ending>> = {
  ERR_UNKNOWN_USER: 'user',
  ERR_UNKNOWN_GROUP: 'user',
  ERR_IDENTITY_NOT_PERMITTED: 'permission',
  ERR_PID_FILE: 'pidFile',
  ERR_PID_FILE_RUNNING: 'running',
};

/** What `action` does, with its failure as one that has an exit code. */
function orFail<T>(otherwise: Ending, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new Failure(endingBy(error) ?? otherwise, (error as Error).message, error);
  }
}

function endingBy(error: unknown): Ending | undefined {
  if (error instanceof IdentityError || error instanceof PidFileError) return endings[error.code];
  return isForkError(error) ? 'system' : undefined;
}

/**
 * A mistake in any of it is told before anything is started. What only a start can tell is not looked at: whether the port
 * is free, for one, which it is not while the server runs that is to be replaced.
 *
 * @returns who the server shall be, if not who this process is
 */
export async function check(values: Values): Promise<Identity | undefined> {
  const { application = '', register, registry, user, group, chdir, pidFile } = values;
  if (!existsSync(application)) throw new Failure('application', `there is no file ${application}`);
  if (isDirectory(application)) throw new Failure('application', `${application} is a directory, not a file`);
  if (chdir !== undefined && !orFail('file', () => isDirectory(chdir))) {
    throw new Failure('file', `there is no directory ${chdir}`);
  }
  const changes = user !== undefined || group !== undefined;
  const identity = changes ? orFail('user', () => identityOf(user, group)) : undefined;
  if (pidFile !== undefined) claimable(pidFile, { alone: false });
  if (register !== undefined) await checkRegistry(registry, register);
  return identity;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** @param alone whether it matters that a server runs with this pid file */
function claimable(pidFile: string, { alone }: { alone: boolean }): void {
  orFail('pidFile', () => {
    try {
      checkPidFile(pidFile, predecessor()?.pid);
    } catch (error) {
      if (alone || !(error instanceof PidFileError) || error.code !== 'ERR_PID_FILE_RUNNING') throw error;
    }
  });
}

/** No server runs that this one would be another of. */
export function checkAlone({ pidFile }: Values): void {
  if (pidFile !== undefined) claimable(pidFile, { alone: true });
}

/**
 * In the background from here on, if it shall be, and its output in the log file, if there is one.
 *
 * @param identity who the server shall be, if not who this process is
 */
export function detached({ daemon, logFile }: Values, identity: Identity | undefined): Daemon | undefined {
  const cwd = process.cwd();
  return orFail('file', () => {
    if (logFile !== undefined && identity) makeFor(identity, logFile);
    // Who takes the place of another is where that one is: in the background, if it is.
    if (daemon && !predecessor()) return daemonize({ cwd, ...(logFile !== undefined && { logFile }) });
    if (logFile !== undefined) redirectOutput(logFile);
    return undefined;
  });
}

/**
 * The file is this user's, who opens it again: when it has been renamed, and in the next master. One that is there is left as it
 * is: where others may write to its directory, it may be a link of theirs to what only root may give away.
 */
function makeFor({ uid, gid }: Identity, file: string): void {
  let fd;
  try {
    fd = openSync(file, 'ax', 0o640);
  } catch {
    // Nor is it made where it cannot be: whoever opens it says so.
    return;
  }
  try {
    fchownSync(fd, uid, gid);
  } finally {
    closeSync(fd);
  }
}

/** Before anything is made that has permission bits: a socket's file, a log file. */
export function setUmask({ umask }: Values): void {
  if (umask !== undefined) process.umask(Number.parseInt(umask, 8));
}

/** Makes this process what the server shall be, once it has what only the user who started it may have. */
export function settle({ chdir, pidFile }: Values, identity: Identity | undefined): void {
  if (identity) {
    orFail('permission', () => {
      become(identity);
    });
  }
  if (chdir !== undefined) {
    orFail('file', () => {
      process.chdir(chdir);
    });
  }
  // Again, as who it is now.
  if (pidFile !== undefined && identity) claimable(pidFile, { alone: false });
}

/** Writes the pid file, in place of that of the master whose place this one takes. */
export function publish({ pidFile }: Values): PidFile | undefined {
  return pidFile === undefined ? undefined : orFail('pidFile', () => writePidFile(pidFile, predecessor()?.pid));
}

/** The pid file is there as long as the server is: removed when it has stopped, and put back if a new master has failed. */
export function keep(file: PidFile, master: Master, note: Note): void {
  master.on('upgrading', (finished) => {
    finished.catch(() => {
      try {
        file.renew();
      } catch (error) {
        note('no pid file', {}, { reason: (error as Error).message });
      }
    });
  });
  master.once('stopped', () => {
    try {
      file.remove();
    } catch (error) {
      // Its lock is free with the end of this process: the next server replaces it.
      note('pid file left', {}, { reason: (error as Error).message });
    }
  });
}
