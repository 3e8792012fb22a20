// A program that is executed anew, and whose own server is served: the master forks its workers itself.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'truefork';
import type { MasterStatus } from 'truefork/prefork';
import { truefork } from '../cli/truefork';
import { groupOf } from '../support/processes';
import { nodes, Program, programPath, run } from '../support/programs';
import { familyFolder, isolated, temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { HttpConnection } from './http-connection';
import { Load } from './load';

/** A server that accepts. While the gate is there, no other starts. */
async function up(node = process.execPath) {
  const env = isolated();
  const folder = temporaryDirectory();
  const [path, gate] = [join(folder, 'socket'), join(folder, 'gate')];
  const program = new Program(programPath('prefork-anew.mjs'), { env, node, args: [gate, path] });
  await program.printed(/^up$/m);
  const ask = (request: string, pid = program.pid) => truefork([request, String(pid)], env);
  const ready = async (pid: number) => {
    while (!existsSync(join(familyFolder(env), `${pid}.control`))) await new Promise(setImmediate);
  };
  await ready(program.pid);
  return { program, path, gate, ask, ready };
}

async function down({ program, ask, path }: Awaited<ReturnType<typeof up>>, master: number): Promise<void> {
  expect(await ask('stop', master)).toMatchObject({ code: 0, stderr: '' });
  expect((await program.finished()).stderr).toBe('');
  // They are init's, and nobody hears of their ends.
  while (groupOf(program.pid).some(({ state }) => state !== 'Z')) await sleep(5);
  expect(existsSync(path)).toBe(false);
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('it is replaced, also if a worker of the old master dies meanwhile', async () => {
    const server = await up(node);
    const { program, path, gate, ask } = server;
    writeFileSync(gate, '');
    const upgrade = ask('upgrade');
    const successor = Number((await program.printed(/^(\d+) waits$/m))[1]);
    const [, victim] = await program.printed(/^worker=0 pid=(\d+) ready/m);
    kill(Number(victim), 'SIGKILL');
    await program.printed(new RegExp(`^worker=0 pid=${victim} exited [^]*^worker=0 pid=\\d+ ready`, 'm'));
    const load = new Load(path, 2, undefined, { oneShot: 2 });
    rmSync(gate);
    expect(await upgrade).toMatchObject({ code: 0, stdout: `${successor}\n`, stderr: '' });
    await program.printed(new RegExp(`^master pid=${program.pid} stopped$`, 'm'));
    await load.stop();
    expect({ lost: load.lost, refused: load.refused }).toEqual({ lost: [], refused: [] });
    await down(server, successor);
  });

  test('the new master takes over, too, when the old one is killed before', async () => {
    const server = await up(node);
    const { program, path, gate, ask, ready } = server;
    const load = new Load(path, 2, undefined, { oneShot: 2 });
    writeFileSync(gate, '');
    const upgrade = ask('upgrade');
    const successor = Number((await program.printed(/^(\d+) waits$/m))[1]);
    program.kill('SIGKILL');
    expect(await upgrade).toMatchObject({ code: 1 });
    rmSync(gate);
    await ready(successor);
    const { workers } = JSON.parse((await ask('status', successor)).stdout) as MasterStatus;
    await load.more(
      5,
      workers.map(({ pid }) => pid ?? 0),
    );
    await load.stop();
    // Who connects waits for it.
    expect(load.refused).toEqual([]);
    await down(server, successor);
  });

  test('without descriptors for a new master, the old one goes on', async () => {
    const family = await Family.up('prefork-upgrade-descriptors.mjs', { node, env: isolated() });
    await family.stop();
  });
});

test('no new master is started when the server stops right after it has been told to', async () => {
  const { code, stdout } = await run(programPath('prefork-upgrade-stop.mjs'), { env: isolated() });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ERR_PREFORK_UPGRADE the master was not replaced: the server stops$/m);
  expect(stdout.match(/ listening /g)).toHaveLength(1);
});

test('a stop right after the new master serves is the end of the old one alone', async () => {
  const path = join(temporaryDirectory(), 'socket');
  const program = new Program(programPath('prefork-upgrade-leave.mjs'), { env: isolated(), args: [path] });
  const successor = Number((await program.printed(/^(\d+) has taken over$/m))[1]);
  await program.printed(new RegExp(`^master pid=${program.pid} stopped$`, 'm'));
  const connection = await HttpConnection.open(path);
  await connection.get();
  connection.close();
  kill(successor, 'SIGTERM');
  await program.printed(new RegExp(`^master pid=${successor} stopped$`, 'm'));
  expect(await program.finished()).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(path)).toBe(false);
});

test('it goes on when it hears too late that a new master serves, which has died since', async () => {
  const server = await up();
  const { program, path, gate, ask } = server;
  writeFileSync(gate, '');
  const upgrade = ask('upgrade');
  const successor = Number((await program.printed(/^(\d+) waits$/m))[1]);
  program.kill('SIGSTOP');
  rmSync(gate);
  await program.printed(new RegExp(`^${successor} serves$`, 'm'));
  kill(successor, 'SIGKILL');
  while (groupOf(program.pid).some(({ pid, state }) => pid === successor && state !== 'Z')) await sleep(5);
  const load = new Load(path, 2, undefined, { oneShot: 2 });
  program.kill('SIGCONT');
  expect(await upgrade).toMatchObject({ code: 1, stderr: expect.stringContaining('ended with SIGKILL') as string });
  const { workers } = JSON.parse((await ask('status')).stdout) as MasterStatus;
  await load.more(
    5,
    workers.map(({ pid }) => pid ?? 0),
  );
  await load.stop();
  expect({ lost: load.lost, refused: load.refused }).toEqual({ lost: [], refused: [] });
  await down(server, program.pid);
});
