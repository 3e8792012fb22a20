// Which master a command is about, by its pid or the pid file of its server; and what it answers.
import { statSync } from 'node:fs';
import { become, identityOf, readPidFile } from '../daemon/index.js';
import { isPosixError } from '../posix/index.js';
import { askMaster, ControlError, families } from '../prefork/index.js';
import { UsageError } from './command.js';
import { Failure } from './exit-codes.js';

/**
 * The process that an operand names, as whose user this one goes on.
 *
 * @throws {UsageError} it is neither a pid nor a file
 * @throws {Failure} the pid file is not of a server that runs
 */
export function processOf(operand: string): number {
  const pid = /^[1-9]\d{0,9}$/.test(operand) ? Number(operand) : pidInFile(operand);
  becomeOwnerOf(pid);
  return pid;
}

/**
 * The master of this user that an operand names, which has a scoreboard. It runs: the pid of one that has ended may be
 * somebody else's by now.
 *
 * @throws {UsageError | Failure} as `processOf`
 * @throws {Failure} no master of this user's has this pid
 */
export function masterOf(operand: string): number {
  const pid = processOf(operand);
  if (!hasScoreboard(pid)) throw noMaster(pid);
  return pid;
}

function hasScoreboard(pid: number): boolean {
  return families().some(({ master }) => master === pid);
}

function noMaster(pid: number): Failure {
  return new Failure('failure', `process ${pid} is no master of yours`);
}

/**
 * What a master answers.
 *
 * @throws {Failure} what it has against it; or that it cannot be asked
 */
export async function asked(master: number, request: string): Promise<unknown> {
  try {
    return await askMaster(master, request);
  } catch (error) {
    const why = (error as Error).message;
    if (error instanceof ControlError) throw new Failure('failure', why, error);
    // Nobody is there. A master that could not make its control socket has a scoreboard, as a rule.
    const { code } = error as NodeJS.ErrnoException;
    if ((code === 'ENOENT' || code === 'ECONNREFUSED') && !hasScoreboard(master)) throw noMaster(master);
    throw new Failure('failure', `master ${master} cannot be asked: ${why}`, error);
  }
}

function pidInFile(path: string): number {
  let pid;
  try {
    pid = readPidFile(path);
  } catch (error) {
    if (isPosixError(error, 'ENOENT')) throw new UsageError(`PID is a number or the path of a pid file, not '${path}'`);
    throw new Failure('failure', `${path} cannot be read as a pid file: ${(error as Error).message}`, error);
  }
  if (pid === undefined) throw new Failure('failure', `the server of ${path} does not run`);
  return pid;
}

// Root asks as the user that the master became (--user): what the master keeps while it runs is that user's.
function becomeOwnerOf(pid: number): void {
  if (process.geteuid?.() !== 0) return;
  const owner = statSync(`/proc/${pid}`, { throwIfNoEntry: false });
  if (owner && owner.uid !== 0) become(identityOf(String(owner.uid), String(owner.gid)));
}
