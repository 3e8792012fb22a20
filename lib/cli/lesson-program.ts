// Runs the program of a lesson: as it is, or so that a reader can follow.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { styleText } from 'node:util';
import { columnsOf } from './prose.js';
import { wantsColour } from './screen.js';
import { Ear, type Utterance } from './speech.js';

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** In a session of its own: what the lesson does to its group and its terminal is nothing to the shell that this was called from. */
function start(argv: readonly string[], stdio: StdioOptions): ChildProcess {
  const [file = '', ...args] = argv;
  return spawn(file, args, { stdio, detached: true });
}

/** Waits for its end; signals that come meanwhile go to its whole group. @returns its exit code, as a shell has it */
async function ended(child: ChildProcess): Promise<number> {
  const passOn = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  };
  for (const signal of passedOn) process.on(signal, passOn);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return signal ? 128 + constants.signals[signal] : (code ?? 0);
  } finally {
    for (const signal of passedOn) process.off(signal, passOn);
  }
}

/** Runs it in the terminal. @returns its exit code, as a shell has it */
export function run(argv: readonly string[]): Promise<number> {
  return ended(start(argv, 'inherit'));
}

// How long a line stays alone: a reader takes in about thirty characters a second.
const GLANCE = 400; // milliseconds
const PER_COLUMN = 30;
const LONGEST = 4_000;

function readingTime(text: string): number {
  return Math.min(LONGEST, GLANCE + PER_COLUMN * columnsOf(text.replace(/\s+/g, ' ')));
}

const colours = ['cyan', 'yellow', 'magenta', 'green', 'blue'] as const;

/** Draws what is said: when, by whom, what; and of each process whose child it is, when it speaks first. */
class Narrator {
  readonly #known: number[] = [];

  told({ pid, ppid, at, text }: Utterance): string {
    const isNew = !this.#known.includes(pid);
    if (isNew) this.#known.push(pid);
    const paint = (part: string) => this.#painted(pid, part);
    const who = `pid ${pid}`.padEnd('pid 4194304'.length);
    const when = `${at.toFixed(0)} ms`.padStart('10000 ms'.length);
    const margin = ' '.repeat(`${when}  ${who}`.length);
    const lines = text
      .split('\n')
      .map((line, n) => `${n === 0 ? `${when}  ${paint(who)}` : margin} ${paint('│')} ${line}`);
    const parent = isNew && this.#known.includes(ppid) ? [`${margin} ${paint(`┌ a child of pid ${ppid}`)}`] : [];
    return [...parent, ...lines].map((line) => `${line}\n`).join('');
  }

  #painted(pid: number, text: string): string {
    if (!wantsColour(process.stdout)) return text;
    return styleText(colours[this.#known.indexOf(pid) % colours.length] ?? 'cyan', text, { validateStream: false });
  }
}

/**
 * Runs it at its own pace, and shows what it says at a reader's: when, by whom, what. @returns its exit code, as a shell has it
 */
export async function runSlowly(argv: readonly string[]): Promise<number> {
  const narrator = new Narrator();
  let told = Promise.resolve();
  using ear = new Ear((said) => {
    told = told.then(async () => {
      process.stdout.write(narrator.told(said));
      await delay(readingTime(said.text));
    });
  });
  const child = start(argv, ['inherit', ear.mouth, ear.mouth]);
  ear.speak();
  const code = await ended(child);
  await ear.silence;
  await told;
  return code;
}
