// What a `truefork serve` is told, by its command line and by its configuration file: flags win over the file.
import { resolve } from 'node:path';
import {
  isPreforkOption,
  settingNames,
  settingTable,
  type PreforkOptions,
  type SettingName,
  type SettingRow,
} from '../prefork/index.js';
import { textOption, UsageError, type Call, type Option } from './command.js';
import { readConfigurationFile } from './configuration-file.js';
import { Failure } from './exit-codes.js';
import { expectation, isNever, untoldOf, untoldText, valueFrom, type SettingValue } from './setting-values.js';

type Rows = typeof settingTable;

type ValueOf<Row> = Row extends { type: 'flag' }
  ? boolean
  : Row extends { type: 'counts' }
    ? readonly number[]
    : Row extends { choices: readonly (infer Choice)[] }
      ? Choice
      : Row extends { untold: infer Untold }
        ? number | (Untold extends 'auto' ? 'auto' : never)
        : Row extends { type: 'integer' }
          ? number | undefined
          : string | undefined;

/** The values, all of them. Paths are absolute; Infinity stands for never, and so do no counts. */
export type Values = { readonly [Name in SettingName]: ValueOf<Rows[Name]> };

type Origin = 'flag' | 'file' | 'default';

export interface Configuration {
  readonly values: Values;
  readonly origins: Readonly<Record<SettingName, Origin>>;
}

/** gracefulTimeout: --graceful-timeout */
function flagOf(name: SettingName): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const placeholders: Readonly<Record<SettingRow['type'], string | undefined>> = {
  integer: 'N',
  duration: 'TIME',
  size: 'SIZE',
  text: 'TEXT',
  host: 'HOST',
  path: 'PATH',
  socket: 'PATH',
  octal: 'MODE',
  mode: 'MODE',
  counts: 'N,N,…',
  choice: 'WORD',
  flag: undefined,
};

function placeholderOf(row: SettingRow): string | undefined {
  return ('placeholder' in row ? row.placeholder : undefined) ?? placeholders[row.type];
}

function optionOf(row: SettingRow): Option {
  const untold = untoldText(row);
  const value = placeholderOf(row);
  return {
    type: row.type === 'flag' ? 'boolean' : 'string',
    ...('short' in row && { short: row.short }),
    ...(value !== undefined && { value }),
    help: untold === undefined ? row.help : `${row.help} Default: ${untold}.`,
  };
}

/** The operand is the application; every other setting has a flag. */
const flagged = settingNames.filter((name) => name !== 'application');

export const settingOptions: Readonly<Record<string, Option>> = Object.fromEntries(
  flagged.map((name) => [flagOf(name), optionOf(settingTable[name])]),
);

function flagsOf(call: Call): Map<SettingName, SettingValue> {
  const told = new Map<SettingName, SettingValue>();
  const [application] = call.operands;
  if (application !== undefined) told.set('application', resolve(application));
  for (const name of flagged) {
    const text = call.options[flagOf(name)];
    if (text === undefined) continue;
    const row = settingTable[name];
    const flag = `--${flagOf(name)}`;
    let value;
    try {
      value = valueFrom(row, text, process.cwd(), flag);
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
    if (value === undefined) throw new UsageError(`${flag} takes ${expectation(row)}, not '${text}'`);
    told.set(name, value);
  }
  return told;
}

/**
 * The settings of a call.
 *
 * @throws {UsageError} a flag that cannot be
 * @throws {Failure} configuration: a mistake in the file
 */
export async function configurationOf(call: Call): Promise<Configuration> {
  const flags = flagsOf(call);
  const path = textOption(call, 'config');
  const file = path === undefined ? new Map<SettingName, SettingValue>() : await readConfigurationFile(path);
  const entries = settingNames.map((name): [SettingName, SettingValue | undefined, Origin] => {
    if (flags.has(name)) return [name, flags.get(name), 'flag'];
    if (file.has(name)) return [name, file.get(name), 'file'];
    return [name, untoldOf(settingTable[name]), 'default'];
  });
  const configuration = {
    values: Object.fromEntries(entries.map(([name, value]) => [name, value])) as Values,
    origins: Object.fromEntries(entries.map(([name, , from]) => [name, from])) as Record<SettingName, Origin>,
  };
  checkTogether(configuration);
  return configuration;
}

/** How settings are called where they were told. */
interface Names {
  readonly of: (name: SettingName) => string;
  /** With what stands for its value. */
  readonly needed: (name: SettingName) => string;
}

const asFlags: Names = {
  of: (name) => `--${flagOf(name)}`,
  needed: (name) => `--${flagOf(name)} ${placeholderOf(settingTable[name]) ?? ''}`,
};

const inFile: Names = { of: (name) => `"${name}"`, needed: (name) => `"${name}"` };

/** Settings that cannot be together. */
interface Conflict {
  readonly between: readonly SettingName[];
  readonly is: (values: Values, told: (name: SettingName) => boolean) => boolean;
  readonly why: (names: Names) => string;
}

const conflicts: readonly Conflict[] = [
  {
    between: ['path', 'host', 'port'],
    is: (_, told) => told('path') && (told('host') || told('port')),
    why: ({ of }) => `${of('path')} stands in place of ${of('host')} and ${of('port')}: they cannot be together`,
  },
  {
    between: ['socketMode', 'path'],
    is: ({ path }, told) => told('socketMode') && (path === undefined || path.startsWith('@')),
    why: ({ of, needed }) => `${of('socketMode')} needs ${needed('path')}, that of a file`,
  },
  {
    between: ['reusePort', 'path'],
    is: ({ reusePort }, told) => reusePort && told('path'),
    why: ({ of }) => `${of('reusePort')} is for a port, not for ${of('path')}`,
  },
  {
    between: ['register', 'path'],
    is: (_, told) => told('register') && told('path'),
    why: ({ of }) => `${of('register')} needs a port that clients can connect to, not ${of('path')}`,
  },
  {
    between: ['statusHost', 'statusPort'],
    is: (_, told) => told('statusHost') && !told('statusPort'),
    why: ({ of, needed }) => `${of('statusHost')} needs ${needed('statusPort')}`,
  },
  {
    between: ['advertise', 'register'],
    is: (_, told) => told('advertise') && !told('register'),
    why: ({ of, needed }) => `${of('advertise')} needs ${needed('register')}`,
  },
  {
    between: ['registry', 'register'],
    is: (_, told) => told('registry') && !told('register'),
    why: ({ of, needed }) => `${of('registry')} needs ${needed('register')}`,
  },
];

function checkTogether({ values, origins }: Configuration): void {
  if (values.application === undefined) throw new UsageError('FILE is missing');
  const conflict = conflicts.find(({ is }) => is(values, (name) => origins[name] !== 'default'));
  if (!conflict) return;
  const { between, why } = conflict;
  if (!between.some((name) => origins[name] === 'file')) throw new UsageError(why(asFlags));
  throw new Failure('configuration', `the setting ${why(inFile)}`);
}

/** The options of `prefork` that were told, and what `truefork serve` does untold. */
export function preforkOptions({ values, origins }: Configuration): PreforkOptions {
  const { path, socketMode, inherit } = values;
  const told = settingNames.filter((name) => isPreforkOption(name) && origins[name] !== 'default');
  return {
    ...Object.fromEntries(told.map((name) => [name, values[name]])),
    ...(path !== undefined && { path: path.replace(/^@/, '\0') }),
    ...(socketMode !== undefined && { socketMode: Number.parseInt(socketMode, 8) }),
    inherit,
  };
}

/** As JSON: each value as it may be written in the file, and where it came from. */
export function printed({ values, origins }: Configuration): string {
  const rows = settingNames.map((name) => {
    const value: SettingValue | undefined = values[name];
    return [name, { value: value === undefined ? null : isNever(value) ? 'never' : value, from: origins[name] }];
  });
  return `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`;
}
