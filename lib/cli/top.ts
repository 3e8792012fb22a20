import type { Key } from 'node:readline';
import { families, type MasterStatus } from '../prefork/index.js';
import type { Call, Command } from './command.js';
import { timeOfDay } from './figures.js';
import { asked, masterOf } from './master.js';
import { say } from './output.js';
import { Screen } from './screen.js';
import { hasScreen, lookOf } from './terminal.js';
import { eventLines, headOf } from './view.js';
import { byPlace, columns, orderBy, workerTable, type ColumnKey, type Order } from './worker-table.js';

const INTERVAL = 1_000; // milliseconds
const SAMPLES = 12; // of a worker's trend
const EVENTS = 6; // lines at least, if there is room
// What a snapshot is written to if it is no terminal.
const WIDE = 200; // columns

/** Masters of this user that run, by their pids; or the one that is asked for, if it does. */
function mastersOf(wanted: number | undefined): number[] {
  return families()
    .map(({ master }) => master)
    .filter((master) => wanted === undefined || master === wanted);
}

async function statusOf(master: number): Promise<MasterStatus> {
  return (await asked(master, 'status')) as MasterStatus;
}

/** A family, in lines, once. */
export function snapshotOf(status: MasterStatus): string {
  const look = lookOf(process.stdout, WIDE);
  return [...headOf(status, look), '', ...workerTable(status, byPlace, look)].join('\n');
}

async function printOnce(masters: readonly number[]): Promise<number> {
  const pages = await Promise.all(masters.map(async (master) => `${snapshotOf(await statusOf(master))}\n`));
  say(pages.length > 0 ? pages.join('\n') : 'no family runs\n');
  return 0;
}

function isColumn(name: string): name is ColumnKey {
  return Object.hasOwn(columns, name);
}

/** What is on the screen, and what its keys do. */
class Top {
  readonly #wanted: number | undefined;
  readonly #screen: Screen;
  readonly #trends = new Map<number, number[]>();
  #masters: readonly number[] = [];
  #shown: number | undefined;
  #status: MasterStatus | undefined;
  #trouble = '';
  #order: Order = byPlace;
  #first = 0;

  constructor(wanted: number | undefined) {
    this.#wanted = wanted;
    this.#screen = new Screen(
      (key) => {
        this.#press(key);
      },
      () => {
        this.#draw();
      },
    );
  }

  /** Until a key or a signal ends the process. */
  async run(): Promise<never> {
    for (;;) {
      await this.#look();
      this.#draw();
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  }

  async #look(): Promise<void> {
    this.#masters = mastersOf(this.#wanted);
    if (this.#shown === undefined || !this.#masters.includes(this.#shown)) this.#shown = this.#masters[0];
    const master = this.#shown;
    if (master === undefined) {
      this.#trouble = this.#wanted === undefined ? 'no family runs' : `master ${this.#wanted} has ended`;
      return;
    }
    try {
      const status = await statusOf(master);
      // Tab was pressed meanwhile.
      if (master !== this.#shown) return;
      this.#status = status;
      this.#trouble = '';
      this.#sample(status);
    } catch (error) {
      this.#trouble = (error as Error).message;
    }
  }

  #sample({ molds, workers }: MasterStatus): void {
    const processes = [...molds, ...workers];
    const pids = new Set(processes.map(({ pid }) => pid));
    for (const pid of this.#trends.keys()) if (!pids.has(pid)) this.#trends.delete(pid);
    for (const { pid, requestsPerSecond } of processes) {
      if (pid !== null) this.#trends.set(pid, [...(this.#trends.get(pid) ?? []), requestsPerSecond].slice(-SAMPLES));
    }
  }

  #press({ name = '', ctrl = false }: Key): void {
    if (ctrl) return;
    const page = Math.max(1, this.#screen.height - 8);
    if (name === 'q') process.exit(0);
    else if (isColumn(name)) {
      this.#order = orderBy(name, this.#order);
      this.#first = 0;
    } else if (name === 'up') this.#first--;
    else if (name === 'down') this.#first++;
    else if (name === 'pageup') this.#first -= page;
    else if (name === 'pagedown') this.#first += page;
    else if (name === 'home') this.#first = 0;
    else if (name === 'end') this.#first = Infinity;
    else if (name === 'tab') void this.#next();
    this.#draw();
  }

  async #next(): Promise<void> {
    const place = this.#shown === undefined ? -1 : this.#masters.indexOf(this.#shown);
    this.#shown = this.#masters[(place + 1) % this.#masters.length];
    this.#first = 0;
    await this.#look();
    this.#draw();
  }

  #draw(): void {
    const { width, height } = this.#screen;
    const look = lookOf(process.stdout, WIDE);
    const status = this.#status;
    if (!status) {
      this.#screen.draw([this.#trouble.slice(0, width), '', 'q quits'.slice(0, width)]);
      return;
    }
    const head = headOf(status, look);
    if (this.#trouble !== '') head.unshift(`✕ ${this.#trouble}; this was at ${timeOfDay(status.time)}`.slice(0, width));
    const [titles = '', ...rows] = workerTable(status, this.#order, look, this.#trends);
    const room = height - head.length - 3;
    // The events get what the workers leave, and a little more.
    const forEvents = Math.max(Math.min(EVENTS, Math.floor(room / 4)), room - rows.length - 1);
    const forRows = Math.max(1, room - forEvents - 1);
    this.#first = Math.max(0, Math.min(this.#first, rows.length - forRows));
    const visible = rows.slice(this.#first, this.#first + forRows);
    const hidden = rows.length - visible.length;
    const events = eventLines(status.events, forEvents, look);
    const body = [...head, '', titles, ...visible, ...(events.length > 0 ? ['', ...events] : [])].slice(0, height - 1);
    const empty = Array<string>(Math.max(0, height - 1 - body.length)).fill('');
    this.#screen.draw([...body, ...empty, this.#footer(hidden).slice(0, width)]);
  }

  #footer(hidden: number): string {
    const keys = Object.entries(columns).map(([key, { title }]) => `${key} ${title.toLowerCase()}`);
    const more = hidden > 0 ? [`↑↓ ${hidden} more`] : [];
    const others = this.#masters.length > 1 ? [`tab next of ${this.#masters.length} families`] : [];
    return ['q quit', ...more, ...others, `sort: ${keys.join(' ')}`].join('  ');
  }
}

async function run(call: Call): Promise<number> {
  const [operand] = call.operands;
  const wanted = operand === undefined ? undefined : masterOf(operand);
  return hasScreen() ? await new Top(wanted).run() : await printOnce(mastersOf(wanted));
}

export const top: Command = {
  name: 'top',
  summary: 'Watch a family: its workers, what they do and take, and what has happened. Without a terminal: once.',
  operands: ['[PID|PIDFILE]'],
  options: {},
  run,
};
