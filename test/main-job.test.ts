// The main job, `npm start`, as its users see it.
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ps } from 'truefork';
import { nodes, Program, run } from './support/programs';
import { groupOf } from './support/processes';
import { isolated } from './support/runtime';

const job = join(__dirname, '..', 'examples', 'rpc', 'start.mjs');
const truefork = join(__dirname, '..', 'dist', 'cli', 'main.js');

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('2,200 calls are made and none is lost while a worker is killed', async () => {
    const { code, stdout, stderr } = await run(job, { node, env: isolated() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^calls made +2200 in \d+ ms/m);
    expect(stdout).toMatch(/^calls lost +0$/m);
    expect(stdout).toMatch(/^zombies +none$/m);
    expect(stdout).toMatch(/^processes left 0, registered instances left 0$/m);
    expect(stdout).toMatch(/got SIGKILL\nit was reaped, and pid \d+ accepts in its place$/m);
  });
});

test('the worker has a client when it is killed, however late the job hears that half of the calls are made', async () => {
  const env = isolated();
  const program = new Program(job, { env });
  const [, master = ''] = await program.printed(/^master +(\d+) /m);
  // The server, and the client, which begins in a moment.
  while (ps({ parent: program.pid }).length < 2) await turn();
  process.kill(program.pid, 'SIGSTOP');
  for (let made = 0; made < (3 / 4) * 2200;) {
    const { stdout } = await run(truefork, { args: ['ps', '--json', master], env });
    const [{ processes }] = JSON.parse(stdout) as [{ processes: [{ requests: number }] }];
    made = processes[0].requests;
  }
  process.kill(program.pid, 'SIGCONT');
  const { code, stdout, stderr } = await program.finished();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/ on [1-9]\d* connections when it got SIGKILL$/m);
});

test('interrupted midway it ends, with a status that tells so', async () => {
  const program = new Program(job, { env: isolated() });
  await program.printed(/midway a worker is killed$/m);
  process.kill(-program.pid, 'SIGINT');
  const { code, stderr } = await program.finished();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^failed: /);
  expect(groupOf(program.pid)).toEqual([]);
});

test('with --stay it serves until Ctrl-C', async () => {
  const env = isolated();
  const program = new Program(job, { args: ['--stay'], env });
  const [, registry = ''] = await program.printed(/^npx truefork call rpc ping '"hello"' --registry (\S+)$/m);
  const [, master = ''] = await program.printed(/^npx truefork ps (\d+)$/m);
  const call = await run(truefork, { args: ['call', 'rpc', 'ping', '"hello"', '--registry', registry], env });
  expect(call).toMatchObject({ code: 0, stdout: '"hello"\n', stderr: '' });
  expect((await run(truefork, { args: ['ps', master], env })).stdout).toContain(master);
  // To the foreground's process group, as a terminal does.
  process.kill(-program.pid, 'SIGINT');
  const { code, stdout, stderr } = await program.finished();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^calls lost +0$/m);
  expect(groupOf(program.pid)).toEqual([]);
});
