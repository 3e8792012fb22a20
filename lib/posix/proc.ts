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
  /** How long it has computed, in user mode and in the kernel, in clock ticks; those of its ended children are not in it. */
  readonly userTime: number;
  readonly systemTime: number;
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
  return {
    pid,
    command: text.slice(open + 1, end),
    state,
    ppid: Number(ppid),
    started: Number(rest[17]),
    userTime: Number(rest[9]),
    systemTime: Number(rest[10]),
  };
}

/** The resident memory of a process, in bytes. */
export interface ProcessMemory {
  /** What nobody else has mapped: its end would give it back. Known as USS. */
  readonly private: number;
  /** What others have mapped too. With `private` it is the resident set, RSS. */
  readonly shared: number;
  /** `private`, and of each shared page its part: the sum over all processes is what they take together. Known as PSS. */
  readonly proportional: number;
}

/**
 * How much memory a process has, by /proc/PID/smaps_rollup; undefined if there is no such process, or it is somebody
 * else's. The kernel walks its page tables for it: about a millisecond for 100 MB.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_smaps.5.html
 */
export function processMemory(pid: number): ProcessMemory | undefined {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  } catch {
    return undefined;
  }
  const sums = { Private: 0, Shared: 0, Pss: 0 };
  for (const [, kind, pss, amount] of text.matchAll(/^(?:(Private|Shared)_\w+|(Pss)): +(\d+) kB$/gm)) {
    sums[(kind ?? pss) as keyof typeof sums] += Number(amount) * 1024;
  }
  return { private: sums.Private, shared: sums.Shared, proportional: sums.Pss };
}
