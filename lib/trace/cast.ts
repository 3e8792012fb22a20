// From the records to the processes: who there was, who made whom, who ended when and was waited for by whom.
import { SIBLING } from './kinds.js';
import { decodeWaitStatus, signalName, WIFEXITED, WIFSIGNALED, WNOWAIT, type ExitStatus } from '../posix/index.js';
import type { LogRecord } from './log.js';
import type { ProgramEnd } from './program-end.js';

/** A process, while the story is put together. Times are those of the clock. */
export interface Actor {
  readonly id: number;
  readonly pid: number;
  parent: Actor | undefined;
  /** Whose child it was at first, as far as is known. */
  ppid: number | undefined;
  name: string;
  readonly programs: { at: number; name: string }[];
  born: number;
  /** When it was seen to be dead, and whether it had been dead for some time. */
  seenDead: number | undefined;
  seenLate: boolean;
  died: number | undefined;
  /** The wait that it was reaped by. */
  reaper: { readonly actor: Actor; readonly slept: boolean } | undefined;
  reaped: number | undefined;
  end: ExitStatus | undefined;
  readonly adopted: { at: number; pid: number }[];
  readonly groups: { at: number; pgid: number }[];
  readonly states: LogRecord[];
  readonly calls: LogRecord[];
  /** The signals that were sent to it alone: it was there then. */
  readonly sent: { at: number; number: number }[];
}

/** What is known of the program that was traced: nobody in the timeline waits for it. */
export interface Root extends ProgramEnd {
  readonly root: number;
  /** When it was started, by the clock. */
  readonly started: number;
}

function isEnd(status: number): boolean {
  return WIFEXITED(status) || WIFSIGNALED(status);
}

function endOf(status: number): ExitStatus | undefined {
  const decoded = decodeWaitStatus(status);
  return decoded.state === 'exited' || decoded.state === 'signaled' ? decoded : undefined;
}

/** The child that a call of the wait family tells of, and its status; undefined: it tells of none. */
export function waitedFor({ kind, end, result, b, y }: LogRecord): { pid: number; status: number } | undefined {
  if (end === undefined || result < 0) return undefined;
  if (kind === 'waitid') return b > 0 ? { pid: b, status: y } : undefined;
  return (kind === 'waitpid' || kind === 'wait4') && result > 0 ? { pid: result, status: y } : undefined;
}

function timeOf(record: LogRecord): number {
  return waitedFor(record) ? (record.end ?? record.begin) : record.begin;
}

/** A call that comes back sooner than this has not slept: if it is a wait, the child was dead. In milliseconds. */
export const INSTANT = 0.1;

/** A process that was waited for may be looked at in the same moment. In milliseconds. */
const MOMENT = 5;

export class Cast {
  readonly actors: Actor[] = [];
  /** The last one with this pid. */
  readonly #latest = new Map<number, Actor>();

  constructor(records: readonly LogRecord[], root: Root | undefined) {
    for (const record of [...records].sort((one, other) => timeOf(one) - timeOf(other))) this.#take(record);
    const first = root && this.#latest.get(root.root);
    if (first) first.born = Math.min(first.born, root.started);
    for (const actor of this.actors) settleDeath(actor);
    for (const actor of this.actors) settleAdoption(actor);
    if (first) settleRoot(first, root);
  }

  /** Who had this pid at that time, if anybody. */
  at(pid: number, time: number): Actor | undefined {
    const having = this.actors.filter((actor) => actor.pid === pid);
    return having.findLast(({ born }) => born <= time) ?? having[0];
  }

  #add(pid: number, born: number): Actor {
    const actor: Actor = {
      id: this.actors.length,
      pid,
      parent: undefined,
      ppid: undefined,
      name: '',
      programs: [],
      born,
      seenDead: undefined,
      seenLate: false,
      died: undefined,
      reaper: undefined,
      reaped: undefined,
      end: undefined,
      adopted: [],
      groups: [],
      states: [],
      calls: [],
      sent: [],
    };
    this.actors.push(actor);
    this.#latest.set(pid, actor);
    return actor;
  }

  // Who begins to be seen: the same as before, if that one is not over.
  #enter(pid: number, time: number): Actor {
    const latest = this.#latest.get(pid);
    return latest?.reaped === undefined ? (latest ?? this.#add(pid, time)) : this.#add(pid, time);
  }

  #made(pid: number, parent: Actor, record: LogRecord, name: string): void {
    // Before the call came back; it may have told of itself sooner.
    const child = this.#enter(pid, record.end ?? record.begin);
    child.parent ??= parent;
    // With CLONE_PARENT it is not the child of who has made it.
    if (!(record.kind === 'fork' && record.x === SIBLING)) {
      const { ppid } = child;
      child.ppid = parent.pid;
      if (ppid !== undefined) isChildOf(child, ppid, record.begin);
    }
    if (child.name === '') child.name = name;
  }

  #take(record: LogRecord): void {
    switch (record.kind) {
      case 'seen':
      case 'state':
      case 'died':
      case 'gone':
      case 'adopted':
      case 'group':
      case 'program':
        this.#observe(record);
        return;
      default:
        this.#hear(record);
    }
  }

  // What the process itself has told.
  #hear(record: LogRecord): void {
    const { kind, pid, begin, result } = record;
    const isFirst = kind === 'born' || kind === 'start';
    const actor = isFirst ? this.#enter(pid, begin) : (this.#latest.get(pid) ?? this.#add(pid, begin));
    actor.calls.push(record);
    if (kind === 'born') {
      actor.born = Math.min(actor.born, begin);
      isChildOf(actor, record.a, begin);
    }
    if (kind === 'start') became(actor, begin, record.text);
    if (kind === 'fork' && result > 0) this.#made(result, actor, record, actor.name);
    if ((kind === 'posixSpawn' || kind === 'spawnInTerminal') && result > 0) {
      this.#made(result, actor, record, record.text);
    }
    if (/^f?exec/.test(kind) && record.end === undefined) became(actor, begin, record.text);
    if (['kill', 'sigqueue', 'pidfd_send_signal'].includes(kind) && result >= 0) {
      this.#latest.get(record.a)?.sent.push({ at: begin, number: record.x });
    }
    if (kind === '_exit' || kind === 'exit') actor.end ??= { state: 'exited', code: record.x & 0xff };
    const found = waitedFor(record);
    if (found && isEnd(found.status) && !(kind === 'waitid' && (record.x & WNOWAIT) !== 0)) {
      this.#reap(found.pid, actor, record, found.status);
    }
  }

  #reap(pid: number, by: Actor, { begin, end = begin }: LogRecord, status: number): void {
    const child = this.#latest.get(pid);
    if (!child || child.reaper) return;
    child.reaped = end;
    child.reaper = { actor: by, slept: end - begin >= INSTANT };
    child.end = endOf(status);
  }

  // What was seen from outside.
  #observe(record: LogRecord): void {
    const { kind, pid, begin, a, b, x, text } = record;
    const latest = this.#latest.get(pid);
    if (kind === 'seen') {
      if (latest?.reaped !== undefined && begin - latest.reaped < MOMENT) return;
      const actor = this.#enter(pid, begin);
      if (actor.name === '') actor.name = text;
      actor.born = Math.min(actor.born, begin);
      actor.groups.push({ at: begin, pgid: b });
      actor.parent ??= this.#latest.get(a);
      isChildOf(actor, a, begin);
      return;
    }
    if (!latest) return;
    if (kind === 'state') latest.states.push(record);
    if (kind === 'group') latest.groups.push({ at: begin, pgid: b });
    if (kind === 'adopted') isChildOf(latest, a, begin);
    if (kind === 'program' && latest.reaped === undefined) became(latest, begin, text);
    if (kind === 'died' && latest.seenDead === undefined) {
      latest.seenDead = begin;
      latest.seenLate = record.y === 1;
      // Who may not trace it is told 0: it is better than nothing if the process itself has not told.
      if (x > 0 || (x === 0 && !latest.end)) latest.end = latest.reaper ? latest.end : endOf(x);
    }
    if (kind === 'gone') latest.reaped ??= begin;
  }
}

// Of another than at first: its parent has ended. Nobody goes back: who says so has read the clock, or the pid, before.
function isChildOf(actor: Actor, ppid: number, at: number): void {
  actor.ppid ??= ppid;
  if (ppid !== actor.ppid && ppid !== actor.adopted.at(-1)?.pid) actor.adopted.push({ at, pid: ppid });
}

function became(actor: Actor, at: number, name: string): void {
  if (name === '' || name === actor.name) return;
  // What execs, the program that it has become and whoever looks at it tell it one after the other.
  const last = actor.programs.at(-1);
  const told = last !== undefined && at - last.at < 1000 && sameProgram(last.name, name);
  if (told) last.name = name;
  else if (actor.name !== '') actor.programs.push({ at, name });
  actor.name = name;
}

function sameProgram(one: string, other: string): boolean {
  const [first] = one.split(' ');
  return first === other.split(' ')[0];
}

function lastSign({ calls, states, born, sent, end: ended }: Actor): number {
  const last = [...calls, ...states].reduce((latest, { begin, end = begin }) => Math.max(latest, end), born);
  const deadly = sent.findLast(({ number }) => ended?.state === 'signaled' && signalName(number) === ended.signal);
  return Math.max(last, deadly?.at ?? 0);
}

// When the kernel ended it nobody says: the observer's descriptor did as soon as a processor was free, and whoever slept in a
// wait for it was woken by it. Who did not sleep found it dead, some time after its last sign of life.
function settleDeath(actor: Actor): void {
  const { seenDead, seenLate, reaped, reaper } = actor;
  if (seenDead === undefined && reaped === undefined) return;
  const limit = Math.min(seenDead ?? Infinity, reaped ?? Infinity);
  const last = lastSign(actor);
  const isVague = seenDead === undefined || seenLate || seenDead > (reaped ?? Infinity);
  // One without any sign of life has lived for some time all the same.
  actor.died = isVague && reaper?.slept !== true && last > actor.born ? Math.min(limit, last) : limit;
}

// It was seen some time after its parent's end, which is when it happened.
function settleAdoption({ adopted: [first], parent, born }: Actor): void {
  if (first && parent?.died !== undefined) first.at = Math.max(born, Math.min(first.at, parent.died));
}

// Who traces waits for it, and for how long it is a zombie until then is nothing of the program's.
function settleRoot(actor: Actor, { signal, exitCode }: Root): void {
  const coreDumped = actor.end?.state === 'signaled' && actor.end.coreDumped;
  actor.end = signal === null ? { state: 'exited', code: exitCode ?? 0 } : { state: 'signaled', signal, coreDumped };
  actor.reaped = actor.died;
}
