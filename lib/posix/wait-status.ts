// The status that the calls of the wait family give. Its layout is the kernel's interface, the same on all architectures
// (<bits/waitstatus.h>).
import { int, wrongValue } from './arguments.js';
import { signalName, type Signal } from './signal.js';

/** Whether the child ended by itself. */
export function WIFEXITED(status: number): boolean {
  return WTERMSIG(status) === 0;
}

/** The exit code, 0 to 255, if WIFEXITED. */
export function WEXITSTATUS(status: number): number {
  return (int('status', status) >> 8) & 0xff;
}

/** Whether a signal ended the child. */
export function WIFSIGNALED(status: number): boolean {
  return WTERMSIG(status) !== 0 && WTERMSIG(status) !== 0x7f;
}

/** The number of the signal that ended the child, if WIFSIGNALED. */
export function WTERMSIG(status: number): number {
  return int('status', status) & 0x7f;
}

/** Whether the child left a core dump, if WIFSIGNALED. */
export function WCOREDUMP(status: number): boolean {
  return (int('status', status) & 0x80) !== 0;
}

/** Whether a signal stopped the child, which WUNTRACED reports. */
export function WIFSTOPPED(status: number): boolean {
  return (int('status', status) & 0xff) === 0x7f;
}

/** The number of the signal that stopped the child, if WIFSTOPPED. */
export function WSTOPSIG(status: number): number {
  return WEXITSTATUS(status);
}

/** Whether SIGCONT resumed the child, which WCONTINUED reports. */
export function WIFCONTINUED(status: number): boolean {
  return int('status', status) === 0xffff;
}

/**
 * A status of waitpid, decoded: `exited`, with its exit code, 0 to 255; `signaled`: ended by a signal, with a core dump or
 * without; `stopped` by a signal, with WUNTRACED; `continued` by SIGCONT, with WCONTINUED.
 */
export type WaitStatus =
  | { readonly state: 'exited'; readonly code: number }
  | { readonly state: 'signaled'; readonly signal: Signal; readonly coreDumped: boolean }
  | { readonly state: 'stopped'; readonly signal: Signal }
  | { readonly state: 'continued' };

/** How a child ended. */
export type ExitStatus = Extract<WaitStatus, { state: 'exited' | 'signaled' }>;

/** What a raw status of waitpid says. */
export function decodeWaitStatus(status: number): WaitStatus {
  if (WIFCONTINUED(status)) return { state: 'continued' };
  if (WIFSTOPPED(status)) return { state: 'stopped', signal: signalName(WSTOPSIG(status)) };
  if (WIFSIGNALED(status)) {
    return { state: 'signaled', signal: signalName(WTERMSIG(status)), coreDumped: WCOREDUMP(status) };
  }
  return { state: 'exited', code: WEXITSTATUS(status) };
}

/**
 * The exit code as a shell's `$?` or Python's `returncode` would have it: of a child that ended by itself its exit code, 0 to
 * 255; of one that a signal ended the signal's number, negative.
 *
 * @throws {TypeError} ERR_INVALID_ARG_VALUE: the child has not ended: it was stopped, or resumed
 * @see https://docs.python.org/3/library/os.html#os.waitstatus_to_exitcode
 */
export function waitstatus_to_exitcode(status: number): number {
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  if (WIFSIGNALED(status)) return -WTERMSIG(status);
  throw wrongValue('status', 'must be that of a child that has ended', status);
}
