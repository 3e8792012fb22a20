// Where the output of a daemon goes.
import { text } from '../mistakes.js';
import {
  close,
  dup3,
  F_DUPFD_CLOEXEC,
  fcntl,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_NONBLOCK,
  O_WRONLY,
  open,
} from '../posix/index.js';

/** Where stdout and stderr go: it may be the same. */
export type Outputs = readonly [output: number, errors: number];

/**
 * Appends from now on what this process and its forks write to stdout and stderr to a file; made, with mode 0640, if there is
 * none. Called again after the file has been renamed, it makes the new one: a fork that is there already has to call it, too.
 *
 * @throws {TypeError} no such path
 * @throws {PosixError} the file cannot be opened, ENXIO: it is a FIFO that nobody reads; the output goes where it went
 *
 * @example
 * process.on('SIGUSR1', () => redirectOutput('/var/log/app.log'));
 */
export function redirectOutput(logFile: string): void {
  const log = openLog(text('logFile', logFile));
  writeTo([log, log]);
}

/** A log file, to be appended to. Of a FIFO neither the open nor a write waits for a reader, as of any pipe of Node.js: fifo(7). */
export function openLog(path: string): number {
  return aside(open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640));
}

/** A descriptor that was just opened, out of the way: where 0, 1 or 2 is closed, it would be that one. */
export function aside(fd: number): number {
  if (fd > 2) return fd;
  try {
    return fcntl(fd, F_DUPFD_CLOEXEC, 3);
  } finally {
    close(fd);
  }
}

/** Makes them stdout and stderr. */
export function writeTo([output, errors]: Outputs): void {
  dup3(output, 1, 0);
  dup3(errors, 2, 0);
  for (const fd of new Set([output, errors])) close(fd);
}
