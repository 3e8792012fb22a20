// The timeline for a terminal.
import { boolean, integer, object } from '../mistakes.js';
import { Scale } from './scale.js';
import { depthsOf, type ProcessState, type Timeline, type TimelineProcess } from './timeline.js';
import { shownTime } from './units.js';
import { shownEnd, signalTitle, summary } from './wording.js';

/** How the text looks. */
export interface TextOptions {
  /** Columns, 40 to 1,000. Default 100. */
  width?: number;
  /** Whether the events are listed under the lanes. Default true. */
  events?: boolean;
  /** Whether long stretches in which nothing happens are folded, to a `⋯`. Default true. */
  fold?: boolean;
}

const WIDTH = 100;

/** Of a column in which there is more than one, the last of these is shown. */
const signs: readonly (readonly [ProcessState, string])[] = [
  ['sleeping', '─'],
  ['running', '━'],
  ['zombie', '░'],
  ['stopped', '╍'],
];

interface Columns {
  readonly scale: Scale;
  readonly width: number;
  readonly label: number;
}

// What would write over the lines, or move the cursor, is shown and not done.
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD');
}

function clipped(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function bar(process: TimelineProcess, { scale, width }: Columns): string {
  const columns = Array<string>(width).fill(' ');
  for (const [state, sign] of signs) {
    for (const span of process.spans.filter((each) => each.state === state)) {
      const first = Math.floor(scale.x(span.begin));
      const end = Math.max(Math.round(scale.x(span.end)), first + (state === 'sleeping' ? 0 : 1));
      columns.fill(sign, first, Math.min(end, width));
    }
  }
  for (const { begin, end } of scale.folds) {
    const middle = Math.floor((scale.x(begin) + scale.x(end)) / 2);
    if (columns[middle] !== ' ') columns[middle] = '⋯';
  }
  return columns.join('').trimEnd();
}

function endOf({ end, died, reaped }: TimelineProcess): string {
  if (died === null) return 'lives on';
  const how = end ? shownEnd(end) : 'ended';
  return reaped === null ? `${how}, not waited for` : how;
}

function axis({ scale, width, label }: Columns): string {
  let line = '';
  for (const time of scale.ticks(10)) {
    const x = Math.floor(scale.x(time));
    const text = time === 0 ? '0' : shownTime(time);
    if ((line === '' || x > line.length) && x + text.length <= width) line = `${line.padEnd(x)}${text}`;
  }
  return `${' '.repeat(label)}${line}`;
}

function listed(timeline: Timeline): string[] {
  const pids = new Map(timeline.processes.map(({ id, pid }) => [id, pid]));
  const events = timeline.events.map(({ at, process, text }) => ({ at, pid: pids.get(process) ?? 0, text }));
  const unheard = timeline.signals
    .filter(({ from, effect }) => from !== null && ['killed', 'stopped', 'continued'].includes(effect))
    .map((signal) => ({ at: signal.arrived, pid: pids.get(signal.to) ?? 0, text: signalTitle(timeline, signal) }));
  const times = [...events, ...unheard].sort((one, other) => one.at - other.at);
  const widest = times.reduce((most, { pid }) => Math.max(most, String(pid).length), 0);
  return times.map(
    ({ at, pid, text }) => `${shownTime(at).padStart(9)}  ${String(pid).padStart(widest)}  ${printable(text)}`,
  );
}

/**
 * A timeline as text: a line for each process, `━` where it runs, `─` where it sleeps, `╍` where it is stopped, `░` where it is
 * a zombie, `⋯` where time is folded; and what happened, line by line.
 *
 * @throws {TypeError | RangeError} an option that cannot be
 */
export function toText(timeline: Timeline, options: TextOptions = {}): string {
  const { width = WIDTH, events = true, fold = true } = object('options', options);
  integer('options.width', width, 40, 1000);
  boolean('options.events', events);
  boolean('options.fold', fold);
  const { processes } = object('timeline', timeline);
  const depths = depthsOf(processes);
  const names = processes.map(({ id, pid, name }) => `${'  '.repeat(depths.get(id) ?? 0)}${pid} ${printable(name)}`);
  const label = Math.min(Math.max(8, ...names.map((name) => name.length + 2)), Math.floor(width / 3));
  const endings = Math.min(Math.max(0, ...processes.map((process) => endOf(process).length)), Math.floor(width / 3));
  const columns = width - label - endings - 1;
  const scale = new Scale(timeline, { left: 0, right: columns, fold, folded: 5 });
  const shared = { scale, width: columns, label };
  const lanes = processes.map((process, row) => {
    const name = clipped(names[row] ?? '', label - 2).padEnd(label);
    return `${name}${bar(process, shared)} ${clipped(endOf(process), endings)}`;
  });
  const quiet = scale.folds.map(({ begin, end }) => `${shownTime(begin)} to ${shownTime(end)}`).join(', ');
  return [
    summary(timeline),
    ...(quiet === '' ? [] : [`folded, since nothing happens: ${quiet}`]),
    '',
    ...lanes,
    axis(shared).trimEnd(),
    ...(events ? ['', ...listed(timeline)] : []),
    '',
  ].join('\n');
}
