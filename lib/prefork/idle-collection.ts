// A worker collects its garbage while it has nothing to do: out of the way of requests, and so that a server which rests does not
// keep what it took when it was busy.
import { releaseMemory } from '../posix/index.js';

/** What part of a time one that has nothing to do computes at most: for timers, a probe of its health. */
const IDLE = 0.01;
/** Neighbours wait for different times, not at random: the first draw of a process takes numbers from the kernel. */
const PHASES = 8;
/** For how many times as long as a collection takes it has computed before each: what is collected is worth it. */
const WORK = 10;
/** What the first one may take, in milliseconds. */
const FIRST = 20;

/** The processor time that this process has taken, in milliseconds: a forked child begins at 0. */
function computed(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Collects when this process has computed next to nothing for a while, and has worked before. */
export class IdleCollection {
  /** How long it has to have nothing to do, and how much that is, in milliseconds. */
  readonly #rest: number;
  readonly #little: number;
  /** Since when it has had nothing to do, and what it had computed by then. */
  #since: number;
  #computed = 0;
  /** What it had computed after the last collection, and what that has taken. */
  #collected = 0;
  #cost = FIRST;

  /**
   * @param after how long it has nothing to do, in milliseconds, and up to twice as long: not all workers collect at once
   * @param time now, as that of each look, in milliseconds
   */
  constructor(after: number, time: number) {
    this.#rest = after * (1 + (process.pid % PHASES) / PHASES);
    this.#little = after * IDLE;
    this.#since = time;
  }

  /** Looks whether it is time. To be called several times in `after`. */
  look(time: number): void {
    const done = computed();
    if (done - this.#computed > this.#little) {
      this.#since = time;
      this.#computed = done;
    } else if (time - this.#since >= this.#rest && done - this.#collected >= WORK * this.#cost) {
      releaseMemory();
      this.#collected = this.#computed = computed();
      this.#cost = this.#collected - done;
      this.#since = time;
    }
  }
}
