// A command of the command line: one table from which its arguments are read and its help is drawn.
import { parseArgs } from 'node:util';
import { didYouMean } from './nearest.js';
import { wrapped } from './prose.js';

/** An option, `--name VALUE` or `--name`. */
export interface Option {
  readonly type: 'string' | 'boolean';
  /** One letter. */
  readonly short?: string;
  /** What stands for the value in the help: `N`, `NAME`. */
  readonly value?: string;
  readonly help: string;
}

/** What a command was called with. */
export interface Call {
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly operands: readonly string[];
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** The operands for the usage line, `[…]` around those that may be absent; the last, `[NAME…]`, may be many. */
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
  /** What else the help has: tables with a title. */
  readonly tables?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  /** @returns the exit code; undefined: the event loop decides */
  run(call: Call): Promise<number | undefined>;
}

/** The command line is wrong: what was wrong with it. Exit code 2. */
export class UsageError extends Error {}

const helpOption: Option = { type: 'boolean', short: 'h', help: 'Show this help.' };

/** @throws {UsageError} an unknown option, too few or too many operands */
export function readCall(command: Command, args: readonly string[]): Call & { help: boolean } {
  const options = { ...command.options, help: helpOption };
  let values, positionals;
  try {
    // A flag that a configuration file has set, --no-daemon takes back.
    ({ values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true }));
  } catch (error) {
    throw new UsageError(mistakeIn(error as Error, command));
  }
  const help = (values as { help?: unknown }).help === true;
  if (!help) {
    const needed = command.operands.filter((operand) => !operand.startsWith('['));
    const missing = needed[positionals.length];
    if (missing !== undefined) throw new UsageError(`${missing} is missing`);
    const many = command.operands.at(-1)?.endsWith('…]') === true;
    const extra = many ? undefined : positionals[command.operands.length];
    if (extra !== undefined) throw new UsageError(`'${extra}' is one argument too many`);
  }
  return { options: values, operands: positionals, help };
}

// "Unknown option '--prot'. To specify a positional argument …": the first sentence says it.
function mistakeIn({ message }: Error, { operands, options }: Command): string {
  const [first = ''] = message.replaceAll('\n', ' ').split('. To', 1);
  const [, unknown] = /^Unknown option '(.+)'$/.exec(first) ?? [];
  if (unknown === undefined) return first;
  const flags = [...Object.keys(options), 'help'].map((name) => `--${name}`);
  const meant = unknown.startsWith('--') ? didYouMean(unknown, flags) : '';
  if (meant !== '' || operands[0] !== 'COMMAND') return `${first}${meant}`;
  return `${first}: options of COMMAND come after --, as in -- COMMAND ${unknown}`;
}

// In a column of fewer characters a sentence cannot be read.
const LEAST_COLUMN = 20;

/** @param width of the whole, in columns; Infinity: each row is a line */
function columns(rows: readonly (readonly [string, string])[], width: number): string {
  const left = Math.max(...rows.map(([name]) => name.length));
  const room = Math.max(LEAST_COLUMN, width - left - '    '.length);
  const lines = rows.flatMap(([name, text]) =>
    wrapped(text, room).map((line, n) => `  ${(n === 0 ? name : '').padEnd(left)}  ${line}`),
  );
  return lines.join('\n');
}

/** The help of a command. @param width as of a terminal */
export function helpOf(command: Command, width: number): string {
  const rows = Object.entries({ ...command.options, help: helpOption }).map(
    ([name, { short, value, help }]) =>
      [`${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`, help] as const,
  );
  const usage = ['truefork', command.name, ...command.operands, '[options]'].join(' ');
  const tables = Object.entries({ Options: rows, ...command.tables }).map(
    ([title, lines]) => `\n${title}:\n${columns(lines, width)}\n`,
  );
  return `Usage: ${usage}\n\n${command.summary}\n${tables.join('')}`;
}

/** The help of the whole. @param width as of a terminal */
export function helpOfAll(commands: readonly Command[], width: number): string {
  const rows = commands.map(({ name, operands, summary }) => [[name, ...operands].join(' '), summary] as const);
  return [
    'Usage: truefork COMMAND [arguments] [options]',
    '',
    'The POSIX process model for Node.js: a prefork server, discovery and RPC.',
    '',
    'Commands:',
    columns(rows, width),
    '',
    'truefork COMMAND --help tells more. truefork --version tells the version.',
    '',
  ].join('\n');
}

/** The value of an option that is a number. @throws {UsageError} it is none, or out of range */
export function integerOption(call: Call, name: string, least: number, most: number): number | undefined {
  const text = call.options[name];
  if (typeof text !== 'string') return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(number >= least && number <= most)) {
    throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not '${text}'`);
  }
  return number;
}

/** The value of an option that is a text. */
export function textOption(call: Call, name: string): string | undefined {
  const text = call.options[name];
  return typeof text === 'string' ? text : undefined;
}
