// How a traced program has ended.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  CLD_DUMPED,
  CLD_KILLED,
  close,
  isPosixError,
  P_PID,
  pidfd_open,
  signalName,
  waitid,
  Watcher,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from '../posix/index.js';

/** How a program has ended: one of the two is null. */
export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | number | null;
}

function signalThatEnded(pid: number): ProgramEnd['signal'] {
  const { code, status } = waitid(P_PID, pid, WEXITED | WNOHANG | WNOWAIT);
  return code === CLD_KILLED || code === CLD_DUMPED ? signalName(status) : null;
}

/**
 * Waits for the end of a child that has been started in this turn of the event loop.
 *
 * Of one that a real-time signal has ended, Node says that it exited with 0: it knows no such signals. So the kernel is asked
 * before Node takes the status away. Its pidfd tells of the end before SIGCHLD comes, and the event loop sees to signals last.
 * Where there are no pidfds, or another child's SIGCHLD has Node look in just that moment, it is as Node says.
 */
export async function endOf(child: ChildProcess): Promise<ProgramEnd> {
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const { pid = 0 } = child;
  const asked: { signal: ProgramEnd['signal'] } = { signal: null };
  let pidfd: number | undefined;
  let watcher: Watcher | undefined;
  try {
    pidfd = pidfd_open(pid, 0);
    watcher = new Watcher(pidfd, () => {
      watcher?.close();
      try {
        asked.signal = signalThatEnded(pid);
      } catch (error) {
        if (!isPosixError(error, 'ECHILD')) throw error;
      }
    });
  } catch {
    // ENOSYS, EPERM in a sandbox, EMFILE.
  }
  try {
    const [exitCode, signal] = await ended;
    return asked.signal === null ? { exitCode, signal } : { exitCode: null, signal: asked.signal };
  } finally {
    watcher?.close();
    if (pidfd !== undefined) close(pidfd);
  }
}
