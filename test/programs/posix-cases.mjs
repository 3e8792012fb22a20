// What the programs posix-*.mjs share: each holds several cases, and runs the one that its argument names.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _exit, fork, getpid, kill, pipe2, read, write } from 'truefork';

/** Where the library is, for the code of worker threads. */
export const library = createRequire(import.meta.url).resolve('truefork');

/** Runs the case named on the command line. The program prints `held` if all that it asserts is so. */
export async function runCase(cases) {
  // A signal that a case waits for does not keep the event loop alive.
  const alive = setInterval(() => undefined, 60_000);
  await cases[process.argv[2]]();
  clearInterval(alive);
  console.log('held');
}

/** Forks a child that runs `body` and ends with what it returns as the exit code; with 99 if it throws. */
export function child(body) {
  const pid = fork();
  if (pid !== 0) return pid;
  let status = 99;
  try {
    status = body() ?? 0;
  } catch (error) {
    console.error(error);
  }
  return _exit(status);
}

/** A pipe as a gate between processes: who waits is let through by one `open` a waiter. */
export function gate() {
  const [readEnd, writeEnd] = pipe2(0);
  return {
    wait: () => read(readEnd, new Uint8Array(1)),
    open: () => write(writeEnd, Uint8Array.of(1)),
  };
}

/** The line of /proc/<pid>/status that begins so. */
export function statusOf(pid, line) {
  return new RegExp(`^${line}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
}

/** Until a process sleeps in a system call. */
export function untilItSleeps(pid) {
  while (!statusOf(pid, 'State').startsWith('S')) continue;
}

/** If a signal is on its way to a process: not to one that has ended. */
export function signalIsPending(pid) {
  try {
    return /[1-9a-f]/.test(statusOf(pid, 'ShdPnd'));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(error.code)) return false;
    throw error;
  }
}

/** Signals a process that sleeps in a call, so often: each signal has been taken before the next is sent. */
export function signalAsleep(pid, sig, times = 1) {
  for (let sent = 0; sent < times; sent++) {
    untilItSleeps(pid);
    kill(pid, sig);
    while (signalIsPending(pid)) continue;
  }
}

/** The lines of /proc/self/maps that have this text in them. */
export function maps(text) {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes(text));
}

/** A new folder, deleted when this process ends, and not when one does that it has forked. */
export function temporaryFolder() {
  const main = getpid();
  const folder = mkdtempSync(join(tmpdir(), 'truefork-posix-'));
  process.on('exit', () => {
    if (getpid() === main) rmSync(folder, { recursive: true });
  });
  return folder;
}
