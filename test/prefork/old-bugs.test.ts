// What other prefork servers have got wrong, some of them for years: each test makes it happen here.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'truefork';
import { childrenOf } from '../support/processes';
import { temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { HttpConnection, oneToEach } from './http-connection';
import { Load } from './load';

/** A family whose mold loads an application: `body` says what it does with a request, and answers with the worker's pid. */
function up(options: Record<string, unknown>, body = '') {
  const file = join(temporaryDirectory(), 'application.mjs');
  writeFileSync(
    file,
    `import { execSync } from 'node:child_process';
    import { createServer } from 'node:http';
    export default createServer((request, response) => {
      ${body}
      const text = String(process.pid);
      response.setHeader('Content-Length', text.length);
      response.end(text);
    });
    `,
  );
  return Family.up('prefork-mold.mjs', { options, args: [file] });
}

type Up = Awaited<ReturnType<typeof up>>;

const moldOf = ({ program }: Up) => Number([...program.stdout.matchAll(/^mold pid=(\d+) ready/gm)].at(-1)?.[1]);

/** Reloads until a reload has not been refused, since another change went on. */
async function reloaded(family: Up): Promise<void> {
  const { length } = family.program.stdout;
  const done = () => family.program.stdout.includes(' reloaded generation=', length);
  while (!done()) {
    family.program.kill('SIGHUP');
    for (let n = 0; n < 20 && !done(); n++) await sleep(25);
  }
}

describe('two signals, one a little after the other,', () => {
  const changes = ['SIGHUP', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU'] as const;

  // php-fpm #74083: SIGUSR2 in the middle of its own handling left the master deaf.
  test('leave the master able to serve, to change and to stop', async () => {
    const family = await up({ workers: 3 });
    const load = new Load(family.port, 2, new Map(), { oneShot: 2 });
    let delay = 0;
    for (const first of changes) {
      for (const second of changes) {
        for (let n = 0; n < 3; n++) {
          family.program.kill(first);
          await sleep((delay = (delay + 5) % 26));
          family.program.kill(second);
        }
      }
    }
    // Signals that are pending together are one: there may be no worker any more, and clients wait. By the time that the
    // master tells of one of these, whatever was pending has reached it, so that the second one counts.
    for (let n = 0; n < 2; n++) {
      const told = family.program.stdout.split(' signal=SIGTTIN').length;
      family.program.kill('SIGTTIN');
      await family.lines(/ signal=SIGTTIN$/, told);
    }
    await reloaded(family);
    await load.stop();
    expect([load.lost, load.refused]).toEqual([[], []]);
    expect(await family.stop()).not.toMatch(/killing/);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('end the family if the second one is %s', async (signal) => {
    for (let delay = 0; delay < 25; delay += 3) {
      const family = await up({ workers: 2 });
      family.program.kill(changes[delay % 4] ?? 'SIGHUP');
      await sleep(delay);
      family.program.kill(signal);
      await family.ended();
    }
  });
});

// gunicorn #3274: a second SIGHUP sent a second SIGTERM to workers that were finishing, and cut them.
test('a reload that is asked for again and again while it goes on is done once more, and cuts nobody', async () => {
  const family = await up({ workers: 3 });
  const old = family.workers;
  const load = new Load(family.port, 6, await oneToEach(family.port, old));
  for (let n = 0; n < 5; n++) {
    family.program.kill('SIGHUP');
    await family.lines(/ signal=SIGHUP$/, n + 1);
  }
  await family.program.printed(/ reloaded generation=2$[^]* reloaded generation=3$/m);
  await Promise.all(old.map((pid) => family.exited(pid)));
  await load.stop();
  expect([load.lost, load.refused]).toEqual([[], []]);
  const log = await family.stop();
  expect(log).not.toMatch(/killing|generation=4/);
});

// pg cancelled its query at any signal to a worker of Unicorn; gunicorn #1337.
test('a worker that is told to retire is not interrupted in a system call', async () => {
  const family = await up(
    { workers: 1 },
    "if (request.url === '/shell') { response.end(execSync('sleep 0.5; echo whole')); return; }",
  );
  const [worker = 0] = family.workers;
  const connection = await HttpConnection.open(family.port);
  connection.send('GET /shell HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n');
  // Its shell is there.
  while (childrenOf(worker).length === 0) await sleep(5);
  for (const signal of ['SIGTTOU', 'SIGHUP', 'SIGTERM'] as const) kill(worker, signal);
  expect((await connection.head()).status).toBe(200);
  expect(await family.exited(worker)).toBe('code=0');
  await family.successor(worker);
  await family.stop();
});

// php-fpm #4460: the timer of the last step was never set again, and nobody was killed for years.
test('a mold and workers that do not hear that they are replaced are killed in the end', async () => {
  // Long enough for those that do hear.
  const family = await up({ workers: 3, gracefulTimeout: 2_000 });
  const [deaf = 0, ...others] = family.workers;
  const mold = moldOf(family);
  for (const pid of [deaf, mold]) kill(pid, 'SIGSTOP');
  family.program.kill('SIGHUP');
  await family.program.printed(/ reloaded generation=2$/m);
  expect(await family.exited(deaf)).toBe('signal=SIGKILL');
  await family.program.printed(new RegExp(`^mold pid=${mold} exited signal=SIGKILL `, 'm'));
  expect(await Promise.all(others.map((pid) => family.exited(pid)))).toEqual(['code=0', 'code=0']);
  await oneToEach(family.port, family.workers);
  await family.stop();
});

// uwsgi #648, gunicorn #2020: all workers that are as old are replaced at the same moment.
test('workers that get the same load are not recycled at the same number of requests', async () => {
  const workers = 6;
  const maxRequests = 1_000;
  const family = await up({ workers, maxRequests });
  const before = new Map<number, number>();
  const connections = await oneToEach(family.port, family.workers, before);
  const served = await Promise.all(
    Array.from(connections, async ([pid, connection]) => {
      const told = new RegExp(`^worker=\\d+ pid=${pid} recycling`, 'm');
      let count = before.get(pid) ?? 0;
      for (; !told.test(family.program.stdout.slice(-100_000)); count++) {
        // The worker may be quicker than its master's log.
        if ((await connection.get()).headers['connection'] === 'close') break;
      }
      return count;
    }),
  );
  expect(Math.min(...served)).toBeGreaterThanOrEqual(maxRequests);
  // A tenth, if they are many; they are told a little late.
  expect(Math.max(...served) - Math.min(...served)).toBeGreaterThan(10);
  await family.stop();
});

// gunicorn #3220: an orphan that ended with 3 was a worker that could not boot, and the server stopped.
test('whatever an orphan ends with, it is no worker', async () => {
  const program = new Family('prefork-orphans.mjs', { options: { workers: 2, maxRequests: 20 }, args: ['300'] });
  const port = await program.listens();
  const load = new Load(port, 2, new Map(), { oneShot: 2 });
  await program.program.printed(/^wrong=0$/m);
  await program.lines(/^orphan pid=\d+ exited code=222$/, 300);
  await load.stop();
  expect([load.lost, load.refused]).toEqual([[], []]);
  const log = await program.stop();
  expect(log).not.toMatch(/killing|worker=\d+ pid=\d+ exited (?!code=0)/);
  expect(log).toMatch(/recycling reason=requests/);
});

// Puma ended itself, Apache slept, Unicorn tried again without end: when the system makes no more processes.
test.each(['master', 'mold'])('when the %s cannot fork for a while, it tries again later, and serves', async (who) => {
  const family = await Family.up('prefork-fork-fails.mjs', {
    options: { workers: 1 },
    args: [who],
    nodeArgs: ['--require', join(__dirname, '..', 'faults', 'load.cjs')],
  });
  if (who === 'master') kill(family.workers[0] ?? 0, 'SIGKILL');
  await family.lines(/^worker=0 fork failed /, 3);
  await family.lines(/^worker=0 pid=\d+ ready/, who === 'master' ? 2 : 1);
  await oneToEach(family.port, family.workers);
  const log = await family.stop();
  expect(log.match(/^worker=0 fork failed/gm)).toHaveLength(3);
  // Each time after a longer wait.
  const waits = [...log.matchAll(/^worker=0 respawn in=(\d+) /gm)].map(([, wait]) => Number(wait));
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(new Set(waits).size).toBe(waits.length);
});
