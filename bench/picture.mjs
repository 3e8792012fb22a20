// A group as a picture: for each row a bar to its value, and a dot for each measurement, or a line from the least to the most where
// they are many. SVG without a library, which follows the reader's choice of light or dark. Lengths are in per cent of the
// width, so that the letters stay as large as they are where there is little room.
import { limitOf, shown, shownWith } from './result.mjs';

const PITCH = 44;
const LABEL = 14;
const BAR = { top: 20, height: 14 };
const AXIS = 36;
// How far the mark of a bar stands out.
const OVER = 4;
// Of a picture that stands alone.
const WIDTH = 720;
const EDGE = 16;
const HEAD = 40;
// A bar that ours is further from than this is not on the axis: the rows would be too short to be told apart.
const FURTHER = 1.5;
// Nor are measurements that are so many times the greatest value: they have an arrow.
const OUTLIER = 2;

/** What the pictures of a page have in common. Ours differs from the others in lightness and in its letters, not in hue alone. */
export const STYLE = `
    .plot text { font: 13px system-ui, sans-serif; fill: #1f2328; stroke: #ffffff; stroke-width: 4px; paint-order: stroke }
    .plot .paper { fill: #ffffff }
    .plot .title, .plot .mine { font-weight: 600 }
    .plot .tick { fill: #59636e; font-size: 12px }
    .plot .grid { stroke: #d1d9e0 }
    .plot .bar { fill: #b9c6d3 }
    .plot .ours { fill: #1a66b8 }
    .plot .dot { fill: #ffffff; stroke: #1f2328 }
    .plot .span { stroke: #1f2328; stroke-width: 2 }
    .plot .limit { stroke: #a8480a; stroke-width: 3 }
    @media (prefers-color-scheme: dark) {
      .plot text { fill: #f0f6fc; stroke: #0d1117 }
      .plot .paper { fill: #0d1117 }
      .plot .tick { fill: #9198a1 }
      .plot .grid { stroke: #3d444d }
      .plot .bar { fill: #56616e }
      .plot .ours { fill: #4c9be8 }
      .plot .dot { fill: #0d1117; stroke: #f0f6fc }
      .plot .span { stroke: #f0f6fc }
      .plot .limit { stroke: #f0a76b }
    }`;

/** The distance of the marks of an axis: 1, 2 or 5 times a power of ten, so that there are about four. */
function step(most) {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => most / size <= 5);
}

export function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Whether there is anything to see: lengths, and something beside them. */
export function isDrawn({ rows, bars }) {
  const values = rows.map(({ value }) => value);
  return values.some((value) => value > 0) && values.every((value) => value >= 0) && rows.length + bars.length > 1;
}

/** The marks of the bars that are near enough, and where the axis ends. */
function scaleOf(group) {
  const greatest = (list) => Math.max(...list);
  const values = greatest(group.rows.map(({ value }) => value));
  const most = Math.min(greatest(group.rows.map(({ spread }) => spread[1])), values * OUTLIER);
  const limits = group.bars
    .map((bar) => ({ row: bar.row, at: limitOf(group, bar) }))
    .filter(({ at }) => at <= most * FURTHER);
  const longest = Math.max(most, ...limits.map(({ at }) => at));
  const size = step(longest);
  const end = Math.ceil(longest / size) * size;
  const marks = Array.from({ length: Math.round(end / size) + 1 }, (_, n) => n * size);
  return { limits, marks, end, x: (value) => `${((Math.min(value, end) / end) * 100).toFixed(2)}%` };
}

function drawnRow({ unit, hasDots }, { name, ours, value, spread: [least, most], values }, { x, limits, end, top }) {
  const middle = top + BAR.top + BAR.height / 2;
  const mine = ours ? ' class="mine"' : '';
  const points = (values ?? [])
    .filter((point) => point <= end)
    .map((point) => `<circle class="dot" cx="${x(point)}" cy="${middle}" r="3"/>`);
  const span = `<line class="span" x1="${x(least)}" x2="${x(most)}" y1="${middle}" y2="${middle}"/>`;
  const bar = `<rect class="bar${ours ? ' ours' : ''}" x="0" y="${top + BAR.top}" width="${x(value)}" height="${BAR.height}"/>`;
  const beyond = `<text class="beyond" x="100%" y="${middle + 5}" text-anchor="end">▸</text>`;
  const edges = `y1="${top + BAR.top - OVER}" y2="${top + BAR.top + BAR.height + OVER}"`;
  const marks = limits
    .filter(({ row }) => row === name)
    .map(({ at }) => `<line class="limit" x1="${x(at)}" x2="${x(at)}" ${edges}/>`);
  const told = hasDots ? `${shown(least)} … ${shownWith(most, unit)}` : shownWith(value, unit);
  return [
    `<text${mine} x="0" y="${top + LABEL}">${escaped(name)}</text>`,
    `<text${mine} x="100%" y="${top + LABEL}" text-anchor="end">${told}</text>`,
    ...(hasDots ? [] : [bar]),
    ...(values ? (values.length > 1 ? points : []) : [span]),
    ...marks,
    ...(most > end ? [beyond] : []),
  ];
}

/** The elements, and how high they are; as wide as there is room. */
function drawn(group) {
  const { limits, marks, end, x } = scaleOf(group);
  const floor = group.rows.length * PITCH;
  const anchor = (n) => ({ 0: 'start', [marks.length - 1]: 'end' })[n] ?? 'middle';
  const tick = (value) => Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 });
  const axis = marks.flatMap((value, n) => [
    `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="0" y2="${floor}"/>`,
    `<text class="tick" x="${x(value)}" y="${floor + 16}" text-anchor="${anchor(n)}">${tick(value)}</text>`,
  ]);
  const rows = group.rows.flatMap((row, n) => drawnRow(group, row, { x, limits, end, top: n * PITCH }));
  return { elements: [...axis, ...rows].join('\n  '), height: floor + AXIS };
}

const described = ({ title, unit }) => escaped(unit === '' ? title : `${title}, ${unit}`);

/** For a page that has the style. */
export function plot(group) {
  const { elements, height } = drawn(group);
  return `<svg xmlns="http://www.w3.org/2000/svg" class="plot" width="100%" height="${height}" role="img" aria-label="${described(group)}">
  ${elements}
</svg>`;
}

/** One that stands alone. */
export function picture(group) {
  const { elements, height } = drawn(group);
  const whole = HEAD + height + EDGE;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 ${WIDTH} ${whole}" width="${WIDTH}" height="${whole}" role="img">
  <title>${described(group)}</title>
  <style>${STYLE}
  </style>
  <rect class="paper" width="100%" height="100%"/>
  <text class="title" x="${EDGE}" y="22">${described(group)}</text>
  <svg x="${EDGE}" y="${HEAD}" width="${WIDTH - 2 * EDGE}" height="${height}">
  ${elements}
  </svg>
</svg>
`;
}
