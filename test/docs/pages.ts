// Pages whose blocks of code are run, in their order, by somebody who reads the page from its beginning: in one project, with
// the servers that earlier blocks have started. What a block is to do is a table beside it, by its heading.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { kill } from 'truefork';
import { readPidFile } from 'truefork/daemon';
import { codeBlocks, type CodeBlock } from '../support/code-blocks';
import { groupOf } from '../support/processes';
import { Program, type Finished, type RunOptions } from '../support/programs';
import { isolated, temporaryDirectory } from '../support/runtime';

export const root = join(__dirname, '..', '..');

/** What is done with the text of a block; or why it is not run, and nothing else of it is looked at. */
export type Step = ((text: string, reader: Reader) => Promise<void> | void) | { notRun: string };

/** The blocks of a page, each under its heading; `heading (2)`: the second one there. */
export function titled(page: string): Map<string, CodeBlock> {
  const path = join(root, page);
  const blocks = codeBlocks(path);
  const inBlock = (line: number) =>
    blocks.some(({ line: from, text }) => line >= from && line < from + text.split('\n').length - 1);
  const found = new Map<string, CodeBlock>();
  let heading = '';
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((text, index) => {
      const line = index + 1;
      const block = blocks.find(({ line: from }) => from === line);
      if (block) {
        let title = heading;
        for (let n = 2; found.has(title); n++) title = `${heading} (${n})`;
        found.set(title, block);
      } else if (!inBlock(line)) heading = /^#+ (.*)/.exec(text)?.[1] ?? heading;
    });
  return found;
}

// A safety net, in milliseconds: a page runs many commands, one after the other.
const PATIENCE = 300_000;

/** Tests a page: each of its blocks is in the table, and does what the table says. */
export function testPage(page: string, steps: Record<string, Step>): void {
  describe(page, () => {
    test('each block is run, or named here with the reason why not', () => {
      expect(Object.keys(steps)).toEqual([...titled(page).keys()]);
    });

    const runs = [...titled(page)].flatMap(([title, block]) => {
      const step = steps[title];
      return typeof step === 'function' ? [{ title, block, step }] : [];
    });
    if (runs.length === 0) return;

    test(
      'they do what the page says',
      async () => {
        const reader = await Reader.begins();
        try {
          for (const { title, block, step } of runs) {
            try {
              await step(block.text, reader);
            } catch (error) {
              (error as Error).message = `${page}:${block.line} (${title})\n${(error as Error).message}`;
              throw error;
            }
          }
          await reader.ends();
        } finally {
          reader.leaves();
        }
      },
      PATIENCE,
    );
  });
}

/** A server that a block has started. */
export interface Served {
  /** The command that was typed: a shell, and what it has started. */
  program: Program;
  /** Of the master. */
  pid: number;
}

// What pages name, and the tests have another of.
const PORT = '8080';

// Ports that the kernel gives nobody who has not asked for them.
const LOWEST_PORT = 12_000;
const HIGHEST_PORT = 32_000;

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const holder = createServer().listen(randomInt(LOWEST_PORT, HIGHEST_PORT));
    try {
      await once(holder, 'listening');
    } catch {
      continue;
    }
    const { port } = holder.address() as AddressInfo;
    await once(holder.close(), 'close');
    return port;
  }
}

async function appears(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise(setImmediate);
}

/** Who reads a page and tries it: a project of theirs, and what they have started. */
export class Reader {
  /** The project. */
  readonly folder = temporaryDirectory();
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly #others = new Map<string, string>();
  #servers: Served[] = [];
  #written = 0;

  static async begins(): Promise<Reader> {
    return new Reader(await freePort());
  }

  private constructor(port: number) {
    this.port = port;
    const modules = join(this.folder, 'node_modules');
    const bin = join(modules, '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(root, join(modules, 'truefork'));
    for (const name of ['express', 'fastify', 'koa'])
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    // As npm links it, which makes the file executable too.
    const command = join(bin, 'truefork');
    writeFileSync(command, `#!/bin/sh\nexec node '${join(root, 'dist', 'cli', 'main.js')}' "$@"\n`);
    chmodSync(command, 0o755);
    this.write('package.json', '{ "name": "app", "version": "1.0.0", "private": true }\n');
    this.env = {
      ...isolated(),
      PATH: [bin, dirname(process.execPath), process.env['PATH']].join(':'),
      // npx has what it wants here, and is to ask nobody.
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
      npm_config_loglevel: 'error',
    };
  }

  /** What pages name, and is somewhere else here: an address, a directory. */
  replace(named: string, here: string): void {
    this.#others.set(named, here);
  }

  /** A text of the page with what is here in place of what it names. */
  here(text: string): string {
    let result = text.replaceAll(PORT, String(this.port));
    for (const [named, here] of this.#others) result = result.replaceAll(named, here);
    return result;
  }

  /** Writes a file of the project. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** Starts a program of the project. */
  start(
    text: string,
    { name = `block-${++this.#written}.mjs`, ...options }: RunOptions & { name?: string } = {},
  ): Program {
    return new Program(this.write(name, this.here(text)), this.#within(options));
  }

  /** Runs a program to its end, which is 0 and without a complaint; what it says it prints, it has printed. */
  async program(text: string, options: RunOptions & { name?: string } = {}): Promise<Finished> {
    const finished = await this.start(text, options).finished();
    expect(finished).toMatchObject({ code: 0, signal: null, stderr: '' });
    expectPrinted(this.here(text), finished.stdout);
    return finished;
  }

  /** Starts a program that is in the project, or anywhere else. */
  run(path: string, options: RunOptions): Program {
    return new Program(path, this.#within(options));
  }

  /** Starts what somebody types into a shell. */
  type(text: string): Program {
    const script = this.write(`block-${++this.#written}.sh`, this.here(text));
    return new Program(script, this.#within({ node: 'sh', nodeArgs: ['-e'] }));
  }

  /** What is typed into a shell ends, with this code. */
  async shell(text: string, code = 0): Promise<Finished> {
    const finished = await this.type(text).finished();
    expect({ ...finished, stdout: '' }).toMatchObject({ code, signal: null });
    return finished;
  }

  /** What is typed into a shell is a server that stays, until the page has been read or `stop` is called. */
  async serve(text: string): Promise<Served> {
    const served = await this.listens(this.type(text));
    this.#servers.push(served);
    return served;
  }

  /** A program that is, or has started, a server with a log of JSON: its workers are ready. */
  async listens(program: Program): Promise<Served> {
    const [line] = await program.logged(/^\{.*"event":"listening".*\}$/m);
    const { pid, workers } = JSON.parse(line) as { pid: number; workers: number };
    await program.logged(new RegExp(`(^\\{.*"event":"ready"[^]*){${workers}}`, 'm'));
    // By this it can be asked. It may be in a pid namespace of its own.
    const { XDG_RUNTIME_DIR = '' } = this.env;
    const folder = join(XDG_RUNTIME_DIR, 'truefork', 'families');
    const opened = (): boolean => readdirSync(folder).some((name) => existsSync(join(folder, name, `${pid}.control`)));
    while (!opened()) await new Promise(setImmediate);
    return { program, pid };
  }

  /** It has been told to stop: it ends as it should, and leaves nobody. */
  async stopped(served: Served): Promise<void> {
    this.#servers = this.#servers.filter((other) => other !== served);
    expect((await served.program.finished()).code).toBe(0);
    // A master that has taken the place of another is a child of process 1, which may not have waited for it yet.
    expect(groupOf(served.program.pid).filter(({ state }) => state !== 'Z')).toEqual([]);
  }

  async stop(served: Served): Promise<void> {
    kill(served.pid, 'SIGTERM');
    await this.stopped(served);
  }

  /** What the server on the port of the page answers. */
  async get(path = '/'): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers: { connection: 'close' } });
    expect(response.status).toBe(200);
    return response.text();
  }

  /** The same of one that may not listen yet. */
  async firstAnswer(): Promise<string> {
    for (;;) {
      try {
        return await this.get();
      } catch (error) {
        const { cause } = error as { cause?: NodeJS.ErrnoException };
        if (cause?.code !== 'ECONNREFUSED') throw error;
      }
    }
  }

  /** Fulfilled when there is such a file in the project. */
  appears(name: string): Promise<void> {
    return appears(join(this.folder, name));
  }

  /** The page has been read. */
  async ends(): Promise<void> {
    for (const served of this.#servers) await this.stop(served);
    expect(this.#daemons()).toEqual([]);
  }

  /** Whatever has failed, nobody is left. What is in the process group of a program, its own test ends. */
  leaves(): void {
    for (const pid of this.#daemons()) kill(pid, 'SIGKILL');
  }

  #daemons(): number[] {
    if (!existsSync(this.folder)) return [];
    const files = readdirSync(this.folder).filter((name) => name.endsWith('.pid'));
    return files.map((name) => readPidFile(join(this.folder, name))).filter((pid) => pid !== undefined);
  }

  #within(options: RunOptions): RunOptions {
    return { ...options, cwd: this.folder, env: { ...this.env, ...options.env } };
  }
}

/** The comments behind `console.log(…);` say what it prints, `…` anything: a line each, in whatever order processes write. */
export function expectPrinted(text: string, stdout: string): void {
  const said = [...text.matchAll(/console\.log\(.*\);? *\/\/ (.*)$/gm)].map(([, comment = '']) => comment);
  for (const line of said) {
    const pattern = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    expect(stdout).toMatch(new RegExp(`^${pattern.join('.*')}$`, 'm'));
  }
}

/** A step: the block is the text of this file of the repository, and stays in the project by this name. */
export function isFile(file: string, name: string): Step {
  return (text, reader) => {
    expect(text).toBe(readFileSync(join(root, file), 'utf8'));
    reader.write(name, reader.here(text));
  };
}

/** A step: the block is a file of the project by this name. */
export function goesTo(name: string): Step {
  return (text, reader) => void reader.write(name, reader.here(text));
}

/** A step: a program that prints what it says. */
export async function program(text: string, reader: Reader): Promise<void> {
  await reader.program(text);
}
