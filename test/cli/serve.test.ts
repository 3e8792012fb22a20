import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connectRegistry } from 'truefork/discovery';
import { nodes, Program, programPath } from '../support/programs';
import { groupOf } from '../support/processes';
import { isolated, temporaryDirectory } from '../support/runtime';
import { command, serve } from './truefork';

async function text(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/path`, { headers: { connection: 'close' } });
  return response.text();
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test.each([
    ['a listener', 'cli-listener.mjs', 'listener of /path\n'],
    ['a listener of CommonJS', 'cli-listener.cjs', 'cjs listener of /path\n'],
    ['a listener of a compiled module', 'cli-compiled.cjs', 'compiled listener of /path\n'],
    ['what a function makes', 'cli-factory.mjs', 'made listener of /path\n'],
    ['an http server', 'cli-http-server.mjs', 'server of /path\n'],
    ['a net server', 'cli-net-server.mjs', 'net server\n'],
  ])('serves %s', async (_, file, answer) => {
    const { program, port } = await serve(file, { node, env: isolated(), args: ['--workers', '1'] });
    expect(await text(port)).toBe(answer);
    program.kill('SIGTERM');
    expect(await program.finished()).toMatchObject({ code: 0, stdout: '' });
    expect(groupOf(program.pid)).toEqual([]);
  });

  test('serves an http2 server', async () => {
    const { program, port } = await serve('cli-http2-server.mjs', { node, env: isolated(), args: ['--workers', '1'] });
    const session = connect(`http://127.0.0.1:${port}`);
    const stream = session.request({ ':path': '/path' }).setEncoding('utf8');
    expect(await stream.toArray()).toEqual(['h2 server of /path\n']);
    program.kill('SIGTERM');
    await once(session, 'close');
    expect(await program.finished()).toMatchObject({ code: 0, stdout: '' });
    expect(groupOf(program.pid)).toEqual([]);
  });
});

test.each(['cli-last.mjs', 'cli-last.cjs', 'cli-last-compiled.cjs'])(
  'workers know who they are, and do last what %s exports',
  async (file) => {
    const { program, port } = await serve(file, { env: isolated(), args: ['--workers', '1'] });
    const first = JSON.parse(await text(port)) as { pid: number };
    expect(first).toEqual({ worker: 0, generation: 1, pid: expect.any(Number) as number });
    program.kill('SIGHUP');
    await program.logged(new RegExp(`^worker=0 pid=${first.pid} exited code=0$`, 'm'));
    expect(JSON.parse(await text(port))).toMatchObject({ worker: 0, generation: 2 });
    program.kill('SIGTERM');
    expect(await program.finished()).toMatchObject({
      code: 0,
      stdout: 'worker 0 of 1 is clean\nworker 0 of 2 is clean\n',
    });
  },
);

test('the onClose hooks of Fastify are awaited', async () => {
  const { program, port } = await serve('cli-fastify.mjs', { env: isolated(), args: ['--workers', '1'] });
  expect(await text(port)).toBe('hello');
  program.kill('SIGTERM');
  const { code, stdout, stderr } = await program.finished();
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'onClose is done\n' });
  expect(stderr).toMatch(/^worker=0 pid=\d+ exited code=0$/m);
});

test('the server is registered while it accepts, and not after', async () => {
  const url = pathToFileURL(temporaryDirectory()).href;
  const registry = await connectRegistry(url);
  const { program, port } = await serve('cli-listener.mjs', {
    env: isolated(),
    args: ['--workers', '2', '--register', 'web', '--registry', url],
  });
  await program.logged(/ registered name=web /);
  expect(await registry.instances('web')).toMatchObject([{ host: '127.0.0.1', port }]);
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
  expect(await registry.instances('web')).toEqual([]);
  await registry.close();
});

test.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2'])('%s before the server is there changes nothing', async (signal) => {
  const file = join(temporaryDirectory(), 'config.mjs');
  const config = { application: programPath('cli-listener.mjs'), workers: 1, host: '127.0.0.1', logFormat: 'text' };
  writeFileSync(file, `process.kill(process.pid, '${signal}'); export default ${JSON.stringify(config)};`);
  const program = new Program(command, { args: ['serve', '--config', file], env: isolated() });
  await program.logged(/^worker=0 pid=\d+ ready/m);
  program.kill('SIGTERM');
  const { code, stderr } = await program.finished();
  expect(code).toBe(0);
  expect(stderr).toMatch(/^master pid=\d+ listening /);
});

test('SIGTERM while the workers start ends it with status 0', async () => {
  const { program } = await serve('cli-listener.mjs', { env: isolated(), args: ['--workers', '8'] });
  program.kill('SIGTERM');
  const { code, stderr } = await program.finished();
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/^truefork:/m);
  expect(groupOf(program.pid)).toEqual([]);
});

describe('a reload', () => {
  async function up() {
    const file = join(temporaryDirectory(), 'app.mjs');
    writeFileSync(file, 'export default (request, response) => response.end();');
    const program = new Program(command, {
      args: ['serve', file, '-w', '1', '--log-format', 'text', '--host', '127.0.0.1'],
      env: isolated(),
    });
    await program.logged(/^worker=0 pid=\d+ ready/m);
    return { file, program };
  }

  async function down(program: Program): Promise<void> {
    program.kill('SIGTERM');
    expect((await program.finished()).code).toBe(0);
  }

  test('of what cannot be loaded says so, and the old one goes on', async () => {
    const { file, program } = await up();
    writeFileSync(file, 'export default 5;');
    program.kill('SIGHUP');
    await program.logged(/^mold pid=\d+ exited code=65 generation=2$/m);
    await program.logged(/^truefork: .*app\.mjs must export by default a server/m);
    writeFileSync(file, 'process.exit();');
    program.kill('SIGHUP');
    await program.logged(/^mold pid=\d+ exited code=66 generation=3$/m);
    await program.logged(/^truefork: .*app\.mjs ended the process/m);
    expect(program.stderr).not.toMatch(/^worker=0 pid=\d+ exited/m);
    await down(program);
  });

  test('that a stop interrupts is no mistake of the application', async () => {
    const { file, program } = await up();
    writeFileSync(file, "console.error('loads'); await new Promise(() => setInterval(() => 0, 1e6));");
    program.kill('SIGHUP');
    await program.logged(/^loads$/m);
    await down(program);
    expect(program.stderr).not.toMatch(/^truefork:/m);
  });
});
