// What a worker or a mold is asked before it is killed because it hangs: where it is.
import { blockedIn, stackOnSignal, type Signal, type StackSignal } from '../posix/index.js';

// Linux has no use for it, nor has any program, and a shell can send it. SIGXCPU would not end a process any more that has
// a limit of processor time.
const SIGNAL: Signal = 'SIGSTKFLT';

/** How long it has for its last words, in milliseconds: or to go on. */
export const GRACE = 1_000;

/** The master arms it before the first fork; all its forks have it. */
export class LastWords {
  readonly #log: (line: string) => void;
  readonly #send: (pid: number, signal: Signal) => void;
  #armed: StackSignal | undefined;

  constructor(log: (line: string) => void, send: (pid: number, signal: Signal) => void) {
    this.#log = log;
    this.#send = send;
    try {
      this.#armed = stackOnSignal(SIGNAL);
    } catch (error) {
      // A server is one without it.
      log(`master pid=${process.pid} stacks=none reason=${JSON.stringify((error as Error).message)}`);
    }
  }

  /**
   * Logs what the kernel says that the process is in; it writes its JavaScript stack to stderr if it can.
   *
   * @param who for the log: `worker=0`, `mold`
   */
  ask(who: string, pid: number, reason: string): void {
    this.#log(`${who} pid=${pid} hangs reason=${reason} in=${JSON.stringify(blockedIn(pid) ?? 'ended')}`);
    if (this.#armed) this.#send(pid, SIGNAL);
  }

  close(): void {
    this.#armed?.close();
    this.#armed = undefined;
  }
}
