// Which master a command is about: its pid, or the pid file of its server.
import { statSync } from 'node:fs';
import { become, identityOf, readPidFile } from '../daemon/index.js';
import { isPosixError } from '../posix/index.js';
import { UsageError } from './command.js';
import { Failure } from './exit-codes.js';

/**
 * The pid that an operand names.
 *
 * @throws {UsageError} it is neither a pid nor a file
 * @throws {Failure} the pid file is not of a server that runs
 */
export function masterOf(operand: string): number {
  const pid = /^[1-9]\d*$/.test(operand) ? Number(operand) : pidInFile(operand);
  becomeOwnerOf(pid);
  return pid;
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
