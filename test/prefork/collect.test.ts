// What a worker does when it has nothing to do: it collects the garbage of its work.
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'truefork';
import { nodes } from '../support/programs';
import { Family } from './family';
import { HttpConnection } from './http-connection';

const GROWN = 16; // megabytes
const SOON = 200; // milliseconds

function up(options: Record<string, unknown>, node: string) {
  return Family.up('prefork-collect.mjs', { node, options });
}

/** A client of one worker, which answers how many megabytes its young generation has after this. */
async function client(family: Family & { port: number }) {
  const connection = await HttpConnection.open(family.port);
  const ask = async (path: string) => {
    const [pid = 0, young = 0] = (await connection.get(path)).body.split(' ').map(Number);
    return { pid, young };
  };
  const { pid } = await ask('/');
  let works = 0;
  return {
    pid,
    ask,
    /** As much as is worth a collection, with rests. Resolves when it has collected after the last work. */
    workUntilCollected: async () => {
      let collected: Promise<boolean>;
      do {
        expect((await ask('/work')).young).toBeGreaterThanOrEqual(GROWN);
        works++;
        collected = family.lines(new RegExp(`^collected ${pid} ${works}$`), 1).then(
          () => true,
          () => false,
        );
      } while (!(await Promise.race([collected, sleep(5 * SOON, false)])));
    },
  };
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('a worker that has worked, and rests, collects, and nobody else does', async () => {
    const family = await up({ workers: 2, collectAfter: SOON }, node);
    const { ask, pid, workUntilCollected } = await client(family);
    for (let time = 1; time <= 2; time++) {
      await workUntilCollected();
      expect((await ask('/')).young).toBeLessThan(GROWN / 4);
    }
    const who = [...(await family.stop()).matchAll(/^collected (\d+) /gm)].map(([, pid]) => Number(pid));
    expect(new Set(who)).toEqual(new Set([pid]));
  });

  test('not while it works, were it a little', async () => {
    // Longer than others may keep the processors.
    const family = await up({ workers: 1, collectAfter: 2 * SOON }, node);
    const { ask, pid } = await client(family);
    await ask('/work');
    const end = performance.now() + 8 * SOON;
    while (performance.now() < end) expect((await ask('/light')).young).toBeGreaterThanOrEqual(GROWN);
    expect(family.program.stdout).not.toContain('collected');
    await family.program.printed(new RegExp(`^collected ${pid} 1$`, 'm'));
    await family.stop();
  });

  test('not directly after it was stopped, when there is much that waits for it', async () => {
    const family = await up({ workers: 1, collectAfter: 5 * SOON }, node);
    const { ask, pid } = await client(family);
    await ask('/work');
    // It has looked since, and is to have nothing to do for longer than that.
    await sleep(2 * SOON);
    kill(pid, 'SIGSTOP');
    await sleep(10 * SOON);
    const answer = ask('/');
    kill(pid, 'SIGCONT');
    await answer;
    // The timers have had their turn.
    expect((await ask('/')).young).toBeGreaterThanOrEqual(GROWN);
    await family.program.printed(new RegExp(`^collected ${pid} 1$`, 'm'));
    await family.stop();
  });

  test('with collectAfter: 0 never', async () => {
    const [family, other] = await Promise.all([0, SOON].map((collectAfter) => up({ workers: 1, collectAfter }, node)));
    if (!family || !other) throw new Error('there are two');
    const [{ ask }, theirs] = [await client(family), await client(other)];
    await ask('/work');
    await theirs.workUntilCollected();
    expect((await ask('/')).young).toBeGreaterThanOrEqual(GROWN);
    expect(await family.stop()).not.toContain('collected');
    await other.stop();
  });
});
