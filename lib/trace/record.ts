import { readdirSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as rest } from 'node:timers/promises';
import { join } from 'node:path';
import { integer, object } from '../mistakes.js';
import {
  close,
  getpid,
  kill,
  P_ALL,
  posixSpawn,
  SIG_BLOCK,
  SIG_SETMASK,
  sigpending,
  sigprocmask,
  sigtimedwait,
  waitid,
  waitpid,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  isPosixError,
  retryOnIntr,
  type FileAction,
} from '../posix/index.js';
import { observerEnvironment } from './environment.js';
import { TraceError } from './errors.js';
import { startRecorder, tellStart } from './recorder.js';
import { tell } from './story.js';
import { observer as at, Tape } from './tape.js';
import type { Timeline } from './timeline.js';

/** How many events there is room for: a slot has 128 bytes. */
const CAPACITY = 65_536;
const LARGEST = 2 ** 24;

/** How much is recorded. */
export interface RecordOptions {
  /**
   * How many calls and events there is room for, 16 to 16,777,216; those beyond are counted and not kept. Each has 128
   * bytes, and half as many again for what is seen from outside; memory is taken as they come. Default 65,536.
   */
  capacity?: number;
}

/** What is given for `capacity`, or what it is if nothing is. */
export function capacityOf({ capacity = CAPACITY }: RecordOptions): number {
  return integer('options.capacity', capacity, 16, LARGEST);
}

/** How long the observer may take to begin and to end, in milliseconds: as long as a Node.js, on a machine that is busy. */
const PATIENCE = 20_000;

const ASKED_AGAIN = 2;

let current: Recording | undefined;

// Not a child of this process for longer than this call: nobody's wait() gets it, and no SIGCHLD tells of it.
function startObserver(fd: number): void {
  const before = sigprocmask(SIG_BLOCK, ['SIGCHLD']);
  try {
    const wasPending = sigpending().includes('SIGCHLD');
    const pid = posixSpawn('/bin/sh', shellArguments(fd), observerEnvironment(process.env), {
      fileActions: closings(),
      attributes: { setsigmask: before },
    });
    retryOnIntr(() => waitpid(pid, 0));
    if (wasPending || !sigpending().includes('SIGCHLD')) return;
    sigtimedwait(['SIGCHLD'], 0);
    // Another child may have ended in this moment, whose signal was the same one.
    if (hasEndedChild()) kill(getpid(), 'SIGCHLD');
  } finally {
    sigprocmask(SIG_SETMASK, before);
  }
}

// The shell ends at once: its child is an orphan.
function shellArguments(fd: number): string[] {
  const own = getpid();
  const script = '"$@" </dev/null >/dev/null 2>&1 &';
  const program = [process.execPath, join(__dirname, 'observer-main.js')];
  return ['sh', '-c', script, 'sh', ...program, `/proc/${own}/fd/${fd}`, String(own)];
}

// The observer must not be one more who has the other end of a pipe.
function closings(): FileAction[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => fd > 2)
    .map((fd) => ({ action: 'close', fd }));
}

function hasEndedChild(): boolean {
  try {
    return waitid(P_ALL, 0, WEXITED | WNOHANG | WNOWAIT).pid !== 0;
  } catch (error) {
    if (isPosixError(error, 'ECHILD')) return false;
    throw error;
  }
}

/** A recording that runs. Only `record` makes one. */
export class Recording implements AsyncDisposable {
  readonly #tape: Tape;
  readonly #owner = getpid();
  readonly #fd: number;
  #stopRecorder: () => void;
  #timeline: Promise<Timeline> | undefined;

  constructor(tape: Tape, fd: number) {
    this.#tape = tape;
    this.#fd = fd;
    startObserver(fd);
    if (tape.observerAfter(at.absent, PATIENCE) !== at.ready) {
      tape.stop();
      throw new TraceError('ERR_TRACE_OBSERVER', `the process that observes has not begun within ${PATIENCE} ms`);
    }
    this.#stopRecorder = startRecorder(tape);
    tellStart(tape);
  }

  /** How many events there was no room for, until now. */
  get dropped(): number {
    return this.#tape.calls.dropped;
  }

  /**
   * Ends the recording, in all processes. Again is no mistake, and answers the same.
   *
   * @returns what was recorded
   * @throws {TraceError} ERR_TRACE_NOT_YOURS: this is a forked child of the process that has begun it
   */
  stop(): Promise<Timeline> {
    if (getpid() !== this.#owner) {
      const message = `process ${this.#owner} records: it is for it to stop`;
      return Promise.reject(new TraceError('ERR_TRACE_NOT_YOURS', message));
    }
    this.#timeline ??= this.#stop();
    return this.#timeline;
  }

  async #stop(): Promise<Timeline> {
    this.#stopRecorder();
    current = undefined;
    const tape = this.#tape;
    try {
      if (tape.observer === at.ready) tape.observer = at.asked;
      // If it was killed, what it has seen is there.
      for (let waited = 0; tape.observer !== at.done && waited < PATIENCE; waited += ASKED_AGAIN)
        await rest(ASKED_AGAIN);
    } finally {
      tape.stop();
      close(this.#fd);
    }
    return tell(tape);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Records, from now on, what this process and all that it forks do: forks, programs that are executed, ends, waits, signals,
 * pipes, FIFOs, mappings. Another process, which is started for it and is none of this one's, observes meanwhile who sleeps, is
 * stopped or is a zombie. It blocks until that one is there: as long as a Node.js takes to start.
 *
 * Of a program that is executed, what is seen from outside is in the timeline, not what it does: `traceProgram` records that
 * too. docs/trace.md tells what is exact, and what is not seen.
 *
 * @throws {TraceError} ERR_TRACE_RECORDING: this process records already; ERR_TRACE_OBSERVER
 * @throws {PosixError} ENOMEM, EMFILE, ENFILE: there is no memory, or no descriptor; those of posix_spawn(3)
 *
 * @example
 * const recording = record();
 * const pid = fork();
 * if (pid === 0) _exit(0);
 * waitpid(pid, 0);
 * writeFileSync('fork.svg', toSvg(await recording.stop()));
 */
export function record(options: RecordOptions = {}): Recording {
  const capacity = capacityOf(object('options', options));
  if (current) throw new TraceError('ERR_TRACE_RECORDING', 'this process records already');
  const { tape, fd } = Tape.create(capacity);
  try {
    current = new Recording(tape, fd);
    return current;
  } catch (error) {
    close(fd);
    throw error;
  }
}
