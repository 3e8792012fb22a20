// What a recording tells: data that JSON can carry. Times are in milliseconds since the recording began, with fractions;
// processes are named by their `id`, since a pid may be that of several, one after the other.
import type { ErrnoName, ExitStatus, Signal } from '../posix/index.js';
import type { CallKind } from './kinds.js';

/** What a process is doing: `zombie`, it has ended and nobody has waited for it. */
export type ProcessState = 'running' | 'sleeping' | 'stopped' | 'zombie';

/** A time in which a process is in one state. */
export interface Span {
  /** What it is doing. */
  readonly state: ProcessState;
  /** When it begins. */
  readonly begin: number;
  /** When it ends. */
  readonly end: number;
  /** What a sleeping process waits in: the name of a call, `waitpid`, or as the kernel has it, `epoll_wait(2)`. */
  readonly in?: string;
  /** Whether it is exact to a few milliseconds only: seen from outside, and not told by the process. */
  readonly sampled: boolean;
}

/** A process of a timeline. */
export interface TimelineProcess {
  /** What the timeline calls it: no two have the same. */
  readonly id: number;
  /** Its pid: that of another one later, perhaps. */
  readonly pid: number;
  /** Who has made it; null: it was there, or was made by who is not in the timeline. */
  readonly parent: number | null;
  /** What it is called by at last: the command line, without folders, up to 64 bytes. */
  readonly name: string;
  /** When it became another program, and which. */
  readonly programs: readonly { readonly at: number; readonly name: string }[];
  /** When it was made, or first seen. */
  readonly born: number;
  /** When it ended, and was a zombie; null: it lived on. */
  readonly died: number | null;
  /** When somebody waited for it; null: nobody has. */
  readonly reaped: number | null;
  /** Who; null: nobody, or somebody who is not in the timeline. */
  readonly reapedBy: number | null;
  /** How it ended; null: it has not, or nobody knows. */
  readonly end: ExitStatus | null;
  /** When its parent had ended: whose child it became then, and which process that is if it is in the timeline. */
  readonly adopted: readonly { readonly at: number; readonly pid: number; readonly by: number | null }[];
  /** From `born` to `reaped`, or to the end of the timeline, without a gap. */
  readonly spans: readonly Span[];
}

/** A call that was recorded, or something else that a process told of itself. */
export interface TimelineEvent {
  /** When it was made. */
  readonly at: number;
  /** When the call came back; null: it never did. The same as `at` for what is of one moment. */
  readonly end: number | null;
  /** Who has made it. */
  readonly process: number;
  /**
   * The call, by its name in the addon: `fork`, `waitpid`, `kill`, `pipe2`, …; `handled`: a handler of a signal begins to run;
   * `start`: a Node.js begins to be recorded; `exit`: its 'exit' event; `mark`: see `mark`.
   */
  readonly kind: Exclude<CallKind, 'takeSignal'> | 'handled' | 'start' | 'exit' | 'mark';
  /** What happened, in words: `waitpid(-1) = 4711, exited with 3`. */
  readonly text: string;
  /** If it has failed: why. */
  readonly error?: ErrnoName | 'failed';
}

/** What a signal did. `none`: it was ignored, is pending, or nobody knows. */
export type SignalEffect = 'handled' | 'accepted' | 'killed' | 'stopped' | 'continued' | 'none';

/** A signal from a process to another, or to itself. */
export interface TimelineSignal {
  /** Which signal. */
  readonly signal: Signal;
  /** null: the kernel (a timer, a terminal), or a process that is not in the timeline. */
  readonly from: number | null;
  /** Who got it. */
  readonly to: number;
  /** When it was sent. */
  readonly sent: number;
  /** When its effect was seen: as `sent` for `none`. */
  readonly arrived: number;
  /** What it did. */
  readonly effect: SignalEffect;
}

/** Bytes that one process wrote into a pipe, a FIFO or a pair of sockets, and that another read. */
export interface TimelineMessage {
  /** Who wrote them. */
  readonly from: number;
  /** null: nobody who is recorded has read them. */
  readonly to: number | null;
  /** When they were written. */
  readonly written: number;
  /** When the read came back; null with `to`. */
  readonly read: number | null;
  /** How many. */
  readonly bytes: number;
  /** The inode of the end that was written to. */
  readonly conduit: number;
}

/** What a recording tells: data that JSON can carry. Times are in milliseconds since it began, with fractions. */
export interface Timeline {
  /** Of this form. */
  readonly version: 1;
  /** When it began, in milliseconds of the epoch. */
  readonly startedAt: number;
  /** How long it took, in milliseconds. */
  readonly duration: number;
  /** Each behind who made it, and before the next child of that one. */
  readonly processes: readonly TimelineProcess[];
  /** By `at`. */
  readonly events: readonly TimelineEvent[];
  /** By `sent`. */
  readonly signals: readonly TimelineSignal[];
  /** By `written`. */
  readonly messages: readonly TimelineMessage[];
  /** How many records there was no room for: what they would have told is missing. */
  readonly dropped: number;
  /** How many records whoever wrote them was killed in the middle of. */
  readonly torn: number;
}

/** How far each process is from the first of its family, by its id. */
export function depthsOf(processes: readonly TimelineProcess[]): Map<number, number> {
  const depths = new Map<number, number>();
  // Each comes behind who made it.
  for (const { id, parent } of processes) depths.set(id, parent === null ? 0 : (depths.get(parent) ?? 0) + 1);
  return depths;
}
