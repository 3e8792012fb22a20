// The signals that come to `truefork serve` before the server is there, which has its own listeners.
import { _exit, signalNumber } from '../posix/index.js';
import { signalTable } from '../prefork/index.js';

// What a server that starts does anyway: it loads the application, and opens its log. By default they would end the process, and
// SIGUSR1 would open the debugger of Node.js, with which nothing can be forked.
const needless = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

export function heedSignals(): void {
  for (const signal of needless) process.on(signal, ignore);
  if (process.pid === 1) heedAsProcess1();
}

function ignore(): void {
  return;
}

/**
 * The kernel drops a signal that process 1 has no listener for. Until the server has its own, one that would end any other
 * process ends this one too, with the exit code that a shell would tell of: 128 and its number.
 */
function heedAsProcess1(): void {
  for (const [name, { action }] of Object.entries(signalTable)) {
    if (action !== 'stop' && action !== 'quick') continue;
    const signal = name as keyof typeof signalTable;
    const end = () => {
      if (process.listeners(signal).every((listener) => listener === end)) _exit(128 + signalNumber(signal));
    };
    process.on(signal, end);
  }
}
