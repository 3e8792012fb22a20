// What goes from lane to lane: forks, waits, signals, messages.
import { titled, type Drawing } from './svg-lanes.js';
import type { TimelineMessage, TimelineProcess, TimelineSignal } from './timeline.js';
import { messageTitle, signalTitle } from './wording.js';
import { element } from './xml.js';

function n(value: number): string {
  return value.toFixed(2);
}

/** From a parent to its child. */
export function forkLink(drawing: Drawing, { id, parent, born }: TimelineProcess): string {
  if (parent === null) return '';
  const x = drawing.scale.x(born);
  const [from, to] = [drawing.y(parent), drawing.y(id)];
  return element('path', { class: 'tf-fork', d: `M${n(x)} ${from}V${to}` });
}

/** From who is waited for to who has. */
export function waitLink(drawing: Drawing, { id, reaped, reapedBy }: TimelineProcess): string {
  if (reaped === null || reapedBy === null) return '';
  const x = drawing.scale.x(reaped);
  const [from, to] = [drawing.y(id), drawing.y(reapedBy)];
  return element('path', { class: 'tf-wait', d: `M${n(x)} ${from}V${to}` });
}

function arrowHead(x: number, y: number, dx: number, dy: number): string {
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / length, dy / length];
  const [bx, by] = [x - ux * 7, y - uy * 7];
  const d = `M${n(x)} ${n(y)}L${n(bx - uy * 3.2)} ${n(by + ux * 3.2)}L${n(bx + uy * 3.2)} ${n(by - ux * 3.2)}z`;
  return element('path', { class: 'tf-head', d });
}

/** How far above its lane an arrow begins that comes from nobody in the drawing. */
const ABOVE = 20;

/** Those that would be drawn at the same pixels are drawn once. */
export function distinctSignals({ scale, timeline }: Drawing): TimelineSignal[] {
  const seen = new Map<string, TimelineSignal>();
  for (const signal of timeline.signals) {
    const { from, to, sent, arrived } = signal;
    const name = [signal.signal, from, to, Math.round(scale.x(sent)), Math.round(scale.x(arrived))].join();
    if (!seen.has(name)) seen.set(name, signal);
  }
  return [...seen.values()];
}

/** @returns the line, and what is written at it */
export function signalArrow(drawing: Drawing, signal: TimelineSignal): { line: string; words: string } {
  const { scale, half, labels, timeline } = drawing;
  const bar = drawing.y(signal.to);
  const source = signal.from === null || signal.from === signal.to ? undefined : drawing.y(signal.from);
  const x0 = scale.x(signal.sent);
  const x1 = scale.x(signal.arrived);
  const down = source === undefined || source < bar;
  const y0 = source === undefined ? bar - half - Math.min(ABOVE, drawing.lane / 2.4) : source + (down ? half : -half);
  const y1 = bar + (down ? -half : half);
  const told = signal.signal === 'SIGCHLD' ? ' tf-told' : '';
  const line = titled(
    drawing,
    'g',
    'tf-arrow',
    signalTitle(timeline, signal),
    element('path', { class: `tf-signal${told}`, d: `M${n(x0)} ${n(y0)}L${n(x1)} ${n(y1)}` }),
    arrowHead(x1, y1, x1 - x0, y1 - y0),
  );
  const name = String(signal.signal);
  const part = (share: number) => ({ x: x0 + (x1 - x0) * share, y: y0 + (y1 - y0) * share + 3.5 });
  const beside = [0.5, 0.3, 0.7, 0.15, 0.85].flatMap((share) => {
    const { x, y } = part(share);
    return [
      { x: x + 5, y },
      { x: x - 5, y, anchor: 'end' as const },
    ];
  });
  return { line, words: drawing.lane < 24 ? '' : labels.write(name, 10, 'tf-signal-name', beside) };
}

/** How far apart messages are drawn, in pixels: as far as is needed for not more of them than this. */
const GRIDS = [2, 6, 12, 24] as const;
const CROWD = 300;

// Those that begin and end at the same places are drawn once.
function grouped({ timeline, scale }: Drawing, grid: number): TimelineMessage[][] {
  const place = (time: number | null) => (time === null ? '' : Math.round(scale.x(time) / grid));
  const groups = new Map<string, TimelineMessage[]>();
  for (const message of timeline.messages) {
    const name = [message.from, message.to, place(message.written), place(message.read)].join();
    const group = groups.get(name);
    if (group) group.push(message);
    else groups.set(name, [message]);
  }
  return [...groups.values()];
}

function messageDot(drawing: Drawing, messages: readonly TimelineMessage[], crowded: boolean): string {
  const { timeline, scale, half } = drawing;
  const [first] = messages;
  if (!first) return '';
  const { from, to, written, read } = first;
  const more = messages.length > 1 ? ` (the first of ${messages.length})` : '';
  const title = `${messageTitle(timeline, first)}${more}`;
  const [x0, y0, r] = [scale.x(written), drawing.y(from), crowded ? 2 : 3];
  if (to === null || read === null) {
    return titled(drawing, 'g', 'tf-traffic', title, element('circle', { class: 'tf-unread', cx: x0, cy: y0, r }));
  }
  const [x1, y1] = [scale.x(read), drawing.y(to)];
  const bend = from === to ? y0 - half - 10 : (y0 + y1) / 2;
  const d = `M${n(x0)} ${y0}C${n(x0)} ${bend} ${n(x1)} ${bend} ${n(x1)} ${y1}`;
  const line = element('path', { class: crowded ? 'tf-message tf-faint' : 'tf-message', d });
  const dot = (cx: number, cy: number) => element('circle', { class: 'tf-dot', cx, cy, r });
  return titled(drawing, 'g', 'tf-traffic', title, line, dot(x0, y0), dot(x1, y1));
}

export function messageDots(drawing: Drawing): string[] {
  const [least, ...wider] = GRIDS;
  let groups = grouped(drawing, least);
  const crowded = groups.length > CROWD;
  for (const grid of wider) if (groups.length > CROWD) groups = grouped(drawing, grid);
  return groups.map((messages) => messageDot(drawing, messages, crowded));
}
