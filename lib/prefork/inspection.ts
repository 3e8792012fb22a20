// Looks at the workers from time to time: who has to be killed, and who replaced.
import { processMemory } from '../posix/index.js';
import { type Member, now } from './place.js';
import type { Settings } from './settings.js';

type Limits = Pick<Settings, 'bootTimeout' | 'timeout' | 'maxRequests' | 'maxLifetime' | 'maxMemory'>;

/** What comes of an inspection. */
interface Verdicts {
  kill: (member: Member, reason: string) => void;
  recycle: (member: Member, reason: string) => void;
}

// So many looks to the shortest of the times.
const LOOKS = 10;
const [SHORTEST, LONGEST] = [20, 1_000]; // milliseconds
// What blocks an event loop for longer than that does not go unseen.
const LONGEST_BEAT = 250; // milliseconds
// The kernel walks the page tables of a process to tell its memory: at every tenth look only.
const MEMORY_LOOKS = 10;

export class Inspection {
  /** How often to look, in milliseconds. */
  readonly interval: number;
  /** How often a worker tells that its event loop turns, and how late that is, in milliseconds. */
  readonly beat: number;
  readonly #limits: Limits;
  readonly #verdicts: Verdicts;
  #looks = 0;
  #last = now();

  constructor(limits: Limits, verdicts: Verdicts) {
    this.#limits = limits;
    this.#verdicts = verdicts;
    const { timeout, bootTimeout, maxLifetime } = limits;
    this.interval = Math.min(LONGEST, Math.max(SHORTEST, Math.min(timeout, bootTimeout, maxLifetime) / LOOKS));
    this.beat = Math.min(this.interval, LONGEST_BEAT);
  }

  /** After how many requests this worker shall be replaced. */
  maxRequests({ jitter }: Member): number {
    return Math.ceil(this.#limits.maxRequests * (1 + jitter));
  }

  inspect(members: Iterable<Member>): void {
    const { bootTimeout, timeout, maxLifetime, maxMemory } = this.#limits;
    const time = now();
    const passed = time - this.#last;
    this.#last = time;
    // Late: the machine was asleep, or the whole family stopped. The workers get their time from the beginning.
    const late = passed > 3 * this.interval;
    const weigh = maxMemory < Infinity && ++this.#looks % MEMORY_LOOKS === 0;
    for (const member of members) {
      const { readyAt, jitter } = member;
      if (member.killed || member.retiring) continue;
      const { turnedAt } = member.cell;
      const turned = readyAt !== undefined && turnedAt !== member.turnedAt;
      member.waited = late || turned ? 0 : member.waited + passed;
      member.turnedAt = turnedAt;
      if (readyAt === undefined) {
        if (member.waited >= bootTimeout) this.#verdicts.kill(member, 'bootTimeout');
      } else if (member.waited >= timeout) this.#verdicts.kill(member, 'timeout');
      else if (time - readyAt >= maxLifetime * (1 + jitter)) this.#verdicts.recycle(member, 'lifetime');
      else if (weigh && (processMemory(member.pid)?.private ?? 0) > maxMemory) this.#verdicts.recycle(member, 'memory');
    }
  }
}
