// What the processes of a family take: memory and processor time, by /proc. It is read when somebody asks, and no oftener
// than the master can afford.
import { processMemory, processStat, type ProcessMemory } from '../posix/index.js';
import { now } from './place.js';

/** What a process has computed. */
export interface CpuUse {
  /** Since its fork, in milliseconds. */
  readonly time: number;
  /** Of one processor, in the last seconds: 1 is all of it. */
  readonly share: number;
}

// The kernel's USER_HZ, in which /proc counts time, is 100 on every platform that this runs on.
const TICK = 10; // milliseconds
/** A share is taken over this time at least, in milliseconds. */
const SPAN = 2_000;
/** After the processes were weighed, they are not again for this many times as long as it took. */
const REST = 50;
/** Nor before this has passed, in milliseconds. */
const SHORTEST_REST = 1_000;

interface Reading {
  /** When, by `now()`. */
  readonly at: number;
  readonly time: number;
}

interface Process {
  memory?: ProcessMemory | undefined;
  readings: readonly [earlier: Reading, later: Reading];
  stopped: boolean;
}

export class Resources {
  #processes = new Map<number, Process>();
  #weighing: Promise<void> | undefined;
  #restUntil = 0;
  #closed = false;

  /**
   * Looks at these processes, and forgets others.
   *
   * @param born when each was forked, by `now()`, by its pid
   */
  async look(born: ReadonlyMap<number, number>): Promise<void> {
    const at = now();
    const processes = new Map<number, Process>();
    for (const [pid, birth] of born) {
      const stat = processStat(pid);
      if (!stat) continue;
      const reading = { at, time: (stat.userTime + stat.systemTime) * TICK };
      const known = this.#processes.get(pid) ?? { readings: [{ at: birth, time: 0 }, reading] };
      const [earlier, later] = known.readings;
      // The later one is old enough to be the next one's earlier one.
      const readings = at - later.at >= SPAN ? ([later, reading] as const) : ([earlier, reading] as const);
      processes.set(pid, { ...known, readings, stopped: stat.state === 'T' || stat.state === 't' });
    }
    this.#processes = processes;
    await this.#weigh();
  }

  /** Null of one that has ended, or that the last look was not at. */
  memory(pid: number): ProcessMemory | null {
    return this.#processes.get(pid)?.memory ?? null;
  }

  /** Null as above. */
  cpu(pid: number): CpuUse | null {
    const process = this.#processes.get(pid);
    if (!process) return null;
    const [earlier, later] = process.readings;
    const span = later.at - earlier.at;
    const share = span > 0 ? Math.max(0, later.time - earlier.time) / span : 0;
    // To a thousandth: the kernel does not tell more.
    return { time: later.time, share: Math.round(share * 1_000) / 1_000 };
  }

  /** Whether a signal has stopped it (SIGSTOP, a debugger). */
  stopped(pid: number): boolean {
    return this.#processes.get(pid)?.stopped ?? false;
  }

  /** A forked child reads no further. */
  close(): void {
    this.#closed = true;
  }

  /** All that may be weighed again, and those that never were. Whoever comes meanwhile waits for the same. */
  #weigh(): Promise<void> {
    this.#weighing ??= this.#weighAll().finally(() => (this.#weighing = undefined));
    return this.#weighing;
  }

  async #weighAll(): Promise<void> {
    const rested = now() >= this.#restUntil;
    const pids = [...this.#processes].filter(([, { memory }]) => rested || !memory).map(([pid]) => pid);
    let cost = 0;
    for (const pid of pids) {
      // One in each turn of the event loop: the master has other things to do.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#closed) return;
      const begin = now();
      const memory = processMemory(pid);
      cost += now() - begin;
      const entry = this.#processes.get(pid);
      if (entry) entry.memory = memory;
    }
    if (rested) this.#restUntil = now() + Math.max(REST * cost, SHORTEST_REST);
  }
}
