// Sees from outside what no process can tell of itself: that it is dead, that it is stopped, that it sleeps, whose child it is
// now. It is no parent and no child of those that it observes, and sends them nothing.
import { readFileSync } from 'node:fs';
import { blockedIn, close, pidfd_open, processStat, Watcher, type ProcessStat } from '../posix/index.js';
import { now } from './clock.js';
import { commandOf } from './command.js';
import type { Kind } from './kinds.js';
import type { Fields } from './log.js';
import type { Tape } from './tape.js';

/** How often it looks, in milliseconds, if that takes it no more than a tenth of its time. */
const INTERVAL = 3;
const SHARE = 10;

/** How often what is there but in part is looked at again: a slot that is claimed and empty, or a program without arguments. */
const PATIENCE = 10;

interface Living {
  stat: ProcessStat;
  /** R, S or T, as it was told. */
  state: string;
  /** What it was when it was last looked at. */
  lastState: string;
  /** How often it has been seen with another name and without arguments. */
  nameless: number;
  /** Says when it has ended; absent where there can be no such descriptor. */
  readonly end: { readonly fd: number; readonly watcher: Watcher } | undefined;
}

// Those of its main thread, in the order in which they became its children.
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number);
  } catch {
    // It has ended, or the kernel was built without CONFIG_PROC_CHILDREN: then forks are known by their records alone.
    return [];
  }
}

/** The field of /proc/PID/stat that says how a zombie has ended, to who may trace it: proc_pid_stat(5). */
const EXIT_CODE = 52;

function statusOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? Number(fields[EXIT_CODE - 4] ?? -1) : -1;
  } catch {
    return -1;
  }
}

function shownState({ state }: ProcessStat): string {
  if (state === 'T' || state === 't') return 'T';
  return state === 'R' ? 'R' : 'S';
}

/** Whether it has ended. */
export function isZombie({ state }: ProcessStat): boolean {
  return state === 'Z' || state === 'X';
}

export class Observer implements Disposable {
  readonly #tape: Tape;
  readonly #living = new Map<number, Living>();
  /** Those that have ended and are there, with when they were started: later, the pid is another's. */
  readonly #zombies = new Map<number, number>();
  /** How many slots of the log have been read, and how often those that were empty. */
  #read = 0;
  readonly #empty = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(tape: Tape) {
    this.#tape = tape;
  }

  /** Looks from now on, again and again. @param onLook is called each time */
  start(onLook: () => void = () => undefined): void {
    const begin = now();
    this.look();
    onLook();
    if (this.#tape.recording) {
      this.#timer = setTimeout(
        () => {
          this.start(onLook);
        },
        Math.max(INTERVAL, (now() - begin) * SHARE),
      );
    }
  }

  /** Begins with a process; one that is known already, or has ended and been waited for, changes nothing. */
  meet(pid: number): void {
    if (pid === process.pid || this.#living.has(pid) || this.#zombies.has(pid)) return;
    const stat = processStat(pid);
    if (!stat) return;
    this.#tell('seen', pid, { a: stat.ppid, b: stat.pgid, text: commandOf(pid) || stat.command });
    if (isZombie(stat)) {
      this.#zombies.set(pid, stat.started);
      this.#tell('died', pid, { x: statusOf(pid), y: 1 });
      return;
    }
    this.#living.set(pid, { stat, state: '', lastState: '', nameless: 0, end: this.#watch(pid) });
  }

  /** Looks once. */
  look(): void {
    this.#readCalls();
    for (const pid of this.#living.keys()) {
      this.#lookAt(pid);
      for (const child of childrenOf(pid)) this.meet(child);
    }
    for (const pid of this.#zombies.keys()) this.#lookForGone(pid);
  }

  /** Has nothing to do with any of them any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const pid of [...this.#living.keys()]) this.#leave(pid);
  }

  #tell(kind: Kind, pid: number, fields: Fields = {}): void {
    this.#tape.observations.add(kind, pid, now(), fields);
  }

  // Who has written anything is there.
  #readCalls(): void {
    const { calls } = this.#tape;
    for (const [slot, times] of this.#empty) {
      const pid = calls.pidAt(slot);
      if (pid === undefined && times < PATIENCE) {
        this.#empty.set(slot, times + 1);
        continue;
      }
      this.#empty.delete(slot);
      if (pid !== undefined) this.meet(pid);
    }
    for (const end = calls.length; this.#read < end; this.#read++) {
      const pid = calls.pidAt(this.#read);
      if (pid === undefined) this.#empty.set(this.#read, 0);
      else this.meet(pid);
    }
  }

  #lookAt(pid: number): void {
    const living = this.#living.get(pid);
    const stat = processStat(pid);
    if (!living) return;
    const { ppid, pgid, command, started } = living.stat;
    // Whoever was started later has got its pid.
    if (!stat || isZombie(stat) || stat.started !== started) {
      this.#died(pid);
      return;
    }
    living.stat = stat;
    if (stat.ppid !== ppid) this.#tell('adopted', pid, { a: stat.ppid });
    if (stat.pgid !== pgid) this.#tell('group', pid, { b: stat.pgid });
    if (stat.command !== command) this.#lookAtProgram(living, command);
    const state = shownState(stat);
    // Twice in a row: a busy process sleeps now and then for an instant.
    if (state !== living.state && (state === living.lastState || state === 'T' || living.state === '')) {
      living.state = state;
      this.#tell('state', pid, { x: state.charCodeAt(0), text: state === 'S' ? (blockedIn(pid) ?? '') : '' });
    }
    living.lastState = state;
  }

  // The kernel gives it the new name before it gives it its arguments: without any, it is looked at again.
  #lookAtProgram(living: Living, former: string): void {
    const { stat } = living;
    const text = commandOf(stat.pid);
    if (text || ++living.nameless > PATIENCE) {
      living.nameless = 0;
      this.#tell('program', stat.pid, { text: text || stat.command });
    } else {
      living.stat = { ...stat, command: former };
    }
  }

  #watch(pid: number): Living['end'] {
    let fd;
    try {
      fd = pidfd_open(pid, 0);
      const watcher = new Watcher(fd, () => {
        this.#died(pid);
      });
      return { fd, watcher };
    } catch {
      // It has ended this moment; or too many are observed: then it is found dead when it is looked at.
      if (fd !== undefined) close(fd);
      return undefined;
    }
  }

  #died(pid: number): void {
    const living = this.#living.get(pid);
    if (!living) return;
    this.#leave(pid);
    this.#tell('died', pid, { x: statusOf(pid) });
    this.#zombies.set(pid, living.stat.started);
    this.#lookForGone(pid);
  }

  #leave(pid: number): void {
    const end = this.#living.get(pid)?.end;
    this.#living.delete(pid);
    if (!end) return;
    end.watcher.close();
    close(end.fd);
  }

  // Somebody has waited for it.
  #lookForGone(pid: number): void {
    const stat = processStat(pid);
    if (stat?.started === this.#zombies.get(pid)) return;
    this.#zombies.delete(pid);
    this.#tell('gone', pid);
  }
}
