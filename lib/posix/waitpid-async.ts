import { Aborts } from '../aborts.js';
import { abortSignal, object } from '../mistakes.js';
import { INT_MAX, integer, wrongValue } from './arguments.js';
import { ChildWatcher } from './child-watcher.js';
import { answered, errno } from './errno.js';
import { native } from './native.js';
import type { WaitResult } from './wait.js';

const aborts = new Aborts();

/**
 * Waits for a child to end, as `waitpid(pid, 0)`, and does not block: not by SIGCHLD but by a descriptor of the child (Linux
 * 5.3; before, by the signal). It waits for this child, and no other; who waits for one at the same time, by this function or a
 * `Reaper`, gets the same status.
 *
 * It keeps the event loop alive until the child has ended. In a child that is forked meanwhile it is never settled.
 *
 * @param pid a child of this process. Those of `child_process`, for which Node waits itself, are refused
 * @param options `signal`: when it aborts nobody waits any more, and the child is there to be waited for again
 * @returns the pid, and the raw status
 * @throws {ChildProcessError} ECHILD: it is no child, or somebody else has waited for it (`waitpid(-1, …)`, say)
 * @throws {unknown} the `reason` of the signal
 * @throws {TypeError | RangeError} no pid: 0 and less mean several children to waitpid(2); a child of `child_process`
 * @see https://man7.org/linux/man-pages/man2/waitpid.2.html
 *
 * @example
 * const { status } = await waitpidAsync(pid, { signal: AbortSignal.timeout(5_000) });
 */
export async function waitpidAsync(pid: number, options: { signal?: AbortSignal } = {}): Promise<WaitResult> {
  integer('pid', pid, 1, INT_MAX);
  const signal = abortSignal('options.signal', object('options', options).signal);
  if (native.spawned().includes(pid)) {
    throw wrongValue('pid', 'must not be a child of child_process, which waits for it itself', pid);
  }
  signal?.throwIfAborted();
  const end = await endOf(pid, signal);
  if (end === 'aborted') signal?.throwIfAborted();
  if (end === 'lost') answered(-errno.ECHILD, 'waitpid', pid, { pid }, waitpidAsync);
  return { pid, status: Number(end) };
}

function endOf(pid: number, signal: AbortSignal | undefined): Promise<number | 'lost' | 'aborted'> {
  return new Promise((resolve) => {
    const wait = {
      abort() {
        watcher.close();
        settle('aborted');
      },
    };
    const settle = (end: number | 'lost' | 'aborted') => {
      if (signal) aborts.delete(signal, wait);
      resolve(end);
    };
    const watcher = new ChildWatcher(pid, (status) => {
      settle(status ?? 'lost');
    });
    if (signal) aborts.add(signal, wait);
  });
}
