// A family as lines of text, for people: of `truefork status` and `truefork top`.
import { shownAddress, type HistoryEvent, type MasterStatus, type ProcessStatus } from '../prefork/index.js';

/** How there is to be written. */
export interface Look {
  /** Columns. Lines are cut to it. */
  readonly width: number;
  readonly colour: boolean;
}

const MEGABYTE = 2 ** 20;
const SLOW = 100; // milliseconds of lag
const HANGS = 1_000;

const paints = { bold: 1, quiet: 2, reverse: 7, red: 31, green: 32, yellow: 33 } as const;
type Paint = keyof typeof paints;

function paint(text: string, how: Paint | undefined, { colour }: Look): string {
  return colour && how && text !== '' ? `\x1b[${paints[how]}m${text}\x1b[0m` : text;
}

function amount(value: number): string {
  if (value < 100_000) return value < 10 && value % 1 !== 0 ? value.toFixed(1) : String(Math.round(value));
  const [size, unit] = value < 1e6 ? [1e3, 'k'] : value < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  return `${Number((value / size).toPrecision(3))}${unit}`;
}

function bytes(value: number | undefined): string {
  if (value === undefined) return '-';
  const megabytes = value / MEGABYTE;
  if (megabytes >= 1_000) return `${(megabytes / 1024).toFixed(1)} GB`;
  return `${megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`;
}

function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}

function lagOf(milliseconds: number): string {
  if (milliseconds >= 1_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return `${milliseconds < 9.95 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}

const blocks = '▁▂▃▄▅▆▇█';

/** Numbers as a row of bars, one character each. */
function bars(values: readonly number[], most: number): string {
  return values.map((value) => blocks[Math.min(7, Math.floor((value / Math.max(most, 1)) * 7.99))]).join('');
}

const states: Readonly<Record<ProcessStatus['state'], readonly [shape: string, how: Paint]>> = {
  ready: ['●', 'green'],
  booting: ['○', 'yellow'],
  stopping: ['◐', 'yellow'],
  stopped: ['■', 'red'],
  waiting: ['✕', 'red'],
};

interface Column {
  readonly title: string;
  readonly text: (process: ProcessStatus, now: number) => string;
  /** What to sort by. */
  readonly value: (process: ProcessStatus) => number;
  /** Sorted with the greatest first. */
  readonly down?: boolean;
  readonly left?: boolean;
  readonly paint?: (process: ProcessStatus) => Paint | undefined;
  /** The lowest goes first where there is not room for all. */
  readonly rank: number;
}

/** The columns, by the keys of `truefork top` that sort by them. */
export const columns = {
  w: {
    title: 'WORKER',
    text: ({ role, worker }) => (role === 'mold' ? role : String(worker)),
    value: ({ worker }) => worker,
    rank: 14,
  },
  s: {
    title: 'STATE',
    text: ({ state }) => `${states[state][0]} ${state}`,
    value: ({ state }) => Object.keys(states).indexOf(state),
    paint: ({ state }) => states[state][1],
    left: true,
    rank: 13,
  },
  i: { title: 'PID', text: ({ pid }) => String(pid ?? '-'), value: ({ pid }) => pid ?? 0, rank: 9 },
  g: { title: 'GEN', text: ({ generation }) => String(generation), value: ({ generation }) => generation, rank: 4 },
  a: {
    title: 'AGE',
    text: ({ forkedAt }, now) => span(now - forkedAt),
    value: ({ forkedAt }) => -forkedAt,
    down: true,
    rank: 5,
  },
  r: {
    title: 'REQ/S',
    text: ({ requestsPerSecond }) => amount(requestsPerSecond),
    value: ({ requestsPerSecond }) => requestsPerSecond,
    paint: ({ requestsPerSecond }) => (requestsPerSecond > 0 ? undefined : 'quiet'),
    down: true,
    rank: 12,
  },
  n: {
    title: 'REQUESTS',
    text: ({ requests }) => amount(requests),
    value: ({ requests }) => requests,
    down: true,
    rank: 3,
  },
  c: {
    title: 'CONN',
    text: ({ connections }) => amount(connections),
    value: ({ connections }) => connections,
    paint: ({ connections }) => (connections > 0 ? undefined : 'quiet'),
    down: true,
    rank: 10,
  },
  l: {
    title: 'LAG',
    text: ({ lag }) => lagOf(lag),
    value: ({ lag }) => lag,
    paint: ({ lag }) => (lag >= HANGS ? 'red' : lag >= SLOW ? 'yellow' : undefined),
    down: true,
    rank: 11,
  },
  p: {
    title: 'CPU%',
    text: ({ cpu }) => (cpu ? String(Math.round(cpu.share * 100)) : '-'),
    value: ({ cpu }) => cpu?.share ?? -1,
    down: true,
    rank: 7,
  },
  m: {
    title: 'OWN',
    text: ({ memory }) => bytes(memory?.private),
    value: ({ memory }) => memory?.private ?? -1,
    down: true,
    rank: 8,
  },
  h: {
    title: 'SHARED',
    text: ({ memory }) => bytes(memory?.shared),
    value: ({ memory }) => memory?.shared ?? -1,
    down: true,
    rank: 2,
  },
  x: {
    title: 'RESTARTS',
    text: ({ restarts }) => String(restarts),
    value: ({ restarts }) => restarts,
    paint: ({ restarts }) => (restarts > 0 ? 'yellow' : 'quiet'),
    down: true,
    rank: 6,
  },
} as const satisfies Record<string, Column>;

export type ColumnKey = keyof typeof columns;

/** What the workers are sorted by. */
export interface Order {
  readonly key: ColumnKey;
  /** The greatest first. */
  readonly down: boolean;
}

export const byPlace: Order = { key: 'w', down: false };

/** By a column, as it is natural for it; once more by the same, the other way round. */
export function orderBy(key: ColumnKey, before: Order): Order {
  const { down = false }: Column = columns[key];
  return { key, down: before.key === key ? !before.down : down };
}

const GAP = '  ';
const TREND = 'TREND';

interface Cell {
  readonly text: string;
  readonly how: Paint | undefined;
}

/**
 * The table of workers: its head, then a line each.
 *
 * @param trends the last requests per second of each process, by its pid; without them there is no such column
 */
export function workerTable(
  { molds, workers, time }: MasterStatus,
  order: Order,
  look: Look,
  trends?: ReadonlyMap<number, readonly number[]>,
): string[] {
  const { value } = columns[order.key];
  const sorted = [...molds, ...workers].sort(
    (a, b) => (order.down ? value(b) - value(a) : value(a) - value(b)) || a.worker - b.worker,
  );
  const most = Math.max(0, ...[...(trends?.values() ?? [])].flat());
  const drawn = Object.entries<Column>(columns).map(([key, column]) => {
    const sorting = key === order.key;
    const head = { text: `${column.title}${sorting ? (order.down ? '↓' : '↑') : ''}`, how: sorting ? 'bold' : 'quiet' };
    const cells = sorted.map((each) => ({ text: column.text(each, time), how: column.paint?.(each) }));
    return columnOf([head as Cell, ...cells], column.rank, column.left);
  });
  if (trends) {
    const lines = sorted.map(({ pid }) => ({ text: bars(trends.get(pid ?? 0) ?? [], most), how: undefined }));
    drawn.splice(6, 0, columnOf([{ text: TREND, how: 'quiet' }, ...lines], 1));
  }
  const fitting = fit(drawn, look.width);
  return Array.from({ length: sorted.length + 1 }, (_, line) =>
    fitting
      .map(({ cells, width, left }) => {
        const { text = '', how } = cells[line] ?? {};
        const space = ' '.repeat(width - text.length);
        return left ? paint(text, how, look) + space : space + paint(text, how, look);
      })
      .join(GAP),
  );
}

interface DrawnColumn {
  readonly cells: readonly Cell[];
  readonly width: number;
  readonly rank: number;
  readonly left: boolean;
}

function columnOf(cells: readonly Cell[], rank: number, left = false): DrawnColumn {
  return { cells, width: Math.max(...cells.map(({ text }) => text.length)), rank, left };
}

function fit(drawn: readonly DrawnColumn[], room: number): readonly DrawnColumn[] {
  const width = drawn.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  if (width <= room || drawn.length === 1) return drawn;
  const least = Math.min(...drawn.map(({ rank }) => rank));
  return fit(
    drawn.filter(({ rank }) => rank !== least),
    room,
  );
}

function cut(text: string, { width }: Look): string {
  return text.length > width ? text.slice(0, width) : text;
}

function addressOf(status: MasterStatus): string {
  const { path, host, port } = status;
  if (path !== undefined) return shownAddress(status);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The family in a few lines. */
export function headOf(status: MasterStatus, look: Look): string[] {
  const { master, since, time, generation, wanted, totals, rates, replacing, stopping, workers } = status;
  const serving = workers.filter(({ state }) => state === 'ready');
  const ready = new Set(serving.map(({ worker }) => worker)).size;
  const state = stopping
    ? `stopping (${stopping})`
    : `${ready} of ${wanted} ${wanted === 1 ? 'worker' : 'workers'} ready${replacing === null ? '' : `, ${replacing}ing`}`;
  const fine = ready >= wanted && wanted > 0 && !stopping;
  const kills = Object.values(totals.kills).reduce((sum, count) => sum + count, 0);
  const address = addressOf(status);
  const shape = fine ? '●' : ready > 0 ? '▲' : '✕';
  const rest = `  master ${master}  up ${span(time - since)}  generation ${generation}`;
  const figures = [
    `${amount(totals.requestsPerSecond)} requests/s`,
    `${amount(totals.requests)} in all`,
    `${amount(totals.connections)} connections`,
    `memory ${bytes(totals.memory ?? undefined)}`,
    `${totals.forks} forks`,
    `${totals.restarts} ended unasked`,
    `${kills} killed`,
  ];
  const lines = [
    paint(cut(address, look), 'bold', look) +
      paint(
        cut(`  ${shape} ${state}`, { ...look, width: look.width - address.length }),
        fine ? 'green' : ready > 0 ? 'yellow' : 'red',
        look,
      ) +
      cut(rest, { ...look, width: Math.max(0, look.width - address.length - state.length - 4) }),
    cut(figures.join(' · '), look),
  ];
  const title = 'last minutes ';
  const shown = rates.slice(-Math.max(0, look.width - title.length));
  if (shown.length > 1) lines.push(paint(title, 'quiet', look) + bars(shown, Math.max(...shown)));
  return lines.map((line) => line.trimEnd());
}

/** What has happened lately, the latest first. */
export function eventLines(events: readonly HistoryEvent[], most: number, look: Look): string[] {
  return [...events]
    .reverse()
    .sort((a, b) => b.last - a.last)
    .slice(0, most)
    .map(({ kind, last, count, worker, pid, detail = '', asked }) => {
      const unasked = asked === false;
      const who = worker === undefined ? 'master' : worker < 0 ? 'mold' : `worker ${worker}`;
      const what = `${kind}${unasked ? ', unasked' : ''}${count > 1 ? ` ×${count}` : ''}`;
      const line = `${clock(last)}  ${who.padEnd(11)} ${String(pid ?? '').padStart(7)}  ${what} ${detail}`.trimEnd();
      const grave = unasked || kind === 'kill' || kind.endsWith('failed');
      return paint(cut(line, look), grave ? 'red' : undefined, look);
    });
}
