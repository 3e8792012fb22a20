import { constants } from 'node:os';
import { integer, wrongType } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** A signal: its name, or its number (1 to 64; those from `SIGRTMIN` have no names). */
export type Signal = NodeJS.Signals | number;

export const SIGRTMIN = constant('SIGRTMIN');
export const SIGRTMAX = constant('SIGRTMAX');
/** `how` of sigprocmask: the set is added to the mask. */
export const SIG_BLOCK = constant('SIG_BLOCK');
/** `how` of sigprocmask: the set is taken out of the mask. */
export const SIG_UNBLOCK = constant('SIG_UNBLOCK');
/** `how` of sigprocmask: the set is the mask. */
export const SIG_SETMASK = constant('SIG_SETMASK');

const numbers: Readonly<Record<string, number>> = constants.signals;
const names = new Map<number, NodeJS.Signals>();
for (const [name, number] of Object.entries(numbers)) {
  // SIGIOT, SIGPOLL and SIGUNUSED are second names.
  if (!names.has(number)) names.set(number, name as NodeJS.Signals);
}

const LAST_SIGNAL = 64;

/** The number of a signal. @throws {TypeError} ERR_UNKNOWN_SIGNAL */
export function signalNumber(signal: Signal): number {
  if (typeof signal === 'number') return integer('signal', signal, 1, LAST_SIGNAL);
  if (typeof signal !== 'string') throw wrongType('signal', 'of type string or number', signal);
  const number = Object.hasOwn(numbers, signal) ? numbers[signal] : undefined;
  if (number === undefined) {
    throw Object.assign(new TypeError(`Unknown signal: ${signal as string}`), { code: 'ERR_UNKNOWN_SIGNAL' });
  }
  return number;
}

/** The name of a signal's number, or the number itself if it has no name. */
export function signalName(number: number): Signal {
  return names.get(number) ?? number;
}

/** Every signal, for sigprocmask. (The kernel leaves SIGKILL and SIGSTOP out, glibc its own two.) */
export const allSignals: readonly Signal[] = Array.from({ length: LAST_SIGNAL }, (_, index) => signalName(index + 1));

function toWords(set: readonly Signal[]): Uint32Array {
  const words = new Uint32Array(2);
  for (const signal of set) {
    const bit = signalNumber(signal) - 1;
    words[bit >> 5] = (words[bit >> 5] ?? 0) | (1 << (bit & 31));
  }
  return words;
}

function toSet(words: Uint32Array): Signal[] {
  return allSignals.filter((_, bit) => ((words[bit >> 5] ?? 0) >>> (bit & 31)) & 1);
}

/**
 * Reads and changes the set of signals that the main thread blocks. A blocked signal of the process may still be
 * taken by one of Node's other threads; its JavaScript handler runs from the event loop either way.
 *
 * @param how `SIG_BLOCK`, `SIG_UNBLOCK` or `SIG_SETMASK`
 * @param set the signals; null changes nothing
 * @returns the set that was blocked before
 * @throws {PosixError} EINVAL: another `how`
 * @see https://man7.org/linux/man-pages/man2/sigprocmask.2.html
 */
export function sigprocmask(how: number, set: readonly Signal[] | null): Signal[] {
  integer('how', how, 0, 2 ** 31 - 1);
  if (set !== null && !Array.isArray(set)) throw wrongType('set', 'an Array of signals or null', set);
  const old = new Uint32Array(2);
  answered(native.sigprocmask(how, set && toWords(set), old), 'sigprocmask', how, {}, sigprocmask);
  return toSet(old);
}

/**
 * Whether a signal interrupts blocking system calls, which then throw `InterruptedError`. It changes the handler
 * that the signal has now. Node's own handlers (`process.on('SIGALRM', …)`) do not interrupt unless this says so;
 * their JavaScript runs afterwards, from the event loop.
 *
 * @throws {PosixError} EINVAL: the signal's handler cannot be changed
 * @see https://man7.org/linux/man-pages/man3/siginterrupt.3.html
 */
export function siginterrupt(signal: Signal, flag: boolean): void {
  const number = signalNumber(signal);
  if (typeof flag !== 'boolean') throw wrongType('flag', 'of type boolean', flag);
  answered(native.siginterrupt(number, flag), 'siginterrupt', signal, {}, siginterrupt);
}
