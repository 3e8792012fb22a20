import { answered } from './errno.js';

/** The path that a call gave, or the error of the call thrown. */
export function nameAnswered(
  result: string | number,
  syscall: string,
  fd: number,
  caller: (...args: never[]) => unknown,
): string {
  if (typeof result === 'string') return result;
  answered(result, syscall, fd, { fd }, caller);
  throw new Error(`unreachable: ${syscall} answers a path or an error`);
}
