// How `truefork` ends: the one table of its exit codes, its help and the guide. Those of `serve` are of sysexits(3), which
// systemd shows by their names; none of them is one that Node.js itself ends with.
import { ForkUnsafeError, PosixError } from '../posix/index.js';
import { PreforkError } from '../prefork/index.js';
import { UsageError } from './command.js';
import { shown, tell } from './output.js';

interface Row {
  readonly code: number;
  readonly help: string;
}

export const exitCodes = {
  ok: { code: 0, help: 'it was stopped as intended' },
  failure: { code: 1, help: 'something else went wrong' },
  usage: { code: 2, help: 'the command line is wrong' },
  servable: { code: 65, help: 'FILE exports nothing that can be served' },
  application: { code: 66, help: 'FILE is not there, or cannot be loaded' },
  user: { code: 67, help: 'there is no such user or group' },
  address: { code: 69, help: 'the address is in use, or cannot be listened on' },
  boot: { code: 70, help: 'the workers end before they are ready' },
  system: { code: 71, help: 'no process could be forked' },
  file: { code: 72, help: 'the working directory or the log file cannot be used' },
  pidFile: { code: 73, help: 'the pid file cannot be written' },
  running: { code: 75, help: 'the pid file is of a server that runs' },
  permission: { code: 77, help: 'this user may not become that user or group' },
  configuration: { code: 78, help: 'a setting is wrong' },
} as const satisfies Record<string, Row>;

export type Ending = keyof typeof exitCodes;

/** Why a command ends, with an exit code of its own. */
export class Failure extends Error {
  readonly ending: Ending;

  constructor(ending: Ending, message: string, cause?: unknown) {
    super(message, { cause });
    this.ending = ending;
  }
}

/** The exit code of a command that ends with this error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Failure) return exitCodes[error.ending].code;
  if (error instanceof UsageError) return exitCodes.usage.code;
  if (error instanceof PreforkError && error.code === 'ERR_PREFORK_BOOT') return exitCodes.boot.code;
  if (error instanceof PreforkError && error.code === 'ERR_PREFORK_MOLD') return moldsExitCode(error);
  if (isAddressError(error)) return exitCodes.address.code;
  return isForkError(error) ? exitCodes.system.code : exitCodes.failure.code;
}

// Of a name that no address is known of, too: the error is one of Node.js.
function isAddressError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && /^(bind|listen|getaddrinfo)$/.test(String(error.syscall));
}

// That of the mold, which has looked at what was wrong; another if a signal ended it.
function moldsExitCode({ status }: PreforkError): number {
  return status?.state === 'exited' && status.code !== 0 ? status.code : exitCodes.application.code;
}

/** Whether a process could not be forked. */
export function isForkError(error: unknown): boolean {
  return error instanceof ForkUnsafeError || (error instanceof PosixError && error.syscall === 'fork');
}

/** What is said of it. */
export function complaintOf(error: unknown): string {
  return `truefork: ${shown(error instanceof Error ? error.message : String(error))}\n`;
}

/** As the process ends: it does so with this. */
export function endWith(failure: Failure): void {
  tell(complaintOf(failure));
  process.exitCode = exitCodeOf(failure);
}
