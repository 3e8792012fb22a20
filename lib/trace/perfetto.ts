// The timeline in Chrome's Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing show.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
import { object } from '../mistakes.js';
import type { Timeline } from './timeline.js';
import { shownEnd, shownState, signalTitle } from './wording.js';

/** An event of the format; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: 'X' | 'i' | 's' | 'f' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: number;
  readonly s?: 't';
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, unknown>>;
}

const MICROSECONDS = 1000;

/** An arrow binds to a slice that it begins and ends in: those of no length are given one. In microseconds. */
const SLICE = 1;

function microseconds(time: number): number {
  return Math.round(time * MICROSECONDS * 1000) / 1000;
}

interface End {
  readonly id: number;
  readonly at: number;
}

class Writer {
  readonly events: TraceEvent[] = [];
  readonly #pids: ReadonlyMap<number, number>;
  #flows = 0;

  constructor({ processes }: Timeline) {
    this.#pids = new Map(processes.map(({ id, pid }) => [id, pid]));
  }

  /** The track of a process: of those that have had the same pid one after the other, each has one of its own. */
  track(id: number): { pid: number; tid: number } {
    const pid = this.#pids.get(id) ?? 0;
    const first = [...this.#pids].find(([, other]) => other === pid)?.[0];
    return { pid, tid: first === id ? pid : -id };
  }

  add(id: number, event: Omit<TraceEvent, 'pid' | 'tid'>): void {
    this.events.push({ ...event, ...this.track(id) });
  }

  arrow(name: string, cat: string, from: End, to: End, said: string): void {
    const id = ++this.#flows;
    for (const [ph, { id: process, at }] of [
      ['s', from],
      ['f', to],
    ] as const) {
      const ts = microseconds(at);
      this.add(process, { name, cat, ph: 'X', ts, dur: SLICE, args: { what: said } });
      this.add(process, { name, cat, ph, id, ts, ...(ph === 'f' && { bp: 'e' }) });
    }
  }
}

function writeProcesses(writer: Writer, { processes }: Timeline): void {
  processes.forEach(({ id, pid, name, spans, end, died, parent }, row) => {
    const label = name === '' ? `process ${pid}` : name;
    writer.add(id, { name: 'process_name', ph: 'M', args: { name: label } });
    writer.add(id, { name: 'process_sort_index', ph: 'M', args: { sort_index: row } });
    writer.add(id, { name: 'thread_name', ph: 'M', args: { name: parent === null ? label : `child ${pid}` } });
    for (const span of spans) {
      const ts = microseconds(span.begin);
      const args = { sampled: span.sampled };
      writer.add(id, { name: shownState(span), cat: 'state', ph: 'X', ts, dur: microseconds(span.end) - ts, args });
    }
    if (died !== null) {
      const ended = end ? shownEnd(end) : 'ended';
      writer.add(id, { name: ended, cat: 'end', ph: 'i', s: 't', ts: microseconds(died) });
    }
  });
}

/**
 * A timeline as JSON of Chrome's Trace Event Format: states as slices, events as instants, signals and messages as flows. Open
 * it at https://ui.perfetto.dev.
 */
export function toPerfetto(timeline: Timeline): string {
  const writer = new Writer(object('timeline', timeline));
  writeProcesses(writer, timeline);
  for (const { process, at, text, kind, error } of timeline.events) {
    const args = { call: kind, ...(error !== undefined && { error }) };
    writer.add(process, { name: text, cat: 'event', ph: 'i', s: 't', ts: microseconds(at), args });
  }
  for (const signal of timeline.signals) {
    const { from, to, sent, arrived } = signal;
    if (from === null) continue;
    const said = signalTitle(timeline, signal);
    writer.arrow(String(signal.signal), 'signal', { id: from, at: sent }, { id: to, at: arrived }, said);
  }
  for (const { from, to, written, read, bytes } of timeline.messages) {
    if (to === null || read === null) continue;
    writer.arrow(`${bytes} bytes`, 'message', { id: from, at: written }, { id: to, at: read }, 'a message');
  }
  const otherData = { startedAt: new Date(timeline.startedAt).toISOString(), dropped: timeline.dropped };
  return `${JSON.stringify({ traceEvents: writer.events, displayTimeUnit: 'ms', otherData })}\n`;
}
