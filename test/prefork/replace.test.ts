// Workers that are replaced: all of them, by reload; one that has reached a limit; one that does not answer any more.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill } from 'truefork';
import { nodes, passes, programPath, run } from '../support/programs';
import { isolated } from '../support/runtime';
import { Family } from './family';
import { HttpConnection, oneToEach } from './http-connection';
import { Load } from './load';

// Of a timeout that one worker reaches, and another must not, in milliseconds: longer than a process gets no processor on a
// busy machine.
const LIMIT = 2_000;

let directory: string;
let obstacle: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prefork-test-'));
  obstacle = join(directory, 'obstacle');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function up(options: Record<string, unknown>, node?: string) {
  return Family.up('prefork-replace.mjs', { node, options, args: [obstacle] });
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('SIGHUP replaces all workers, and no client notices', async () => {
    const family = await up({ workers: 4 }, node);
    const old = family.workers;
    const load = new Load(family.port, 8, await oneToEach(family.port, old));
    await load.more(5, old);
    for (const generation of [2, 3, 4]) {
      family.program.kill('SIGHUP');
      await family.program.printed(new RegExp(`reloaded generation=${generation}$`, 'm'));
    }
    await Promise.all(old.map((pid) => family.exited(pid)));
    // The new ones serve, each.
    await oneToEach(family.port, family.workers);
    await load.stop();
    expect(load.lost).toEqual([]);
    expect(load.refused).toEqual([]);
    const log = await family.stop();
    expect(log.match(/ exited code=0$/gm)).toHaveLength(16);
    expect(log).not.toMatch(/killing/);
  });

  test('reload(), refork() and scale() keep their promises', async () => {
    await passes('prefork-reload.mjs', { node, env: isolated() });
  });
});

test('a reload replaces a tenth of the workers at a time', async () => {
  const family = await up({ workers: 12 });
  const old = family.workers;
  const since = family.program.stdout.length;
  family.program.kill('SIGHUP');
  await family.program.printed(/reloaded generation=2$/m);
  await Promise.all(old.map((pid) => family.exited(pid)));
  const log = (await family.stop()).slice(since);
  let booting = 0;
  const numbers = [...log.matchAll(/^worker=\d+ pid=\d+ (forked|ready)/gm)].map(([, what]) =>
    what === 'forked' ? ++booting : --booting,
  );
  expect(numbers).toHaveLength(24);
  // Of 12, rounded up.
  expect(Math.max(...numbers)).toBe(2);
});

test.each(['exit', 'throw', 'hang'])(
  'workers that %s as they start end a reload, and the old ones go on',
  async (how) => {
    const family = await up({ workers: 3, bootTimeout: LIMIT });
    const old = family.workers;
    writeFileSync(obstacle, how);
    family.program.kill('SIGHUP');
    await family.program.printed(/reload failed generation=2 /m);
    rmSync(obstacle);
    expect(family.workers).toEqual(old);
    await oneToEach(family.port, old);
    // The next one succeeds.
    family.program.kill('SIGHUP');
    await family.program.printed(/reloaded generation=3$/m);
    await Promise.all(old.map((pid) => family.exited(pid)));
    family.program.kill('SIGTERM');
    const { code, stdout, stderr } = await family.program.finished();
    expect(code).toBe(0);
    expect(stdout.match(/ exited /gm)).toHaveLength(7);
    if (how === 'hang') expect(stdout).toMatch(/killing reason=bootTimeout$/m);
    expect(stderr.match(/Error: it cannot listen/g) ?? []).toHaveLength(how === 'throw' ? 1 : 0);
  },
);

test('a worker that ended while it was to be replaced is replaced once', async () => {
  const family = await up({ workers: 3 });
  const [first = 0, ...others] = family.workers;
  family.program.kill('SIGHUP');
  kill(first, 'SIGKILL');
  await family.program.printed(/reloaded generation=2$/m);
  await Promise.all(others.map((pid) => family.exited(pid)));
  const log = await family.stop();
  expect(log.match(/^worker=0 pid=\d+ ready/gm)?.length).toBeLessThanOrEqual(3);
  for (const worker of [0, 1, 2]) expect(log).toMatch(new RegExp(`^worker=${worker} pid=\\d+ exited code=0$`, 'm'));
});

test('SIGTTIN and SIGTTOU change the number of workers, SIGWINCH takes all', async () => {
  const family = await up({ workers: 2 });
  family.program.kill('SIGTTIN');
  const [, added] = await family.program.printed(/^worker=2 pid=(\d+) ready/m);
  expect(family.workers).toHaveLength(3);
  family.program.kill('SIGTTOU');
  expect(await family.exited(Number(added))).toBe('code=0');
  const [first = 0, second = 0] = family.workers;
  family.program.kill('SIGWINCH');
  expect(await Promise.all([first, second].map((pid) => family.exited(pid)))).toEqual(['code=0', 'code=0']);
  // The port is still there, and whoever comes waits.
  const connection = await HttpConnection.open(family.port);
  const answer = connection.get();
  family.program.kill('SIGTTIN');
  expect((await answer).status).toBe(200);
  connection.close();
  await family.stop();
});

test('a worker that is told to retire by itself does so, and another comes; other signals are nothing to it', async () => {
  const family = await up({ workers: 1 });
  const [worker = 0] = family.workers;
  const connection = await HttpConnection.open(family.port);
  for (const signal of ['SIGUSR2', 'SIGHUP', 'SIGWINCH'] as const) kill(worker, signal);
  for (let n = 0; n < 3; n++) expect((await connection.get()).headers['connection']).toBe('keep-alive');
  kill(worker, 'SIGTTOU');
  let answer;
  do answer = await connection.get();
  while (answer.headers['connection'] !== 'close');
  expect(Number(answer.body)).toBe(worker);
  expect(await family.exited(worker)).toBe('code=0');
  await family.successor(worker);
  expect(await family.stop()).not.toMatch(/scale|refork/);
});

test('signals that come while it starts are not lost, and none twice', async () => {
  const family = new Family('prefork-replace.mjs', { options: { workers: 2 } });
  await family.listens();
  for (const [n, signal] of (['SIGTTIN', 'SIGHUP', 'SIGTTIN', 'SIGTTOU'] as const).entries()) {
    family.program.kill(signal);
    // The same signal twice, before it is heard, is one; of two others, the one that is heard first may be the second.
    await family.lines(/ signal=SIG\w+$/, n + 1);
  }
  await family.program.printed(/^up$/m);
  await family.program.printed(/reloaded generation=2$/m);
  const log = await family.stop();
  expect(
    [...log.matchAll(/scale workers=(\d+) from=(\d+)$/gm)].map(([, to, from]) => [Number(from), Number(to)]),
  ).toEqual([
    [2, 3],
    [3, 4],
    [4, 3],
  ]);
});

describe('a worker is replaced, and nothing is lost,', () => {
  /** Until so many workers have been replaced under load. */
  async function replacedUnderLoad(options: Record<string, unknown>, reason: string, times: number) {
    const family = await up({ workers: 2, ...options });
    const load = new Load(family.port, 4, new Map());
    await family.lines(new RegExp(` recycling reason=${reason}$`), times);
    await family.lines(/ exited code=0$/, times);
    await load.stop();
    expect(load.lost).toEqual([]);
    expect(load.refused).toEqual([]);
    const log = await family.stop();
    expect(log).not.toMatch(/killing|signal=SIGKILL/);
    return { log, answered: load.answered };
  }

  test('after its requests', async () => {
    const maxRequests = 200;
    const { answered, log } = await replacedUnderLoad({ maxRequests }, 'requests', 6);
    const ended = [...log.matchAll(/pid=(\d+) recycling/g)].map(([, pid]) => answered.get(Number(pid)) ?? 0);
    // It serves on until its successor is ready, and each of its connections once more.
    expect(Math.min(...ended)).toBeGreaterThanOrEqual(maxRequests);
  });

  test('after its lifetime', async () => {
    await replacedUnderLoad({ maxLifetime: 300 }, 'lifetime', 6);
  });

  test('with too much memory of its own', async () => {
    // The memory is looked at after ten looks at the time, ten of which are a timeout.
    const family = await up({ workers: 1, timeout: LIMIT, maxMemory: 60 * 2 ** 20 });
    const [worker = 0] = family.workers;
    const connection = await HttpConnection.open(family.port);
    await connection.get('/eat');
    await family.program.printed(new RegExp(`^worker=0 pid=${worker} recycling reason=memory$`, 'm'));
    // Its connection is told at the next request, not cut.
    await family.lines(/^worker=0 pid=\d+ ready/, 2);
    let answer;
    do answer = await connection.get();
    while (answer.headers['connection'] !== 'close');
    expect(await family.exited(worker)).toBe('code=0');
    await family.stop();
  });

  test('in the end, when its successors cannot start at first', async () => {
    const family = await up({ workers: 1, maxRequests: 1 });
    const [worker = 0] = family.workers;
    writeFileSync(obstacle, 'exit');
    const connection = await HttpConnection.open(family.port);
    for (let n = 0; n < 3; n++) await connection.get();
    await family.lines(/ exited code=3$/, 3);
    expect(Number((await connection.get()).body)).toBe(worker);
    rmSync(obstacle);
    expect(await family.exited(worker)).toBe('code=0');
    await family.program.printed(/^worker=0 pid=\d+ ready[^]*^worker=0 pid=\d+ ready/m);
    await family.stop();
  });
});

describe('a worker whose event loop does not turn', () => {
  test('is killed after the timeout and replaced, and the others are not', async () => {
    const family = await up({ workers: 2, timeout: LIMIT });
    const [spinning = 0, other = 0] = family.workers;
    const connections = await oneToEach(family.port, [spinning, other]);
    void connections
      .get(spinning)
      ?.get('/spin')
      .catch(() => undefined);
    expect(await family.exited(spinning)).toBe('signal=SIGKILL');
    expect(family.program.stdout).toMatch(new RegExp(`pid=${spinning} killing reason=timeout$`, 'm'));
    await family.successor(spinning);
    expect(Number((await connections.get(other)?.get())?.body)).toBe(other);
    // More than once, if the master was late in between and has given it time anew.
    const stack = new RegExp(`^(process ${spinning}: the event loop is blocked by\n( {4}at .*\n)+)+$`);
    const log = await family.stop({ stderr: expect.stringMatching(stack) as string });
    expect(log.match(/killing/g)).toHaveLength(1);
  });

  test('is not killed for the time in which the family was stopped, or its master', async () => {
    const timeout = 1_000;
    const family = await up({ workers: 2, timeout });
    for (const target of [-family.master, family.master]) {
      process.kill(target, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 3 * timeout));
      process.kill(target, 'SIGCONT');
      // The master looks several times at workers that had no time.
      const { workers } = family;
      await new Promise((resolve) => setTimeout(resolve, timeout));
      await oneToEach(family.port, workers);
    }
    expect(await family.stop()).not.toMatch(/killing/);
  });

  test('may be one without a timeout', async () => {
    const family = await up({ workers: 1, timeout: 0, gracefulTimeout: 100 });
    const [worker = 0] = family.workers;
    const connection = await HttpConnection.open(family.port);
    void connection.get('/spin').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(family.workers).toEqual([worker]);
    expect(await family.stop()).toMatch(/killing reason=gracefulTimeout$/m);
  });
});

test('workers that hang before they have ever been ready are killed, and prefork gives up', async () => {
  writeFileSync(obstacle, 'hang');
  const { code, stdout, stderr } = await run(programPath('prefork-replace.mjs'), {
    args: [JSON.stringify({ workers: 2, bootTimeout: 200 }), obstacle],
    env: isolated(),
  });
  expect(code).toBe(1);
  expect(stdout).toMatch(/killing reason=bootTimeout$[^]*giving up failures=5$/m);
  expect(stderr).toMatch(/ERR_PREFORK_BOOT/);
});

test('a worker that is forked while others are to be replaced forks none itself', async () => {
  const family = await Family.up('prefork-together.mjs', { options: { workers: 3 } });
  await family.program.printed(/^over$/m);
  const log = await family.stop();
  expect(log).not.toMatch(/failed/);
  const replaced = [...log.matchAll(/ replaces=(\d+)/g)].map(([, pid]) => pid);
  expect(replaced).toEqual([...new Set(replaced)]);
  // The one more that came is new already.
  expect(log.match(/^worker=3 pid=\d+ forked/gm)).toHaveLength(1);
});

test('who waits for a reload hears of its end in the master, and in no worker that is forked then', async () => {
  const family = await Family.up('prefork-together.mjs', { options: { workers: 3, maxLifetime: 1 }, args: ['tired'] });
  await family.program.printed(/^over$/m);
  const log = await family.stop();
  const heard = [...log.matchAll(/^heard by (\d+)$/gm)].map(([, pid]) => Number(pid));
  expect(new Set(heard)).toEqual(new Set([family.master]));
});
