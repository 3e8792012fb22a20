// What the drawings say of the parts of a timeline, in one wording.
import type { ExitStatus } from '../posix/index.js';
import type { Span, Timeline, TimelineMessage, TimelineProcess, TimelineSignal } from './timeline.js';
import { counted, shownTime } from './units.js';

/** How it ended, shortly: `exit 3`, `SIGKILL`. */
export function shownEnd(end: ExitStatus): string {
  if (end.state === 'exited') return `exit ${end.code}`;
  return `${end.signal}${end.coreDumped ? ', core' : ''}`;
}

/** `running`, `sleeping in waitpid`. */
export function shownState({ state, in: call }: Span): string {
  return call === undefined ? state : `${state} in ${call}`;
}

/** A process in a sentence: `process 4711`. */
function who(timeline: Timeline, id: number | null): string {
  const found = timeline.processes.find((process) => process.id === id);
  return found ? `process ${found.pid}` : 'the kernel or a stranger';
}

export function spanTitle(span: Span): string {
  const range = `${shownTime(span.begin)} to ${shownTime(span.end)}`;
  return `${shownState(span)}, ${shownTime(span.end - span.begin)} (${range}${span.sampled ? ', seen from outside' : ''})`;
}

export function signalTitle(timeline: Timeline, signal: TimelineSignal): string {
  const { signal: name, from, to, sent, arrived, effect } = signal;
  const effects = {
    handled: `handled at ${shownTime(arrived)}`,
    accepted: `accepted at ${shownTime(arrived)}`,
    killed: 'which it kills',
    stopped: 'which it stops',
    continued: 'which goes on',
    none: 'where it is ignored, blocked, or without a trace',
  };
  return `${name} at ${shownTime(sent)} from ${who(timeline, from)} to ${who(timeline, to)}, ${effects[effect]}`;
}

export function messageTitle(timeline: Timeline, { from, to, written, read, bytes }: TimelineMessage): string {
  const said = `${counted(bytes, 'byte')} at ${shownTime(written)} from ${who(timeline, from)}`;
  return read === null ? `${said}, not read` : `${said}, read at ${shownTime(read)} by ${who(timeline, to)}`;
}

export function processTitle(timeline: Timeline, process: TimelineProcess): string {
  const { pid, name, born, died, reaped, reapedBy, end, parent } = process;
  const parts = [`process ${pid}: ${name || 'its name is not known'}`];
  parts.push(
    parent === null ? `there at ${shownTime(born)}` : `made by ${who(timeline, parent)} at ${shownTime(born)}`,
  );
  if (died !== null) parts.push(`ended at ${shownTime(died)}${end ? `: ${shownEnd(end)}` : ''}`);
  if (reaped !== null && reapedBy !== null)
    parts.push(`waited for by ${who(timeline, reapedBy)} at ${shownTime(reaped)}`);
  return parts.join('; ');
}

/** What there is in all, and what is missing. */
export function summary({ processes, events, signals, messages, duration, dropped, torn }: Timeline): string {
  const there = [
    processes.length === 1 ? '1 process' : `${processes.length} processes`,
    counted(events.length, 'event'),
    counted(signals.length, 'signal'),
    counted(messages.length, 'message'),
    shownTime(duration),
  ].join(', ');
  const missing = [
    ...(dropped > 0 ? [`${counted(dropped, 'event')} dropped: there was no room for more`] : []),
    ...(torn > 0 ? [`${counted(torn, 'record')} not finished`] : []),
  ];
  return [there, ...missing].join('; ');
}
