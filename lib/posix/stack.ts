import { answered } from './errno.js';
import { UnsupportedPlatformError } from './errors.js';
import { native } from './native.js';
import { signalNumber, type Signal } from './signal.js';

/** A signal that makes this process write its JavaScript stack. */
export interface StackSignal extends Disposable {
  /** Gives the signal its default action back, which ends the process for most; again is no mistake. */
  close(): void;
}

/**
 * From now on, whenever this signal comes, this process writes to stderr what its event loop is blocked by: its pid, and
 * the functions, files and lines of up to 50 frames of JavaScript. It goes on afterwards.
 *
 * The stack is that of the main thread, at the next place where V8 lets itself be interrupted: a loop or a call of
 * JavaScript or WebAssembly, the backtracking of a regular expression, `Atomics.wait`. A call of V8 or of Node that takes long
 * (`JSON.parse`, `execSync`) ends first; see `blockedIn`. While one signal waits for that, others are not counted. Lines
 * are those of the code that runs, not of its sources.
 *
 * Until the signal comes it costs nothing: there is no thread, and no port is open. Forked children have it too, each for
 * itself. There is one such signal in a process. Take one that has no other use: `process.on` with the same signal takes
 * it away, and a program that is executed does not have it.
 *
 * @throws {UnsupportedPlatformError} this Node.js does not have what it needs
 * @throws {PosixError} EBUSY: the signal has a handler or is ignored, or there is such a signal already; EINVAL: it cannot
 * have a handler (SIGKILL, SIGSTOP); EOPNOTSUPP: this is a worker thread; EAGAIN: a thread could not be made
 *
 * @example
 * stackOnSignal('SIGSTKFLT'); // From a shell: kill -16 PID
 */
export function stackOnSignal(signal: Signal): StackSignal {
  const result = native.stackOnSignal(signalNumber(signal));
  if (typeof result === 'string') {
    throw new UnsupportedPlatformError(`truefork cannot do stackOnSignal here: this Node.js has no ${result}`);
  }
  answered(result, 'stackOnSignal', signal, {}, stackOnSignal);
  let open = true;
  const close = () => {
    if (open) native.noStackOnSignal();
    open = false;
  };
  return { close, [Symbol.dispose]: close };
}
