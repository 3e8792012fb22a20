import { constants } from 'node:os';
import { integer, wrongType } from './arguments.js';
import { constant, native, needAddon } from './native.js';

/** A real-time signal, counted from the first or the last: `'SIGRTMIN+3'`. */
export type RealTimeSignal = 'SIGRTMIN' | 'SIGRTMAX' | `SIGRTMIN+${number}` | `SIGRTMAX-${number}`;

/** A signal: its name, or its number (1 to 64). What this library tells of a real-time signal is its number. */
export type Signal = NodeJS.Signals | RealTimeSignal | number;

/** The first real-time signal for programs: 34. */
export const SIGRTMIN = constant('SIGRTMIN');
/** The last real-time signal: 64. */
export const SIGRTMAX = constant('SIGRTMAX');
/** One more than the last signal: 65. */
export const NSIG = constant('NSIG');

const numbers: Readonly<Record<string, number>> = constants.signals;
const names = new Map<number, NodeJS.Signals>();
for (const [name, number] of Object.entries(numbers)) {
  // SIGIOT, SIGPOLL and SIGUNUSED are second names.
  if (!names.has(number)) names.set(number, name as NodeJS.Signals);
}

const LAST_SIGNAL = 64;

function numberOf(name: string): number | undefined {
  if (Object.hasOwn(numbers, name)) return numbers[name];
  const [, end, sign, distance = '0'] = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name) ?? [];
  if (end === undefined || (sign !== undefined && (sign === '+') !== (end === 'MIN'))) return undefined;
  const number = end === 'MIN' ? SIGRTMIN + Number(distance) : SIGRTMAX - Number(distance);
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}

/** The number of a signal. @throws {TypeError} ERR_UNKNOWN_SIGNAL */
export function signalNumber(signal: Signal): number {
  if (typeof signal === 'number') return integer('signal', signal, 1, LAST_SIGNAL);
  if (typeof signal !== 'string') throw wrongType('signal', 'of type string or number', signal);
  const number = numberOf(signal);
  if (number === undefined) {
    // Of real-time signals, only the addon knows the numbers; of other systems, Node.js has fewer names.
    needAddon('signals');
    throw Object.assign(new TypeError(`Unknown signal: ${signal as string}`), { code: 'ERR_UNKNOWN_SIGNAL' });
  }
  return number;
}

/** The name of a signal's number, or the number itself if it has no name. */
export function signalName(number: number): NodeJS.Signals | number {
  return names.get(number) ?? number;
}

/** Every signal, for sigprocmask. (The kernel leaves SIGKILL and SIGSTOP out, glibc its own two.) */
export const allSignals: readonly Signal[] = Array.from({ length: LAST_SIGNAL }, (_, index) => signalName(index + 1));

/** The two that glibc keeps for itself: it has no handlers for them, and never blocks them. */
const reserved = [32, 33];

/**
 * The signals that a program can have to do with: all but glibc's own two.
 *
 * @returns each by its name, the real-time ones by their numbers
 * @see https://man7.org/linux/man-pages/man7/signal.7.html
 */
export function validSignals(): Signal[] {
  return allSignals.filter((_, index) => !reserved.includes(index + 1));
}

/**
 * What a signal is about, in English: `'Hangup'`, `'Real-time signal 3'`.
 *
 * @see https://man7.org/linux/man-pages/man3/strsignal.3.html
 */
export function strsignal(signal: Signal): string {
  return native.strsignal(signalNumber(signal));
}
