import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { connectRegistry } from 'truefork/discovery';
import { ZooKeeperClient } from 'truefork/zookeeper';
import { Program } from '../support/programs';
import { childrenOf, groupOf } from '../support/processes';
import { isolated, temporaryDirectory } from '../support/runtime';
import { startServer } from '../support/zookeeper';
import { command, serve, truefork } from './truefork';

function watch(...args: string[]): Program {
  return new Program(command, { args: ['watch', ...args], env: isolated() });
}

test('truefork watch prints a line for each instance that comes or goes, whatever is in it', async () => {
  const url = pathToFileURL(temporaryDirectory()).href;
  const registry = await connectRegistry(url);
  const first = await registry.register('web', { host: '::1', port: 1 });
  const program = watch('web', '--registry', url);
  await program.printed(new RegExp(`^\\+ \\[::1\\]:1 ${first.id}\n$`));
  const second = await registry.register('web', { host: '\u001b[2J\n', port: 2 });
  await program.printed(new RegExp(`\n\\+ \\\\u001b\\[2J\\\\u000a:2 ${second.id}\n$`));
  await first.update({ host: 'a', port: 3 });
  await program.printed(new RegExp(`\n- \\[::1\\]:1 ${first.id}\n\\+ a:3 ${first.id}\n$`));
  await registry.close();
  await program.printed(/\n- a:3 .*\n/);
  await program.printed(/\n- \\u001b.*\n/);
  program.kill('SIGTERM');
  const { code, stderr } = await program.finished();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test.each([
  [[], /^truefork: NAME is missing/],
  [['a/b'], /1 to 100 letters/],
  [['a', '--registry', 'http://b'], /there is no registry for 'http:' URLs/],
  [['a', '--registry', 'zk://me:secret@'], /must be like zk:.*see truefork watch --help/],
])('truefork watch %j is a mistake', async (args, message) => {
  const { code, stdout, stderr } = await truefork(['watch', ...args], isolated());
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('secret');
});

describe('with ZooKeeper', () => {
  const sockets = (pid: number) =>
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:') ? fd : [];
      } catch {
        return [];
      }
    }).length;

  test('a server is registered when its workers serve, called, and gone before they end; no fork has its session', async () => {
    const server = await startServer();
    const url = `zk://${server.address}/demo`;
    const client = new ZooKeeperClient(server.address);
    try {
      await client.start();
      const watching = watch('rpc', '--registry', url);
      const args = ['-w', '2', '--register', 'rpc', '--registry', url];
      const env = isolated();
      const { program, port } = await serve('../../examples/rpc/server.mjs', { env, args });
      const [, id = ''] = await watching.printed(new RegExp(`^\\+ 127\\.0\\.0\\.1:${port} (\\S+)\n$`));
      expect(await client.getChildren('/demo')).toEqual([`_c_${id}-rpc0000000000`]);
      await program.logged(/ ready[^]* ready[^]* registered name=rpc host=127\.0\.0\.1 port=\d+/);
      const answer = await truefork(['call', 'rpc', 'ping', '"x"', '--registry', url], isolated());
      expect(answer).toMatchObject({ code: 0, stdout: '"x"\n', stderr: '' });

      // A mold that is forked while the session is open does not have it.
      const molds = () => childrenOf(program.pid).map((pid) => sockets(pid));
      const before = Math.max(...molds());
      program.kill('SIGHUP');
      await program.logged(/ reloaded /);
      expect(Math.max(...molds())).toBeLessThanOrEqual(before);
      expect(await client.getChildren('/demo')).toEqual([`_c_${id}-rpc0000000000`]);

      // A new master has the same id, and nobody has heard of it.
      const upgraded = await truefork(['upgrade', String(program.pid)], env);
      expect(upgraded).toMatchObject({ code: 0, stderr: '' });
      while (groupOf(program.pid).some(({ pid, state }) => pid === program.pid && state !== 'Z')) await sleep(10);
      expect(await client.getChildren('/demo')).toEqual([`_c_${id}-rpc0000000001`]);
      expect(watching.stdout).toBe(`+ 127.0.0.1:${port} ${id}\n`);

      process.kill(Number(upgraded.stdout), 'SIGTERM');
      await watching.printed(new RegExp(`\n- 127\\.0\\.0\\.1:${port} ${id}\n$`));
      expect((await program.finished()).code).toBe(0);
      expect(await client.getChildren('/demo')).toEqual([]);
      watching.kill('SIGINT');
      expect(await watching.finished()).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await client.stop();
      await server.destroy();
    }
  });

  test('a server on all addresses needs one to be registered by, and a ZooKeeper that is there', async () => {
    const application = new URL('../../examples/rpc/server.mjs', pathToFileURL(__filename)).pathname;
    const all = ['serve', application, '-w', '1', '--register', 'rpc', '--registry', 'zk://127.0.0.1:1/demo'];
    const unknown = await truefork(all, isolated());
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toMatch(/listens on all addresses, .* --host or --advertise HOST/);

    const server = await startServer();
    try {
      const url = `zk://${server.address}/demo`;
      const program = new Program(command, {
        args: [...all.slice(0, -1), url, '--advertise', 'rpc.example', '--log-format', 'text'],
        env: isolated(),
      });
      await program.logged(/ registered name=rpc host=rpc\.example port=\d+/);
      program.kill('SIGTERM');
      expect((await program.finished()).code).toBe(0);
    } finally {
      await server.destroy();
    }
  });
});
