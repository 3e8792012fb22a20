// A program under prefork whose log goes to stdout, and what its log lines say.
import { setTimeout as sleep } from 'node:timers/promises';
import { Program, programPath } from '../support/programs';
import { groupOf, type ProcessEntry } from '../support/processes';
import { isolated } from '../support/runtime';

interface FamilyOptions {
  /** The program's first argument. */
  options?: Record<string, unknown>;
  /** Those after it. */
  args?: string[];
  node?: string | undefined;
  nodeArgs?: string[];
  env?: NodeJS.ProcessEnv;
}

export class Family {
  readonly program: Program;

  constructor(name: string, { options = {}, args = [], node, nodeArgs = [], env = isolated() }: FamilyOptions = {}) {
    this.program = new Program(programPath(name), {
      args: [JSON.stringify(options), ...args],
      env,
      nodeArgs,
      ...(node !== undefined && { node }),
    });
  }

  /** A family whose workers all accept connections. */
  static async up(name: string, options?: FamilyOptions): Promise<Family & { port: number }> {
    const family = new Family(name, options);
    await family.program.printed(/^up$/m);
    return Object.assign(family, { port: await family.listens() });
  }

  get master(): number {
    return this.program.pid;
  }

  /** The port, as soon as the master has it. */
  async listens(): Promise<number> {
    return Number((await this.program.printed(/ listening host=\S+ port=(\d+)/))[1]);
  }

  /** The workers that are ready and have not been reaped, by their places. */
  get workers(): number[] {
    const workers = new Map<number, number>();
    for (const [, place, pid, what] of this.program.stdout.matchAll(/^worker=(\d+) pid=(\d+) (ready|exited)/gm)) {
      if (what === 'ready') workers.set(Number(place), Number(pid));
      // Its successor may have been ready before it ended.
      else if (workers.get(Number(place)) === Number(pid)) workers.delete(Number(place));
    }
    return [...workers].sort(([a], [b]) => a - b).map(([, pid]) => pid);
  }

  /** Fulfilled when those that have been replaced have ended, which may have accepted a connection till then. */
  async replaced(): Promise<void> {
    const pids = (what: string) => {
      const lines = this.program.stdout.matchAll(new RegExp(`^worker=\\d+ pid=(\\d+) ${what} `, 'gm'));
      return new Set(Array.from(lines, ([, pid]) => Number(pid)));
    };
    const left = () => {
      const gone = pids('(?:exited|promoted)');
      return [...pids('forked')].filter((pid) => !gone.has(pid)).length;
    };
    while (left() > this.workers.length) await this.program.more();
  }

  /** How a worker ended, as the master logs it: `code=0`, `signal=SIGKILL`. */
  async exited(pid: number): Promise<string> {
    return (await this.program.printed(new RegExp(`^worker=\\d+ pid=${pid} exited (\\S+)$`, 'm')))[1] ?? '';
  }

  /** Fulfilled when so many of its lines match. */
  async lines(pattern: RegExp, count: number): Promise<void> {
    while (this.program.stdout.split('\n').filter((line) => pattern.test(line)).length < count) {
      await this.program.more();
    }
  }

  /** The worker that takes the place of this one, when it accepts connections. */
  async successor(pid: number): Promise<number> {
    const pattern = `^worker=(\\d+) pid=${pid} exited [^]*^worker=\\1 pid=(\\d+) ready`;
    return Number((await this.program.printed(new RegExp(pattern, 'm')))[2]);
  }

  /** What is left of the family in the process table. */
  get members(): ProcessEntry[] {
    return groupOf(this.master);
  }

  /** Ends it with SIGTERM, and expects that it ends well. The result is what it has logged. */
  stop(expected?: { stderr: string }): Promise<string> {
    this.program.kill('SIGTERM');
    return this.ended(expected);
  }

  /** Expects that it ends well and leaves no process. The result is what it has logged. */
  async ended({ stderr: expected } = { stderr: '' }): Promise<string> {
    const { code, signal, stdout, stderr } = await this.program.finished();
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: expected });
    expect(this.members).toEqual([]);
    return stdout;
  }

  /** Fulfilled when no process runs any more: those whose master was killed are init's, and nobody hears of them. */
  async gone(): Promise<void> {
    while (this.members.some(({ state }) => state !== 'Z')) await sleep(5);
  }
}
