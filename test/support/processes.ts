// What /proc says of the processes that a test has started.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProcessEntry {
  pid: number;
  /** As in proc_pid_stat(5); Z: a zombie. */
  state: string;
  ppid: number;
  group: number;
}

/** Every process that there is, zombies included. */
export function processes(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      let text;
      try {
        text = readFileSync(`/proc/${name}/stat`, 'latin1');
      } catch {
        return []; // It has ended meanwhile.
      }
      const [state = '', ppid, group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(name), state, ppid: Number(ppid), group: Number(group) }];
    });
}

/** The processes of a group: a program, by its pid, and all that it has forked. */
export function groupOf(group: number): ProcessEntry[] {
  return processes().filter((entry) => entry.group === group);
}

/** The children of a process, at this moment: without a look at the whole of /proc. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
}

/** How many descriptors a process has open, and how many threads it has. */
export function resourcesOf(pid: number): { descriptors: number; threads: number } {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** For how long the main thread of a process was ready to run and did not, in milliseconds: the others had the processors. */
export function waitedForProcessor(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6;
}

/** Where a process waits in the kernel, and the descriptors in each of its epoll sets, with the events. */
export function waitsIn(pid: number): string {
  try {
    const folder = `/proc/${pid}/fdinfo`;
    const sets = readdirSync(folder).map((fd) => {
      const lines = readFileSync(join(folder, fd), 'latin1').matchAll(/^tfd: +(\d+) events: +(\w+)/gm);
      return { fd, watched: Array.from(lines, ([, watched, events]) => `${watched}:${events}`) };
    });
    const polled = sets.filter(({ watched }) => watched.length > 0);
    const texts = polled.map(({ fd, watched }) => `epoll ${fd} of ${watched.join(' ')}`);
    return [readFileSync(`/proc/${pid}/wchan`, 'latin1'), ...texts].join(', ');
  } catch {
    return ''; // It has ended meanwhile.
  }
}
