// The children that this process has made itself, as against those that it was left with.
import { errno } from './errno.js';
import { constant, native } from './native.js';

const forked = new Set<number>();

/** They are this process's, until somebody waits for them. */
export function wereForked(pids: readonly number[]): void {
  for (const pid of pids) forked.add(pid);
}

/** It has been waited for: its pid may soon be another's. */
export function hasEnded(pid: number): void {
  forked.delete(pid);
}

/** In a child: they are its parent's. */
export function areNotMine(children = forked): void {
  // To clear an empty one makes a new table.
  if (children.size > 0) children.clear();
}

/**
 * The children that this process has made, by `fork`, or by `child_process` in this thread, and that nobody has waited for.
 * What its forks have made as their siblings is not among them, nor what an addon has made.
 *
 * @returns their pids, in no order
 */
export function ownChildren(): number[] {
  for (const pid of forked) if (!isChild(pid)) forked.delete(pid);
  return [...forked, ...native.spawned()];
}

const PEEK = constant('WEXITED') | constant('WNOHANG') | constant('WNOWAIT');
const P_PID = constant('P_PID');
const ignored = new Int32Array(4);

// Another thread, or an addon, may have waited for it.
function isChild(pid: number): boolean {
  return native.waitid(P_PID, pid, PEEK, ignored) !== -errno.ECHILD;
}
