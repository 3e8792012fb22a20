import { int, object, wrongType, wrongValue } from './arguments.js';
import { answered, errno } from './errno.js';
import { handlerOf, openQueue, runHandlers, setHandler, type SignalHandler } from './handlers.js';
import { mainThreadOnly } from './main-thread.js';
import { constant, native } from './native.js';
import { setIgnored } from './program.js';
import { inUse, watchForConflicts } from './signal-conflicts.js';
import { emptySet, toSet, toWords } from './signal-set.js';
import { signalName, signalNumber, type Signal } from './signal.js';

/** The default action of a signal: for most, the end of the process. */
export const SIG_DFL = 0 as const;
/** The signal is ignored. */
export const SIG_IGN = 1 as const;

/** Of SIGCHLD: none when a child is stopped or resumed. */
export const SA_NOCLDSTOP = constant('SA_NOCLDSTOP');
/** Of SIGCHLD: children that end leave no zombie, and waitpid finds none. */
export const SA_NOCLDWAIT = constant('SA_NOCLDWAIT');
/** The signal is not blocked while its handler runs. */
export const SA_NODEFER = constant('SA_NODEFER');
/** The default action is back as soon as the signal comes: the handler runs once. (A C int, and as such negative.) */
export const SA_RESETHAND = constant('SA_RESETHAND') | 0;
/** Calls that block go on after the signal, where the kernel can; the handler runs when they have ended. */
export const SA_RESTART = constant('SA_RESTART');

const FLAGS = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_NODEFER | SA_RESETHAND | SA_RESTART;

/** What a signal does. */
export interface SignalAction {
  /** A function, or `SIG_DFL`: what the system does by default; `SIG_IGN`: nothing. */
  handler: SignalHandler | typeof SIG_DFL | typeof SIG_IGN;
  /** The signals that are blocked while the handler runs, besides its own. */
  mask: readonly Signal[];
  /** `SA_…` or'ed together; 0: none. */
  flags: number;
}

/** What a signal did before. `handler` is null where it is not one of this library: `process.on`'s, Node's own, an addon's. */
export type PreviousSignalAction = Omit<SignalAction, 'handler'> & { handler: SignalAction['handler'] | null };

type Caller = typeof signal | typeof getsignal | typeof sigaction;

// The kinds of handlers, as the addon has them; SIG_DFL and SIG_IGN are two of them.
const ASK = -1;
const HANDLER = 2;

function change(number: number, kind: number, flags: number, mask: Uint32Array, caller: Caller): PreviousSignalAction {
  const old = new Uint32Array(4);
  const result = native.sigaction(number, kind, flags, mask, old);
  if (result === -errno.EBUSY) throw inUse(number);
  answered(result, 'sigaction', signalName(number), {}, caller);
  const [oldKind = 0, oldFlags = 0] = old;
  const handlers = [SIG_DFL, SIG_IGN, handlerOf(number) ?? null] as const;
  return { handler: handlers[oldKind] ?? null, mask: toSet(old.subarray(2)), flags: oldFlags & FLAGS };
}

function isOurs(number: number): boolean {
  return typeof change(number, ASK, 0, emptySet(), getsignal).handler === 'function';
}

function install(
  number: number,
  { handler, mask, flags }: SignalAction,
  caller: typeof signal | typeof sigaction,
): PreviousSignalAction {
  mainThreadOnly(caller.name);
  if (typeof handler !== 'function' && ![SIG_DFL, SIG_IGN].includes(handler)) {
    throw wrongType('handler', 'a function, SIG_DFL or SIG_IGN', handler);
  }
  const words = toWords('action.mask', mask);
  int('action.flags', flags);
  if ((flags & ~FLAGS) !== 0) throw wrongValue('action.flags', 'must be of SA_… alone', flags);
  if (number === signalNumber('SIGSEGV')) {
    throw wrongValue('signal', 'must not be SIGSEGV, by which V8 checks the memory of WebAssembly', 'SIGSEGV');
  }
  // Those of signals that have come already: this is about what comes from now on.
  runHandlers();
  if (typeof handler !== 'function') {
    const previous = change(number, handler, flags, words, caller);
    setHandler(number, undefined);
    setIgnored(number, handler === SIG_IGN);
    return previous;
  }
  openQueue();
  watchForConflicts(isOurs);
  const previous = change(number, HANDLER, flags, words, caller);
  setHandler(number, handler);
  setIgnored(number, false);
  return previous;
}

/**
 * Sets what a signal does. The handler runs in the main thread, from the event loop, or at once in a call of this library that
 * blocks: the call is interrupted, runs it, and throws `InterruptedError` or what the handler throws. It runs when no
 * JavaScript does otherwise: a loop that computes is not interrupted by it (docs/signals.md).
 *
 * It is installed without SA_RESTART; the signal itself is blocked while it runs. A handler does not keep the program alive.
 * A forked child has it too; a program that is executed has the default action, and goes on to ignore what was ignored.
 *
 * What has come before is handled before, as it was to be: nothing is lost, whatever the handler is now.
 *
 * SIGKILL and SIGSTOP cannot have one. SIGBUS, SIGFPE, SIGILL, SIGSYS and SIGTRAP end the process when a fault is their
 * reason, and come to the handler when somebody sends them. `child_process` takes SIGCHLD for itself as long as it has
 * children, and the default action is back afterwards.
 *
 * @param sig a name or a number
 * @param handler a function, `SIG_DFL` or `SIG_IGN`
 * @returns what there was before; null: a handler that is not of this library
 * @throws what a handler throws that has run before; then nothing has been changed
 * @throws {SignalInUseError} ERR_SIGNAL_IN_USE: it has a handler that is not of this library. (After this call
 * `process.on` refuses the signal with the same error.)
 * @throws {PosixError} EINVAL: SIGKILL, SIGSTOP, 32 or 33; EMFILE, ENFILE, EAGAIN, ENOMEM: no descriptor or no timer for the
 * first handler
 * @throws {TypeError} ERR_INVALID_ARG_VALUE: SIGSEGV; ERR_WORKER_UNSUPPORTED_OPERATION: in a worker thread
 * @see https://man7.org/linux/man-pages/man2/signal.2.html
 *
 * @example
 * signal('SIGINT', (name) => console.log(`${name}: not now`));
 */
export function signal(sig: Signal, handler: SignalAction['handler']): PreviousSignalAction['handler'] {
  return install(signalNumber(sig), { handler, mask: [], flags: 0 }, signal).handler;
}

/**
 * What a signal does.
 *
 * @returns the handler, `SIG_DFL` or `SIG_IGN`; null: a handler that is not of this library
 * @throws {PosixError} EINVAL: 32 or 33
 * @see https://man7.org/linux/man-pages/man2/sigaction.2.html
 */
export function getsignal(sig: Signal): PreviousSignalAction['handler'] {
  return change(signalNumber(sig), ASK, 0, emptySet(), getsignal).handler;
}

/**
 * Sets what a signal does, in all detail, or asks. See `signal`.
 *
 * @param sig a name or a number
 * @param action the handler, the signals that are blocked while it runs, and flags; null changes nothing
 * @returns what there was before
 * @throws as `signal`
 * @see https://man7.org/linux/man-pages/man2/sigaction.2.html
 *
 * @example
 * sigaction('SIGUSR1', { handler: (_name, _number, { pid }) => console.log(`from ${pid}`), mask: [], flags: SA_RESTART });
 */
export function sigaction(sig: Signal, action: SignalAction | null): PreviousSignalAction {
  const number = signalNumber(sig);
  if (action === null) return change(number, ASK, 0, emptySet(), sigaction);
  return install(number, object('action', action), sigaction);
}

/**
 * Whether a signal interrupts calls that block, which then throw `InterruptedError`. It changes the handler that the signal has
 * now, one of this library or of Node (`process.on`), by its SA_RESTART. Node's run afterwards, from the event loop.
 *
 * @throws {TypeError} ERR_WORKER_UNSUPPORTED_OPERATION: in a worker thread
 * @throws {PosixError} EINVAL: the signal's handler cannot be changed
 * @see https://man7.org/linux/man-pages/man3/siginterrupt.3.html
 */
export function siginterrupt(signal: Signal, flag: boolean): void {
  mainThreadOnly('siginterrupt');
  const number = signalNumber(signal);
  if (typeof flag !== 'boolean') throw wrongType('flag', 'of type boolean', flag);
  answered(native.siginterrupt(number, flag), 'siginterrupt', signal, {}, siginterrupt);
}
