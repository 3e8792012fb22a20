import { readFileSync } from 'node:fs';

/** A process as /proc/PID/stat has it. */
export interface ProcessStat {
  readonly pid: number;
  readonly command: string;
  /** R running, S sleeping, D waiting for a disk, T stopped, t traced, Z zombie, X dead, I idle. */
  readonly state: string;
  readonly ppid: number;
  /** When it was started, in clock ticks since boot: with the pid it names a process for good. */
  readonly started: number;
}

/**
 * What /proc says of a process; undefined if there is none.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function processStat(pid: number): ProcessStat | undefined {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command, in parentheses, may itself have parentheses and spaces.
  const open = text.indexOf('(');
  const end = text.lastIndexOf(')');
  const [state = '', ppid, ...rest] = text.slice(end + 2).split(' ');
  return { pid, command: text.slice(open + 1, end), state, ppid: Number(ppid), started: Number(rest[17]) };
}
