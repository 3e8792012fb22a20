// Runs the programs of test/programs, each as a `node` of its own in a process group of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { groupOf, waitsIn } from './processes';

const root = join(__dirname, '..', '..');

/** The program of this name in test/programs. */
export function programPath(name: string): string {
  return join(root, 'test', 'programs', name);
}

/** A Node.js to test on: its major version and its binary. */
export interface NodeBinary {
  major: string;
  path: string;
}

/** The Node.js that runs Jest, and the others of test/matrix; TEST_NODES=own: it alone. */
export function nodes(): NodeBinary[] {
  const own = { major: process.versions.node.split('.')[0] ?? '', path: process.execPath };
  if (process.env['TEST_NODES'] === 'own') return [own];
  if (process.platform !== 'linux' || process.arch !== 'x64') return [own];
  const folder = join(root, 'test', 'matrix', 'node_modules');
  const others = readdirSync(folder)
    .filter((name) => /^node-\d+$/.test(name))
    .map((name) => ({ major: name.slice('node-'.length), path: join(folder, name, 'bin', 'node') }))
    .filter(({ major }) => major !== own.major);
  return [own, ...others].sort((a, b) => Number(a.major) - Number(b.major));
}

/** So many rounds; with TEST_ROUNDS=0.05, where each of them is dear, a twentieth. */
export function rounds(count: number): number {
  return Math.ceil(count * Number(process.env['TEST_ROUNDS'] ?? 1));
}

export interface RunOptions {
  /** The Node.js binary; the one that runs Jest if absent. */
  node?: string;
  nodeArgs?: string[];
  args?: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** What it has open as descriptors 3, 4, …, by what they are here. */
  descriptors?: number[];
}

export interface Finished {
  /** The exit code, or null if a signal ended the program. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

// A safety net, in milliseconds: less than a test has.
const SILENCE = 90_000;

const live = new Set<Program>();

declare global {
  /** By the environment of the tests. */
  var testHasFailed: boolean;
}

// Also when a test fails or runs out of time, nothing that it started outlives it. What it waited for in vain is in what those
// programs have said, and in what they do now.
afterEach(() => {
  for (const program of live) {
    if (globalThis.testHasFailed) process.stderr.write(program.describe());
    program.end();
  }
});

/** A program that runs. Whatever it forks is in its process group and ends with `end()`. */
export class Program {
  readonly process: ChildProcess;
  readonly pid: number;
  stdout = '';
  stderr = '';
  readonly #closed: Promise<unknown>;
  #isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(
    path: string,
    { node = process.execPath, nodeArgs = [], args = [], env, cwd, descriptors = [] }: RunOptions = {},
  ) {
    this.process = spawn(node, [...nodeArgs, path, ...args], {
      cwd: cwd ?? root,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    });
    const { pid, stdout, stderr } = this.process;
    if (pid === undefined || !stdout || !stderr) throw new Error(`${node} could not be started`);
    this.pid = pid;
    stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    // 'close' comes when the program has ended and everyone who holds its output, all that it forked, is gone.
    this.#closed = once(this.process, 'close').then(() => {
      this.#isClosed = true;
      this.#wake();
    });
    live.add(this);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** The first match in what the program prints to stdout, what it printed before the call included. */
  printed(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.#first('stdout', pattern);
  }

  /** The same of stderr. */
  logged(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.#first('stderr', pattern);
  }

  async #first(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this[stream].match(pattern);
      if (match) return match;
      await this.#more(String(pattern));
    }
  }

  /** More output. @throws {Error} there is none, with what there was: before the test runs out of time, and says nothing */
  async more(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`the program has printed nothing for a long time:\n${this.stdout}${this.stderr}`));
      }, SILENCE);
    });
    try {
      await Promise.race([this.#more('what was waited for'), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #more(what: string): Promise<void> {
    if (this.#isClosed) {
      throw new Error(`the program ended and did not print ${what}:\n${this.stdout}${this.stderr}`);
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** How the program itself ended, and all that it and its family printed. */
  async finished(): Promise<Finished> {
    await this.#closed;
    return {
      code: this.process.exitCode,
      signal: this.process.signalCode,
      stdout: this.stdout,
      stderr: this.stderr,
    };
  }

  /** What it has printed, and the processes of its group: each with where it waits in the kernel, and for what. */
  describe(): string {
    const processes = groupOf(this.pid).map(({ pid, ppid, state }) => {
      return `  pid=${pid} ppid=${ppid} state=${state} ${waitsIn(pid)}`;
    });
    const title = `A test failed, and ${this.process.spawnargs.join(' ')} was still there, having printed:`;
    return [title, this.stdout + this.stderr, 'Its processes:', ...processes, ''].join('\n');
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Ends the program and all that is left of its process group. */
  end(): void {
    live.delete(this);
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Runs a program to its end. Nothing of its process group outlives the call. */
export async function run(path: string, options?: RunOptions): Promise<Finished> {
  const program = new Program(path, options);
  try {
    return await program.finished();
  } finally {
    program.end();
  }
}

/** Runs a program of test/programs that says `passed` when all that it asserts is so, and nothing else. */
export async function passes(program: string, options: RunOptions): Promise<void> {
  const { code, signal, stdout, stderr } = await run(programPath(program), options);
  expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: 'passed\n', stderr: '' });
}
