import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { kill } from 'truefork';
import { respawnDelay } from '../../lib/prefork/backoff';
import { nodes, passes, programPath, run } from '../support/programs';
import { isolated } from '../support/runtime';
import { Family } from './family';
import { HttpConnection } from './http-connection';

test('a worker that crashes again and again is replaced after longer and longer waits', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1 } });
  const crashes = 6;
  let [worker = 0] = family.workers;
  for (let n = 0; n < crashes; n++) {
    kill(worker, 'SIGKILL');
    worker = await family.successor(worker);
  }
  await family.stop();
  const waits = [...family.program.stdout.matchAll(/^worker=0 respawn in=(\d+) failures=(\d+)$/gm)];
  // None after the first.
  expect(waits.map(([, wait, failures]) => [Number(failures), Number(wait)])).toEqual(
    [2, 3, 4, 5, 6].map((failures) => [failures, respawnDelay(failures)]),
  );
  expect(waits.map(([, wait]) => Number(wait))).toEqual([100, 200, 400, 800, 1600]);
});

test('the waits end with the longest', () => {
  expect([1, 2, 3, 8, 9, 10, 50, 2000].map(respawnDelay)).toEqual([0, 100, 200, 6400, 12800, 15000, 15000, 15000]);
});

test.each(['exit', 'throw'])('workers that %s before they are ready make prefork give up', async (how) => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const family = new Family('prefork-boot.mjs', { options: { port }, args: [how] });
  const { code, stdout, stderr } = await family.program.finished();
  expect(code).toBe(0);
  expect(family.members).toEqual([]);
  expect(stdout).toMatch(/giving up failures=5/);
  // The master alone hears of it, and can listen on the port.
  const heard = stdout.match(/^heard .*/gm);
  expect(heard).toHaveLength(1);
  expect(heard?.[0]).toContain('"name":"PreforkError","code":"ERR_PREFORK_BOOT"');
  if (how === 'throw') expect(stderr).toContain('it cannot listen');
});

test('mistakes are told by typed errors, and leave nothing behind', async () => {
  const { code, stdout, stderr } = await run(programPath('prefork-mistakes.mjs'), { env: isolated() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { caught, leaked } = JSON.parse(stdout) as { caught: Record<string, unknown>; leaked: number };
  const wrongType = { type: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', posix: false };
  const wrongValue = { ...wrongType, code: 'ERR_INVALID_ARG_VALUE' };
  const outOfRange = { type: 'RangeError', code: 'ERR_OUT_OF_RANGE', posix: false };
  const inUse = { type: 'PosixError', code: 'EADDRINUSE', posix: true };
  expect(caught).toEqual({
    first: inUse,
    'address in use': inUse,
    'address not here': { ...inUse, code: 'EADDRNOTAVAIL' },
    'no host': wrongValue,
    'port as text': wrongType,
    'port too great': outOfRange,
    'port negative': outOfRange,
    'no workers': outOfRange,
    'too many workers': outOfRange,
    'workers as text': wrongType,
    'half a worker': outOfRange,
    'no backlog': outOfRange,
    'negative timeout': outOfRange,
    'no requests': outOfRange,
    'a backlog without end': outOfRange,
    'a log that is none': wrongType,
    'a beforeStop that is none': wrongType,
    'a beforeWorkerExit that is none': wrongType,
    'path and host': wrongValue,
    'path and port': wrongValue,
    'path too long': wrongValue,
    'name too long': wrongValue,
    'name that is empty': wrongValue,
    'path that is empty': wrongValue,
    'path with a null byte': wrongValue,
    'path of no directory': { type: 'FileNotFoundError', code: 'ENOENT', posix: true },
    'mode without path': wrongValue,
    'mode of a name': wrongValue,
    'mode too great': outOfRange,
    'mode as text': wrongType,
    'reusePort as text': wrongType,
    'reusePort of a path': wrongValue,
    'inherit as text': wrongType,
    'preload as text': wrongType,
    'no preload of a server': wrongValue,
    'no server': wrongType,
    'a listener': wrongType,
    'a server that listens': { type: 'Error', code: 'ERR_SERVER_ALREADY_LISTEN', posix: false },
    'a worker thread': { type: 'ForkUnsafeError', code: 'ERR_FORK_UNSAFE', reason: 'worker-threads', posix: false },
    'a second server': { type: 'PreforkError', code: 'ERR_PREFORK_TAKEN', posix: false },
  });
  expect(leaked).toBe(0);
});

test('a server takes a socket that listens already, and what has connected before there is a worker is served', async () => {
  await passes('prefork-listener.mjs', { env: isolated() });
});

test.each(nodes())(
  'a stopped server leaves nothing behind and can be started again, on Node $major',
  async ({ path }) => {
    const { code, stdout, stderr } = await run(programPath('prefork-again.mjs'), { node: path, env: isolated() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const round = [
      ['family', true, true, ['ready', 'ready']],
      ['beforeStop', 'ok'],
      ['exit', true, { state: 'exited', code: 0 }],
      ['exit', true, { state: 'exited', code: 0 }],
      ['stopped'],
      ['families', 0, [0, 0, 0]],
    ];
    expect(JSON.parse(stdout)).toEqual({ first: round, second: round, leaked: 0 });
  },
);

test('a beforeStop that fails is logged, and the server stops', async () => {
  const family = await Family.up('prefork-before-stop.mjs', { options: { workers: 1 }, args: ['fails'] });
  family.program.kill('SIGTERM');
  expect(await family.ended()).toMatch(/beforeStop failed reason="Error: the registry is away"[^]*exited code=0/);
});

test('a beforeStop that takes longer than gracefulTimeout is not waited for', async () => {
  const options = { workers: 1, gracefulTimeout: 200 };
  const family = await Family.up('prefork-before-stop.mjs', { options, args: ['hangs'] });
  family.program.kill('SIGTERM');
  expect(await family.ended()).toMatch(
    /beforeStop failed reason="Error: it took longer than gracefulTimeout \(200 ms\)"[^]*exited code=0/,
  );
});

test('a quick stop does not wait for beforeStop', async () => {
  const family = await Family.up('prefork-before-stop.mjs', { options: { workers: 1 }, args: ['hangs'] });
  family.program.kill('SIGTERM');
  await family.program.printed(/stopping how=graceful/);
  // The workers serve until it is done.
  const connection = await HttpConnection.open(family.port);
  expect(family.program.stdout).not.toMatch(/exited/);
  family.program.kill('SIGINT');
  await connection.ended();
  expect(await family.ended()).toMatch(/exited code=0/);
});

test.each(nodes())('child_process in the master hears of its own children, on Node $major', async ({ path: node }) => {
  const family = await Family.up('prefork-neighbours.mjs', { node, options: { workers: 2 } });
  for (let n = 1; n <= 5; n++) {
    const [worker = 0] = family.workers;
    kill(worker, 'SIGKILL');
    await family.successor(worker);
    await family.program.printed(new RegExp(`^neighbours=${n * 10}$`, 'm'));
  }
  family.program.kill('SIGTERM');
  const { code, stderr } = await family.program.finished();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each(nodes())(
  'without descriptors it fails, and leaves nothing behind, on Node $major',
  async ({ path: node }) => {
    await passes('prefork-exhausted.mjs', { node, env: isolated() });
  },
);

test.each(['log', 'listener'] as const)('what the %s throws is uncaught, and the master goes on', async (where) => {
  const family = await Family.up('prefork-throws.mjs', { options: { workers: 1 }, args: [where] });
  const [worker = 0] = family.workers;
  kill(worker, 'SIGKILL');
  await family.successor(worker);
  family.program.kill('SIGHUP');
  await family.program.printed(/reloaded generation=2$/m);
  expect(await family.stop()).toMatch(new RegExp(`^uncaught=${where}$`, 'm'));
});

test('a worker whose exit somebody else has taken is replaced, and the server stops', async () => {
  const family = await Family.up('prefork-neighbours.mjs', { options: { workers: 2 }, args: ['steal'] });
  await family.program.printed(/^worker=0 pid=\d+ exited status=lost$[^]*^worker=0 pid=\d+ ready/m);
  await family.stop();
});
