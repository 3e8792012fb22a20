// The drawings of a timeline: well-formed, escaped, complete.
import { readFileSync } from 'node:fs';
import { DOMParser, type Document, type Element } from '@xmldom/xmldom';
import { createHash } from 'node:crypto';
import { toHtml, toPerfetto, toSvg, toText, traceProgram, type Timeline, type TimelineProcess } from 'truefork/trace';
import { thrownBy } from '../posix/cases';
import { told } from './traced';

const nasty = `<script>alert("1")</script> & 'quoted' \u0001\u{1F9F5}\uD800 ]]>`;

function process(id: number, rest: Partial<TimelineProcess> = {}): TimelineProcess {
  return {
    id,
    pid: 4000 + id,
    parent: id === 0 ? null : 0,
    name: nasty,
    programs: [],
    born: id / 10,
    died: 90,
    reaped: 100,
    reapedBy: id === 0 ? null : 0,
    end: { state: 'exited', code: id },
    adopted: [],
    spans: [
      { state: 'running', begin: id / 10, end: 20, sampled: true },
      { state: 'sleeping', begin: 20, end: 50, in: 'waitpid', sampled: false },
      { state: 'stopped', begin: 50, end: 90, sampled: true },
      { state: 'zombie', begin: 90, end: 100, sampled: false },
    ],
    ...rest,
  };
}

function timelineOf(count: number, events = 5): Timeline {
  return {
    version: 1,
    startedAt: 0,
    duration: 100,
    processes: Array.from({ length: count }, (_, id) => process(id)),
    events: Array.from({ length: events }, (_, n) => {
      return { at: (100 * n) / events, end: null, process: n % count, kind: 'mark' as const, text: nasty };
    }),
    signals: [
      { signal: 'SIGUSR1', from: 0, to: count - 1, sent: 30, arrived: 31, effect: 'handled' },
      { signal: 'SIGALRM', from: null, to: 0, sent: 40, arrived: 40, effect: 'handled' },
    ],
    messages: [
      { from: 0, to: count - 1, written: 30, read: 32, bytes: 5, conduit: 7 },
      { from: 0, to: null, written: 33, read: null, bytes: 5, conduit: 7 },
    ],
    dropped: 3,
    torn: 1,
  };
}

const empty: Timeline = { ...timelineOf(1), processes: [], events: [], signals: [], messages: [], duration: 0 };

function parsed(text: string): Document {
  const onError = (level: string, message: string) => {
    // The character that stands for what XML has none for.
    if (message.includes('replacement character')) return;
    throw new Error(`${level}: ${message}`);
  };
  return new DOMParser({ onError }).parseFromString(text, 'text/xml');
}

function elements(document: Document, name: string): Element[] {
  return Array.from(document.getElementsByTagName(name));
}

/** The boxes of all texts, as wide as their letters are at most. */
function boxes(document: Document): { text: string; left: number; right: number; top: number; bottom: number }[] {
  const size: Record<string, number> = { 'tf-title': 15, 'tf-pid': 12, 'tf-small': 11 };
  return elements(document, 'text').map((element) => {
    const text = element.textContent ?? '';
    const height = size[element.getAttribute('class') ?? ''] ?? 10;
    const width = Array.from(text).length * height * 0.6;
    const [x, y] = [Number(element.getAttribute('x')), Number(element.getAttribute('y'))];
    const anchor = element.getAttribute('text-anchor');
    const left = anchor === 'middle' ? x - width / 2 : anchor === 'end' ? x - width : x;
    return { text, left, right: left + width, top: y - height * 0.7, bottom: y + height * 0.1 };
  });
}

describe.each([
  ['no process', empty],
  ['2 processes', timelineOf(2)],
  ['20 processes', timelineOf(20, 400)],
  ['100 processes and 5,000 events', timelineOf(100, 5000)],
])('of %s', (_, timeline) => {
  test('the SVG is well-formed, has a title and a description, and what is in the timeline is text in it', () => {
    const document = parsed(toSvg(timeline, { title: nasty }));
    const root = document.documentElement;
    expect(root?.tagName).toBe('svg');
    expect(root?.getAttribute('role')).toBe('img');
    expect(elements(document, 'script')).toEqual([]);
    const [title, description] = Array.from(root?.childNodes ?? []).filter(({ nodeType }) => nodeType === 1);
    expect(title?.textContent).toContain('<script>alert("1")</script> & \'quoted\'');
    expect(description?.textContent).toContain('3 events dropped');
    for (const { pid } of timeline.processes) {
      expect(elements(document, 'text').some(({ textContent }) => textContent === String(pid))).toBe(true);
    }
  });

  test('the page is well-formed, and its policy lets in its own script and styles, and nothing else', () => {
    const document = parsed(toHtml(timeline).replace('<!DOCTYPE html>', ''));
    const metas = elements(document, 'meta');
    const policy = metas.find((meta) => meta.hasAttribute('http-equiv'))?.getAttribute('content') ?? '';
    const hashes = [...elements(document, 'style'), ...elements(document, 'script')].map(({ textContent }) => {
      return `'sha256-${createHash('sha256')
        .update(textContent ?? '')
        .digest('base64')}'`;
    });
    expect(hashes).toHaveLength(3);
    for (const hash of hashes) expect(policy).toContain(hash);
    expect(policy).toMatch(/^default-src 'none';/);
    expect(elements(document, 'tr')).toHaveLength(timeline.events.length + 1);
    expect(toHtml(timeline)).not.toMatch(/(src|href)=|url\(|@import/);
  });

  test('no text of the SVG lies on another, or leaves the drawing', () => {
    for (const width of [480, 960, 1600]) {
      const all = boxes(parsed(toSvg(timeline, { width, title: 'A title' })));
      const overlapping = all.filter((one, index) =>
        all.slice(index + 1).some((other) => {
          return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
        }),
      );
      expect(overlapping).toEqual([]);
      expect(all.filter(({ left, right }) => left < 0 || right > width)).toEqual([]);
    }
  });

  test('the text has a line for each process, is as wide as it may be, and controls no terminal', () => {
    for (const width of [40, 80, 200]) {
      const lines = toText(timeline, { width, events: false }).split('\n');
      for (const { pid } of timeline.processes) {
        expect(lines.filter((line) => line.trimStart().startsWith(String(pid)))).toHaveLength(1);
      }
      expect(lines.slice(1).filter((line) => !line.startsWith('folded') && line.length > width)).toEqual([]);
    }
    // eslint-disable-next-line no-control-regex
    expect(toText(timeline)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  test('the trace keeps the rules of the format', () => {
    const { traceEvents } = JSON.parse(toPerfetto(timeline)) as { traceEvents: Record<string, unknown>[] };
    for (const { name, ph, pid, tid, ts, dur, id, s } of traceEvents) {
      expect(typeof name).toBe('string');
      expect([pid, tid].map((number) => Number.isInteger(number))).toEqual([true, true]);
      if (ph !== 'M') expect(ts).toBeGreaterThanOrEqual(0);
      if (ph === 'X') expect(dur).toBeGreaterThanOrEqual(0);
      if (ph === 'i') expect(s).toBe('t');
      if (ph === 's' || ph === 'f') expect(Number.isInteger(id)).toBe(true);
      expect(['X', 'i', 's', 'f', 'M']).toContain(ph);
    }
    const flows = (ph: string) => traceEvents.filter((event) => event['ph'] === ph).map(({ id }) => id);
    expect(flows('s')).toEqual(flows('f'));
    expect(new Set(flows('s')).size).toBe(flows('s').length);
  });
});

test('a real program is drawn in every way', async () => {
  const { timeline } = await told('stopped');
  const document = parsed(toSvg(timeline));
  const titles = elements(document, 'title').map(({ textContent }) => textContent);
  for (const signal of ['SIGSTOP', 'SIGCONT', 'SIGKILL']) {
    expect(titles.filter((title) => title?.startsWith(signal))).toHaveLength(1);
  }
  expect(toText(timeline)).toContain('╍╍');
});

test('the colours are those of the theme that is asked for', () => {
  const timeline = timelineOf(2);
  expect(toSvg(timeline)).toContain('prefers-color-scheme:dark');
  expect(toSvg(timeline, { theme: 'light' })).not.toContain('prefers-color-scheme');
  expect(toSvg(timeline, { theme: 'dark' })).toContain('@media print');
});

test('a long stretch in which nothing happens is folded, and can be left as it is', () => {
  const short = timelineOf(3);
  const lives = process(3, {
    died: null,
    reaped: null,
    spans: [{ state: 'running', begin: 1, end: 60_000, sampled: true }],
  });
  const timeline: Timeline = { ...short, duration: 60_000, processes: [...short.processes, lives] };
  expect(toSvg(timeline)).toContain('tf-zigzag" d=');
  expect(toText(timeline)).toContain('⋯');
  expect(toSvg(timeline, { fold: false })).not.toContain('tf-zigzag" d=');
  expect(toText(timeline, { fold: false })).not.toContain('⋯');
});

test.each([
  [() => toSvg(timelineOf(2), { width: 100 }), 'ERR_OUT_OF_RANGE'],
  [() => toSvg(timelineOf(2), { theme: 'blue' as 'dark' }), 'ERR_INVALID_ARG_VALUE'],
  [() => toSvg(timelineOf(2), { fold: 1 as unknown as boolean }), 'ERR_INVALID_ARG_TYPE'],
  [() => toSvg(timelineOf(2), { title: 1 as unknown as string }), 'ERR_INVALID_ARG_TYPE'],
  [() => toText(timelineOf(2), { width: 39 }), 'ERR_OUT_OF_RANGE'],
  [() => toText(timelineOf(2), { events: 1 as unknown as boolean }), 'ERR_INVALID_ARG_TYPE'],
  [() => toPerfetto(null as unknown as Timeline), 'ERR_INVALID_ARG_TYPE'],
])('%s is refused: %s', (call, code) => {
  expect(thrownBy(call)).toMatchObject({ code });
});

test.each([
  [[], {}, 'ERR_INVALID_ARG_VALUE'],
  [[''], {}, 'ERR_INVALID_ARG_VALUE'],
  [[1] as unknown as string[], {}, 'ERR_INVALID_ARG_TYPE'],
  ['ls' as unknown as string[], {}, 'ERR_INVALID_ARG_TYPE'],
  [['true'], { capacity: 15 }, 'ERR_OUT_OF_RANGE'],
  [['/nonexistent'], {}, 'ERR_TRACE_PROGRAM'],
])('traceProgram(%j, %j) is rejected: %s', async (argv, options, code) => {
  await expect(traceProgram(argv, options)).rejects.toMatchObject({ code });
});

test('docs/trace.md names each export', async () => {
  const text = readFileSync('docs/trace.md', 'utf8');
  const names = Object.keys(await import('truefork/trace'));
  expect(names.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});
