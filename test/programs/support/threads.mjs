// The threads of this process, for who must not begin before one of them is where it is to be.
import { readdirSync, readFileSync } from 'node:fs';
import { blockedIn } from 'truefork';

const nameOf = (tid) => readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trimEnd();

/**
 * Until a thread waits in this system call, for example 'read(2)': one that has been started or woken may have to wait for a
 * processor first.
 */
export function untilAThreadIsIn(call) {
  while (!readdirSync('/proc/self/task').some((tid) => blockedIn(Number(tid)) === call)) continue;
}

/** Until there is a thread of this name: it may take it a while to get one. */
export function untilAThreadIsNamed(name) {
  while (!readdirSync('/proc/self/task').some((tid) => nameOf(tid) === name)) continue;
}
