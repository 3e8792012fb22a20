// A listening socket for each worker, kept by the master.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { kill } from 'truefork';
import { nodes, Program, programPath, run } from '../support/programs';
import { resourcesOf } from '../support/processes';
import { familyFolder, isolated } from '../support/runtime';
import { command, truefork } from '../cli/truefork';
import { Family } from './family';
import { HttpConnection, oneToEach } from './http-connection';
import { Load } from './load';

/** One request on a connection of its own: the pid of the worker that answered. */
async function call(port: number): Promise<number> {
  const connection = await HttpConnection.open(port);
  const { body } = await connection.get();
  connection.close();
  return Number(body);
}

/** How often each worker answers so many calls, of which so many are under way at a time. */
async function calls(port: number, count: number, width: number): Promise<Map<number, number>> {
  const answered = new Map<number, number>();
  let left = count;
  const client = async () => {
    while (left-- > 0) {
      const pid = await call(port);
      answered.set(pid, (answered.get(pid) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: width }, client));
  return answered;
}

/** The inodes of the sockets that listen on a port. */
function listenersOn(port: number): string[] {
  const LISTEN = '0A';
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .filter(([, local, , state]) => state === LISTEN && parseInt(local?.split(':')[1] ?? '', 16) === port)
    .map((row) => row[9] ?? '');
}

/** Which of these sockets a process has open. */
function openIn(pid: number, inodes: readonly string[]): string[] {
  const folder = `/proc/${pid}/fd`;
  const links = new Set(readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`)));
  return inodes.filter((inode) => links.has(`socket:[${inode}]`));
}

const options = { workers: 4, reusePort: true };

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('each worker has a socket of its own, and its share of the connections', async () => {
    const family = await Family.up('prefork-http.mjs', { node, options });
    const sockets = listenersOn(family.port);
    expect(sockets).toHaveLength(4);
    expect(openIn(family.master, sockets)).toHaveLength(4);

    const answered = await calls(family.port, 800, 8);
    expect(new Set(answered.keys())).toEqual(new Set(family.workers));
    // 200 each, by chance: 120 are 6.5 standard deviations less.
    for (const count of answered.values()) expect(count).toBeGreaterThan(120);
    await family.stop();
  });

  test('what waits for a worker that is killed, the next one in its place answers', async () => {
    const family = await Family.up('prefork-http.mjs', { node, options });
    for (let round = 0; round < 4; round++) {
      const victim = family.workers[round] ?? 0;
      // It accepts none of them.
      kill(victim, 'SIGSTOP');
      while (!/^State:\tT/m.test(readFileSync(`/proc/${victim}/status`, 'latin1'))) await new Promise(setImmediate);
      const all = Array.from({ length: 400 }, () => call(family.port));
      const first = await Promise.race(all);
      expect(first).not.toBe(victim);
      kill(victim, 'SIGKILL');
      const next = await family.successor(victim);
      const answered = await Promise.all(all);
      expect(answered).not.toContain(victim);
      expect(answered.filter((pid) => pid === next).length).toBeGreaterThan(0);
    }
    await family.stop();
  });
});

test('no connection is lost while workers are replaced', async () => {
  const family = await Family.up('prefork-http.mjs', { options });
  const load = new Load(family.port, 8, await oneToEach(family.port, family.workers));
  let replacing = true;
  const connecting = (async () => {
    while (replacing) await calls(family.port, 100, 4);
  })();
  for (let generation = 2; generation < 6; generation++) {
    family.program.kill('SIGUSR2');
    await family.program.printed(new RegExp(`reforked generation=${generation}`));
    expect(new Set((await calls(family.port, 200, 4)).keys()).size).toBeGreaterThanOrEqual(4);
  }
  replacing = false;
  await connecting;
  expect({ lost: load.lost, refused: load.refused }).toEqual({ lost: [], refused: [] });
  await load.stop();
  await family.stop();
});

test('none is lost while there are fewer and more workers', async () => {
  const env = isolated();
  const program = new Program(command, {
    env,
    args: [
      'serve',
      programPath('cli-pid.mjs'),
      '--host',
      '127.0.0.1',
      '-w',
      '4',
      '--reuse-port',
      '--log-format',
      'text',
    ],
  });
  const [, text] = await program.logged(/ listening host=127\.0\.0\.1 port=(\d+)/);
  const port = Number(text);
  const pid = String(program.pid);
  const ready = async (count: number) => {
    while ([...program.stderr.matchAll(/^worker=\d+ pid=\d+ ready/gm)].length < count) {
      await once(program.process.stderr ?? program.process, 'data');
    }
  };
  await ready(4);
  // The control socket is there when all workers are.
  const control = join(familyFolder(env), `${pid}.control`);
  while (!existsSync(control)) await new Promise(setImmediate);
  const { descriptors } = resourcesOf(program.pid);
  let more = true;
  const connecting = (async () => {
    const pids = new Set<number>();
    while (more) for (const answerer of (await calls(port, 100, 8)).keys()) pids.add(answerer);
    return pids;
  })();
  let started = 4;
  let [before, ended] = [4, 0];
  for (const [workers, added] of [
    [1, 0],
    [3, 2],
    [2, 0],
    [4, 2],
  ] as const) {
    expect((await truefork(['scale', pid, String(workers)], env)).code).toBe(0);
    await ready((started += added));
    // Those that leave accept for two seconds, and are answered for.
    ended += before - workers > 0 ? before - workers : 0;
    before = workers;
    while ([...program.stderr.matchAll(/^worker=\d+ pid=\d+ exited code=0/gm)].length < ended) await call(port);
  }
  more = false;
  expect((await connecting).size).toBeGreaterThan(4);
  // The last connection to the control socket may still be closing.
  while (resourcesOf(program.pid).descriptors !== descriptors) await new Promise(setImmediate);
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('with no worker left, connections wait', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { ...options, workers: 2 } });
  const workers = family.workers;
  for (const left of [1, 0]) {
    family.program.kill('SIGTTOU');
    await family.program.printed(new RegExp(`scale workers=${left} `));
  }
  for (const pid of workers) await family.exited(pid);
  const waiting = Array.from({ length: 20 }, () => call(family.port));
  family.program.kill('SIGTTIN');
  const answered = new Set(await Promise.all(waiting));
  // The worker may have answered before its master says that it is ready.
  await family.lines(/^worker=\d+ pid=\d+ ready/, 3);
  expect(answered).toEqual(new Set(family.workers));
  await family.stop();
});

test('nobody else’s port is shared', async () => {
  const family = await Family.up('prefork-http.mjs', { options });
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  for (const port of [family.port, (other.address() as AddressInfo).port]) {
    const { code, stderr } = await run(programPath('prefork-http.mjs'), {
      env: isolated(),
      args: [JSON.stringify({ ...options, port })],
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/EADDRINUSE/);
  }
  other.close();
  await family.stop();
});
