// What the program forks by itself in a process of the family is none of it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'truefork';
import { askMaster, families } from 'truefork/prefork';
import { isolated, temporaryDirectory } from '../support/runtime';
import { programPath, run } from '../support/programs';
import { Family } from './family';
import { HttpConnection } from './http-connection';

let before: string | undefined;
let env: { XDG_RUNTIME_DIR: string };

beforeEach(() => {
  before = process.env['XDG_RUNTIME_DIR'];
  env = isolated();
  process.env['XDG_RUNTIME_DIR'] = env.XDG_RUNTIME_DIR;
});

afterEach(() => {
  if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
  else process.env['XDG_RUNTIME_DIR'] = before;
});

interface Helped {
  family: Family;
  path: string;
  helper: () => Promise<number>;
}

async function up(
  where: 'master' | 'mold' | 'worker' | 'ready' | 'stopping',
  options: Record<string, unknown> = {},
): Promise<Helped> {
  const path = join(temporaryDirectory(), 'socket');
  const family = new Family('prefork-helper.mjs', { env, options: { path, workers: 1, ...options }, args: [where] });
  await family.program.printed(/^up$/m);
  const helper = async () => Number((await family.program.printed(/^helper=(\d+)$/m))[1]);
  return { family, path, helper };
}

test('a helper of the master hears nothing that is told to the master, and leaves its files alone', async () => {
  const { family, path, helper } = await up('master');
  for (let workers = 2; workers <= 8; workers++) {
    await askMaster(family.master, `scale ${workers}`);
    await family.lines(/^worker=\d+ pid=\d+ ready /, workers);
  }
  kill(await helper(), 'SIGTERM');
  await family.program.printed(/^helper ended signal=SIGTERM$/m);
  expect(existsSync(path)).toBe(true);
  expect(families()).toMatchObject([{ master: family.master, path }]);
  await askMaster(family.master, 'status');
  await family.stop();
});

test('a helper of a listener goes on with nothing that the master was about to do', async () => {
  const { family, helper } = await up('ready', { workers: 3 });
  family.program.kill('SIGHUP');
  await family.program.printed(/ reloaded generation=2$/m);
  kill(await helper(), 'SIGUSR2');
  await family.program.printed(/^the helper has turned$/m);
  kill(await helper(), 'SIGKILL');
  family.program.kill('SIGTERM');
  await family.gone();
  const { code, stdout, stderr } = await family.program.finished();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.match(/ forked generation=2 /g)).toHaveLength(3);
  expect(stdout).not.toContain('failed');
});

test('in a helper of the master the methods of that change nothing, and stop() is nothing to wait for', async () => {
  expect(await run(programPath('prefork-helper-asks.mjs'), { env })).toEqual({
    code: 0,
    signal: null,
    stdout: [
      'helper: stop is nothing to wait for, quick or not; told of the others: nothing',
      'master: 1 worker, the one that there was',
      '',
    ].join('\n'),
    stderr: '',
  });
});

test('a helper of a listener that is told of the stop does not stop the server once more', async () => {
  const { family } = await up('stopping');
  const log = await family.stop();
  expect(log.match(/^beforeStop in \d+$/gm)).toEqual([`beforeStop in ${family.master}`]);
});

test('a helper of a mold takes none of its orders', async () => {
  const { family, helper } = await up('mold');
  const [, mold] = await family.program.printed(/^mold pid=(\d+) ready/m);
  kill(Number(mold), 'SIGSTOP');
  await askMaster(family.master, 'scale 2');
  await askMaster(family.master, 'status');
  kill(await helper(), 'SIGUSR2');
  await family.program.printed(/^the helper has turned$/m);
  kill(Number(mold), 'SIGCONT');
  await family.lines(/^worker=\d+ pid=\d+ ready /, 2);
  expect(family.program.stdout).not.toContain('exited');
  kill(await helper(), 'SIGTERM');
  family.program.kill('SIGTERM');
  await family.gone();
  expect(await family.program.finished()).toMatchObject({ code: 0, stderr: '' });
});

test('a helper of a worker does not speak for it', async () => {
  const { family, path, helper } = await up('worker', { timeout: 2_000 });
  const [worker = 0] = family.workers;
  const connection = await HttpConnection.open(path);
  expect(await connection.get('/fork')).toMatchObject({ body: String(worker) });
  kill(await helper(), 'SIGTERM');
  await family.program.printed(/^the helper is told$/m);
  expect(families()[0]?.workers).toMatchObject([{ pid: worker, state: 'ready', connections: 1 }]);

  void connection.get('/loop').catch(() => undefined);
  expect(await family.exited(worker)).toBe('signal=SIGKILL');
  kill(await helper(), 'SIGKILL');
  family.program.kill('SIGTERM');
  await family.gone();
  const { code, stderr } = await family.program.finished();
  expect(code).toBe(0);
  expect(stderr).toContain('loopForever');
});

test('a worker that has a copy of the master does nothing with it', async () => {
  const family = await Family.up('prefork-copy.mjs', { env, options: { workers: 1 } });
  const [first = 0] = family.workers;
  kill(first, 'SIGKILL');
  const worker = await family.successor(first);
  const connection = await HttpConnection.open(family.port);
  const all = ['scale/5', 'reload', 'refork', 'upgrade', 'status', 'stop'];
  for (const what of [...all, ...all]) expect((await connection.get(`/${what}`)).status).toBe(200);
  connection.close();
  expect(family.workers).toEqual([worker]);
  const log = await family.stop();
  expect(log.match(/ forked /g)).toHaveLength(2);
  expect(log.match(/ stopping /g)).toHaveLength(1);
  expect(log).toMatch(new RegExp(`^worker=0 pid=${worker} exited code=0$`, 'm'));
});

test('who calls prefork() where a family is already is told why not', async () => {
  const family = await Family.up('prefork-twice.mjs', { env, options: { workers: 1 } });
  await family.program.printed(/^worker: /m);
  const log = await family.stop();
  const told = log.split('\n').filter((line) => line.includes('ERR_PREFORK_TAKEN'));
  const isFork = `ERR_PREFORK_TAKEN this process is a fork of process ${family.master}, which has a prefork server`;
  expect(told.toSorted()).toEqual([
    `helper: ${isFork}`,
    'master: ERR_PREFORK_TAKEN this process has a prefork server already',
    `mold: ${isFork}`,
    'worker: ERR_PREFORK_TAKEN this process is a worker of a prefork server',
  ]);
});
