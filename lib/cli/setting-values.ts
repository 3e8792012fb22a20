// What the rows of the table of settings accept, from a flag and from a configuration file alike, and how they say so.
import { isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { mayBeNever, shownAddress, socketPath, type NumberSetting, type SettingRow } from '../prefork/index.js';
import { amountOf, amountText } from './units.js';

export type SettingValue = string | number | boolean | readonly number[];

type Told = Extract<SettingRow, { least: number }>;

/**
 * The value that was told; undefined: it cannot be. Infinity, and no counts, stand for never. Paths become absolute.
 *
 * @param folder that paths are relative to
 * @param name of the setting, for the error
 * @throws {TypeError} a path that no socket can have
 */
export function valueFrom(row: SettingRow, told: unknown, folder: string, name: string): SettingValue | undefined {
  switch (row.type) {
    case 'integer':
    case 'duration':
    case 'size':
      return numberFrom(row, told);
    case 'flag':
      return typeof told === 'boolean' ? told : undefined;
    case 'counts':
      return countsFrom(told);
    case 'choice':
      return row.choices.find((choice) => choice === told);
    case 'octal':
      return typeof told === 'string' && /^0?[0-7]{1,3}$/.test(told) ? told : undefined;
    case 'mode':
      return typeof told === 'string' && /^0?[0-7]{3}$/.test(told) ? told : undefined;
    case 'text':
      return textFrom(told);
    case 'host':
      return hostFrom(told);
    case 'path': {
      const path = textFrom(told);
      return path && resolve(folder, path);
    }
    case 'socket':
      return typeof told === 'string' ? socketFrom(told, folder, name) : undefined;
  }
}

function textFrom(told: unknown): string | undefined {
  return typeof told === 'string' && told !== '' && !told.includes('\0') ? told : undefined;
}

// An IPv6 address may be in brackets, as in a URL.
function hostFrom(told: unknown): string | undefined {
  const host = textFrom(told);
  const [, address = ''] = /^\[(.*)\]$/.exec(host ?? '') ?? [];
  return isIPv6(address) ? address : host;
}

// A file of the name @NAME is ./@NAME.
function socketFrom(told: string, folder: string, name: string): string {
  const isFile = told !== '' && !told.startsWith('@');
  return shownAddress({ path: socketPath(name, isFile ? resolve(folder, told) : told.replace('@', '\0')) });
}

function countsFrom(told: unknown): readonly number[] | undefined {
  if (told === 'never') return [];
  const counts: unknown = typeof told === 'string' ? told.split(',').map(wholeNumber) : told;
  const right = (count: unknown) => Number.isSafeInteger(count) && Number(count) >= 1;
  return Array.isArray(counts) && counts.every(right) ? (counts as number[]) : undefined;
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

function numberFrom(row: Told, told: unknown): number | 'auto' | undefined {
  if (told === 'auto' && row.untold === 'auto') return 'auto';
  const never = isNumberSetting(row) && mayBeNever(row);
  if (never && (told === 'never' || told === Infinity)) return Infinity;
  const value = typeof told === 'string' ? amountOf(row.type, told) : told;
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  if (value < row.least || value > row.most) return undefined;
  return value === 0 && never ? Infinity : value;
}

function isNumberSetting(row: Told): row is NumberSetting {
  return typeof row.untold === 'number';
}

/** What the value is when nothing is told; undefined: there is none. */
export function untoldOf(row: SettingRow): SettingValue | undefined {
  return 'untold' in row ? row.untold : undefined;
}

/** What the value must be, as in "takes a whole number from 1 to 9". */
export function expectation(row: SettingRow): string {
  switch (row.type) {
    case 'integer':
    case 'duration':
    case 'size':
      return numberExpectation(row);
    case 'flag':
      return 'true or false';
    case 'choice':
      return `one of ${row.choices.join(', ')}`;
    case 'octal':
      return 'up to three octal digits in text, such as 027';
    case 'mode':
      return 'an octal mode in text, such as 660';
    case 'counts':
      return 'whole numbers from 1 on, such as 50,100,1000, or never';
    case 'text':
    case 'host':
      return 'a text that is not empty';
    case 'path':
    case 'socket':
      return 'a path';
  }
}

const kinds = {
  integer: 'a whole number',
  duration: 'milliseconds, or a time such as 500ms, 30s, 5m, 12h or 7d,',
  size: 'bytes, or a size such as 512K, 200M or 2G,',
} as const;

function numberExpectation(row: Told): string {
  const upTo = row.most === Number.MAX_SAFE_INTEGER ? `${row.least} on` : `${row.least} to ${row.most}`;
  const word = row.untold === 'auto' ? 'auto' : isNumberSetting(row) && mayBeNever(row) && 'never';
  return `${kinds[row.type]} from ${upTo}${word ? `, or ${word}` : ''}`;
}

/** Whether it is what `never` says. */
export function isNever(value: SettingValue): boolean {
  return value === Infinity || (Array.isArray(value) && value.length === 0);
}

/** A value as one would write it. */
function written(row: SettingRow, value: SettingValue): string {
  if (isNever(value)) return 'never';
  return typeof value === 'number' && 'least' in row ? amountText(row.type, value) : String(value);
}

/** The default in words; undefined: there is none. */
export function untoldText(row: SettingRow): string | undefined {
  if ('untoldMeans' in row) return row.untoldMeans;
  if (row.type === 'flag' && !row.untold) return undefined;
  return 'untold' in row ? written(row, row.untold) : undefined;
}
