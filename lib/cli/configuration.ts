// What a `truefork serve` is told, by its command line and by its configuration file: flags win over the file.
import { resolve } from 'node:path';
import { settingNames, settingTable, type SettingName, type SettingRow } from '../prefork/index.js';
import { textOption, UsageError, type Call, type Option } from './command.js';
import { readConfigurationFile } from './configuration-file.js';
import { Failure } from './exit-codes.js';
import { expectation, untoldOf, untoldText, valueFrom, type SettingValue } from './setting-values.js';

type Rows = typeof settingTable;

type ValueOf<Row> = Row extends { type: 'flag' }
  ? boolean
  : Row extends { untold: infer Untold }
    ? number | (Untold extends 'auto' ? 'auto' : never)
    : string | undefined;

/** The values, all of them. Paths are absolute; Infinity stands for never. */
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
  path: 'PATH',
  octal: 'MODE',
  flag: undefined,
};

function optionOf(row: SettingRow): Option {
  const untold = untoldText(row);
  const value = ('placeholder' in row ? row.placeholder : undefined) ?? placeholders[row.type];
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
    const value = valueFrom(row, text);
    if (value === undefined) throw new UsageError(`--${flagOf(name)} takes ${expectation(row)}, not '${text}'`);
    told.set(name, row.type === 'path' ? resolve(String(value)) : value);
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

function checkTogether({ values, origins }: Configuration): void {
  if (values.application === undefined) throw new UsageError('FILE is missing');
  if (values.registry === undefined || values.register !== undefined) return;
  if (origins.registry === 'flag') throw new UsageError('--registry needs --register NAME');
  throw new Failure('configuration', 'the setting "registry" needs "register"');
}

/** As JSON: each value as it may be written in the file, and where it came from. */
export function printed({ values, origins }: Configuration): string {
  const rows = settingNames.map((name) => {
    const value: SettingValue | undefined = values[name];
    return [name, { value: value === Infinity ? 'never' : (value ?? null), from: origins[name] }];
  });
  return `${JSON.stringify(Object.fromEntries(rows), undefined, 2)}\n`;
}
