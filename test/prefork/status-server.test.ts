// The status page and its neighbours, by HTTP.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { serve, truefork } from '../cli/truefork';
import { programPath } from '../support/programs';
import { isolated, temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { HttpConnection } from './http-connection';
import { ask, statusPort, statusWhen } from './status-client';

const page = readFileSync(join(__dirname, '..', '..', 'dist', 'prefork', 'status-page.html'), 'utf8');

async function up(options: Record<string, unknown> = {}) {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1, statusPort: 0, ...options } });
  return { family, port: await statusPort(family) };
}

function inner(element: string): string {
  return new RegExp(`<${element}>([^]*?)</${element}>`).exec(page)?.[1] ?? '';
}

test('the page has everything in it, and its policy allows that and nothing else', async () => {
  const { family, port } = await up();
  const { status, headers, body } = await ask(port, '/');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(body).toBe(page);
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = new Map(
    String(headers['content-security-policy'])
      .split('; ')
      .map((directive) => {
        const [name = '', ...sources] = directive.split(' ');
        return [name, sources.join(' ')];
      }),
  );
  expect(Object.fromEntries(policy)).toEqual({
    'default-src': "'none'",
    'script-src': hash(inner('script')),
    'style-src': hash(inner('style')),
    'img-src': 'data:',
    'connect-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  });
  await family.stop();
});

test('the page refers to nobody, and has nothing that its policy would forbid', () => {
  // The names of XML's vocabularies are no addresses.
  const text = page.replaceAll('http://www.w3.org/2000/svg', '');
  expect(text).not.toMatch(/https?:|\/\/[a-z0-9-]+\.[a-z]/i);
  expect(text).not.toMatch(/\ssrc=|@import|url\(/);
  expect([...text.matchAll(/<link\s[^>]*href="([^"]*)/g)].map(([, to]) => to?.slice(0, 5))).toEqual(['data:']);
  expect([...text.matchAll(/<(script|style)\b([^>]*)>/g)].map(([, name, rest]) => `${name}${rest}`)).toEqual([
    'style',
    'script',
  ]);
  const markup = text.replace(inner('script'), '').replace(inner('style'), '');
  expect(markup).not.toMatch(/\sstyle=|\son\w+=/);
  expect(inner('script')).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
  // As a program: no syntax error.
  expect(() => new Script(inner('script'))).not.toThrow();
});

test('only GET and HEAD of what there is, from the machine itself, without a body', async () => {
  const { family, port } = await up();
  const status = async (...parameters: Parameters<typeof ask> extends [number, ...infer Rest] ? Rest : never) =>
    (await ask(port, ...parameters)).status;
  for (const path of ['/', '/status.json', '/metrics', '/healthz', '/?x=1']) expect(await status(path)).toBe(200);
  for (const path of ['/x', '/status', '//', '/../', '/constructor', '*']) expect(await status(path)).toBe(404);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    expect(await ask(port, '/', { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  }
  const head = await ask(port, '/status.json', { method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, body: '' });
  expect(Number(head.headers['content-length'])).toBeGreaterThan(100);
  expect(await status('/', { method: 'GET', headers: { 'Content-Length': 1 } }, 'x')).toBe(413);

  const from = (host: string) => status('/status.json', { headers: { Host: host } });
  for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:80', 'LOCALHOST:1', '127.9.9.9'])
    expect([host, await from(host)]).toEqual([host, 200]);
  for (const host of ['example.com', `example.com:${port}`, '127.0.0.1.example.com', '127.evil.example', '10.0.0.1'])
    expect([host, await from(host)]).toEqual([host, 403]);

  for (const path of ['/', '/status.json', '/x']) {
    expect((await ask(port, path)).headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(/default-src 'none'/) as string,
    });
  }
  await family.stop();
});

test('a check of HTTP/1.0 may say no name: no browser does', async () => {
  const { family, port } = await up();
  const connection = await HttpConnection.open(port);
  connection.send('GET /healthz HTTP/1.0\r\n\r\n');
  expect(await connection.answer()).toMatchObject({ status: 200, body: 'ok' });
  await family.stop();
});

test('an address of the loopback is one in IPv6 too', async () => {
  const { family, port } = await up({ statusHost: '::ffff:127.0.0.1' });
  const from = async (host: string) => (await ask(port, '/healthz', { headers: { Host: host } })).status;
  for (const host of ['localhost', `127.0.0.1:${port}`, '[::ffff:127.0.0.1]:80'])
    expect([host, await from(host)]).toEqual([host, 200]);
  for (const host of ['example.com', '[::ffff:10.0.0.1]']) expect([host, await from(host)]).toEqual([host, 403]);
  await family.stop();
});

test('where it is not of the loopback, any name will do', async () => {
  const { family, port } = await up({ statusHost: '0.0.0.0' });
  expect(await ask(port, '/healthz', { headers: { Host: 'status.example.com' } })).toMatchObject({ status: 200 });
  await family.stop();
});

test('it tells that it is healthy when a worker accepts, and until it stops', async () => {
  const obstacle = join(temporaryDirectory(), 'obstacle');
  writeFileSync(obstacle, 'hang');
  const boots = new Family('prefork-replace.mjs', { options: { workers: 1, statusPort: 0 }, args: [obstacle] });
  expect(await ask(await statusPort(boots), '/healthz')).toMatchObject({ status: 503 });
  boots.program.kill('SIGINT');
  await boots.program.finished();

  const { family, port } = await up();
  expect(await ask(port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
  const busy = await HttpConnection.open(family.port);
  await busy.begin();
  family.program.kill('SIGTERM');
  const { stopping } = await statusWhen(port, ({ workers: [first] }) => first?.state === 'stopping');
  expect(stopping).toBe('graceful');
  expect(await ask(port, '/healthz')).toMatchObject({ status: 503 });
  busy.finishBody();
  await family.ended();
});

test('connections are limited, and those that are open do not keep the server from stopping', async () => {
  const { family, port } = await up();
  let closed = 0;
  const connections = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'));
  await new Promise<void>((resolve) => {
    for (const connection of connections) {
      connection.on('error', () => undefined);
      connection.once('close', () => {
        if (++closed === 100 - 32) resolve();
      });
    }
  });
  expect(connections.filter(({ destroyed }) => !destroyed)).toHaveLength(32);
  await family.stop();
});

test('those who say nothing keep others out for ten seconds at most', async () => {
  const { family, port } = await up();
  const began = performance.now();
  const connections = Array.from({ length: 32 }, () => connect(port, '127.0.0.1'));
  const closed = connections.map((connection) => once(connection.resume(), 'close'));
  await Promise.all(closed);
  // Node.js alone looks for them every 30 s.
  expect(performance.now() - began).toBeLessThan(25_000);
  expect((await ask(port, '/healthz')).status).toBe(200);
  await family.stop();
});

test('workers have nothing of it', async () => {
  const { family, port } = await up();
  const connection = connect(port, '127.0.0.1');
  await new Promise<void>((resolve) => connection.once('connect', resolve));
  connection.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await new Promise((resolve) => connection.once('data', resolve));
  const [old = 0] = family.workers;
  family.program.kill('SIGHUP');
  await family.exited(old);
  const [worker = 0] = family.workers;
  expect(worker).not.toBe(old);
  // Its sockets: the one that listens, and those that somebody has connected to.
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => local?.endsWith(`:${hex}`))
    .map((fields) => `socket:[${fields[9]}]`);
  const socketsOf = (pid: number) =>
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return ''; // It has been closed meanwhile.
      }
    });
  expect(socketsOf(family.master).filter((socket) => inodes.includes(socket))).toHaveLength(2);
  expect(socketsOf(worker).filter((socket) => inodes.includes(socket))).toEqual([]);
  connection.destroy();
  await family.stop();
});

test('who asks for an address that cannot be had is told, and nothing is left', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const { port } = blocker.address() as AddressInfo;
  const env = isolated();
  const options = ['--workers', '1', '--status-port', String(port)];
  const taken = await truefork(['serve', programPath('cli-listener.mjs'), ...options], env);
  expect(taken).toMatchObject({ code: 69, stdout: '' });
  expect(taken.stderr).toMatch(/EADDRINUSE/);
  blocker.close();
});

test('the flags of the command, and their mistakes', async () => {
  const env = isolated();
  const { program } = await serve('cli-listener.mjs', { env, args: ['--workers', '1', '--status-port', '0'] });
  const [, port] = await program.logged(/ status host=127\.0\.0\.1 port=(\d+)/);
  await program.logged(/^worker=0 pid=\d+ ready/m);
  expect(await ask(Number(port), '/healthz')).toMatchObject({ status: 200 });
  program.kill('SIGTERM');
  await program.finished();

  const wrong = async (...args: string[]) => {
    const { code, stderr } = await truefork(['serve', programPath('cli-listener.mjs'), ...args], env);
    return [code, stderr.trim()];
  };
  expect(await wrong('--status-port', '65536')).toEqual([2, expect.stringContaining('--status-port takes')]);
  expect(await wrong('--status-host', '::1')).toEqual([2, expect.stringContaining('--status-host needs')]);
});
