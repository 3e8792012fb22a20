// A signal has one handler in a process: of this library, or of Node's own process.on.
import diagnostics from 'node:diagnostics_channel';
import process from 'node:process';
import { SignalInUseError } from './errors.js';
import { signalName, signalNumber } from './signal.js';

/** The error for a signal whose handler is somebody else's. */
export function inUse(number: number): SignalInUseError {
  const name = signalName(number);
  const listened = typeof name === 'string' && process.listenerCount(name) > 0;
  const who = listened ? `process.on('${name}') has listeners for it` : 'Node.js or an addon has a handler for it';
  return new SignalInUseError(`signal ${name} cannot have a handler here: ${who}`);
}

let watched = false;

/**
 * From now on, refuses listeners of `process.on` for signals that have a handler here: libuv would put its own in the place.
 *
 * @param isOurs whether a signal has one
 */
export function watchForConflicts(isOurs: (number: number) => boolean): void {
  if (watched) return;
  watched = true;
  // Before Node's own listener, which is the one that starts libuv's handler.
  (process as NodeJS.EventEmitter).prependListener('newListener', (event: string | symbol) => {
    if (typeof event !== 'string' || !/^SIG[A-Z]/.test(event)) return;
    let number;
    try {
      number = signalNumber(event as NodeJS.Signals);
    } catch {
      return;
    }
    if (isOurs(number)) {
      throw new SignalInUseError(`process.on('${event}') is refused: the signal has a handler of truefork's already`);
    }
  });
  const SIGCHLD = signalNumber('SIGCHLD');
  let handled = false;
  const warn = () => {
    if (!handled || isOurs(SIGCHLD)) return;
    process.emitWarning('child_process has taken SIGCHLD: the handler that it had is not called any more', {
      code: 'SIGNAL_TAKEN',
    });
  };
  // It is told of before the child is there, and no call of ours can be in between.
  diagnostics.subscribe('child_process', () => {
    handled = isOurs(SIGCHLD);
    process.nextTick(warn);
  });
}
