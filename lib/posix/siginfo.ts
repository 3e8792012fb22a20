import { constant } from './native.js';
import { signalName, type Signal } from './signal.js';

/** `code` of a signal: sent by kill(2). */
export const SI_USER = constant('SI_USER');
/** `code` of a signal: sent by the kernel, by setitimer(2) or a terminal for example. */
export const SI_KERNEL = constant('SI_KERNEL');
/** `code` of a signal: sent by sigqueue(3). */
export const SI_QUEUE = constant('SI_QUEUE');
/** `code` of a signal: a timer of timer_create(2). */
export const SI_TIMER = constant('SI_TIMER');
/** `code` of a signal: a message queue that is not empty any more. */
export const SI_MESGQ = constant('SI_MESGQ');
/** `code` of a signal: the end of an operation of aio(7). */
export const SI_ASYNCIO = constant('SI_ASYNCIO');
/** `code` of a signal: SIGIO that was queued. */
export const SI_SIGIO = constant('SI_SIGIO');
/** `code` of a signal: sent by tgkill(2), which raise(3) is. */
export const SI_TKILL = constant('SI_TKILL');

/** What is told of a signal: siginfo_t. What a signal of its code does not have is 0. */
export interface Siginfo {
  /** Its name. */
  readonly signal: Signal;
  /** Its number. */
  readonly number: number;
  /** Why it came: `SI_USER`, `SI_QUEUE`, `SI_KERNEL`, …; of SIGCHLD `CLD_EXITED` and its like. */
  readonly code: number;
  /** Who sent it, or the child. */
  readonly pid: number;
  /** The real user of that process. */
  readonly uid: number;
  /** Of SIGCHLD: the exit code, or the number of the child's signal. */
  readonly status: number;
  /** What was sent with it (`sigqueue`). */
  readonly value: number;
}

/** The fields of a Siginfo in the addon. */
export function emptyFields(): Int32Array {
  return new Int32Array(6);
}

export function toSiginfo(fields: Int32Array): Siginfo {
  const [number = 0, code = 0, pid = 0, uid = 0, status = 0, value = 0] = fields;
  return { signal: signalName(number), number, code, pid, uid: uid >>> 0, status, value };
}
