// A worker collects its garbage while it has nothing to do: out of the way of requests, and so that a server which rests does not
// keep what it took when it was busy.
import { releaseMemory } from '../posix/index.js';

/** What part of a time one that has nothing to do computes at most: for timers, a probe of its health. */
const IDLE = 0.01;
/** Neighbours wait for different times, not at random: the first draw of a process takes numbers from the kernel. */
const PHASES = 8;
/** How many samples it has of that time. */
const SAMPLES = 16;
/** By what part of it a look may be late: then this process has not run, and there may be much that waits for it. */
const LATE = 0.25;
/** For how many times as long as a collection takes it has computed before each: what is collected is worth it. */
const WORK = 10;
/** What the first one may take, in milliseconds. */
const FIRST = 20;

/** The processor time that this process has taken, in milliseconds: a forked child begins at 0. */
function computed(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** What it had computed when. */
interface Sample {
  readonly time: number;
  readonly done: number;
}

/** Collects when this process has computed next to nothing for a while, and has worked before. */
export class IdleCollection {
  /** How long it has to have nothing to do, and how much that is, in milliseconds. */
  readonly #rest: number;
  readonly #little: number;
  /** The first one is as old as that, as soon as there is one that is. */
  #samples: Sample[];
  /** What it had computed after the last collection, and what that has taken. */
  #collected = 0;
  #cost = FIRST;

  /**
   * @param after how long it has nothing to do, in milliseconds, and up to twice as long: not all workers collect at once
   * @param time now, as that of each look, in milliseconds
   */
  constructor(after: number, time: number) {
    this.#rest = after * (1 + (process.pid % PHASES) / PHASES);
    this.#little = this.#rest * IDLE;
    this.#samples = [{ time, done: 0 }];
  }

  /**
   * Looks whether it is time. To be called several times in `after`.
   *
   * @param late by how many milliseconds
   */
  look(time: number, late: number): void {
    const done = computed();
    if (late > this.#rest * LATE) this.#samples = [{ time, done }];
    const samples = this.#samples;
    if (time - (samples.at(-1)?.time ?? 0) >= this.#rest / SAMPLES) samples.push({ time, done });
    while (samples[1] && time - samples[1].time >= this.#rest) samples.shift();
    const [first] = samples;
    if (!first || time - first.time < this.#rest || done - first.done > this.#little) return;
    if (done - this.#collected < WORK * this.#cost) return;
    releaseMemory();
    this.#collected = computed();
    this.#cost = this.#collected - done;
    this.#samples = [{ time, done: this.#collected }];
  }
}
