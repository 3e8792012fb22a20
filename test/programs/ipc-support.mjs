// What the programs ipc-*.mjs share.
import assert from 'node:assert/strict';
import {
  blockedIn,
  close,
  dup,
  forkChild,
  getrlimit,
  isPosixError,
  kill,
  RLIMIT_NOFILE,
  setrlimit,
  waitpid,
} from 'truefork';
import { runCase } from './posix-cases.mjs';

/** The child ends, and all that it asserted is so. */
export const ended = (pid) => assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });

/** Kills a child, and waits for it. */
export function killed(pid) {
  kill(pid, 'SIGKILL');
  assert.deepEqual(waitpid(pid, 0), { pid, status: 9 });
}

/** Until a process sleeps in a call. */
export function untilIn(pid, call) {
  while (blockedIn(pid) !== call) continue;
}

/** Until a process sleeps on a futex. */
export const untilAsleep = (pid) => untilIn(pid, 'futex(2)');

/** A process that has been woken sleeps no longer, from that moment on. */
export const wasWoken = (pid) => assert.notEqual(blockedIn(pid), 'futex(2)');

/** With one descriptor free, what needs two fails, and leaves that one free. */
export function leavesNone(make) {
  const limit = getrlimit(RLIMIT_NOFILE);
  setrlimit(RLIMIT_NOFILE, { ...limit, cur: 100 });
  const held = [];
  const full = (error) => isPosixError(error, 'EMFILE');
  const fill = () => {
    for (;;) held.push(dup(0));
  };
  assert.throws(fill, full);
  close(held.pop());
  assert.throws(make, full);
  held.push(dup(0));
  held.forEach(close);
  setrlimit(RLIMIT_NOFILE, limit);
}

/** The fields of an error. */
export const fields = ({ name, code }) => ({ name, code });

/**
 * Runs the case named on the command line; `all`: every one, each in a forked child. The program prints `held` if all that is
 * asserted is so.
 */
export async function runCases(cases) {
  if (process.argv[2] !== 'all') return await runCase(cases);
  for (const [name, run] of Object.entries(cases)) {
    const { exited } = await forkChild(() => run());
    assert.deepEqual(await exited, { state: 'exited', code: 0 }, name);
  }
  console.log('held');
}
