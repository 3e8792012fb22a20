import { abortSignal, object, outOfRange, wrongType } from '../mistakes.js';

/** How long a wait that blocks may take. */
export interface WaitOptions {
  /** Milliseconds, 0 or more. Default Infinity: no limit. */
  timeout?: number;
}

/** How long a wait in the event loop may take. */
export interface AsyncWaitOptions extends WaitOptions {
  /** Gives up waiting: the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** The time limit in milliseconds. */
export function timeoutOf(options: WaitOptions): number {
  const { timeout = Infinity } = object('options', options);
  if (typeof (timeout as unknown) !== 'number') throw wrongType('options.timeout', 'of type number', timeout);
  if (!(timeout >= 0)) throw outOfRange('options.timeout', '>= 0', timeout);
  return timeout;
}

/** The time limit, and the signal, which has not aborted. */
export function asyncOptionsOf(options: AsyncWaitOptions): { timeout: number; signal: AbortSignal | undefined } {
  const timeout = timeoutOf(options);
  const signal = abortSignal('options.signal', options.signal);
  signal?.throwIfAborted();
  return { timeout, signal };
}
