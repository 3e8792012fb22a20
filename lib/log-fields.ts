// The fields of a line of a log.
import type { ExitStatus } from './posix/index.js';

/** How much a fact matters. @inline */
export type LogLevel = 'info' | 'warn' | 'error';

/** What a fact has besides its name. @inline */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** How a process ended; undefined: somebody else knows. */
export function manner(status: ExitStatus | undefined): Readonly<Record<string, string | number>> {
  if (!status) return { status: 'lost' };
  return status.state === 'exited' ? { code: status.code } : { signal: status.signal };
}

/** `a=1 b="two words"`: a value is quoted if it could be taken for more than one. */
export function fieldsOf(fields: Fields): string {
  const told = Object.entries(fields).filter(([, value]) => value !== undefined);
  return told.map(([name, value]) => `${name}=${valueText(String(value))}`).join(' ');
}

function valueText(value: string): string {
  return /^[\w.:/-]+$/.test(value) || isPlain(value) ? value : JSON.stringify(value);
}

// Not a literal: to parse what it has of Unicode takes half a millisecond of a start that hardly ever needs it.
function isPlain(value: string): boolean {
  return new RegExp('^[^\\s"=\\p{C}]+$', 'u').test(value);
}
