import { callback } from '../mistakes.js';
import { fork, outputWritten, type ExitStatus, type ForkOptions, type Signal } from '../posix/index.js';
import { Reaper } from './reaper.js';

/** A forked child, as its parent has it. */
export class ForkedChild {
  /** The child. */
  readonly pid: number;
  /** How it ended, when it has been reaped. Rejected with `StatusLostError` if somebody else has waited for it. */
  readonly exited: Promise<ExitStatus>;
  readonly #reaper: Reaper;

  /** Only `forkChild` makes one. */
  constructor(pid: number) {
    this.pid = pid;
    this.#reaper = new Reaper();
    this.exited = this.#reaper.watch(pid).finally(() => {
      this.#reaper.close();
    });
    // Who does not ask must not die of an unhandled rejection.
    this.exited.catch(() => undefined);
  }

  /**
   * A descriptor of the child, for poll(2) and pidfd_send_signal(2): it is readable when the child has ended. It is closed
   * when the child has been reaped, and undefined from then on; also where the kernel has none (before Linux 5.3).
   */
  get pidfd(): number | undefined {
    return this.#reaper.pidfd(this.pid);
  }

  /**
   * Sends it a signal, and never a process that got its pid later.
   *
   * @throws {ProcessLookupError} ESRCH: it has been reaped
   */
  kill(signal: Signal = 'SIGTERM'): void {
    this.#reaper.kill(this.pid, signal);
  }
}

/**
 * Runs a function in a forked child. Only the parent returns from the call.
 *
 * The fork is made from the check phase of the event loop; what is pending there (timers, servers, promises) goes on in
 * both, as after any `fork`. The child ends with the function, whatever is still open.
 *
 * @param main what the child does. Its result is the exit code, an integer from 0 to 255, or undefined: `process.exitCode`,
 *   or 0. What it throws ends the child as an uncaught error: printed, exit code 1. It may be async.
 * @throws {TypeError | RangeError} an argument that cannot be
 * @throws as `fork`
 *
 * @example
 * const child = await forkChild(() => isPrime(2n ** 127n - 1n) ? 0 : 1);
 * console.log(await child.exited); // { state: 'exited', code: 0 }
 */
export async function forkChild(main: () => unknown, options: ForkOptions = {}): Promise<ForkedChild> {
  callback('main', main);
  await new Promise((resolve) => setImmediate(resolve));
  const pid = fork(options);
  if (pid !== 0) return new ForkedChild(pid);
  queueMicrotask(() => {
    run(main);
  });
  return await new Promise<never>(() => undefined);
}

// Nothing is caught here: what `main` throws, and what its promise is rejected with, Node prints as it prints any uncaught
// error, with the line that it comes from. The program's listeners for such errors are told, and do not keep it alive.
function run(main: () => unknown): void {
  const fail = setImmediate(() => process.exit(1));
  const result = main();
  clearImmediate(fail);
  const ending = Promise.resolve(result).then(end);
  ending.then(undefined, () => setImmediate(() => process.exit(1)));
  // A promise that nobody handles, for Node to tell of.
  void ending.then();
}

async function end(result: unknown): Promise<void> {
  const code = exitCode(result);
  await outputWritten();
  process.exit(code);
}

function exitCode(result: unknown): number | string {
  if (result === undefined) return process.exitCode ?? 0;
  if (Number.isInteger(result) && (result as number) >= 0 && (result as number) <= 255) return result as number;
  throw Object.assign(new RangeError('the result of the child must be undefined, or an exit code: 0 to 255'), {
    code: 'ERR_OUT_OF_RANGE',
  });
}
