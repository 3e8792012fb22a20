// `truefork serve` as process 1 of a container.
import { _exit, signalNumber } from '../posix/index.js';
import { signalTable } from '../prefork/index.js';

/**
 * The kernel drops a signal that process 1 has no listener for. Until the server has its own, one that would end any other
 * process ends this one too, with the exit code that a shell would tell of: 128 and its number.
 */
export function heedSignals(): void {
  if (process.pid !== 1) return;
  for (const [name, { action }] of Object.entries(signalTable)) {
    if (action !== 'stop' && action !== 'quick') continue;
    const signal = name as keyof typeof signalTable;
    const end = () => {
      if (process.listeners(signal).every((listener) => listener === end)) _exit(128 + signalNumber(signal));
    };
    process.on(signal, end);
  }
}
