import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { object } from '../mistakes.js';
import { INT_MAX, integer } from './arguments.js';
import { bootTime, pids, processArguments, processStat, processUser } from './proc.js';
import { getpagesize, sysconf } from './sysconf.js';

/** A process as ps(1) shows it. */
export interface ProcessEntry {
  /** Its id. */
  readonly pid: number;
  /** Its parent; 0: it has none in this pid namespace. */
  readonly ppid: number;
  /** Its process group. */
  readonly pgid: number;
  /** Its session. */
  readonly sid: number;
  /** Its controlling terminal, for example `'pts/3'`; undefined: it has none. */
  readonly tty: string | undefined;
  /** R running, S sleeping, D waiting for a disk, T stopped, t traced, Z zombie, X dead, I idle. */
  readonly state: string;
  /** The name of its main thread, of 15 bytes at most: of its program, if it has not changed it. */
  readonly command: string;
  /** Its arguments: of a zombie, and of a thread of the kernel, none. */
  readonly args: readonly string[];
  /** The user that it acts as. */
  readonly uid: number;
  /** When it was started, in milliseconds of the epoch, in steps of the clock's tick, mostly 10. */
  readonly startTime: number;
  /** Seconds of processor time outside the kernel, in steps of the clock's tick. */
  readonly utime: number;
  /** Seconds of processor time in the kernel. */
  readonly stime: number;
  /** The memory that is resident, in bytes. */
  readonly rss: number;
}

/** Which processes: those for which all of it is so. */
export interface PsOptions {
  /** Those of this session. Default: of all. */
  session?: number;
  /** Those of this process group. Default: of all. */
  group?: number;
  /** The children of this process. Default: of all. */
  parent?: number;
}

// The devices of pseudo-terminals, which /sys does not list: 256 for each of these numbers.
const PTY_MAJORS = { first: 136, last: 143 };

// The kernel's encoding of a device's number: the minor one is in two parts.
function terminalName(device: number, known: Map<number, string>): string | undefined {
  if (device === 0) return undefined;
  let name = known.get(device);
  if (name !== undefined) return name;
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= PTY_MAJORS.first && major <= PTY_MAJORS.last) {
    name = `pts/${(major - PTY_MAJORS.first) * 256 + minor}`;
  } else {
    try {
      name = basename(readlinkSync(`/sys/dev/char/${major}:${minor}`));
    } catch {
      name = `${major}:${minor}`;
    }
  }
  known.set(device, name);
  return name;
}

/**
 * The processes of this system, of its pid namespace, as /proc has them: what `ps -ajx` shows. Each entry is of one moment, but
 * not all of the same. One that ends meanwhile is not in it, or as a zombie.
 *
 * @param options which; all if absent
 * @returns by pid, in ascending order
 * @throws {TypeError | RangeError} an option that is no pid
 * @throws {Error} ENOENT: there is no /proc
 * @see https://man7.org/linux/man-pages/man1/ps.1.html
 *
 * @example
 * console.table(ps({ session: getsid(0) }), ['ppid', 'pid', 'pgid', 'sid', 'tty', 'state', 'command']);
 */
export function ps(options: PsOptions = {}): ProcessEntry[] {
  const { session, group, parent } = object('options', options);
  if (session !== undefined) integer('options.session', session, 0, INT_MAX);
  if (group !== undefined) integer('options.group', group, 0, INT_MAX);
  if (parent !== undefined) integer('options.parent', parent, 0, INT_MAX);
  const tick = 1 / (sysconf('SC_CLK_TCK') ?? NaN);
  const page = getpagesize();
  const boot = bootTime();
  const terminals = new Map<number, string>();
  const entries: ProcessEntry[] = [];
  for (const pid of pids()) {
    const stat = processStat(pid);
    if (!stat) continue;
    const { ppid, pgid, sid } = stat;
    if ((session ?? sid) !== sid || (group ?? pgid) !== pgid || (parent ?? ppid) !== ppid) continue;
    const args = processArguments(pid);
    const uid = processUser(pid);
    // It has been waited for meanwhile.
    if (args === undefined || uid === undefined) continue;
    entries.push({
      pid,
      ppid,
      pgid,
      sid,
      tty: terminalName(stat.tty, terminals),
      state: stat.state,
      command: stat.command,
      args,
      uid,
      startTime: Math.round((boot + stat.started * tick) * 1000),
      utime: stat.userTime * tick,
      stime: stat.systemTime * tick,
      rss: stat.resident * page,
    });
  }
  return entries;
}
