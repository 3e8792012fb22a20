// The page of the benchmarks, of results that were made up.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { programPath } from '../support/programs';

interface Row {
  name: string;
  value: number;
  spread: [number, number];
  count: number;
  values?: number[];
  of?: number;
  peers: string[];
}

interface Group {
  name: string;
  rows: Row[];
  bars: { row: string; says: string; limit: number; held: boolean }[];
  notes: { value: number }[];
  absent: { name: string }[];
}

interface Page {
  results: { benches: { seconds: number; load: { before: number[]; after: number[] }; groups: Group[] }[] };
  html: string;
  markdown: string;
  /** The Markdown as HTML. */
  rendered: string;
  pictures: string[];
}

const waits = {
  name: 'waits',
  title: 'What <clients> & servers wait',
  about: 'How long a client waits.',
  unit: 'ms',
  better: 'less',
  rows: [
    { name: 'truefork', ours: true, values: [12.25, 11.5, 14.75] },
    { name: 'node:cluster', values: [491.5, 502.25, 530] },
    { name: 'C', values: [10.5, 9.75, 11] },
    { name: 'gunicorn', values: [], install: 'apt-get install -y gunicorn' },
  ],
  bars: [
    { row: 'truefork', peer: 'node:cluster', times: 25 },
    { row: 'truefork', peer: 'C', share: 1.1 },
    { row: 'truefork', peer: 'C', over: 5 },
    { row: 'truefork', longest: 13 },
    { row: 'truefork', peer: 'gunicorn', times: 3 },
  ],
  notes: [{ what: 'restarts meanwhile', value: 1234 }],
};

const rates = {
  name: 'rates',
  title: 'Requests',
  about: 'How many a second.',
  unit: '/s',
  better: 'more',
  rows: [
    { name: 'truefork', ours: true, values: [9738], peers: ['cluster'] },
    { name: 'cluster', values: [19891] },
    { name: 'another', values: Array.from({ length: 40 }, (_, n) => 5000 + n) },
  ],
  bars: [{ row: 'truefork', least: 9000 }],
};

const losses = {
  name: 'losses',
  title: 'Requests lost',
  about: 'Of all that came.',
  better: 'less',
  rows: [{ name: 'lost', ours: true, values: [0] }],
  bars: [{ row: 'lost', most: 0 }],
};

const bench = {
  name: 'made',
  title: 'Made up',
  about: 'Nothing was measured.',
  command: 'npm run bench -- made',
  quick: false,
  date: '2026-01-02T03:04:05.000Z',
  seconds: 1357,
  machine: {
    processors: 2,
    model: 'A Processor',
    memory: '24 GB',
    kernel: 'Linux 6.1',
    distribution: 'A System',
    glibc: '2.36',
  },
  versions: { truefork: '0.1.0', 'Node.js': '20.20.2', gunicorn: 'absent' },
  load: { before: [0.11, 0.22, 0.33], after: [1.44, 1.55, 1.66], others: 0.012, stolen: 0 },
  groups: [waits, rates, losses],
};

function made(benches: object[], ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const input = JSON.stringify(benches);
  return spawnSync(process.execPath, [programPath('bench-page.mjs'), ...args], { input, encoding: 'utf8' });
}

function page(...benches: object[]): Page {
  const { status, stdout, stderr } = made(benches);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Page;
}

/** Its texts, those of different elements apart; fails if it is not well-formed. */
function textOf(markup: string): string {
  const document = new DOMParser({
    onError(level, message) {
      throw new Error(`${level}: ${message}`);
    },
  }).parseFromString(markup.replace('<!doctype html>', '').replaceAll('><', '>\n<'), 'application/xhtml+xml');
  return document.documentElement?.textContent ?? '';
}

/** As the page has a figure: see `shown` of bench/result.mjs. */
function shown(value: number): string {
  if (Number.isInteger(value) || value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value < 10 ? 2 : 1);
}

function figuresOf({ rows, bars, notes }: Group): string[] {
  const numbers = rows.flatMap(({ value, spread, count, values = [], of = [] }) =>
    [value, count === 1 ? [] : [spread, count, values], of].flat(2),
  );
  return [...numbers, ...bars.map(({ limit }) => limit), ...notes.map(({ value }) => value)].map(shown);
}

/** What a reader of the Markdown sees. */
function readerOf({ rendered }: Page): string {
  return textOf(`<html xmlns="http://www.w3.org/1999/xhtml">${rendered.replaceAll('<br>', '<br/>')}</html>`);
}

const whole = page(bench);
const { results, html, markdown, pictures } = whole;
const text = textOf(html);
const asMarkdown = readerOf(whole);
const wordsOf = (all: string) => new Set(all.split(/[\s%…]+/).map((word) => word.replace(/[.,;:]$/, '')));

test('the page and the pictures are well-formed, whatever the names are', () => {
  expect(text).toContain('What <clients> & servers wait');
  expect(pictures).toHaveLength(2);
  for (const picture of pictures) expect(textOf(picture)).toContain('truefork');
  expect(pictures.join('')).toContain('What &lt;clients&gt; &amp; servers wait');
});

test('each figure of the results is on the page as text', () => {
  const words = wordsOf(text);
  const all = results.benches.flatMap(({ groups }) => groups.flatMap(figuresOf));
  expect(all.length).toBeGreaterThan(30);
  expect(all.filter((figure) => !words.has(figure))).toEqual([]);
  for (const [name, version] of Object.entries(bench.versions)) expect(text).toContain(`${name} ${version}`);
  expect(text).toContain('0.11, 0.22, 0.33');
  expect(text).toContain('1.44, 1.55, 1.66');
  expect(text).toContain('1,357 s');
  expect(text).toContain('2026-01-02 03:04 UTC');
});

test('the Markdown tells the same, but for the single measurements', () => {
  const words = wordsOf(asMarkdown);
  const all = results.benches.flatMap(({ groups }) =>
    groups.flatMap((group) => figuresOf({ ...group, rows: group.rows.map((row) => ({ ...row, values: [] })) })),
  );
  expect(all.filter((figure) => !words.has(figure))).toEqual([]);
  expect(asMarkdown).toContain('What <clients> & servers wait');
  expect(asMarkdown).toContain('4 of 6 bars are held');
  expect(asMarkdown).toContain('where C has 10.5 ms.');
  expect(asMarkdown).toContain('gunicorn was not there; apt-get install -y gunicorn brings it.');
  expect(asMarkdown).toContain('1,357 s');
  expect(asMarkdown).not.toContain('QUICK');
  const anchors = [...markdown.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
  expect(anchors).toEqual(['where-others-are-ahead', 'made']);
  expect(markdown).toContain('<a id="made"></a>');
  expect(markdown).toContain('## Where others are ahead');
});

test('what docs/ shows is drawn from the results that lie beside it', () => {
  const docs = (name: string) => readFileSync(join(__dirname, '..', '..', 'docs', name), 'utf8');
  const { benches } = JSON.parse(docs('benchmarks.json')) as { benches: object[] };
  const { status, stdout } = made(benches, '--measured');
  expect(status).toBe(0);
  const drawn = JSON.parse(stdout) as Page;
  expect(docs('benchmarks.html')).toBe(drawn.html);
  expect(docs('benchmarks.md')).toBe(drawn.markdown);
});

test('it needs no network, no other file and no script', () => {
  expect(html).not.toMatch(/<script|<link|<img|@import|url\(|\bsrc=/);
  const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
  expect(links.every((href) => href?.startsWith('#') && html.includes(`id="${href.slice(1)}"`))).toBe(true);
});

test('a measurement that is far from all values does not make the others small: it is an arrow', () => {
  const values = [...Array.from({ length: 40 }, () => 10), 9000];
  const rows = [
    { name: 'truefork', ours: true, values },
    { name: 'C', values: [12] },
  ];
  const { pictures } = page({ ...bench, groups: [{ ...waits, rows, bars: [], notes: [] }] });
  expect(textOf(pictures[0] ?? '')).toContain('▸');
  const [ours, theirs] = [...(pictures[0] ?? '').matchAll(/class="bar[^>]* width="([\d.]+)%"/g)].map(
    ([, width]) => width,
  );
  expect(Number(ours)).toBeGreaterThan(30);
  expect(Number(theirs)).toBeCloseTo(Number(ours) * 1.2, 1);
  expect(text).not.toContain('▸');
});

test('a bar is held or missed by what was measured', () => {
  const bars = results.benches[0]?.groups.flatMap((group) => group.bars.map(({ says, held }) => [says, held]));
  expect(bars).toEqual([
    ['at least 25 × as good as node:cluster', true],
    ['at most 1.10 times that of C', false],
    ['at most 5 ms more than C', true],
    ['the longest at most 13 ms', false],
    ['at least 9,000 /s', true],
    ['at most 0', true],
  ]);
  expect(text).toContain('4 of 6 bars are held');
});

test('where others are ahead is told of each row and each bar, by how much', () => {
  const behind = textOf(html.slice(html.indexOf('<section id="behind">'), html.indexOf('<section id="machine">')));
  const sentences = behind.split('\n').filter((line) => / (has|promised) /.test(line));
  expect(sentences).toEqual([
    'What <clients> & servers wait: promised of truefork: at most 1.10 times that of C; it has 12.3 ms, where C has 10.5 ms.',
    'What <clients> & servers wait: promised of truefork: the longest at most 13 ms; it has 14.8 ms.',
    'What <clients> & servers wait: C has 10.5 ms, truefork 12.3 ms: ours is 16.7 % more.',
    'Requests: cluster has 19,891 /s, truefork 9,738 /s: theirs is 2.04 times as much.',
  ]);
});

test('that measurements overlap is told', () => {
  const rows = [
    { name: 'truefork', ours: true, values: [10, 12, 14] },
    { name: 'C', values: [9, 11, 13] },
  ];
  const { html } = page({ ...bench, groups: [{ ...waits, rows, bars: [] }] });
  expect(textOf(html)).toContain('truefork 12 ms: ours is 9.09 % more; the measurements overlap.');
});

test('a peer that was not there is named with the command that brings it', () => {
  expect(text).toContain('gunicorn was not there; apt-get install -y gunicorn brings it.');
});

test('ours without a peer or a bar is refused', () => {
  const rows = [{ name: 'truefork', ours: true, values: [1] }];
  const alone = { ...waits, rows, bars: [] };
  const { status, stderr } = made([{ ...bench, groups: [alone] }]);
  expect(status).toBe(1);
  expect(stderr).toContain('waits: "truefork" is ours, and has neither a peer in the same run nor a bar');
});

test('ours is left out where its only peer is not there', () => {
  const rows = [
    { name: 'truefork', ours: true, values: [123] },
    { name: 'gunicorn', values: [], install: 'apt-get install -y gunicorn' },
  ];
  const { results, html } = page({ ...bench, groups: [{ ...waits, rows, bars: [], notes: [] }] });
  expect(results.benches[0]?.groups[0]?.rows).toEqual([]);
  expect(textOf(html)).not.toContain('123 ms');
});

test('a benchmark that has failed is told, and so is a machine that was not quiet', () => {
  const failure = { ended: 'exit code 1', tail: 'Error: <no> memory' };
  const load = { ...bench.load, others: 0.314 };
  const told = page(bench, { ...bench, name: 'other', title: 'The other', failure, load, groups: [] });
  for (const all of [textOf(told.html), readerOf(told)]) {
    expect(all).toContain('The other: it failed (exit code 1)');
    expect(all).toContain('Error: <no> memory');
    expect(all).toContain('Meanwhile others used 31.4\u00a0% of the processors');
  }
  expect(textOf(told.html)).toContain('The machine was not quiet during: The other.');
  expect(text).not.toContain('not quiet');
});

test('a quick run says in large letters that its figures are none', () => {
  const told = page({ ...bench, quick: true });
  for (const all of [textOf(told.html), readerOf(told)]) expect(all).toContain('These are not figures.');
  expect(text).not.toContain('QUICK');
});

test('benchmarks of different machines tell each its own', () => {
  const machine = { ...bench.machine, model: 'Another Processor' };
  const all = textOf(page(bench, { ...bench, name: 'other', machine }).html);
  expect(all.match(/2 × A Processor/g)).toHaveLength(1);
  expect(all.match(/2 × Another Processor/g)).toHaveLength(1);
  expect(all).toContain('not one for all');
});
