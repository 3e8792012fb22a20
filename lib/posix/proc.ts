import { readdirSync, readFileSync } from 'node:fs';
import { native, needLinux } from './native.js';

/** A process as /proc/PID/stat has it. */
export interface ProcessStat {
  /** Its id. */
  readonly pid: number;
  /** The name of its program or of its main thread, up to 15 bytes. */
  readonly command: string;
  /** R running, S sleeping, D waiting for a disk, T stopped, t traced, Z zombie, X dead, I idle. */
  readonly state: string;
  /** Its parent; 0: it has none in this pid namespace. */
  readonly ppid: number;
  /** Its process group. */
  readonly pgid: number;
  /** Its session. */
  readonly sid: number;
  /** The number of its controlling terminal's device, as the kernel has it; 0: it has none. */
  readonly tty: number;
  /** When it was started, in clock ticks since boot: with the pid it names a process for good. */
  readonly started: number;
  /** How long it has computed in user mode, in clock ticks (`sysconf('SC_CLK_TCK')` a second); without its ended children. */
  readonly userTime: number;
  /** The same in the kernel. */
  readonly systemTime: number;
  /** The memory that is resident, in pages. */
  readonly resident: number;
}

/**
 * What /proc says of a process; undefined if there is none.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function processStat(pid: number): ProcessStat | undefined {
  needLinux('processStat');
  const text = procFile(pid, 'stat');
  if (text === undefined) return undefined;
  // The command, in parentheses, may itself have parentheses and spaces.
  const open = text.indexOf('(');
  const end = text.lastIndexOf(')');
  const [state = '', ...fields] = text.slice(end + 2).split(' ');
  // By its number in the man page.
  const field = (number: number) => Number(fields[number - 4]);
  return {
    pid,
    command: text.slice(open + 1, end),
    state,
    ppid: field(4),
    pgid: field(5),
    sid: field(6),
    tty: field(7),
    started: field(22),
    userTime: field(14),
    systemTime: field(15),
    resident: field(24),
  };
}

/** The pids of all processes that there are in this pid namespace, in ascending order. */
export function pids(): number[] {
  needLinux('pids');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * The arguments of a process, the name that its program was called by first: of a zombie, and of a thread of the kernel, none.
 * Undefined if there is no such process.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_cmdline.5.html
 */
export function processArguments(pid: number): string[] | undefined {
  needLinux('processArguments');
  const text = procFile(pid, 'cmdline');
  if (text === undefined) return undefined;
  // Each ends with a null byte; one that has written over them, as process.title does, leaves several at the end, or none.
  return text === '' ? [] : text.replace(/\0+$/, '').split('\0');
}

/** The user that it acts as; undefined if there is no such process. */
export function processUser(pid: number): number | undefined {
  const effective = /^Uid:\t\d+\t(\d+)/m.exec(procFile(pid, 'status') ?? '')?.[1];
  return effective === undefined ? undefined : Number(effective);
}

/** When the system was started, in seconds of the epoch. */
export function bootTime(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]);
}

/**
 * The children of the calling thread, also those that have ended and not been waited for. A thread that ends leaves its own
 * to the main thread, and a process whose parent ends is left to the main thread of another.
 *
 * @returns their pids, in the order in which they became its children
 * @throws {Error} ENOENT: this kernel has been built without CONFIG_PROC_CHILDREN, or there is no /proc of this pid namespace
 * @see https://man7.org/linux/man-pages/man5/proc_tid_children.5.html
 */
export function childrenOfThread(): number[] {
  needLinux('childrenOfThread');
  return readFileSync('/proc/thread-self/children', 'latin1').split(' ').filter(Boolean).map(Number);
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
  needLinux('processMemory');
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

/**
 * What the main thread of a process sits in: `futex(2)`, `read(2)`, or `running`, `stopped`. A call that no signal ends, a read
 * from a disk that does not answer, is `uninterruptible read(2)`. Of a process that this one may not trace, the kernel tells only
 * that it is `sleeping` or `uninterruptible`; of one of its own, a function of the kernel's at most. Undefined if there is no such
 * process, or it has ended.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_syscall.5.html
 */
export function blockedIn(pid: number): string | undefined {
  const state = processStat(pid)?.state;
  if (state === undefined || /[ZXx]/.test(state)) return undefined;
  if (/[Tt]/.test(state)) return 'stopped';
  if (state === 'R') return 'running';
  const call = callOf(pid) ?? placeInKernel(pid);
  if (state === 'D') return call === undefined ? 'uninterruptible' : `uninterruptible ${call}`;
  return call ?? 'sleeping';
}

function callOf(pid: number): string | undefined {
  // "running" if it has gone on meanwhile, "-1 SP PC" outside of a system call, or "NR A1 … A6 SP PC". All is 0 of one of the
  // kernel's own, which is in no call.
  const [, running, number] = /^(?:(running)|(\d+) .* 0x(?!0 )\w+ \w+)$/m.exec(procFile(pid, 'syscall') ?? '') ?? [];
  if (number === undefined) return running;
  const name = native.syscallName(Number(number));
  return name === undefined ? `system call ${number}` : `${name}(2)`;
}

/** The kernel's function in which it waits: in none, or in one that is not ours to know, it is 0. */
function placeInKernel(pid: number): string | undefined {
  const place = procFile(pid, 'wchan');
  return place === '0' || place === '' ? undefined : place;
}

function procFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
