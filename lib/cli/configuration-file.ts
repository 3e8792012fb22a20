// The file of `--config`: JSON, or a module that exports the settings by default.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { inspect } from 'node:util';
import { settingNames, settingTable, type SettingName } from '../prefork/index.js';
import { endWith, Failure } from './exit-codes.js';
import { exportsOf, loadedOr } from './file-exports.js';
import { didYouMean } from './nearest.js';
import { expectation, valueFrom, type SettingValue } from './setting-values.js';

const modules = ['.js', '.mjs', '.cjs'];

/**
 * The settings that the file tells. Paths in it are relative to its folder.
 *
 * @throws {Failure} configuration: it cannot be read, or tells something that cannot be
 */
export async function readConfigurationFile(file: string): Promise<Map<SettingName, SettingValue>> {
  const path = resolve(file);
  if (!existsSync(path)) throw mistake(`there is no file ${file}`);
  try {
    return settingsIn(await exportedBy(file, path), file, path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    // Of a module with its stack: its author wants to know where. It may be a getter that throws.
    const why = extname(path) === '.json' ? (error as Error).message : inspect(error);
    throw mistake(`${file} could not be read: ${why}`, error);
  }
}

function settingsIn(exported: unknown, file: string, path: string): Map<SettingName, SettingValue> {
  if (!isRecord(exported)) {
    throw mistake(`${file} must have an object of settings, not ${inspect(exported, { depth: 0 })}`);
  }
  const settings = new Map<SettingName, SettingValue>();
  for (const [name, told] of Object.entries(exported)) {
    if (!isSetting(name)) throw mistake(`${file}: there is no setting "${name}"${didYouMean(name, settingNames, '"')}`);
    // As if it were not there: `port: undefined`.
    if (told === undefined) continue;
    const row = settingTable[name];
    let value;
    try {
      value = valueFrom(row, told, dirname(path), name);
    } catch (error) {
      throw mistake(`${file}: ${(error as Error).message}`, error);
    }
    if (value === undefined) {
      throw mistake(`${file}: "${name}" must be ${expectation(row)}, not ${inspect(told, { depth: 0 })}`);
    }
    settings.set(name, value);
  }
  return settings;
}

/** Not a Map, say, whose properties are nothing that somebody has set. */
function isRecord(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

async function exportedBy(file: string, path: string): Promise<unknown> {
  const extension = extname(path);
  if (extension !== '.json' && !modules.includes(extension)) {
    throw mistake(
      `${file} must end with .json or ${modules.join(', ')}: as JSON, or a module that exports the settings`,
    );
  }
  const load = async () => (await exportsOf(path)).byDefault;
  const ended = (how: string) => {
    endWith(mistake(`${file} ${how}`));
  };
  if (extension !== '.json') return await loadedOr(load, ended);
  // Some editors put a mark in front.
  return JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settingTable, name);
}

function mistake(message: string, cause?: unknown): Failure {
  return new Failure('configuration', message, cause);
}
