// What the programs ipc-*.mjs share.
import assert from 'node:assert/strict';
import { blockedIn, kill, waitpid } from 'truefork';

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

/** The fields of an error. */
export const fields = ({ name, code }) => ({ name, code });
