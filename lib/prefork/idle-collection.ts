// A worker collects its garbage while it has nothing to do: out of the way of requests, and so that a server which rests does not
// keep what it took when it was busy.
import { releaseMemory } from '../posix/index.js';
import type { Agenda } from './agenda.js';

/** What part of a time one that has nothing to do computes at most: for timers, a probe of its health. */
const IDLE = 0.01;
/** How often it looks, in the time after which it collects: so many times at least, and up to twice as often. */
const LOOKS = 2;
/** Neighbours look at different times. Not at random: the first draw of a process takes numbers from the kernel. */
const PHASES = 8;
/** In milliseconds. */
const SHORTEST_LOOK = 20;
/** For how many times as long as a collection takes it has computed before each: what is collected is worth it. */
const WORK = 10;
/** What the first one may take, in milliseconds. */
const FIRST = 20;

/** The processor time of this process, in milliseconds. */
function computed(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/**
 * Collects when this process has computed next to nothing for a while, and has worked before.
 *
 * @param after how long, in milliseconds, and up to twice as long: not all workers do at once. Infinity: never
 * @param agenda where it is taken back
 * @param mayCollect whether it is worth while now
 */
export function collectWhenIdle(after: number, agenda: Agenda, mayCollect: () => boolean): void {
  if (after === Infinity) return;
  const interval = Math.max(SHORTEST_LOOK, (after / LOOKS) * (1 - (process.pid % PHASES) / PHASES / 2));
  let looked = computed();
  let collected = looked;
  let cost = FIRST;
  let idle = 0;
  agenda.every(interval, () => {
    const time = computed();
    idle = time - looked < IDLE * interval ? idle + interval : 0;
    looked = time;
    if (idle < after || time - collected < WORK * cost || !mayCollect()) return;
    releaseMemory();
    collected = looked = computed();
    cost = collected - time;
  });
}
