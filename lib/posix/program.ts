// What a program is started with, checked: its arguments, its environment, and the signals that it ignores.
import { cString, list, wrongType, wrongValue } from './arguments.js';
import { signalNumber } from './signal.js';

/**
 * The environment of a program: as `process.env`, where what is undefined is left out; or strings `KEY=VALUE`, handed over as
 * they are.
 */
export type Environment = Readonly<Record<string, string | undefined>> | readonly string[];

/** The arguments of a program. The first is the name that it is called by. */
export function argumentsOf(name: string, value: unknown): readonly string[] {
  const strings = list(name, 'strings', value, cString);
  if (strings.length === 0) throw wrongValue(name, 'must have the name that the program is called by', value);
  return strings;
}

/** The environment of a program. */
export function environmentOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return list('env', 'strings', value, cString);
  if (typeof value !== 'object' || value === null) throw wrongType('env', 'an Object or an Array of strings', value);
  return Object.entries(value)
    .filter(([, text]) => text !== undefined)
    .map(([key, text]) => {
      if (key === '' || /[=\0]/.test(key)) throw wrongValue('env', 'must have names without = and null bytes', key);
      return `${key}=${cString(`env.${key}`, text)}`;
    });
}

// The signals that Node.js ignores, in all of its versions.
const NODE_IGNORES = ['SIGPIPE', 'SIGXFSZ'] as const;

const ignored = new Set<number>();

/** The program itself has said what becomes of a signal: whether it is to be ignored. */
export function setIgnored(signal: number, ignores: boolean): void {
  if (ignores) ignored.add(signal);
  else ignored.delete(signal);
}

/** Those that are ignored by Node.js alone, and not in the programs that it executes. */
export function restoredSignals(): number[] {
  return NODE_IGNORES.map(signalNumber).filter((signal) => !ignored.has(signal));
}
