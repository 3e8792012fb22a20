// A worker knows who it is.
import { kill } from 'truefork';
import { nodes } from '../support/programs';
import { Family } from './family';
import { HttpConnection } from './http-connection';

interface Identity {
  worker: number;
  generation: number;
  pid: number;
}

interface Answer {
  /** When it is asked. */
  now: Identity;
  /** In a hook of `atfork`. */
  born: Identity;
  /** How a child of the worker ended that looked whether it is one. */
  child: unknown;
}

/** What each of these workers says of itself, in their order. */
async function told(port: number, workers: readonly number[]): Promise<Answer[]> {
  const answers = new Map<number, Answer>();
  while (workers.some((pid) => !answers.has(pid))) {
    const connection = await HttpConnection.open(port);
    const answer = JSON.parse((await connection.get()).body) as Answer;
    connection.close();
    answers.set(answer.now.pid, answer);
  }
  return workers.flatMap((pid) => answers.get(pid) ?? []);
}

/** What they should say. */
function expected(workers: readonly number[], generation: number): Answer[] {
  return workers.map((pid, worker) => {
    const identity = { worker, generation, pid };
    return { now: identity, born: identity, child: { state: 'exited', code: 0 } };
  });
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test.each(['own', 'mold'])('a worker knows its number and generation, of a server of way %s', async (way) => {
    const family = await Family.up('prefork-identity.mjs', { node, options: { workers: 3 }, args: [way] });
    const check = async (generation: number) => {
      const { workers } = family;
      expect(await told(family.port, workers)).toEqual(expected(workers, generation));
    };
    await check(1);
    // One that takes the place of another has its number.
    const [, second = 0] = family.workers;
    kill(second, 'SIGKILL');
    await family.successor(second);
    await check(1);
    for (const [signal, done, generation] of [
      ['SIGHUP', /reloaded generation=2$/m, 2],
      ['SIGUSR2', /reforked generation=3$/m, 3],
    ] as const) {
      const old = family.workers;
      family.program.kill(signal);
      await family.program.printed(done);
      // Those that were replaced, but for one that is the mold now, have ended.
      const left = old.filter((pid) => !family.program.stdout.includes(`pid=${pid} promoted`));
      await Promise.all(left.map((pid) => family.exited(pid)));
      await check(generation);
    }
    const log = await family.stop();
    expect(log).toMatch(/^master is undefined$/m);
    expect(log.match(/^loading as .*$/gm)).toEqual(
      way === 'mold' ? ['loading as undefined', 'loading as undefined'] : null,
    );
  });
});
