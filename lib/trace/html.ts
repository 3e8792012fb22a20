// The timeline as a page of its own: the drawing, and a table of what happened. It loads nothing, and its policy allows nothing
// but its own script and style sheets, by their hashes.
import { createHash } from 'node:crypto';
import { object } from '../mistakes.js';
import { toSvg, type SvgOptions } from './svg.js';
import { styleSheet } from './svg-style.js';
import type { Timeline } from './timeline.js';
import { shownTime } from './units.js';
import { processTitle, summary } from './wording.js';
import { element, escaped } from './xml.js';

const pageStyle = `
body{margin:0;font:14px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:#1f2937;background:#fff}
main{max-width:1200px;margin:0 auto;padding:16px}
.view{overflow-x:auto;border:1px solid #e5e7eb;border-radius:6px}
.view svg{display:block;min-width:860px;width:100%;height:auto}
.bar{display:flex;gap:8px;align-items:center;margin:8px 0;min-height:2.4em}
.bar output{flex:1;color:#4b5563}
button{font:inherit;min-width:2.4em;padding:2px 8px;border:1px solid #d1d5db;border-radius:6px;background:none;color:inherit}
.tf-timeline [tabindex]:focus{outline:2px solid #2f7f8f;outline-offset:2px}
h2{font-size:16px;margin:24px 0 8px}
.rows{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:3px 12px 3px 0;border-bottom:1px solid #e5e7eb;vertical-align:top}
td:first-child,th:first-child{text-align:right;white-space:nowrap}
td:last-child{overflow-wrap:anywhere}
.failed{color:#b4432f}
@media screen and (prefers-color-scheme:dark){body{color:#e5e7eb;background:#14181d}.view,th,td{border-color:#2a3038}
.bar output{color:#9aa3af}button{border-color:#4b5563}.failed{color:#ef8570}}
@media print{.bar{display:none}.view{overflow:visible;border:0}.view svg{min-width:0}}
`;

// What is pointed at says what it is; the drawing becomes larger and smaller. Without it, all is there but that.
const script = `
const svg = document.querySelector('.tf-timeline');
const output = document.querySelector('output');
const hint = output.textContent;
const say = (event) => {
  const part = event.target.closest('g');
  const title = part?.querySelector('title');
  output.textContent = title ? title.textContent : hint;
};
svg.addEventListener('pointerover', say);
svg.addEventListener('focusin', say);
svg.addEventListener('click', say);
let zoom = 1;
const show = (factor) => {
  const view = svg.parentElement;
  const middle = (view.scrollLeft + view.clientWidth / 2) / svg.clientWidth;
  zoom = Math.min(8, Math.max(1, zoom * factor));
  svg.style.width = zoom * 100 + '%';
  view.scrollLeft = middle * svg.clientWidth - view.clientWidth / 2;
};
document.getElementById('closer').addEventListener('click', () => show(1.5));
document.getElementById('farther').addEventListener('click', () => show(1 / 1.5));
`;

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function policy(styles: readonly string[]): string {
  const allowed = styles.map(hash).join(' ');
  return `default-src 'none'; style-src ${allowed}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`;
}

function rows({ events, processes }: Timeline): string[] {
  const pids = new Map(processes.map(({ id, pid }) => [id, pid]));
  return events.map(({ at, end, process, text, error }) => {
    const took = end === null ? 'did not come back' : end === at ? '' : shownTime(end - at);
    const cells = [shownTime(at), String(pids.get(process) ?? ''), took, text];
    const content = cells.map((cell) => element('td', {}, escaped(cell)));
    return element('tr', error === undefined ? {} : { class: 'failed' }, ...content);
  });
}

/**
 * A timeline as a page that opens from disk: the drawing of `toSvg`, which can be enlarged and tells of each part what it is, and
 * a table of all events. It needs no network, and no script to be read.
 *
 * @param options as for `toSvg`
 * @throws as `toSvg`
 */
export function toHtml(timeline: Timeline, options: SvgOptions = {}): string {
  const { title = timeline.processes[0]?.name ?? 'No process', theme = 'auto' } = object('options', options);
  const svg = toSvg(timeline, { width: 1160, ...options });
  const list = timeline.processes.map((process) => element('li', {}, escaped(processTitle(timeline, process))));
  const heads = ['time', 'process', 'took', 'what'].map((head) => element('th', { scope: 'col' }, head));
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8"/>',
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: policy([styleSheet(theme), pageStyle]) }),
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
    '<meta name="color-scheme" content="light dark"/>',
    element('title', {}, escaped(title)),
    `<style>${pageStyle}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<div class="view">${svg.trimEnd()}</div>`,
    '<div class="bar"><button id="farther" type="button" aria-label="smaller">−</button>',
    '<button id="closer" type="button" aria-label="larger">+</button>',
    '<output aria-live="polite">Point at a part, or reach it by the Tab key: here is said what it is.</output></div>',
    element('h2', {}, 'Processes'),
    element('p', {}, escaped(summary(timeline))),
    element('ul', {}, ...list),
    element('h2', {}, 'Events'),
    `<div class="rows"><table><thead><tr>${heads.join('')}</tr></thead>`,
    `<tbody>${rows(timeline).join('\n')}</tbody></table></div>`,
    '</main>',
    `<script>${script}</script>`,
    '</body>',
    '</html>\n',
  ].join('\n');
}
