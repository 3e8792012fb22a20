import { flagBits, int, INT_MAX, integer } from './arguments.js';
import { hasEnded } from './children.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';
import { usage, usageOut, type ResourceUsage } from './usage.js';
import { WIFEXITED, WIFSIGNALED } from './wait-status.js';

/** Option: if no child has changed its state, return at once with pid 0. */
export const WNOHANG = constant('WNOHANG');
/** Option of waitpid: also report children that were stopped by a signal. */
export const WUNTRACED = constant('WUNTRACED');
/** Option: also report children that SIGCONT has resumed. */
export const WCONTINUED = constant('WCONTINUED');
/** Option of waitid: report children that have ended. */
export const WEXITED = constant('WEXITED');
/** Option of waitid: report children that were stopped by a signal. */
export const WSTOPPED = constant('WSTOPPED');
/** Option of waitid: leave the child as it is, so that it can be waited for again. */
export const WNOWAIT = constant('WNOWAIT');
/** Option: only children of the calling thread. Those that a process is left with are its main thread's. */
export const __WNOTHREAD = constant('__WNOTHREAD');

/** Whom waitid waits for: any child; the id is ignored. */
export const P_ALL = constant('P_ALL');
/** Whom waitid waits for: the child with this pid. */
export const P_PID = constant('P_PID');
/** Whom waitid waits for: any child of this process group; 0: of the caller's. */
export const P_PGID = constant('P_PGID');
/** Whom waitid waits for: the child of this descriptor (`pidfd_open`). Linux 5.4. */
export const P_PIDFD = constant('P_PIDFD');

/** `code` of waitid and of SIGCHLD: it has exited. */
export const CLD_EXITED = constant('CLD_EXITED');
/** `code` of waitid and of SIGCHLD: a signal has killed it. */
export const CLD_KILLED = constant('CLD_KILLED');
/** `code` of waitid and of SIGCHLD: a signal has killed it, and it has left a core dump. */
export const CLD_DUMPED = constant('CLD_DUMPED');
/** `code` of waitid and of SIGCHLD: a signal has stopped it. */
export const CLD_STOPPED = constant('CLD_STOPPED');
/** `code` of waitid and of SIGCHLD: it is traced, and has stopped for its tracer. */
export const CLD_TRAPPED = constant('CLD_TRAPPED');
/** `code` of waitid and of SIGCHLD: SIGCONT has resumed it. */
export const CLD_CONTINUED = constant('CLD_CONTINUED');

/** What waitpid found. */
export interface WaitResult {
  /** The child, or 0: with WNOHANG, nothing to report yet. */
  pid: number;
  /** The raw status, for the `WIF…` functions, `decodeWaitStatus` and `waitstatus_to_exitcode`. 0 if pid is 0. */
  status: number;
}

/** What wait3 and wait4 found. */
export interface WaitUsageResult extends WaitResult {
  /** What the child and its own children have used, if it has ended. All 0 if pid is 0. */
  rusage: ResourceUsage;
}

const out = new Int32Array(1);

function reported(found: number): WaitResult {
  const [status = 0] = out;
  if (found > 0 && (WIFEXITED(status) || WIFSIGNALED(status))) hasEnded(found);
  return { pid: found, status };
}

/**
 * Waits for any child to end: `waitpid(-1, 0)`. It blocks the whole process, its event loop too, and takes the exits of
 * `child_process` away from Node.
 *
 * @throws {ChildProcessError} ECHILD: there is no child
 * @throws {InterruptedError} EINTR: a signal came (see `siginterrupt`)
 * @see https://man7.org/linux/man-pages/man2/wait.2.html
 */
export function wait(): WaitResult {
  out[0] = 0;
  return reported(answered(native.waitpid(-1, 0, out), 'wait', '', {}, wait));
}

/**
 * Waits for a child to change its state. Without WNOHANG it blocks the whole process, its event loop too; `waitpidAsync` does
 * not.
 *
 * @param pid a child; -1: any child, which takes the exits of `child_process` away from Node; 0: any of our process
 *   group; less than -1: any of the process group -pid
 * @param options 0, or `WNOHANG | WUNTRACED | WCONTINUED`
 * @throws {ChildProcessError} ECHILD: no such child, or it has been waited for
 * @throws {InterruptedError} EINTR: a signal came (see `siginterrupt`)
 * @throws {ProcessLookupError} ESRCH: `pid` is -2³¹
 * @throws {PosixError} EINVAL: other options
 * @see https://man7.org/linux/man-pages/man2/waitpid.2.html
 */
export function waitpid(pid: number, options: number): WaitResult {
  int('pid', pid);
  flagBits('options', options);
  out[0] = 0;
  const found = native.waitpid(pid, options, out);
  if (found < 0) answered(found, 'waitpid', pid, { pid }, waitpid);
  return reported(found);
}

/**
 * As `waitpid(-1, options)`, and tells what the child has used.
 *
 * @param options 0, or `WNOHANG | WUNTRACED | WCONTINUED`
 * @throws as `waitpid`
 * @see https://man7.org/linux/man-pages/man2/wait3.2.html
 */
export function wait3(options: number): WaitUsageResult {
  flagBits('options', options);
  out[0] = 0;
  const found = answered(native.wait4(-1, options, out, usageOut), 'wait3', options, {}, wait3);
  return { ...reported(found), rusage: usage() };
}

/**
 * As `waitpid`, and tells what the child has used.
 *
 * @param pid whom to wait for, as for `waitpid`
 * @param options 0, or `WNOHANG | WUNTRACED | WCONTINUED`
 * @throws as `waitpid`
 * @see https://man7.org/linux/man-pages/man2/wait4.2.html
 */
export function wait4(pid: number, options: number): WaitUsageResult {
  int('pid', pid);
  flagBits('options', options);
  out[0] = 0;
  const found = answered(native.wait4(pid, options, out, usageOut), 'wait4', pid, { pid }, wait4);
  return { ...reported(found), rusage: usage() };
}

/** What waitid tells of a child, as `siginfo_t` has it. */
export interface ChildInfo {
  /** The child, or 0: with WNOHANG, nothing to report yet. */
  pid: number;
  /** Its real user. */
  uid: number;
  /** What happened: `CLD_EXITED`, `CLD_KILLED`, `CLD_DUMPED`, `CLD_STOPPED`, `CLD_TRAPPED` or `CLD_CONTINUED`. */
  code: number;
  /** The exit code if `CLD_EXITED`, otherwise the number of the signal. */
  status: number;
}

const info = new Int32Array(4);

/**
 * Waits for a child to change its state in one of the ways of `options`. Without WNOHANG it blocks the whole process, its
 * event loop too.
 *
 * @param idtype `P_ALL`, `P_PID`, `P_PGID` or `P_PIDFD`
 * @param id the pid, process group or descriptor, 0 and more
 * @param options one or more of `WEXITED | WSTOPPED | WCONTINUED`, and any of `WNOHANG | WNOWAIT | __WNOTHREAD`
 * @throws {ChildProcessError} ECHILD: no such child, or it has been waited for
 * @throws {InterruptedError} EINTR: a signal came (see `siginterrupt`)
 * @throws {BlockingIOError} EAGAIN: the process of a descriptor with `PIDFD_NONBLOCK` lives
 * @throws {PosixError} EINVAL: other options, or another idtype; EBADF: `id` is no descriptor of a process
 * @see https://man7.org/linux/man-pages/man2/waitid.2.html
 */
export function waitid(idtype: number, id: number, options: number): ChildInfo {
  int('idtype', idtype);
  integer('id', id, 0, INT_MAX);
  flagBits('options', options);
  const about = idtype === P_PID ? { pid: id } : idtype === P_PIDFD ? { fd: id } : {};
  answered(native.waitid(idtype, id, options, info), 'waitid', `${idtype}, ${id}, ${options}`, about, waitid);
  const [pid = 0, uid = 0, code = 0, status = 0] = info;
  if ((options & WNOWAIT) === 0 && [CLD_EXITED, CLD_KILLED, CLD_DUMPED].includes(code)) hasEnded(pid);
  return { pid, uid: uid >>> 0, code, status };
}
