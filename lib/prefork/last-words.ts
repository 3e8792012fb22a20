// What a worker or a mold is asked before it is killed because it hangs: where it is.
import { blockedIn, stackOnSignal, type Signal, type StackSignal } from '../posix/index.js';
import type { Note } from './log.js';

// Linux has no use for it, nor has any program, and a shell can send it. SIGXCPU would not end a process any more that has
// a limit of processor time.
const SIGNAL: Signal = 'SIGSTKFLT';

/** How long it has for its last words, in milliseconds: or to go on. */
export const GRACE = 1_000;

/** The master arms it before the first fork; all its forks have it. */
export class LastWords {
  readonly #note: Note;
  readonly #send: (pid: number, signal: Signal) => void;
  #armed: StackSignal | undefined;

  constructor(note: Note, send: (pid: number, signal: Signal) => void) {
    this.#note = note;
    this.#send = send;
    try {
      this.#armed = stackOnSignal(SIGNAL);
    } catch (error) {
      // A server is one without it.
      note('no stacks', {}, { reason: (error as Error).message });
    }
  }

  /**
   * Logs what the kernel says that the process is in; it writes its JavaScript stack to stderr if it can.
   *
   * @param worker its place, or `MOLD`
   */
  ask(worker: number, pid: number, reason: string): void {
    this.#note('hang', { worker, pid }, { reason, in: blockedIn(pid) ?? 'ended' });
    if (this.#armed) this.#send(pid, SIGNAL);
  }

  close(): void {
    this.#armed?.close();
    this.#armed = undefined;
  }
}
