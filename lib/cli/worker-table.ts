// The table of a family's processes: its columns, what it is sorted by, and what is left out where there is no room.
import type { MasterStatus, ProcessStatus } from '../prefork/index.js';
import { amountText, bars, lagText, sizeText, spanText } from './figures.js';
import { painted, type Look, type Paint } from './terminal.js';

const SLOW = 100; // milliseconds of lag
const HANGS = 1_000;

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
    text: ({ forkedAt }, now) => spanText(now - forkedAt),
    value: ({ forkedAt }) => -forkedAt,
    down: true,
    rank: 5,
  },
  r: {
    title: 'REQ/S',
    text: ({ requestsPerSecond }) => amountText(requestsPerSecond),
    value: ({ requestsPerSecond }) => requestsPerSecond,
    paint: ({ requestsPerSecond }) => (requestsPerSecond > 0 ? undefined : 'dim'),
    down: true,
    rank: 12,
  },
  n: {
    title: 'REQUESTS',
    text: ({ requests }) => amountText(requests),
    value: ({ requests }) => requests,
    down: true,
    rank: 3,
  },
  c: {
    title: 'CONN',
    text: ({ connections }) => amountText(connections),
    value: ({ connections }) => connections,
    paint: ({ connections }) => (connections > 0 ? undefined : 'dim'),
    down: true,
    rank: 10,
  },
  l: {
    title: 'LAG',
    text: ({ lag }) => lagText(lag),
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
    text: ({ memory }) => sizeText(memory?.private),
    value: ({ memory }) => memory?.private ?? -1,
    down: true,
    rank: 8,
  },
  h: {
    title: 'SHARED',
    text: ({ memory }) => sizeText(memory?.shared),
    value: ({ memory }) => memory?.shared ?? -1,
    down: true,
    rank: 2,
  },
  x: {
    title: 'RESTARTS',
    text: ({ restarts }) => String(restarts),
    value: ({ restarts }) => restarts,
    paint: ({ restarts }) => (restarts > 0 ? 'yellow' : 'dim'),
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
    const head: Cell = {
      text: `${column.title}${sorting ? (order.down ? '↓' : '↑') : ''}`,
      how: sorting ? 'bold' : 'dim',
    };
    const cells = sorted.map((each) => ({ text: column.text(each, time), how: column.paint?.(each) }));
    return columnOf([head, ...cells], column.rank, column.left);
  });
  if (trends) {
    const lines = sorted.map(({ pid }) => ({ text: bars(trends.get(pid ?? 0) ?? [], most), how: undefined }));
    drawn.splice(6, 0, columnOf([{ text: TREND, how: 'dim' }, ...lines], 1));
  }
  const fitting = fit(drawn, look.width);
  return Array.from({ length: sorted.length + 1 }, (_, line) =>
    fitting
      .map(({ cells, width, left }) => {
        const { text = '', how } = cells[line] ?? {};
        const space = ' '.repeat(width - text.length);
        return left ? painted(text, how, look) + space : space + painted(text, how, look);
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
