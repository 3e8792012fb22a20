// Figures as a picture: a bar to the median, and a dot for each measurement. SVG without a library, which follows the reader's
// choice of light or dark.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, shown } from './figures.mjs';

const WIDTH = 720;
const LEFT = 190;
const RIGHT = 80;
const TOP = 44;
const ROW = 34;
const BOTTOM = 46;

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .paper { fill: #ffffff }
    .title { font-weight: 600 }
    .tick { fill: #59636e; font-size: 12px }
    .grid { stroke: #d1d9e0 }
    .bar { fill: #8fb3d9 }
    .ours { fill: #1a66b8 }
    .dot { fill: #1f2328; fill-opacity: 0.55 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .paper { fill: #0d1117 }
      .tick { fill: #9198a1 }
      .grid { stroke: #3d444d }
      .bar { fill: #3f5f82 }
      .ours { fill: #4c9be8 }
      .dot { fill: #f0f6fc }
    }`;

/** The distance of the marks of an axis: 1, 2 or 5 times a power of ten, so that there are about five. */
function step(most) {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => most / size <= 6);
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * @param picture `title`; `unit` of the axis; `rows`: measurements, by their names; `dots`: whether there are dots alone, for
 * values that have no median
 */
function drawn({ title, unit, rows, dots = false }) {
  const entries = Object.entries(rows);
  const most = Math.max(...entries.flatMap(([, values]) => values), Number.MIN_VALUE);
  const size = step(most);
  const end = Math.ceil(most / size) * size;
  const x = (value) => (LEFT + (value / end) * (WIDTH - LEFT - RIGHT)).toFixed(1);
  const floor = TOP + entries.length * ROW;
  const marks = Array.from({ length: Math.round(end / size) + 1 }, (_, n) => n * size);
  const axis = marks.flatMap((value) => [
    `<line class="grid" x1="${x(value)}" x2="${x(value)}" y1="${TOP - 6}" y2="${floor}"/>`,
    `<text class="tick" x="${x(value)}" y="${floor + 17}" text-anchor="middle">${Number(value.toPrecision(3)).toLocaleString('en-US')}</text>`,
  ]);
  const lines = entries.flatMap(([name, values], n) => {
    const middle = TOP + n * ROW + ROW / 2;
    const own = name.startsWith('truefork') ? 'bar ours' : 'bar';
    const label = `<text x="${LEFT - 10}" y="${middle + 4}" text-anchor="end">${escaped(name)}</text>`;
    const bar = `<rect class="${own}" x="${LEFT}" y="${middle - 10}" width="${(x(median(values)) - LEFT).toFixed(1)}" height="20"/>`;
    const value = `<text x="${Number(x(Math.max(...values))) + 10}" y="${middle + 4}">${shown(median(values))}</text>`;
    const points = values.map((point) => `<circle class="dot" cx="${x(point)}" cy="${middle}" r="${dots ? 4 : 2.5}"/>`);
    return dots ? [label, ...points] : [label, bar, ...points, value];
  });
  const height = floor + BOTTOM;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
  <title>${escaped(title)}</title>
  <style>${STYLE}
  </style>
  <rect class="paper" width="100%" height="100%"/>
  <text class="title" x="10" y="22">${escaped(title)}</text>
  ${[...axis, ...lines].join('\n  ')}
  <text class="tick" x="${x(end / 2)}" y="${floor + 37}" text-anchor="middle">${escaped(unit)}</text>
</svg>
`;
}

export function draw(folder, picture) {
  writeFileSync(join(folder, `${picture.name}.svg`), drawn(picture));
}
