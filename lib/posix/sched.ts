// Who gets a processor, which one, and when. Linux keeps all of it for each thread by itself: 0 for a pid is the calling
// thread, the main one mostly, and threads that Node.js has started before keep theirs. Children inherit it.
import { ID_MAX, int, integer, list, object } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** `which` of getpriority and setpriority: `who` is a process. */
export const PRIO_PROCESS = constant('PRIO_PROCESS');
/** `which`: `who` is a process group. */
export const PRIO_PGRP = constant('PRIO_PGRP');
/** `which`: `who` is a user. */
export const PRIO_USER = constant('PRIO_USER');

/** The policy that all have if nothing is said: time is shared, by the nice value. */
export const SCHED_OTHER = constant('SCHED_OTHER');
/** As SCHED_OTHER, for work that nobody waits for. */
export const SCHED_BATCH = constant('SCHED_BATCH');
/** Only when nobody else wants the processor. */
export const SCHED_IDLE = constant('SCHED_IDLE');
/** Real time: runs until it waits, or somebody of a higher priority is ready. */
export const SCHED_FIFO = constant('SCHED_FIFO');
/** As SCHED_FIFO, in turns with those of the same priority. */
export const SCHED_RR = constant('SCHED_RR');
/** To be or'ed to a policy: children inherit no real time, and no nice value below 0. */
export const SCHED_RESET_ON_FORK = constant('SCHED_RESET_ON_FORK');

/** What a nice value has been raised by, so that none is negative on its way here. */
const NICE_OFFSET = 20;

/**
 * Adds to the nice value of the calling thread. What is beyond -20 or 19 becomes that.
 *
 * @param inc how much nicer; negative: less nice, for which one needs to be privileged (or RLIMIT_NICE)
 * @returns the new nice value, -20 to 19
 * @throws {PermissionError} EPERM: it is negative
 * @see https://man7.org/linux/man-pages/man2/nice.2.html
 */
export function nice(inc: number): number {
  int('inc', inc);
  return answered(native.nice(inc), 'nice', inc, {}, nice) - NICE_OFFSET;
}

/**
 * The nice value: the lowest of all that `who` stands for.
 *
 * @param which `PRIO_PROCESS`, `PRIO_PGRP` or `PRIO_USER`
 * @param who 0: the calling thread, our process group, or our real user
 * @returns -20 to 19
 * @throws {ProcessLookupError} ESRCH: nobody is that
 * @throws {PosixError} EINVAL: another `which`
 * @see https://man7.org/linux/man-pages/man2/getpriority.2.html
 */
export function getpriority(which: number, who: number): number {
  int('which', which);
  integer('who', who, 0, ID_MAX);
  return answered(native.getpriority(which, who), 'getpriority', `${which}, ${who}`, {}, getpriority) - NICE_OFFSET;
}

/**
 * Sets the nice value of all that `who` stands for. What is beyond -20 or 19 becomes that.
 *
 * @param which `PRIO_PROCESS`, `PRIO_PGRP` or `PRIO_USER`
 * @param who 0: the calling thread, our process group, or our real user
 * @param prio the nice value
 * @throws {ProcessLookupError} ESRCH: nobody is that
 * @throws {PermissionError} EACCES: it would be less nice; EPERM: somebody of them is not ours
 * @throws {PosixError} EINVAL: another `which`
 * @see https://man7.org/linux/man-pages/man2/setpriority.2.html
 */
export function setpriority(which: number, who: number, prio: number): void {
  int('which', which);
  integer('who', who, 0, ID_MAX);
  int('prio', prio);
  const shown = `${which}, ${who}, ${prio}`;
  answered(native.setpriority(which, who, prio), 'setpriority', shown, {}, setpriority);
}

/** Lets others have the processor. @see https://man7.org/linux/man-pages/man2/sched_yield.2.html */
export function sched_yield(): void {
  answered(native.sched_yield(), 'sched_yield', '', {}, sched_yield);
}

/** The greatest number that a processor may have here; the kernel's own limit is far lower. */
const CPU_MAX = 2 ** 16 - 1;

/**
 * The processors that a thread may run on.
 *
 * @param pid 0: the calling thread
 * @returns their numbers, in ascending order
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PosixError} EINVAL: `pid` is negative
 * @see https://man7.org/linux/man-pages/man2/sched_getaffinity.2.html
 */
export function sched_getaffinity(pid: number): number[] {
  int('pid', pid);
  const cpus = native.sched_getaffinity(pid);
  if (typeof cpus === 'object') return cpus;
  answered(cpus, 'sched_getaffinity', pid, { pid }, sched_getaffinity);
  return [];
}

/**
 * Sets the processors that a thread may run on. Those that there are not, or that are not allowed here (cpuset(7)), do not
 * count.
 *
 * @param pid 0: the calling thread
 * @param cpus their numbers, 0 to 65,535
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PermissionError} EPERM: it is not ours
 * @throws {PosixError} EINVAL: none of them can be used; `pid` is negative
 * @see https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html
 */
export function sched_setaffinity(pid: number, cpus: readonly number[]): void {
  int('pid', pid);
  const checked = Uint32Array.from(list('cpus', 'numbers', cpus, (name, cpu) => integer(name, cpu, 0, CPU_MAX)));
  const count = checked.reduce((most, cpu) => Math.max(most, cpu), 0) + 1;
  answered(native.sched_setaffinity(pid, checked, count), 'sched_setaffinity', pid, { pid }, sched_setaffinity);
}

/** How a thread is scheduled, besides its policy: `struct sched_param`. */
export interface SchedParam {
  /** 1 to 99 for `SCHED_FIFO` and `SCHED_RR`, the higher the sooner; 0 for the others. */
  readonly priority: number;
}

function priorityOf(param: SchedParam): number {
  return int('param.priority', object('param', param).priority);
}

/**
 * The policy of a thread.
 *
 * @param pid 0: the calling thread
 * @returns `SCHED_OTHER` and so on, with `SCHED_RESET_ON_FORK` or'ed to it if that was set
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PosixError} EINVAL: `pid` is negative
 * @see https://man7.org/linux/man-pages/man2/sched_getscheduler.2.html
 */
export function sched_getscheduler(pid: number): number {
  int('pid', pid);
  return answered(native.sched_getscheduler(pid), 'sched_getscheduler', pid, { pid }, sched_getscheduler);
}

/**
 * Sets the policy and the priority of a thread.
 *
 * @param pid 0: the calling thread
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PermissionError} EPERM: real time is for the privileged (or RLIMIT_RTPRIO), or the process is not ours
 * @throws {PosixError} EINVAL: another policy, a priority that it does not have, or `pid` is negative
 * @see https://man7.org/linux/man-pages/man2/sched_setscheduler.2.html
 */
export function sched_setscheduler(pid: number, policy: number, param: SchedParam): void {
  int('pid', pid);
  int('policy', policy);
  const priority = priorityOf(param);
  const shown = `${pid}, ${policy}, ${priority}`;
  answered(native.sched_setscheduler(pid, policy, priority), 'sched_setscheduler', shown, { pid }, sched_setscheduler);
}

/**
 * The priority of a thread.
 *
 * @param pid 0: the calling thread
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PosixError} EINVAL: `pid` is negative
 * @see https://man7.org/linux/man-pages/man2/sched_getparam.2.html
 */
export function sched_getparam(pid: number): SchedParam {
  int('pid', pid);
  return { priority: answered(native.sched_getparam(pid), 'sched_getparam', pid, { pid }, sched_getparam) };
}

/**
 * Sets the priority of a thread, within its policy.
 *
 * @param pid 0: the calling thread
 * @throws {ProcessLookupError} ESRCH: there is no such process
 * @throws {PermissionError} EPERM: the process is not ours, or may not have that much
 * @throws {PosixError} EINVAL: a priority that its policy does not have, or `pid` is negative
 * @see https://man7.org/linux/man-pages/man2/sched_setparam.2.html
 */
export function sched_setparam(pid: number, param: SchedParam): void {
  int('pid', pid);
  const priority = priorityOf(param);
  answered(native.sched_setparam(pid, priority), 'sched_setparam', `${pid}, ${priority}`, { pid }, sched_setparam);
}

/**
 * The lowest priority that a policy has.
 *
 * @throws {PosixError} EINVAL: another policy
 * @see https://man7.org/linux/man-pages/man2/sched_get_priority_min.2.html
 */
export function sched_get_priority_min(policy: number): number {
  int('policy', policy);
  const result = native.sched_get_priority_min(policy);
  return answered(result, 'sched_get_priority_min', policy, {}, sched_get_priority_min);
}

/**
 * The highest priority that a policy has.
 *
 * @throws {PosixError} EINVAL: another policy
 * @see https://man7.org/linux/man-pages/man2/sched_get_priority_max.2.html
 */
export function sched_get_priority_max(policy: number): number {
  int('policy', policy);
  const result = native.sched_get_priority_max(policy);
  return answered(result, 'sched_get_priority_max', policy, {}, sched_get_priority_max);
}
