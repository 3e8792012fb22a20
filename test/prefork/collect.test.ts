// What a worker does when it has nothing to do: it collects the garbage of its work.
import { setTimeout as sleep } from 'node:timers/promises';
import { nodes } from '../support/programs';
import { Family } from './family';
import { HttpConnection } from './http-connection';

const GROWN = 16; // megabytes
const SOON = 100; // milliseconds

function up(options: Record<string, unknown>, node: string) {
  return Family.up('prefork-collect.mjs', { node, options });
}

/** A client of one worker, which answers how many megabytes its young generation has after this. */
async function client(port: number) {
  const connection = await HttpConnection.open(port);
  const ask = async (path: string) => {
    const [pid, young] = (await connection.get(path)).body.split(' ').map(Number);
    return { pid, young };
  };
  return { ask, pid: (await ask('/')).pid };
}

type Ask = Awaited<ReturnType<typeof client>>['ask'];

/** Has it work, with rests between, until this has happened. */
async function workUntil(event: Promise<void>, ask: Ask): Promise<void> {
  do expect((await ask('/work')).young).toBeGreaterThanOrEqual(GROWN);
  while (!(await Promise.race([event.then(() => true), sleep(5 * SOON, false)])));
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('a worker that has worked, and rests, collects, and nobody else does', async () => {
    const family = await up({ workers: 2, collectAfter: SOON }, node);
    const { ask, pid } = await client(family.port);
    for (let time = 1; time <= 2; time++) {
      const collected = family.lines(new RegExp(`^collected ${pid}$`), time);
      // The second time as much as is worth what the first collection has taken.
      await workUntil(collected, ask);
      expect((await ask('/')).young).toBeLessThan(GROWN / 4);
    }
    expect((await family.stop()).match(/^collected .*$/gm)).toEqual(Array(2).fill(`collected ${pid}`));
  });

  test('not while it works, were it a little', async () => {
    const family = await up({ workers: 1, collectAfter: SOON }, node);
    const { ask, pid } = await client(family.port);
    await ask('/work');
    const end = performance.now() + 10 * SOON;
    while (performance.now() < end) expect((await ask('/light')).young).toBeGreaterThanOrEqual(GROWN);
    expect(family.program.stdout).not.toContain('collected');
    await family.program.printed(new RegExp(`^collected ${pid}$`, 'm'));
    await family.stop();
  });

  test('with collectAfter: 0 never', async () => {
    const [family, other] = await Promise.all([0, SOON].map((collectAfter) => up({ workers: 1, collectAfter }, node)));
    if (!family || !other) throw new Error('there are two');
    const [{ ask }, theirs] = [await client(family.port), await client(other.port)];
    await ask('/work');
    await workUntil(other.lines(/^collected /, 1), theirs.ask);
    expect((await ask('/')).young).toBeGreaterThanOrEqual(GROWN);
    expect(await family.stop()).not.toContain('collected');
    await other.stop();
  });
});
