// Looks at the workers from time to time: who has to be killed, and who replaced.
import { processMemory } from '../posix/index.js';
import { GRACE } from './last-words.js';
import { type Member, now } from './place.js';
import type { Settings } from './settings.js';
import type { WorkerOrders } from './worker-orders.js';

type Limits = Pick<Settings, 'bootTimeout' | 'timeout' | 'maxRequests' | 'maxLifetime' | 'maxMemory'>;

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
  readonly #orders: WorkerOrders;
  readonly #recycle: (member: Member, reason: string) => void;
  /** Those that are killed if they do not go on soon. */
  readonly #questioned = new WeakSet<Member>();
  #looks = 0;
  #last = now();

  /** @param recycle replaces a worker that has reached a limit */
  constructor(limits: Limits, orders: WorkerOrders, recycle: (member: Member, reason: string) => void) {
    this.#limits = limits;
    this.#orders = orders;
    this.#recycle = recycle;
    const { timeout, bootTimeout, maxLifetime } = limits;
    this.interval = Math.min(LONGEST, Math.max(SHORTEST, Math.min(timeout, bootTimeout, maxLifetime) / LOOKS));
    this.beat = Math.min(this.interval, LONGEST_BEAT);
  }

  /** After how many requests a worker shall be replaced: its own number for each that asks. */
  maxRequests(): number {
    const { maxRequests } = this.#limits;
    // The first draw of a worker takes random numbers from the kernel.
    return maxRequests === Infinity ? maxRequests : Math.ceil(maxRequests * (1 + Math.random() / 10));
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
      if (member.retiring) this.#orders.remind(member);
      if (member.killed || member.retiring) continue;
      const { turnedAt } = member.cell;
      const turned = readyAt !== undefined && turnedAt !== member.turnedAt;
      member.waited = late || turned ? 0 : member.waited + passed;
      member.turnedAt = turnedAt;
      const [limit, reason] = readyAt === undefined ? [bootTimeout, 'bootTimeout'] : [timeout, 'timeout'];
      if (member.waited >= limit) {
        this.#overdue(member, limit, reason);
        continue;
      }
      this.#questioned.delete(member);
      if (readyAt === undefined) continue;
      if (time - readyAt >= maxLifetime * (1 + jitter)) this.#recycle(member, 'lifetime');
      else if (weigh && (processMemory(member.pid)?.private ?? 0) > maxMemory) this.#recycle(member, 'memory');
    }
  }

  /** It is asked, and has a moment from then on to answer, or to go on. */
  #overdue(member: Member, limit: number, reason: string): void {
    if (!this.#questioned.has(member)) {
      this.#questioned.add(member);
      member.waited = limit;
      this.#orders.question(member, reason);
    } else if (member.waited >= limit + GRACE) this.#orders.kill(member, reason);
  }
}
