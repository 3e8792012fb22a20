// Everything at once: the workers are reloaded, reforked, recycled, and made more and fewer, while clients ask on connections
// that they keep and on such that they make anew. Each request is answered, and no answer is older than it may be.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isolated, temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import type { Answer } from './http-connection';
import { Load } from './load';

// LOSSLESS_SECONDS=600: for so long.
const SECONDS = Number(process.env['LOSSLESS_SECONDS'] ?? 15);
const WORKERS = 3;

let file: string;

/** Writes the application: it answers with the worker's pid, and its version. */
function application(version: number): void {
  writeFileSync(
    file,
    `import { createServer } from 'node:http';
    export default createServer((request, response) => {
      const body = String(process.pid);
      response.setHeader('X-Version', '${version}');
      response.setHeader('Content-Length', body.length);
      request.resume().once('end', () => response.end(body));
    });
    `,
  );
}

/** The workers and what they are forked from, as the log has it. */
class Changes {
  readonly #family: Family;
  #version = 1;
  /** The oldest version that a worker may still have that gets a new connection. */
  #oldest = 1;
  #generation = 1;
  #scaled = 0;

  constructor(family: Family) {
    this.#family = family;
  }

  /** Looks at each answer on a connection that is made now. */
  judge(wrong: string[]): (answer: Answer) => void {
    const oldest = this.#oldest;
    return ({ headers, status }) => {
      const version = Number(headers['x-version']);
      if (status !== 200 || !(version >= oldest && version <= this.#version))
        wrong.push(`status ${status}, version ${version} of ${oldest} to ${this.#version}`);
    };
  }

  async reload(): Promise<void> {
    application(++this.#version);
    this.#family.program.kill('SIGHUP');
    await this.#family.program.printed(new RegExp(`reloaded generation=${++this.#generation}$`, 'm'));
    await Promise.all(this.#older().map((pid) => this.#family.exited(pid)));
    this.#oldest = this.#version;
  }

  /** The workers of older generations that have not ended: one may have been forked as the reload began. */
  #older(): number[] {
    const { stdout } = this.#family.program;
    // One that is promoted ends as a mold.
    const ended = new Set([...stdout.matchAll(/^worker=\d+ pid=(\d+) (?:exited|promoted) /gm)].map(([, pid]) => pid));
    const forked = [...stdout.matchAll(/^worker=\d+ pid=(\d+) forked generation=(\d+)/gm)];
    return forked
      .filter(([, pid, generation]) => Number(generation) < this.#generation && !ended.has(pid))
      .map(([, pid]) => Number(pid));
  }

  async refork(): Promise<void> {
    this.#family.program.kill('SIGUSR2');
    await this.#family.program.printed(new RegExp(`reforked generation=${++this.#generation}$`, 'm'));
  }

  async scale(): Promise<void> {
    for (const signal of ['SIGTTIN', 'SIGTTOU'] as const) {
      this.#family.program.kill(signal);
      await this.#family.lines(/ scale workers=/, ++this.#scaled);
    }
  }
}

test(
  'no request is lost and no answer is too old, while all workers are replaced in every way, again and again',
  async () => {
    file = join(temporaryDirectory(), 'application.mjs');
    application(1);
    const options = { workers: WORKERS, maxRequests: 100 };
    const family = await Family.up('prefork-mold.mjs', { options, args: [file], env: isolated() });
    const changes = new Changes(family);
    const wrong: string[] = [];
    const load = new Load(family.port, 4, new Map(), { oneShot: 4, judge: () => changes.judge(wrong) });
    const end = performance.now() + SECONDS * 1000;
    let rounds = 0;
    for (; performance.now() < end; rounds++) {
      await changes.reload();
      // Recycled meanwhile, too. Not made fewer: a worker that is not wanted any more can become no mold.
      await changes.refork();
      await Promise.all([changes.reload(), changes.scale()]);
      await changes.scale();
    }
    await load.stop();
    expect([load.lost, load.refused, wrong]).toEqual([[], [], []]);
    expect(rounds).toBeGreaterThan(0);
    const log = await family.stop();
    expect(log).not.toMatch(/killing|status=lost|failed/);
    expect(log).toMatch(/recycling reason=requests/);
    const calls = [...load.answered.values()].reduce((sum, count) => sum + count, 0);
    const workers = load.answered.size;
    if (process.env['LOSSLESS_SECONDS']) process.stdout.write(`${rounds} rounds, ${calls} calls, ${workers} workers\n`);
  },
  SECONDS * 1000 + 120_000,
);
