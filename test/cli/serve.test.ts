import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { connectRegistry } from 'truefork/discovery';
import { nodes, programPath } from '../support/programs';
import { groupOf } from '../support/processes';
import { isolated, temporaryDirectory } from '../support/runtime';
import { serve, truefork } from './truefork';

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
});

test('a program that cannot be loaded is shown with where it went wrong', async () => {
  const { code, stderr } = await truefork(['serve', programPath('cli-throws.mjs')], isolated());
  expect(code).toBe(1);
  expect(stderr).toMatch(/^truefork: .*cli-throws\.mjs could not be loaded: Error: this file is broken$/m);
  expect(stderr).toContain('cli-throws.mjs:2:');
});

test.each(['cli-bad-export.mjs', 'cli-no-export.mjs'])(
  '%s exports nothing that can be served, and is told so',
  async (file) => {
    const { code, stderr } = await truefork(['serve', programPath(file)], isolated());
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^truefork: .*${file} must export by default a server`, 'm'));
  },
);

test('so is one whose function throws', async () => {
  const { code, stderr } = await truefork(['serve', programPath('cli-factory-throws.mjs')], isolated());
  expect(code).toBe(1);
  expect(stderr).toMatch(/could not be loaded: Error: no server today\n.*cli-factory-throws\.mjs:3:/s);
});

test('a server whose workers do not start ends with status 1 and says so', async () => {
  const { code, stderr } = await truefork(['serve', programPath('cli-dies.mjs'), '--workers', '2'], isolated());
  expect(code).toBe(1);
  expect(stderr).toMatch(/^truefork: 5 workers ended before any was ready: the server cannot start/m);
});

test('an address that is in use ends it with status 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const args = ['serve', programPath('cli-listener.mjs'), '--host', '127.0.0.1', '--port', String(port)];
  const { code, stderr } = await truefork(args, isolated());
  taken.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^truefork: EADDRINUSE: /);
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

test('SIGTERM while the workers start ends it with status 0', async () => {
  const { program } = await serve('cli-listener.mjs', { env: isolated(), args: ['--workers', '8'] });
  program.kill('SIGTERM');
  const { code, stderr } = await program.finished();
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/^truefork:/m);
  expect(groupOf(program.pid)).toEqual([]);
});
