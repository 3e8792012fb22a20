import { isMainThread } from 'node:worker_threads';

/** ERR_WORKER_UNSUPPORTED_OPERATION, as Node.js has it: what the call is about, signals by default, is the main thread's. */
export function mainThreadOnly(call: string, what = 'signals are'): void {
  if (isMainThread) return;
  const error = new TypeError(`${call}() is not supported in worker threads: ${what} the main thread's`);
  throw Object.assign(error, { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' });
}
