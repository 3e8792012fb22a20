// The timeline as a drawing.
import { boolean, integer, object, wrongType, wrongValue } from '../mistakes.js';
import { Labels, clipped, textWidth } from './labels.js';
import { Scale } from './scale.js';
import { laneOf, type Drawing } from './svg-lanes.js';
import { distinctSignals, forkLink, messageDots, signalArrow, waitLink } from './svg-links.js';
import { root, style, type Theme } from './svg-style.js';
import { depthsOf, type Timeline } from './timeline.js';
import { shownTime } from './units.js';
import { summary } from './wording.js';
import { element, escaped } from './xml.js';

/** How the picture looks. */
export interface SvgOptions {
  /** Pixels, 480 to 20,000. Default 960. The height is as there are processes. */
  width?: number;
  /** What stands above it. Default: what the first process is called. */
  title?: string;
  /** Whether long stretches in which nothing happens are folded, with a visible mark. Default true. */
  fold?: boolean;
  /** Which colours: those that the reader's system has, or always the same. Default `'auto'`. */
  theme?: Theme;
}

const WIDTH = 960;
const HEADER = 64;
const AXIS = 28;
const LEGEND = 30;
const RIGHT = 110;
/** The width of a folded stretch. */
const FOLDED = 56;

/** More parts than this are not reached one by one by the keyboard. */
const FOCUSABLE = 400;

function laneHeight(count: number): number {
  if (count <= 12) return 52;
  if (count <= 30) return 36;
  return count <= 60 ? 24 : 16;
}

function axis({ scale, left, right }: Drawing, top: number, bottom: number): string {
  const parts: string[] = [];
  let last = -Infinity;
  for (const time of scale.ticks(72)) {
    const x = scale.x(time);
    const text = time === 0 ? '0' : shownTime(time);
    const half = textWidth(text, 11) / 2;
    if (x - half < last + 8 || x + half > right + RIGHT) continue;
    last = x + half;
    parts.push(element('path', { class: 'tf-grid', d: `M${x.toFixed(1)} ${top}V${bottom + 4}` }));
    parts.push(element('text', { class: 'tf-small', x, y: bottom + 18, 'text-anchor': 'middle' }, text));
  }
  const line = element('path', { class: 'tf-grid', d: `M${left} ${bottom}H${right}` });
  return element('g', {}, line, ...parts);
}

// Two lines, torn: between them, time has passed that the drawing has left out.
function foldMarks({ scale, labels }: Drawing, top: number, bottom: number): string {
  return scale.folds
    .map(({ begin, end }) => {
      const middle = (scale.x(begin) + scale.x(end)) / 2;
      const zigzag = (x: number) => {
        let d = `M${x.toFixed(1)} ${top}`;
        for (let y = top, side = 1; y < bottom; y += 8, side = -side) d += `l${3 * side} 4l${-3 * side} 4`;
        return d;
      };
      const text = `${shownTime(end - begin)} folded`;
      const places = [middle, middle - 20, middle + 20].map((x) => ({ x, y: top - 5, anchor: 'middle' }) as const);
      const label = labels.write(text, 10, 'tf-tiny', places) || labels.write('⋯', 10, 'tf-tiny', places);
      return element(
        'g',
        {},
        element('title', {}, `${text}: nothing happens`),
        element('rect', { class: 'tf-fold', x: middle - 3, y: top, width: 6, height: bottom - top }),
        element('path', { class: 'tf-zigzag', d: zigzag(middle - 3) + zigzag(middle + 3) }),
        label,
      );
    })
    .join('');
}

function legend(left: number, y: number, right: number): string {
  const bar = (state: string, half: number) => (x: number) =>
    element('rect', { class: `tf-${state}`, x, y: y - half, width: 20, height: 2 * half });
  const line = (className: string) => (x: number) => element('path', { class: className, d: `M${x} ${y}h20` });
  const entries: [text: string, draw: (x: number) => string][] = [
    ['running', bar('running', 5)],
    ['sleeping', bar('sleeping', 3)],
    ['stopped', bar('stopped', 4)],
    ['zombie', bar('zombie', 4)],
    ['fork', line('tf-fork')],
    ['waited for', line('tf-wait')],
    ['signal', line('tf-signal')],
    ['message', (x) => line('tf-message')(x) + element('circle', { class: 'tf-dot', cx: x + 10, cy: y, r: 3 })],
  ];
  let x = left;
  return entries
    .map(([text, draw]) => {
      const width = 20 + 5 + textWidth(text, 11) + 12;
      if (x + width > right) return '';
      const entry = draw(x) + element('text', { class: 'tf-small', x: x + 25, y: y + 4 }, text);
      x += width;
      return entry;
    })
    .join('');
}

function description(timeline: Timeline): string {
  const [first] = timeline.processes;
  return `A lane for each process, by time. ${summary(timeline)}. ${first ? `The first is process ${first.pid}.` : ''}`;
}

function checked(options: SvgOptions): Required<Omit<SvgOptions, 'title'>> {
  const { width = WIDTH, fold = true, theme = 'auto' } = object('options', options);
  integer('options.width', width, 480, 20_000);
  boolean('options.fold', fold);
  if (!['auto', 'light', 'dark'].includes(theme)) {
    throw wrongValue('options.theme', "must be 'auto', 'light' or 'dark'", theme);
  }
  return { width, fold, theme };
}

/**
 * Draws a timeline as SVG: a lane for each process, in which it runs (thick), sleeps (thin), is stopped (hatched) or is a zombie
 * (dashed); forks and waits as lines between the lanes, signals as arrows, messages as dots. It has the colours of the reader's
 * light or dark theme, those for light on paper, and refers to nothing outside of it.
 *
 * @throws {TypeError | RangeError} an option that cannot be
 *
 * @example
 * writeFileSync('zombie.svg', toSvg(timeline, { title: 'A zombie' }));
 */
export function toSvg(timeline: Timeline, options: SvgOptions = {}): string {
  const { width, fold, theme } = checked(options);
  const { processes } = object('timeline', timeline);
  const { title = processes[0]?.name ?? 'No process' } = options;
  if (typeof title !== 'string') throw wrongType('options.title', 'of type string', title);

  const left = Math.min(180, Math.round(width * 0.22));
  const right = width - RIGHT;
  const lane = laneHeight(processes.length);
  const bottom = HEADER + Math.max(processes.length, 1) * lane + 8;
  const height = bottom + AXIS + LEGEND;
  const rows = new Map(processes.map(({ id }, row) => [id, HEADER + (row + 0.5) * lane + 4]));
  const parts =
    timeline.events.length + timeline.messages.length + processes.reduce((sum, { spans }) => sum + spans.length, 0);
  const drawing: Drawing = {
    timeline,
    scale: new Scale(timeline, { left, right, fold, folded: FOLDED }),
    labels: new Labels({ left: left - 30, right: width - 6, top: HEADER - 16, bottom }),
    left,
    right,
    y: (id) => rows.get(id) ?? HEADER,
    lane,
    half: lane >= 36 ? 6 : lane >= 24 ? 5 : 4,
    focusable: parts <= FOCUSABLE,
  };
  // What the processes are called stands there.
  drawing.labels.take(0, left - 6, HEADER, bottom);
  // Where bars are, only what belongs to them is written.
  for (const process of processes) {
    const y = drawing.y(process.id);
    const end = process.spans.at(-1)?.end ?? process.born;
    drawing.labels.take(drawing.scale.x(process.born), drawing.scale.x(end), y - drawing.half, y + drawing.half);
  }

  const depths = depthsOf(processes);
  const lanes = processes.map((process) => laneOf(drawing, process, depths.get(process.id) ?? 0));
  const arrows = distinctSignals(drawing).map((signal) => signalArrow(drawing, signal));
  const subtitle = clipped(summary(timeline), width - 24, 11);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${root}" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    element('title', {}, escaped(title)),
    element('desc', {}, escaped(description(timeline))),
    style(theme),
    element('rect', { class: 'tf-paper', width, height }),
    element('text', { class: 'tf-title', x: 12, y: 24 }, escaped(clipped(title, width - 24, 15))),
    element('text', { class: 'tf-small', x: 12, y: 41 }, escaped(subtitle)),
    axis(drawing, HEADER, bottom),
    ...processes.map((process) => forkLink(drawing, process) + waitLink(drawing, process)),
    ...lanes.map(({ bars }) => bars),
    foldMarks(drawing, HEADER, bottom),
    ...messageDots(drawing),
    ...arrows.map(({ line }) => line),
    ...lanes.map(({ words }) => words),
    ...arrows.map(({ words }) => words),
    legend(12, bottom + AXIS + 12, width - 12),
    '</svg>\n',
  ].join('\n');
}
