import { kill } from 'truefork';
import { isolated } from '../support/runtime';
import { childrenOf } from '../support/processes';
import { HttpConnection } from '../prefork/http-connection';
import { serve, truefork } from './truefork';

describe('truefork call', () => {
  test('prints the result of a live instance as JSON', async () => {
    const env = isolated();
    const { program } = await serve('../../examples/rpc/server.mjs', { env, args: ['-w', '2', '--register', 'rpc'] });
    await program.logged(/ registered name=rpc /);
    const answers = await Promise.all(
      [['"hällo"'], ['{"a":[1,null]}'], ['5', '--timeout', '60000'], []].map((rest) =>
        truefork(['call', 'rpc', 'ping', ...rest], env),
      ),
    );
    expect(answers.map(({ stdout }) => stdout)).toEqual(['"hällo"\n', '{"a":[1,null]}\n', '5\n', 'null\n']);
    for (const { code, stderr } of answers) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    const unknown = await truefork(['call', 'rpc', 'fly', '1'], env);
    expect(unknown).toMatchObject({ code: 1, stdout: '', stderr: 'truefork: no such method: "fly"\n' });
    program.kill('SIGTERM');
    expect((await program.finished()).code).toBe(0);
  });

  test('gives up when no instance comes', async () => {
    const { code, stdout, stderr } = await truefork(['call', 'nobody', 'ping', '1', '--timeout', '50'], isolated());
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: 'truefork: no instance of nobody\n' });
  });
});

test('truefork call gives up on a registry, too, that does not answer in time', async () => {
  const args = ['call', 'rpc', 'ping', '--timeout', '50', '--registry', 'zk://127.0.0.1:1/services'];
  const { code, stdout, stderr } = await truefork(args, isolated());
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^(truefork: .*\n)*truefork: 127\.0\.0\.1:1: no connection within 50 ms.*\n$/);
});

describe('truefork ps', () => {
  test('shows that no family runs', async () => {
    const env = isolated();
    expect(await truefork(['ps'], env)).toMatchObject({ code: 0, stdout: 'no family runs\n', stderr: '' });
    expect(await truefork(['ps', '--json'], env)).toMatchObject({ code: 0, stdout: '[]\n', stderr: '' });
    expect(await truefork(['ps', '1'], env)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'truefork: process 1 is no master of yours\n',
    });
  });

  test('tells that there can be no such directory, also where the kernel makes none', async () => {
    expect(await truefork(['ps'], { XDG_RUNTIME_DIR: '/proc' })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: "truefork: ENOENT: no such file or directory, mkdir '/proc/truefork'\n",
    });
  });

  test('shows a family while it runs, as a table and as JSON', async () => {
    const env = isolated();
    const { program, port } = await serve('cli-listener.mjs', { env, args: ['--workers', '2'] });
    await program.logged(/(worker=\d pid=\d+ ready[^]*){2}/);
    const connection = await HttpConnection.open(port);
    await connection.get();
    await connection.get();

    const { pid } = program;
    const table = await truefork(['ps', String(pid)], env);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    const [title, head, master, mold, ...workers] = table.stdout.trimEnd().split('\n');
    expect(title).toBe(`127.0.0.1 port ${port}`);
    expect(head?.split(/ +/)).toEqual([
      'ROLE',
      'PID',
      'PPID',
      'STATE',
      'GENERATION',
      'SINCE',
      'REQUESTS',
      'CONNECTIONS',
    ]);
    expect(master).toMatch(new RegExp(`^master +${pid} +${process.pid} +running +\\S+ \\S+ +2 +1$`));
    const pids = childrenOf(pid);
    expect(mold).toMatch(new RegExp(`^└ mold +(${pids.join('|')}) +${pid} +ready +1 +\\S+ \\S+ +0 +0$`));
    for (const [n, line] of workers.entries()) {
      expect(line).toMatch(new RegExp(`^└ worker ${n} +(${pids.join('|')}) +${pid} +ready +1 +\\S+ \\S+ +[02] +[01]$`));
    }
    expect(workers).toHaveLength(2);

    // What the kernel knows better.
    const [stopped = 0] = pids;
    kill(stopped, 'SIGSTOP');
    const json = await truefork(['ps', '--json'], env);
    kill(stopped, 'SIGCONT');
    const families = JSON.parse(json.stdout) as { host: string; port: number; processes: Record<string, unknown>[] }[];
    expect(families).toMatchObject([
      { host: '127.0.0.1', port, processes: [{ role: 'master', pid }, { role: 'mold' }, {}, {}] },
    ]);
    const states = families[0]?.processes.slice(1).map((row) => [row['pid'] === stopped, row['state']]);
    expect(states).toContainEqual([true, 'stopped']);
    expect(states).toContainEqual([false, 'ready']);

    program.kill('SIGTERM');
    await program.finished();
    expect((await truefork(['ps'], env)).stdout).toBe('no family runs\n');
  });
});
