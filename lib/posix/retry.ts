import { callback } from './arguments.js';
import { isPosixError } from './errors.js';

/**
 * Calls until no signal interrupts it: what a program does that has nothing to say to signals. A handler that throws ends it,
 * with what the handler has thrown. A call with a time limit begins it anew each time.
 *
 * @param call such as `() => waitpid(pid, 0)`
 * @returns what the call returns
 * @throws whatever the call throws, but not `InterruptedError`
 * @see https://peps.python.org/pep-0475/
 */
export function retryOnIntr<T>(call: () => T): T {
  callback('call', call);
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!isPosixError(error, 'EINTR')) throw error;
    }
  }
}
