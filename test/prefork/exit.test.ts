// What a worker does last, when it has answered all: beforeWorkerExit.
import { kill } from 'truefork';
import { nodes } from '../support/programs';
import { Family } from './family';
import { HttpConnection, oneToEach } from './http-connection';

type How = 'waits' | 'hangs' | 'rejects' | 'throws' | 'code';

function up(
  how: How,
  { way = 'own', node, ...options }: { way?: string; node?: string; [name: string]: unknown } = {},
) {
  return Family.up('prefork-exit.mjs', { options: { workers: 1, ...options }, args: [way, how], node });
}

const begins = (pid: number) => new RegExp(`^worker \\d+ ${pid} cleans up, closed$`, 'm');

/** These workers have each done what they do last, once, to its end, and exited then. */
function expectClean(log: string, pids: readonly number[], exit = 'code=0'): void {
  for (const pid of pids) {
    const lines = log.split('\n').filter((line) => new RegExp(`\\b${pid} (cleans|is clean|exited)`).test(line));
    expect(lines.map((line) => line.replace(/^worker[= ]\d+ /, ''))).toEqual([
      `${pid} cleans up, closed`,
      `${pid} is clean`,
      `pid=${pid} exited ${exit}`,
    ]);
  }
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test.each(['own', 'mold'])('it is awaited when the server stops, of way %s', async (way) => {
    const family = await up('waits', { way, node, workers: 2 });
    const { workers } = family;
    expectClean(await family.stop(), workers);
  });

  test.each(['own', 'mold'])('it is awaited of workers that are replaced, of way %s', async (way) => {
    const family = await up('waits', { way, node, workers: 2 });
    const old = family.workers;
    family.program.kill('SIGHUP');
    await family.program.printed(/reloaded generation=2$/m);
    await Promise.all(old.map((pid) => family.exited(pid)));
    const reloaded = family.workers;
    family.program.kill('SIGUSR2');
    const [, mold] = await family.program.printed(/ pid=(\d+) promoted generation=3$/m);
    await family.program.printed(/reforked generation=3$/m);
    const replaced = reloaded.filter((pid) => pid !== Number(mold));
    await Promise.all(replaced.map((pid) => family.exited(pid)));
    const last = family.workers;
    const log = await family.stop();
    expectClean(log, [...old, ...replaced, ...last]);
    // One that becomes a mold is no worker that ends, neither then nor at its end.
    expect(log).not.toMatch(begins(Number(mold)));
  });
});

test('it is awaited when a worker is recycled', async () => {
  const family = await up('waits', { maxRequests: 1 });
  const [worker = 0] = family.workers;
  for (let n = 0; n < 2; n++) {
    const connection = await HttpConnection.open(family.port);
    await connection.get();
    connection.close();
  }
  await family.exited(worker);
  const last = family.workers;
  expectClean(await family.stop(), [worker, ...last]);
});

test('it is awaited when a worker gets SIGTERM, or the master dies', async () => {
  const family = await up('waits', { workers: 2 });
  const [first = 0, second = 0] = family.workers;
  kill(first, 'SIGTERM');
  const successor = await family.successor(first);
  expectClean(family.program.stdout, [first]);
  kill(family.master, 'SIGKILL');
  await family.gone();
  const { stdout } = await family.program.finished();
  for (const pid of [second, successor]) {
    expect(stdout).toMatch(new RegExp(`${pid} cleans up[^]* ${pid} is clean`));
  }
});

test('it comes after the last response', async () => {
  const family = await up('waits');
  const { workers, program, port } = family;
  const [slow, idle] = [await HttpConnection.open(port), await HttpConnection.open(port)];
  await slow.begin();
  await idle.get();
  program.kill('SIGTERM');
  // By then the worker has closed what is idle.
  expect(await idle.ended()).toBe('END');
  expect(program.stdout).not.toMatch(/cleans up/);
  slow.finishBody();
  expect((await slow.answer()).status).toBe(200);
  expectClean(await family.ended(), workers);
});

describe('one that hangs', () => {
  test('is killed after gracefulTimeout, on a stop', async () => {
    const family = await up('hangs', { gracefulTimeout: 300 });
    const [worker = 0] = family.workers;
    const log = await family.stop();
    expect(log).toMatch(begins(worker));
    expect(log).toMatch(
      new RegExp(
        `^worker=0 pid=${worker} killing reason=gracefulTimeout\nworker=0 pid=${worker} exited signal=SIGKILL$`,
        'm',
      ),
    );
  });

  test('is killed after gracefulTimeout, on a reload, and the new one serves', async () => {
    const family = await up('hangs', { gracefulTimeout: 300 });
    const [worker = 0] = family.workers;
    family.program.kill('SIGHUP');
    await family.program.printed(/reloaded generation=2$/m);
    expect(await family.exited(worker)).toBe('signal=SIGKILL');
    for (const connection of (await oneToEach(family.port, family.workers)).values()) connection.close();
    await family.stop();
  });

  test('ends by itself where nobody comes with SIGKILL', async () => {
    const family = await up('hangs', { gracefulTimeout: 300, workers: 2 });
    const [first = 0, second = 0] = family.workers;
    kill(first, 'SIGTERM');
    expect(await family.exited(first)).toBe('code=1');
    await family.program.printed(new RegExp(`^worker=0 pid=${first} killing reason=gracefulTimeout$`, 'm'));
    kill(family.master, 'SIGKILL');
    await family.gone();
    const { stdout } = await family.program.finished();
    expect(stdout).toMatch(new RegExp(`^worker=1 pid=${second} killing reason=gracefulTimeout$`, 'm'));
  });

  test('is not waited for when the server stops quickly', async () => {
    const family = await up('hangs');
    const [worker = 0] = family.workers;
    family.program.kill('SIGTERM');
    await family.program.printed(begins(worker));
    family.program.kill('SIGINT');
    const log = await family.ended();
    expect(log).toMatch(new RegExp(`^worker=0 pid=${worker} exited code=0$`, 'm'));
    expect(log).toMatch(new RegExp(`^${worker} exits$`, 'm'));
  });
});

test.each(['rejects', 'throws'] as const)('one that %s is logged, and the exit code says so', async (how) => {
  const family = await up(how);
  const [worker = 0] = family.workers;
  family.program.kill('SIGTERM');
  const { code, stdout, stderr } = await family.program.finished();
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      `^worker=0 pid=${worker} beforeWorkerExit failed reason="Error: the pool is broken"$[^]*^worker=0 pid=${worker} exited code=1$`,
      'm',
    ),
  );
  // With the place of the mistake.
  expect(stderr).toMatch(/^Error: the pool is broken\n {4}at .*prefork-exit\.mjs:\d+/);
  expect(family.members).toEqual([]);
});

test('an exit code that it sets is that of the worker', async () => {
  const family = await up('code');
  const { workers } = family;
  expectClean(await family.stop(), workers, 'code=5');
});

test('a quick stop, a crash and a kill do without it', async () => {
  const family = await up('waits', { workers: 2 });
  const [first = 0] = family.workers;
  kill(first, 'SIGKILL');
  await family.successor(first);
  family.program.kill('SIGINT');
  expect(await family.ended()).not.toMatch(/cleans up/);
});
