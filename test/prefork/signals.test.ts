import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'truefork';
import { nodes } from '../support/programs';
import { childrenOf, resourcesOf } from '../support/processes';
import { temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { HttpConnection, oneToEach } from './http-connection';

/** A family with a request in hand that will not end by itself. */
async function stuck(options: Record<string, unknown>, node?: string) {
  const family = await Family.up('prefork-http.mjs', { node, options: { workers: 1, ...options } });
  const connection = await HttpConnection.open(family.port);
  await connection.begin();
  return { family, connection, worker: family.workers[0] ?? 0 };
}

describe('to the master', () => {
  test.each(['SIGTERM', 'SIGQUIT'] as const)('%s waits for what is in hand', async (signal) => {
    const { family, connection } = await stuck({});
    family.program.kill(signal);
    await family.program.printed(/stopping how=graceful/);
    connection.finishBody();
    expect((await connection.answer()).status).toBe(200);
    expect(await family.ended()).toMatch(/exited code=0/);
  });

  test('SIGINT does not wait', async () => {
    const { family, connection } = await stuck({});
    family.program.kill('SIGINT');
    await connection.ended();
    expect(await family.ended()).toMatch(/stopping how=quick[^]*exited code=0/);
  });

  test('SIGINT cuts a graceful stop short', async () => {
    const { family, connection } = await stuck({});
    family.program.kill('SIGTERM');
    await family.program.printed(/stopping how=graceful/);
    family.program.kill('SIGINT');
    await connection.ended();
    expect(await family.ended()).toMatch(/exited code=0/);
  });

  test('a second SIGINT kills workers that do not listen', async () => {
    const { family, worker } = await stuck({});
    kill(worker, 'SIGSTOP');
    family.program.kill('SIGINT');
    await family.program.printed(/stopping how=quick/);
    family.program.kill('SIGINT');
    expect(await family.ended()).toMatch(/exited signal=SIGKILL/);
  });

  test('workers that take longer than gracefulTimeout are killed', async () => {
    const { family, connection, worker } = await stuck({ gracefulTimeout: 50 });
    family.program.kill('SIGTERM');
    await connection.ended();
    const log = await family.ended();
    expect(log).toMatch(new RegExp(`pid=${worker} killing reason=gracefulTimeout\n[^]*exited signal=SIGKILL`));
  });

  test('signals that would change the family are ignored while it stops', async () => {
    const { family, connection } = await stuck({});
    family.program.kill('SIGTERM');
    await family.program.printed(/stopping how=graceful/);
    for (const signal of ['SIGTTIN', 'SIGTTOU', 'SIGHUP', 'SIGUSR2'] as const) {
      family.program.kill(signal);
      await family.program.printed(new RegExp(`ignored signal=${signal} reason="the server stops"$`, 'm'));
    }
    connection.finishBody();
    expect((await connection.answer()).status).toBe(200);
    expect(await family.ended()).not.toMatch(/scale|reload|refork/);
  });

  test('signals that repeat change nothing', async () => {
    const { family, connection } = await stuck({});
    for (let n = 0; n < 50; n++) family.program.kill(n % 2 ? 'SIGTERM' : 'SIGQUIT');
    await family.program.printed(/stopping how=graceful/);
    connection.finishBody();
    expect((await connection.answer()).status).toBe(200);
    expect((await family.ended()).match(/stopping/g)).toHaveLength(1);
  });
});

/** Stops a family for so long, in milliseconds, as a debugger or `docker pause` does. */
async function pause({ master }: Family, time: number): Promise<void> {
  process.kill(-master, 'SIGSTOP');
  await sleep(time);
  process.kill(-master, 'SIGCONT');
}

describe('the time in which the family was stopped is not counted', () => {
  const gracefulTimeout = 2_000;

  test.each(['its master', 'somebody else'])('of a worker that %s has told to end', async (who) => {
    const { family, connection, worker } = await stuck({ gracefulTimeout });
    const idle = await HttpConnection.open(family.port);
    await idle.get();
    kill(who === 'its master' ? family.master : worker, 'SIGTERM');
    // The worker has heard of it.
    expect(await idle.ended()).toBe('END');
    await pause(family, 2 * gracefulTimeout);
    // They have looked at their clocks since.
    await sleep(gracefulTimeout / 4);
    connection.finishBody();
    expect((await connection.answer()).status).toBe(200);
    expect(await family.exited(worker)).toBe('code=0');
    if (who === 'somebody else') family.program.kill('SIGTERM');
    expect(await family.ended()).not.toMatch(/killing/);
  });

  test('of a worker that is replaced', async () => {
    const { family, connection, worker } = await stuck({ gracefulTimeout });
    family.program.kill('SIGHUP');
    await family.program.printed(/reloaded generation=2$/m);
    await pause(family, 2 * gracefulTimeout);
    await sleep(gracefulTimeout / 4);
    connection.finishBody();
    expect(await connection.answer()).toMatchObject({ status: 200, body: String(worker) });
    expect(await family.exited(worker)).toBe('code=0');
    expect(await family.stop()).not.toMatch(/killing/);
  });

  test('of a mold that loads the application', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'application.mjs');
    writeFileSync(
      file,
      `import { createServer } from 'node:http';
      globalThis.loaded = true;
      console.log('loading');
      for (let n = 0; n < 5; n++) await new Promise((resolve) => setTimeout(resolve, 400));
      export default createServer();`,
    );
    const bootTimeout = 4_000;
    const family = new Family('prefork-mold.mjs', { options: { workers: 1, bootTimeout }, args: [file] });
    await family.program.printed(/^loading$/m);
    await pause(family, 1.5 * bootTimeout);
    await family.program.printed(/^up$/m);
    expect(await family.stop()).not.toMatch(/hangs|killing/);
  });
});

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('a worker that is told to stop finishes what it has in hand, and is replaced meanwhile or after', async () => {
    const family = await Family.up('prefork-http.mjs', { node, options: { workers: 2 } });
    const [worker = 0, other = 0] = family.workers;
    const connections = await oneToEach(family.port, [worker, other]);
    const connection = connections.get(worker);
    await connection?.begin();
    kill(worker, 'SIGTERM');
    // It accepts nothing any more once it has begun to stop: all that is new goes to the other.
    connection?.finishBody();
    expect(await connection?.answer()).toMatchObject({ status: 200, body: String(worker) });
    expect(await family.exited(worker)).toBe('code=0');
    await oneToEach(family.port, [other, await family.successor(worker)]);
    expect((await connections.get(other)?.get())?.body).toBe(String(other));
    await family.stop();
  });

  test('when the master is killed, the workers finish what they have in hand and end', async () => {
    const family = await Family.up('prefork-http.mjs', { node, options: { workers: 2 } });
    const [[worker, busy] = []] = await oneToEach(family.port, family.workers);
    // By its end each worker says that it knows.
    const idle = [...(await oneToEach(family.port, family.workers)).values()];
    await busy?.begin();
    family.program.kill('SIGKILL');
    expect(await Promise.all(idle.map((connection) => connection.ended()))).toEqual(['END', 'END']);
    busy?.finishBody();
    expect(await busy?.answer()).toMatchObject({ headers: { connection: 'close' }, body: String(worker) });
    expect(await family.program.finished()).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    await family.gone();
  });

  // Each is told to end as soon as its pid is in /proc.
  test('workers that are told to end right after their fork end', async () => {
    const workers = 16;
    const family = await Family.up('prefork-http.mjs', { node, options: { workers } });
    const told = new Set(family.workers);
    for (const pid of told) kill(pid, 'SIGTERM');
    while (told.size < 5 * workers) {
      for (const pid of childrenOf(family.master)) {
        if (told.has(pid)) continue;
        kill(pid, 'SIGTERM');
        told.add(pid);
      }
      // Lets the program's output come in, too.
      await new Promise(setImmediate);
    }
    for (const pid of told) expect(await family.exited(pid)).toBe('code=0');
    await family.stop();
  });

  test('a signal that comes before the worker has handlers is the worker’s, and not lost', async () => {
    const workers = 16;
    const rounds = 5;
    const family = await Family.up('prefork-window.mjs', { node, options: { workers } });
    for (const pid of family.workers) kill(pid, 'SIGTERM');
    await family.lines(/exited code=0/, workers * (rounds + 1));
    expect(family.program.stdout).not.toMatch(/ signal=|stopping/);
    await family.stop();
  });
});

// As the kernel sends it to a whole group in the background that reads from its terminal.
test('a worker that gets SIGTTIN from somebody else than its master serves on', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1 } });
  const [worker = 0] = family.workers;
  const connection = await HttpConnection.open(family.port);
  for (let n = 0; n < 5; n++) {
    kill(worker, 'SIGTTIN');
    expect((await connection.get()).body).toBe(String(worker));
    // By the same event loop, which has heard of the signal by then.
    expect((await connection.get()).headers).not.toHaveProperty('connection', 'close');
  }
  connection.close();
  expect(await family.stop()).not.toMatch(/mold/);
});

// SIGCONT takes away a SIGTTOU or SIGTTIN that waits: signal(7).
test.each([
  ['retire', 'SIGHUP'],
  ['become the mold', 'SIGUSR2'],
] as const)('a worker that was stopped when it was told to %s does so when it is continued', async (_, signal) => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1, gracefulTimeout: 5_000 } });
  const [worker = 0] = family.workers;
  kill(worker, 'SIGSTOP');
  family.program.kill(signal);
  if (signal === 'SIGHUP') await family.program.printed(/reloaded generation=2$/m);
  else await family.program.printed(new RegExp(`pid=${worker} promoted generation=2$`, 'm'));
  // By then the signal has been sent, if not heard.
  while (!isPending(worker, signal === 'SIGHUP' ? 'SIGTTOU' : 'SIGTTIN')) await sleep(5);
  kill(worker, 'SIGCONT');
  if (signal === 'SIGHUP') expect(await family.exited(worker)).toBe('code=0');
  else await family.program.printed(/reforked generation=2$/m);
  expect(await family.stop()).not.toMatch(/killing/);
});

function isPending(pid: number, signal: 'SIGTTIN' | 'SIGTTOU'): boolean {
  const [, mask = ''] = /^ShdPnd:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return (BigInt(`0x${mask}`) & (1n << BigInt(constants.signals[signal] - 1))) !== 0n;
}

test('a hundred respawns leave the master with the descriptors and threads that it had', async () => {
  const workers = 20;
  const family = await Family.up('prefork-http.mjs', { options: { workers } });
  const before = resourcesOf(family.master);
  for (let round = 0; round < 5; round++) {
    const pids = family.workers;
    for (const pid of pids) kill(pid, 'SIGKILL');
    for (const pid of pids) await family.successor(pid);
  }
  expect(new Set(family.workers).size).toBe(workers);
  expect(resourcesOf(family.master)).toEqual(before);
  expect(childrenOf(family.master).sort()).toEqual([...family.workers].sort());
  await family.stop();
});

test('workers that die together are each replaced once, by a child of the master', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 8 } });
  const pids = family.workers;
  // They end at the same moment for the master, which sleeps meanwhile.
  kill(family.master, 'SIGSTOP');
  for (const pid of pids) kill(pid, 'SIGKILL');
  kill(family.master, 'SIGCONT');
  for (const pid of pids) await family.successor(pid);
  const members = family.members;
  expect(members.map(({ pid }) => pid).sort()).toEqual([family.master, ...family.workers].sort());
  for (const { pid, ppid } of members) if (pid !== family.master) expect(ppid).toBe(family.master);
  await family.stop();
});
