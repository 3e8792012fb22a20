// The main job, `npm start`, as its users see it.
import { join } from 'node:path';
import { nodes, Program, run } from './support/programs';
import { groupOf } from './support/processes';
import { isolated } from './support/runtime';

const job = join(__dirname, '..', 'examples', 'rpc', 'start.mjs');

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

test('with --stay it serves until Ctrl-C', async () => {
  const env = isolated();
  const program = new Program(job, { args: ['--stay'], env });
  const [, registry = ''] = await program.printed(/^npx truefork call rpc ping '"hello"' --registry (\S+)$/m);
  const [, master = ''] = await program.printed(/^npx truefork ps (\d+)$/m);
  const truefork = join(__dirname, '..', 'dist', 'cli', 'main.js');
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
