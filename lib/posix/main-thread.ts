import { isMainThread } from 'node:worker_threads';

/** ERR_WORKER_UNSUPPORTED_OPERATION, as Node.js has it: signals are the main thread's. */
export function mainThreadOnly(call: string): void {
  if (isMainThread) return;
  const error = new TypeError(`${call}() is not supported in worker threads: signals are the main thread's`);
  throw Object.assign(error, { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' });
}
