// What a daemon tells the process that has started it, through a pipe: its pid, then how its start went.
import { readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isPosixError, kill, poll, POLLIN, read, retryOnIntr } from '../posix/index.js';

/** What the starter hears first. */
export interface Birth {
  readonly pid: number;
}

/** How a start ended. */
export interface Outcome {
  readonly code: number;
  readonly text: string;
}

/** In the daemon: says it. */
export function tell(pipe: number, message: Birth | Outcome): void {
  try {
    writeFileSync(pipe, `${JSON.stringify(message)}\n`);
  } catch (error) {
    // The starter has gone away.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/** In the starter: waits for the daemon's word, and ends. */
export function end(reader: number, timeout: number | undefined): never {
  const { told, late } = timeout === undefined ? { told: readFileSync(reader), late: false } : heard(reader, timeout);
  // Each has a line; behind the last end of a line is what the daemon was killed in the middle of.
  const messages = told.toString().split('\n').slice(0, -1);
  const said = Object.assign({}, ...messages.map((line) => JSON.parse(line) as object)) as Partial<Birth & Outcome>;
  const { pid, code = 1, text: why = 'the daemon was killed before it was ready\n' } = said;
  if (late) {
    if (pid !== undefined) endDaemon(pid);
    writeToStderr(`the daemon was not ready within ${timeout} ms, and was killed\n`);
    process.exit(1);
  }
  writeToStderr(why);
  process.exit(code);
}

// It held its end of the pipe a moment ago: it lives, or has ended just now.
function endDaemon(pid: number): void {
  try {
    kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isPosixError(error, 'ESRCH')) throw error;
  }
}

/** What comes through the pipe until it ends, or the time is over: not before the birth, for it is to be known whom to kill. */
function heard(reader: number, timeout: number): { told: Buffer; late: boolean } {
  const chunks: Buffer[] = [];
  const deadline = performance.now() + timeout;
  const fds = [{ fd: reader, events: POLLIN }];
  const left = () => (chunks.length === 0 ? -1 : Math.max(0, Math.ceil(deadline - performance.now())));
  while (retryOnIntr(() => poll(fds, left())).length > 0) {
    const chunk = Buffer.alloc(65_536);
    const length = retryOnIntr(() => read(reader, chunk));
    if (length === 0) return { told: Buffer.concat(chunks), late: false };
    chunks.push(chunk.subarray(0, length));
  }
  return { told: Buffer.concat(chunks), late: true };
}

// At once: process.stderr may be a pipe that is not written before the end.
function writeToStderr(why: string): void {
  try {
    writeFileSync(2, why);
  } catch (error) {
    if (!['EPIPE', 'EAGAIN', 'EBADF'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
