// Signals at any moment, one and two at a time: the family is never deaf, never dead but when it was told to end, and ends in
// the state that its guide says.
import { setTimeout as sleep } from 'node:timers/promises';
import { nodes, programPath } from '../support/programs';
import { Family } from './family';
import { HttpConnection } from './http-connection';

const workers = 3;
// The master's lines up to `up`: that it listens, and that each worker is forked and ready.
const lines = 2 * workers + 2;

/** A family that is told to end when its n-th line comes, and how it has ended. */
async function toldAfter(line: number, times: number, node: string): Promise<void> {
  const family = new Family('prefork-http.mjs', { node, options: { workers } });
  const { program } = family;
  if (line > 0) await family.lines(/./, line);
  for (let n = 0; n < times; n++) program.kill('SIGTERM');
  const { code, signal, stdout, stderr } = await program.finished();
  expect(stderr).toBe('');
  expect(family.members).toEqual([]);
  // Before it has a handler, the signal ends it, and there is no worker yet.
  if (signal !== null) expect({ signal, stdout }).toEqual({ signal: 'SIGTERM', stdout: '' });
  else {
    expect(code).toBe(0);
    // Once told, it stops.
    expect(stdout.match(/stopping how=graceful$/gm)).toHaveLength(1);
    expect(stdout).toMatch(/ stopped\n$/);
  }
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test.each(Array.from({ length: lines + 1 }, (_, line) => line))(
    'a master that is told to end at its line %d ends, and its family with it',
    async (line) => {
      await Promise.all([1, 1, 5].map((times) => toldAfter(line, times, node)));
    },
  );
});

const ending = ['SIGTERM', 'SIGQUIT', 'SIGINT'] as const;
const changing = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU', 'SIGWINCH'] as const;
const distances = [0, 1, 3, 8, 15, 25]; // milliseconds

const up = () => Family.up('prefork-mold.mjs', { options: { workers: 2 }, args: [programPath('prefork-answers.mjs')] });

async function sendTwo(
  { program }: Family,
  first: NodeJS.Signals,
  second: NodeJS.Signals,
  apart: number,
): Promise<void> {
  program.kill(first);
  // At 0 they are one right after the other.
  if (apart > 0) await sleep(apart);
  program.kill(second);
}

/** How often the log has it. */
const count = (log: string, pattern: RegExp) => (log.match(pattern) ?? []).length;
const heard = (log: string, signal: string) => count(log, new RegExp(` signal=${signal}$`, 'gm'));

/**
 * Fulfilled when the master has heard these, which it has been sent, and all that it says of them is in the log: what it says
 * is several lines, which may come one by one, and it hears one more signal after those.
 *
 * @param before what was in the log before they were sent
 */
async function acted({ program }: Family, before: string, signals: readonly NodeJS.Signals[]): Promise<void> {
  const again = async (signal: NodeJS.Signals, since: string) => {
    while (heard(program.stdout, signal) === heard(since, signal)) await program.more();
  };
  for (const signal of signals) await again(signal, before);
  const marked = program.stdout;
  program.kill('SIGUSR1');
  await again('SIGUSR1', marked);
}

/** The number of workers that there shall be, when what has been begun has ended, and they are. */
async function settled(family: Family): Promise<number> {
  for (;;) {
    const { stdout } = family.program;
    const wanted = Number([...stdout.matchAll(/ scale workers=(\d+) /g)].at(-1)?.[1] ?? 2);
    const begun = count(stdout, / re(load|fork) from=/g);
    const ended = count(stdout, / (reloaded|reforked) generation=| re(load|fork) failed /g);
    if (begun === ended && family.workers.length === wanted) return wanted;
    await family.program.more();
  }
}

/** Two workers again, and one that answers. */
async function recovered(family: Family & { port: number }): Promise<void> {
  for (let wanted = await settled(family); wanted !== 2; wanted = await settled(family)) {
    const signal = wanted < 2 ? 'SIGTTIN' : 'SIGTTOU';
    const before = family.program.stdout;
    family.program.kill(signal);
    await acted(family, before, [signal]);
  }
  const connection = await HttpConnection.open(family.port);
  const { body } = await connection.get();
  connection.close();
  // An old one that retires may have accepted it still.
  await family.program.printed(new RegExp(`^worker=\\d pid=${body} ready `, 'm'));
}

describe('two signals', () => {
  test.each(changing)('%s, and then any that does not end it', async (first) => {
    const family = await up();
    for (const [n, second] of changing.entries()) {
      for (const apart of [0, distances[n] ?? 0]) {
        const before = family.program.stdout;
        await sendTwo(family, first, second, apart);
        await acted(family, before, [first, second]);
        await recovered(family);
      }
    }
    await family.stop();
  });

  const pairs = [
    ...[...changing, ...ending].flatMap((first) => ending.map((second) => [first, second] as const)),
    ...ending.flatMap((first) => changing.map((second) => [first, second] as const)),
  ].map(([first, second], n) => ({ first, second, apart: distances[n % distances.length] ?? 0 }));

  test.each(pairs)('$first and $second after $apart ms end it', async ({ first, second, apart }) => {
    const family = await up();
    await sendTwo(family, first, second, apart).catch((error: unknown) => {
      // The first may have ended it already.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    });
    const log = await family.ended();
    expect(log).toMatch(/ stopped\n$/);
    expect(count(log, / stopping how=/g)).toBe(1);
  });
});
