import { flags, int } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';
import { signalName, type Signal } from './signal.js';

/** Option of waitpid: if no child has changed its state, return at once with pid 0. */
export const WNOHANG = constant('WNOHANG');
/** Option of waitpid: also report children that were stopped by a signal. */
export const WUNTRACED = constant('WUNTRACED');
/** Option of waitpid: also report children that SIGCONT has resumed. */
export const WCONTINUED = constant('WCONTINUED');

/** What waitpid found. */
export interface WaitResult {
  /** The child, or 0: with WNOHANG, nothing to report yet. */
  pid: number;
  /** The raw status, for the `WIF…` functions and `decodeWaitStatus`. 0 if pid is 0. */
  status: number;
}

const out = new Int32Array(1);

/**
 * Waits for a child to change its state. Without WNOHANG it blocks the whole process, its event loop too.
 *
 * @param pid a child; -1: any child, which takes the exits of `child_process` away from Node; 0: any of our process
 *   group; less than -1: any of the process group -pid
 * @param options 0, or `WNOHANG | WUNTRACED | WCONTINUED`
 * @throws {ChildProcessError} ECHILD: no such child, or it has been waited for
 * @throws {InterruptedError} EINTR: a signal came (see `siginterrupt`)
 * @throws {PosixError} EINVAL: other options
 * @see https://man7.org/linux/man-pages/man2/waitpid.2.html
 */
export function waitpid(pid: number, options: number): WaitResult {
  int('pid', pid);
  flags('options', options);
  out[0] = 0;
  const found = answered(native.waitpid(pid, options, out), 'waitpid', pid, { pid }, waitpid);
  return { pid: found, status: out[0] };
}

// The layout of the status is the kernel's interface, the same on all architectures (<bits/waitstatus.h>).

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

/** A status of waitpid, decoded. */
export type WaitStatus =
  | { readonly state: 'exited'; readonly code: number }
  | { readonly state: 'signaled'; readonly signal: Signal; readonly coreDumped: boolean }
  | { readonly state: 'stopped'; readonly signal: Signal }
  | { readonly state: 'continued' };

/** What a raw status of waitpid says. */
export function decodeWaitStatus(status: number): WaitStatus {
  if (WIFCONTINUED(status)) return { state: 'continued' };
  if (WIFSTOPPED(status)) return { state: 'stopped', signal: signalName(WSTOPSIG(status)) };
  if (WIFSIGNALED(status)) {
    return { state: 'signaled', signal: signalName(WTERMSIG(status)), coreDumped: WCOREDUMP(status) };
  }
  return { state: 'exited', code: WEXITSTATUS(status) };
}
