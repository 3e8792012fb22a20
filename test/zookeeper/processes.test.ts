// The client in processes that fork, stop, end and throw.
import { nodes, Program, programPath, run } from '../support/programs';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { started } from './clients';

let server: ZooKeeperServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.destroy();
});

test.each(nodes())(
  'a forked child has nothing of its parent’s session, on Node $major',
  async ({ major, path: node }) => {
    const program = new Program(programPath('zookeeper-forked.mjs'), {
      node,
      args: [server.address, `/parent-${major}`],
    });
    await program.printed(/^child ready$/m);
    await program.printed(/^parent ready$/m);
    expect(program.stdout.match(/^child.*$/gm)).toEqual([
      'child: 0 sockets, closed, id undefined',
      'child: get ERR_ZOOKEEPER_SESSION_CLOSED',
      'child: create ERR_ZOOKEEPER_SESSION_CLOSED',
      'child: start ERR_ZOOKEEPER_SESSION_CLOSED',
      'child: auth ERR_ZOOKEEPER_SESSION_CLOSED',
      'child: watch ERR_ZOOKEEPER_SESSION_CLOSED',
      'child: stop done',
      'child: own true, owner true',
      'child: told 0',
      'child ready',
    ]);
    program.kill('SIGUSR2');
    await program.printed(/^parent: set true, told answered$/m);
    expect(program.stdout).toMatch(/^parent: connected, true$/m);
    expect(program.stderr).toBe('');

    // The child holds nothing that would keep the parent's connection: the server sees its end.
    const connection = /sid=0x[0-9a-f]+/g;
    const before = (await server.connections()).match(connection) ?? [];
    program.kill('SIGKILL');
    while (((await server.connections()).match(connection) ?? []).length >= before.length) {
      await new Promise(setImmediate);
    }
    program.end();
  },
);

describe('a process', () => {
  const lifetime = (what: string) => run(programPath('zookeeper-lifetime.mjs'), { args: [server.address, what] });

  test('ends when its client is stopped, or does not keep it', async () => {
    expect(await lifetime('stop')).toMatchObject({
      code: 0,
      stdout: 'state connected\nstate closed\nend\n',
      stderr: '',
    });
    expect(await lifetime('unref')).toMatchObject({ code: 0, stdout: 'state connected\nhas true\nend\n', stderr: '' });
  });

  test('ends while the server hangs, when its client is stopped', async () => {
    const own = await startServer();
    try {
      const program = new Program(programPath('zookeeper-lifetime.mjs'), { args: [own.address, 'ref'] });
      await program.printed(/^end$/m);
      own.kill('SIGSTOP');
      await program.printed(/^state suspended$/m);
      expect(program.process.exitCode).toBeNull();
      program.kill('SIGTERM');
      expect((await program.finished()).signal).toBe('SIGTERM');
    } finally {
      await own.destroy();
    }
  });

  test('that throws in a watcher or a listener has an uncaught exception, and the client goes on', async () => {
    const { code, stdout, stderr } = await lifetime('throws');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    expect(lines.filter((line) => line === 'uncaught of a watcher')).toHaveLength(1);
    expect(lines.filter((line) => line === 'uncaught of a listener')).toHaveLength(1);
    expect(lines.filter((line) => line === 'uncaught of a watch').length).toBeGreaterThan(0);
    expect(lines.slice(-2)).toEqual(['uncaught of a listener', 'end']);
  });

  test('that was stopped for longer than its session makes a new one', async () => {
    await started(server.address);
    const program = new Program(programPath('zookeeper-lifetime.mjs'), { args: [server.address, 'ref'] });
    await program.printed(/^end$/m);
    program.kill('SIGSTOP');
    // The server closes the connection of a session that has expired.
    while (((await server.connections()).match(/sid=/g) ?? []).length > 1) await new Promise(setImmediate);
    program.kill('SIGCONT');
    await program.printed(/state suspended\nstate lost\nstate connected\n$/);
    program.end();
  });
});
