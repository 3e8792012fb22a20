import type { Instance, Registry } from '../discovery/index.js';
import { textOption, type Call, type Command } from './command.js';
import { timeOfDay } from './figures.js';
import { openRegistry, registryOption, warn } from './registry.js';
import { say, shownInLine } from './output.js';
import { Screen } from './screen.js';
import { hasScreen } from './terminal.js';

// What has happened, as far as the screen has room for it.
const EVENTS = 1000;

const INTERVAL = 1_000; // milliseconds

const ends = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Who is told what the registry warns of. */
interface Warnings {
  tell: (message: string) => void;
}

function addressOf({ host, port }: Instance): string {
  return shownInLine(host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`);
}

/** What has changed from one list to the next, a line for each address: `- host:port id`, `+ host:port id`. */
function changes(before: readonly Instance[], after: readonly Instance[]): string[] {
  const without = (list: readonly Instance[], other: readonly Instance[]) => {
    const addresses = new Set(other.map(addressOf));
    return list.filter((instance) => !addresses.has(addressOf(instance)));
  };
  const line = (sign: string) => (instance: Instance) => `${sign} ${addressOf(instance)} ${shownInLine(instance.id)}`;
  return [...without(before, after).map(line('-')), ...without(after, before).map(line('+'))];
}

/** A line for each change, until the process is told to end. */
async function print(registry: Registry, service: string): Promise<number> {
  const watch = registry.watch(service);
  for (const signal of ends) {
    process.once(signal, () => {
      watch.close();
    });
  }
  // Nobody reads any more.
  process.stdout.once('error', () => {
    watch.close();
  });
  let before: readonly Instance[] = [];
  for await (const after of watch) {
    for (const line of changes(before, after)) say(`${line}\n`);
    before = after;
  }
  await registry.close();
  return 0;
}

/** The list on the screen, and below it what has changed, until a key or a signal ends the process. */
async function draw(registry: Registry, service: string, warnings: Warnings): Promise<number> {
  let list: readonly Instance[] | undefined;
  const events: string[] = [];
  const screen = new Screen(({ name }) => {
    if (name === 'q') process.exit(0);
  }, redraw);
  const watch = registry.watch(service);

  function note(lines: readonly string[]): void {
    const time = timeOfDay();
    events.push(...lines.map((line) => `${time}  ${line}`));
    events.splice(0, events.length - EVENTS);
  }

  function redraw(): void {
    const { width, height } = screen;
    const count = list === undefined ? 'nothing is known yet' : `${list.length} instances`;
    const rows = (list ?? []).map((instance) => `  ${addressOf(instance)}  ${shownInLine(instance.id)}`);
    const room = Math.max(0, height - 4);
    const visible = rows.slice(0, room);
    const last = events.slice(events.length - Math.max(0, Math.min(events.length, room - visible.length - 1)));
    const hidden = rows.length - visible.length;
    const footer = hidden > 0 ? `q quit  ${hidden} more` : 'q quit';
    const body = [`${service}: ${count}${watch.stale ? ', as last seen' : ''}`, '', ...visible, '', ...last];
    const empty = Array<string>(Math.max(0, height - 1 - body.length)).fill('');
    screen.draw([...body.slice(0, height - 1), ...empty, footer].map((line) => line.slice(0, width)));
  }

  warnings.tell = (message) => {
    note([shownInLine(message)]);
    redraw();
  };
  redraw();
  // Whether the list is stale is told by no event.
  setInterval(redraw, INTERVAL).unref();
  for await (const next of watch) {
    note(changes(list ?? [], next));
    list = next;
    redraw();
  }
  return 0;
}

async function run(call: Call): Promise<number> {
  const [service = ''] = call.operands;
  const warnings: Warnings = { tell: warn };
  const registry = await openRegistry(textOption(call, 'registry'), service, {
    onWarning: (message) => {
      warnings.tell(message);
    },
  });
  return hasScreen() ? draw(registry, service, warnings) : print(registry, service);
}

export const watch: Command = {
  name: 'watch',
  summary: 'Watch the live instances of service NAME. Without a terminal: a line for each that comes (+) or goes (-).',
  operands: ['NAME'],
  options: {
    registry: registryOption,
  },
  run,
};
