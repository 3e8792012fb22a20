// Runs the program of a lesson: as it is, or so that a reader can follow.
import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isPosixError, kill } from '../posix/index.js';
import { traceProgram, type Timeline } from '../trace/index.js';
import { say } from './output.js';
import { columnsOf } from './prose.js';
import { Ear, type Utterance } from './speech.js';
import { painted, wantsColour } from './terminal.js';

interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | number | null;
}

/**
 * Starts the program and waits for its end; `onStart` is told of its pid. It has a session of its own: what a lesson does to its
 * group and its terminal is nothing to the shell that this was called from.
 */
export type Start = (
  argv: readonly string[],
  options: { stdio: StdioOptions; onStart: (pid: number) => void },
) => Promise<Ended>;

/** As any program. */
export const plainly: Start = async ([file = '', ...args], { stdio, onStart }) => {
  const child = spawn(file, args, { stdio, detached: true });
  await once(child, 'spawn');
  onStart(child.pid ?? 0);
  const [exitCode, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return { exitCode, signal };
};

/** While what it does is recorded: `keep` gets the timeline. */
export function traced(keep: (timeline: Timeline) => void): Start {
  return async (argv, options) => {
    const { timeline, ...ended } = await traceProgram(argv, { ...options, detached: true });
    keep(timeline);
    return ended;
  };
}

const passedOn = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const;

// What a terminal sends to this process is meant for the lesson, which is in another session.
async function withSignals(run: (onStart: (pid: number) => void) => Promise<Ended>): Promise<number> {
  let group: number | undefined;
  let early: NodeJS.Signals | undefined;
  const passOn = (signal: NodeJS.Signals) => {
    if (group === undefined) {
      early = signal;
      return;
    }
    try {
      kill(-group, signal);
    } catch (error) {
      if (!isPosixError(error, 'ESRCH')) throw error;
    }
  };
  const onStart = (pid: number) => {
    group = pid;
    if (early) passOn(early);
  };
  for (const signal of passedOn) process.on(signal, passOn);
  try {
    const { exitCode, signal } = await run(onStart);
    if (signal === null) return exitCode ?? 0;
    return 128 + (typeof signal === 'number' ? signal : constants.signals[signal]);
  } finally {
    for (const signal of passedOn) process.off(signal, passOn);
  }
}

/** Runs it in the terminal. @returns its exit code, as a shell has it */
export function run(argv: readonly string[], start: Start): Promise<number> {
  return withSignals((onStart) => start(argv, { stdio: 'inherit', onStart }));
}

// How long a line stays alone: a reader takes in about forty characters a second.
const GLANCE = 300; // milliseconds
const PER_COLUMN = 25;
const LONGEST = 4_000;

function readingTime(text: string): number {
  return Math.min(LONGEST, GLANCE + PER_COLUMN * columnsOf(text.replace(/\s+/g, ' ')));
}

const colours = ['cyan', 'yellow', 'magenta', 'green', 'blue'] as const;

/** Draws what is said: when, by whom, what; and of each process whose child it is, when it speaks first. */
class Narrator {
  readonly #known: number[] = [];
  readonly #look = { colour: wantsColour(process.stdout) };

  told({ pid, ppid, at, text }: Utterance): string {
    const isNew = !this.#known.includes(pid);
    if (isNew) this.#known.push(pid);
    const paint = (part: string) => painted(part, this.#colourOf(pid), this.#look);
    const who = `pid ${pid}`.padEnd('pid 4194304'.length);
    const when = `${at.toFixed(0)} ms`.padStart('10000 ms'.length);
    const margin = ' '.repeat(`${when}  ${who}`.length);
    const lines = text
      .split('\n')
      .map((line, n) => `${n === 0 ? `${when}  ${paint(who)}` : margin} ${paint('│')} ${line}`);
    const parent = isNew && this.#known.includes(ppid) ? [`${margin} ${paint(`┌ a child of pid ${ppid}`)}`] : [];
    return [...parent, ...lines].map((line) => `${line}\n`).join('');
  }

  #colourOf(pid: number): (typeof colours)[number] | undefined {
    return colours[this.#known.indexOf(pid) % colours.length];
  }
}

/**
 * Runs it at its own pace, and shows what it says at a reader's: when, by whom, what. @returns its exit code, as a shell has it
 */
export async function runSlowly(argv: readonly string[], start: Start): Promise<number> {
  const narrator = new Narrator();
  let told = Promise.resolve();
  using ear = new Ear((said) => {
    told = told.then(async () => {
      say(narrator.told(said));
      // Else nobody reads any more.
      if (process.stdout.writable) await delay(readingTime(said.text));
    });
  });
  const code = await withSignals((onStart) =>
    start(argv, {
      stdio: ['inherit', ear.mouth, ear.mouth],
      onStart: (pid) => {
        onStart(pid);
        ear.giveMouth();
      },
    }),
  );
  await ear.silence;
  await told;
  return code;
}
