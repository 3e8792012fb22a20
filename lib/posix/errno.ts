// From the result of a system call to a typed error.
import type { ErrnoName } from './errno-names.js';
import { errorClasses, PosixError, type PosixErrorDetails } from './errors.js';
import { native } from './native.js';

const numbers: Record<string, number> = {};
const byNumber = new Map<number, { code: ErrnoName; text: string }>();
for (const [name, number, text] of native.errnos()) {
  numbers[name] = number;
  // Aliases come last in the table: the first name of a number is its code.
  if (!byNumber.has(number)) byNumber.set(number, { code: name as ErrnoName, text: uncapitalized(text) });
}

/** The errno numbers by name, as in `<errno.h>`: `errno.ECHILD` is 10. */
export const errno = numbers as Readonly<Record<ErrnoName, number>>;

/** The text of an errno, as in Node's messages: `'no child processes'` for 10. strerror(3). */
export function strerror(number: number): string {
  return byNumber.get(number)?.text ?? `unknown error ${number}`;
}

// "No child processes", but not "RFS specific error".
function uncapitalized(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

let interrupted: () => void = () => undefined;

/** What runs when a signal has interrupted a call, before its error is thrown. It may throw another one. */
export function onInterruption(run: () => void): void {
  interrupted = run;
}

/**
 * The value that a system call gave, or its error thrown. If a signal has interrupted the call, its JavaScript handler runs
 * first, and what the handler throws is thrown instead.
 *
 * @param result what the addon answered: the value, or -errno
 * @param syscall the call's name
 * @param shown the arguments for the message, for example `'4242'`
 * @param details what goes into the error's properties
 * @param caller the public function; the error's stack begins with who called it
 */
export function answered(
  result: number,
  syscall: string,
  shown: string | number,
  details: PosixErrorDetails,
  caller: (...args: never[]) => unknown,
): number {
  if (result >= 0) return result;
  if (result === -errno.EINTR) interrupted();
  const row = byNumber.get(-result);
  const code = row?.code ?? (`E${-result}` as ErrnoName);
  const message = `${code}: ${strerror(-result)}, ${syscall}(${shown})`;
  const error = new (errorClasses[code] ?? PosixError)(code, -result, syscall, message, details);
  Error.captureStackTrace(error, caller);
  throw error;
}
