import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'truefork';
import { families } from 'truefork/prefork';
import { asProcess1, innerPid, notSeeing } from '../support/namespaces';
import { run } from '../support/programs';
import { familyFolder, isolated } from '../support/runtime';
import { Family } from './family';
import { HttpConnection } from './http-connection';

let before: string | undefined;
let env: { XDG_RUNTIME_DIR: string };
let folder: string;

beforeEach(() => {
  before = process.env['XDG_RUNTIME_DIR'];
  env = isolated();
  process.env['XDG_RUNTIME_DIR'] = env.XDG_RUNTIME_DIR;
  folder = familyFolder(env);
});

afterEach(() => {
  if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
  else process.env['XDG_RUNTIME_DIR'] = before;
});

test('a family is shown while it runs, with what its workers do', async () => {
  expect(families()).toEqual([]);
  const start = Date.now();
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 2 } });
  const connection = await HttpConnection.open(family.port);
  for (let n = 0; n < 3; n++) await connection.get();
  const { body } = await connection.get();

  const [shown, ...others] = families();
  expect(others).toEqual([]);
  expect(shown).toMatchObject({ master: family.master, host: '127.0.0.1', port: family.port, pastRequests: 0 });
  expect(shown?.since).toBeGreaterThanOrEqual(start);
  expect(shown?.workers.map(({ worker, pid, state }) => ({ worker, pid, state }))).toEqual(
    family.workers.map((pid, worker) => ({ worker, pid, state: 'ready' })),
  );
  for (const { pid, requests, connections, since } of shown?.workers ?? []) {
    expect(requests).toBe(pid === Number(body) ? 4 : 0);
    expect(connections).toBe(pid === Number(body) ? 1 : 0);
    expect(since).toBeGreaterThanOrEqual(start);
  }

  // What a worker has done is not forgotten with it.
  kill(Number(body), 'SIGKILL');
  await family.successor(Number(body));
  expect(families()[0]).toMatchObject({ pastRequests: 4 });
  await family.stop();
  expect(families()).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test('a worker that finishes what it has in hand is shown as stopping', async () => {
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 1 } });
  const [busy, idle] = [await HttpConnection.open(family.port), await HttpConnection.open(family.port)];
  await busy.begin();
  await idle.get();
  family.program.kill('SIGTERM');
  await idle.ended();
  expect(families()[0]?.workers).toMatchObject([{ state: 'stopping', requests: 2 }]);
  busy.finishBody();
  await family.ended();
});

test('nobody else can read it', async () => {
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 1 } });
  expect(statSync(join(folder, `${family.master}.scoreboard`)).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  await family.stop();
});

test('it is marked as one that a clean-up of the directory passes over', async () => {
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 1 } });
  // The sticky bit, as the specification of XDG_RUNTIME_DIR says.
  expect(statSync(join(folder, `${family.master}.scoreboard`)).mode & 0o7000).toBe(0o1000);
  await family.stop();
});

test('what a killed master has left is removed, files that are not ours stay', async () => {
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 1 } });
  family.program.kill('SIGKILL');
  await family.program.finished();
  const left = join(folder, `${family.master}.scoreboard`);
  expect(existsSync(left)).toBe(true);
  const foreign = ['notes.scoreboard', '12x.scoreboard', 'readme', `${process.pid}.scoreboard`];
  for (const name of foreign) writeFileSync(join(folder, name), 'not a scoreboard');
  expect(families()).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual(foreign.sort());
});

test('who cannot see a master in /proc does not take its files for what a dead one has left', async () => {
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 1 } });
  const names = ['control', 'scoreboard'].map((kind) => `${family.master}.${kind}`);
  const ps = await run('dist/cli/main.js', { args: ['ps'], env, ...notSeeing(family.master) });
  expect(ps).toMatchObject({ code: 0, stderr: '' });
  expect(ps.stdout).not.toContain(String(family.port));
  expect(readdirSync(folder).sort()).toEqual(names);
  await family.stop();
});

test('masters of the same pid, in two pid namespaces that share the directory, keep what is theirs', async () => {
  const options = { env, ...asProcess1() };
  const one = await Family.up('prefork-families.mjs', options);
  const other = await Family.up('prefork-families.mjs', options);
  // Neither is of the namespace of this process, which does not take their files for what dead masters have left.
  expect(families()).toEqual([]);
  for (const { port } of [one, other]) {
    const response = await fetch(`http://127.0.0.1:${port}`);
    expect(await response.json()).toEqual([[port, port]]);
  }
  for (const family of [one, other]) {
    const master = family.members.find(({ pid }) => innerPid(pid) === 1);
    if (!master) throw new Error('the master has ended');
    kill(master.pid, 'SIGTERM');
    await family.ended();
  }
});

test('the families are shown in the order of their pids', async () => {
  const both = await Promise.all([0, 1].map(() => Family.up('prefork-http.mjs', { env, options: { workers: 1 } })));
  const masters = families().map(({ master }) => master);
  expect(masters).toEqual(both.map(({ master }) => master).sort((a, b) => a - b));
  await Promise.all(both.map((family) => family.stop()));
});

test('where there can be no file the family runs without', async () => {
  writeFileSync(join(env.XDG_RUNTIME_DIR, 'truefork'), 'in the way');
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 1 } });
  expect(family.program.stdout).toMatch(/scoreboard=private reason=/);
  await family.stop();
});

test.each([
  ['the disk is full', 'size=4k', 'head -c 4096 /dev/zero > full', 'ENOSPC'],
  ['nothing can be written', 'ro', 'true', 'EROFS'],
])('so it does where %s', async (_, option, command, code) => {
  const script = `cd "$XDG_RUNTIME_DIR" && mount -t tmpfs -o ${option},mode=700 none . && cd "$PWD"
    ${command} && exec "$@"`;
  const { node, nodeArgs } = asProcess1();
  const family = await Family.up('prefork-http.mjs', {
    env,
    options: { workers: 1 },
    node,
    nodeArgs: [...nodeArgs.slice(0, -1), 'sh', '-c', script, 'sh', process.execPath],
  });
  expect(family.program.stdout).toContain(`scoreboard=private reason="${code}: `);
  const master = family.members.find(({ pid }) => innerPid(pid) === 1);
  if (!master) throw new Error('the master has ended');
  kill(master.pid, 'SIGTERM');
  await family.ended();
});

test('a worker that somebody tells to retire while it is about to be the mold is one, and its workers stay', async () => {
  const gracefulTimeout = 1_500;
  const family = await Family.up('prefork-http.mjs', { env, options: { workers: 1, gracefulTimeout } });
  const [donor = 0] = family.workers;
  const connection = await HttpConnection.open(family.port);
  await connection.begin();
  family.program.kill('SIGUSR2');
  // It has heard that it is to be the mold.
  const donorState = () => families()[0]?.workers.find(({ pid }) => pid === donor)?.state;
  while (donorState() !== 'stopping') await sleep(5);
  kill(donor, 'SIGTTOU');
  connection.finishBody();
  expect((await connection.answer()).status).toBe(200);
  await family.program.printed(new RegExp(`^mold pid=${donor} ready[^]*reforked generation=2$`, 'm'));
  const { workers } = family;
  // By then its own deadline would have come for the one that was told to retire, and for its forks.
  await sleep(gracefulTimeout + 1_500);
  expect(family.workers).toEqual(workers);
  expect(await family.stop()).not.toMatch(/killing/);
});
