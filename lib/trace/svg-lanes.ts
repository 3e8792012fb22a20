// A lane of the drawing for each process: what it did, from its birth to its end.
import { blocks } from './kinds.js';
import type { Labels } from './labels.js';
import { clipped, textWidth } from './labels.js';
import type { Scale } from './scale.js';
import type { Span, Timeline, TimelineEvent, TimelineProcess } from './timeline.js';
import { shownTime } from './units.js';
import { processTitle, shownEnd, spanTitle } from './wording.js';
import { element, escaped } from './xml.js';

/** What the parts of the drawing have in common. */
export interface Drawing {
  readonly timeline: Timeline;
  readonly scale: Scale;
  readonly labels: Labels;
  readonly left: number;
  readonly right: number;
  /** The middle of the lane of a process. */
  y(id: number): number;
  /** The height of a lane. */
  readonly lane: number;
  /** Half the height of a bar. */
  readonly half: number;
  /** Whether what is hovered can also be reached by the keyboard: not in a drawing of a thousand parts. */
  readonly focusable: boolean;
}

/** What a part says when it is pointed at. */
export function titled(drawing: Drawing, name: string, className: string, title: string, ...content: string[]): string {
  const attributes = { class: className, ...(drawing.focusable && { tabindex: 0 }) };
  return element(name, attributes, element('title', {}, escaped(title)), ...content);
}

/** Narrower than this, a part is one with its neighbours, in pixels. */
const NARROW = 0.75;

interface Piece {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
}

// Of spans that are too narrow to be seen, the longest stands for all.
function pieces(spans: readonly Span[], scale: Scale): Piece[] {
  const result: Piece[] = [];
  for (const span of spans) {
    const piece = { span, from: scale.x(span.begin), to: scale.x(span.end) };
    const last = result.at(-1);
    const isNarrow = piece.to - piece.from < NARROW || (last !== undefined && last.to - last.from < NARROW);
    if (!last || !isNarrow || (span.state === 'zombie') !== (last.span.state === 'zombie')) result.push(piece);
    else {
      const longer = last.to - last.from >= piece.to - piece.from ? last : piece;
      result[result.length - 1] = { span: longer.span, from: last.from, to: piece.to };
    }
  }
  return result.filter(({ from, to }) => to - from > 0.2);
}

function hatching(from: number, to: number, top: number, height: number): string {
  const lines: string[] = [];
  for (let x = from + 4; x < to - 1; x += 6) {
    const end = Math.min(x + 4, to);
    lines.push(`M${x.toFixed(1)} ${(top + height).toFixed(1)}L${end.toFixed(1)} ${top.toFixed(1)}`);
  }
  return element('path', { class: 'tf-hatch', d: lines.join('') });
}

function bar(drawing: Drawing, y: number, { span, from, to }: Piece): string {
  // One that sleeps is thin, one that runs is thick: it can be read without colours.
  const half = span.state === 'sleeping' ? drawing.half / 2 : drawing.half;
  const inset = span.state === 'zombie' || span.state === 'stopped' ? 0.75 : 0;
  const box = {
    x: from + inset,
    y: y - half + inset,
    width: Math.max(to - from - 2 * inset, 0.5),
    height: 2 * (half - inset),
  };
  const rectangle = element('rect', { class: `tf-${span.state}`, ...box, rx: span.state === 'zombie' ? 2 : undefined });
  const hatch = span.state === 'stopped' ? hatching(from, to, y - half + 1, 2 * half - 2) : '';
  return titled(drawing, 'g', 'tf-span', spanTitle(span), rectangle, hatch);
}

/** What it waits in is written above it, where there is room. */
function stateName({ span }: Piece): string | undefined {
  if (span.state === 'running') return undefined;
  if (span.state !== 'sleeping') return span.state;
  return span.in?.replace(/\(2\)$/, '');
}

function names(drawing: Drawing, y: number, parts: readonly Piece[]): string[] {
  const SIZE = 10;
  if (drawing.lane < 30) return [];
  return parts.map((piece) => {
    const name = stateName(piece);
    if (name === undefined || textWidth(name, SIZE) > piece.to - piece.from - 4) return '';
    const place = { x: (piece.from + piece.to) / 2, y: y - drawing.half - 3, anchor: 'middle' } as const;
    return drawing.labels.write(name, SIZE, 'tf-tiny', [place]);
  });
}

function head(drawing: Drawing, process: TimelineProcess, depth: number): string {
  const y = drawing.y(process.id);
  const x = 12 + Math.min(depth, 4) * 10;
  const room = drawing.left - x - 12;
  const pid = element('text', { class: 'tf-pid', x, y: drawing.lane < 30 ? y + 4 : y - 1 }, String(process.pid));
  if (drawing.lane < 30) return pid;
  const name = clipped(process.name, room, 11);
  return pid + element('text', { class: 'tf-small', x, y: y + 12 }, escaped(name));
}

function ending(drawing: Drawing, process: TimelineProcess): string {
  const { scale, labels, half } = drawing;
  const y = drawing.y(process.id);
  const last = process.spans.at(-1);
  if (!last) return '';
  const x = scale.x(last.end);
  if (process.died === null) {
    const text = 'lives on';
    return labels.write(text, 10, 'tf-tiny', [{ x: x + 6, y: y + 3.5 }]);
  }
  const death = scale.x(process.died);
  const mark = element('path', { class: 'tf-end', d: `M${death.toFixed(2)} ${y - half - 2}V${y + half + 2}` });
  const said = [
    process.end ? shownEnd(process.end) : 'ended',
    ...(process.reaped === null ? ['not waited for'] : []),
  ].join(', ');
  return (
    mark +
    labels.write(said, 10, 'tf-note', [
      { x: x + 6, y: y + 3.5 },
      { x, y: y + half + 12, anchor: 'end' },
    ])
  );
}

const shownEvents: Partial<Record<TimelineEvent['kind'], 'named' | 'square' | 'tick'>> = {
  mark: 'named',
  execve: 'named',
  execvpe: 'named',
  fexecve: 'named',
  setsid: 'named',
  alarm: 'named',
  setitimer: 'named',
  mmap: 'square',
  munmap: 'square',
  mremap: 'square',
  msync: 'square',
  abort: 'named',
};

const LABEL = 10;

function diamond(x: number, y: number): string {
  return element('path', { class: 'tf-mark', d: `M${x.toFixed(2)} ${y - 5}l4 5l-4 5l-4 -5z` });
}

// Below the bar, or above it, or nowhere.
function named(drawing: Drawing, text: string, x: number, y: number): string {
  if (drawing.lane < 30) return '';
  const below = y + drawing.half + 12;
  const places = [
    { x, y: below, anchor: 'middle' },
    { x, y: below },
    { x, y: below, anchor: 'end' },
    { x, y: y - drawing.half - 3, anchor: 'middle' },
  ] as const;
  return drawing.labels.write(clipped(text, 150, LABEL), LABEL, 'tf-note', places);
}

// Its parent has ended.
function adoptions(drawing: Drawing, { id, adopted }: TimelineProcess): string[] {
  return adopted.map(({ at, pid }) => {
    const [x, y] = [drawing.scale.x(at), drawing.y(id)];
    const text = `orphan, child of ${pid} now`;
    return titled(drawing, 'g', 'tf-event', `${text}, at ${shownTime(at)}`, diamond(x, y)) + named(drawing, text, x, y);
  });
}

// What has its own sign in the drawing: a span, a dot, a line, the end.
function isElsewhere(kind: TimelineEvent['kind']): boolean {
  return ['start', '_exit', 'exit', 'fork', 'handled'].includes(kind) || blocks(kind);
}

function happenings(drawing: Drawing, process: TimelineProcess): string[] {
  const { timeline, scale, half } = drawing;
  const y = drawing.y(process.id);
  let last = -Infinity;
  return timeline.events
    .filter((event) => event.process === process.id && !isElsewhere(event.kind))
    .map((event) => {
      const x = scale.x(event.at);
      const shown = shownEvents[event.kind] ?? 'tick';
      if (shown === 'tick' && x - last < 1) return '';
      last = x;
      const title = `${event.text} at ${shownTime(event.at)}`;
      if (shown === 'tick') {
        const tick = element('path', { class: 'tf-tick', d: `M${x.toFixed(2)} ${y + half}v4` });
        return titled(drawing, 'g', 'tf-event', title, tick);
      }
      const square = element('rect', { class: 'tf-mark', x: x - 3, y: y - 3, width: 6, height: 6 });
      const sign = titled(drawing, 'g', 'tf-event', title, shown === 'square' ? square : diamond(x, y));
      return shown === 'named' ? sign + named(drawing, event.text, x, y) : sign;
    });
}

/** The bars come first, below all else; what is written comes when the lines are there. */
export function laneOf(drawing: Drawing, process: TimelineProcess, depth: number): { bars: string; words: string } {
  const y = drawing.y(process.id);
  const parts = pieces(process.spans, drawing.scale);
  const title = element('title', {}, escaped(processTitle(drawing.timeline, process)));
  const bars = element('g', { class: 'tf-lane' }, title, ...parts.map((piece) => bar(drawing, y, piece)));
  // The end of a process is said before all else is.
  const words = [
    ending(drawing, process),
    ...adoptions(drawing, process),
    ...happenings(drawing, process),
    ...names(drawing, y, parts),
  ];
  return { bars, words: head(drawing, process, depth) + words.join('') };
}
