// How the client finds a server, and what it does while there is none.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureContext } from 'node:tls';
import { ConnectTimeoutError, SessionClosedError } from 'truefork/zookeeper';
import { Program, programPath } from '../support/programs';
import { startProxy } from '../support/tcp-proxy';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { started, TestClient } from './clients';

let server: ZooKeeperServer;
const listeners: Server[] = [];

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.destroy();
});

afterEach(async () => {
  for (const listener of listeners.splice(0)) await once(listener.close(), 'close');
});

/** A server of something else. It ends its connections when the test ends. */
async function listen(serve: (socket: Socket) => void, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  }).listen(0, host);
  listener.close = ((close) => () => {
    for (const socket of sockets) socket.destroy();
    return close();
  })(listener.close.bind(listener));
  await once(listener, 'listening');
  listeners.push(listener);
  return (listener.address() as AddressInfo).port;
}

async function unusedPort(): Promise<number> {
  const port = await listen(() => undefined);
  const listener = listeners.pop();
  if (listener) await once(listener.close(), 'close');
  return port;
}

test.each(['', ',', ' ', 'a:0', 'a:65536', 'a:x', 'a:1:2', '[::1', '[x]:1', 'a b:1', 'a:1//x', 'a:1/x/..', '/x'])(
  '%j is no connect string',
  (hosts) => {
    expect(() => new TestClient(hosts)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }) as Error);
  },
);

test('options that are none are refused', () => {
  const wrong = (options: object) => () => new TestClient('a', options);
  for (const options of [
    { sessionTimeout: 0 },
    { sessionTimeout: 'x' },
    { auth: {} },
    { auth: [{ scheme: '' }] },
    { defaultAcl: [] },
  ]) {
    expect(wrong(options)).toThrow();
  }
  for (const options of [{ randomizeHosts: 1 }, { tls: null }, { onWarning: 'x' }])
    expect(wrong(options)).toThrow(TypeError);
  expect(wrong({ tls: { ca: 'x', cert: 'x' } })).toThrow(/PEM/i);
  expect(wrong({ readOnly: true })).toThrow(/node-zookeeper-client has no read-only mode/);
});

test('a refused host and one that nobody knows are skipped', async () => {
  const hosts = ` 127.0.0.1:${await unusedPort()}, nobody.invalid:1 ,, localhost:${server.port} `;
  const client = await started(hosts, { randomizeHosts: false });
  expect(client.server).toBe(server.address);
  expect(client.warnings).toEqual([]);
});

test('when there is no server, start() says why, and the client is closed', async () => {
  const port = await unusedPort();
  const client = new TestClient(`127.0.0.1:${port},nobody.invalid:1`);
  const error: unknown = await client.start({ timeout: 500 }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ConnectTimeoutError);
  const { message } = error as Error;
  expect(message).toContain(`127.0.0.1:${port},nobody.invalid:1: no connection within 500 ms: `);
  expect(message).toContain('ECONNREFUSED');
  expect(message).toMatch(/nobody\.invalid:1: getaddrinfo E/);
  expect(client.state).toBe('closed');
  expect(client.warnings).toEqual([expect.stringContaining('ECONNREFUSED')]);
});

test('a client that begins before its server waits for it, and so do its operations', async () => {
  const proxy = await startProxy(server.port);
  proxy.refuse();
  const client = new TestClient(proxy.address);
  client.open();
  const children = client.getChildren('/');
  await proxy.listen();
  expect(await children).toContain('zookeeper');
  await client.went('connected');
});

test('an operation that finds no server in 4/3 of the session timeout is told why', async () => {
  const client = new TestClient(`127.0.0.1:${await unusedPort()}`, { sessionTimeout: 300 });
  client.open();
  await expect(client.create('/never')).rejects.toMatchObject({
    code: 'ERR_ZOOKEEPER_OPERATION_TIMEOUT',
    errno: -7,
    path: '/never',
    cause: { message: expect.stringContaining('ECONNREFUSED') as string },
  });
});

test('a client with the longest session timeout waits, too', async () => {
  const proxy = await startProxy(server.port);
  proxy.refuse();
  const client = new TestClient(proxy.address, { sessionTimeout: 2 ** 31 - 1 });
  client.open();
  const read = client.exists('/');
  while (client.warnings.length === 0) await new Promise(setImmediate);
  await proxy.listen();
  expect(await read).toMatchObject({ ephemeralOwner: 0n });
});

test('servers that accept and do not answer are given up for one that does', async () => {
  let accepted = 0;
  const port = await listen(() => accepted++);
  const client = await started(`127.0.0.1:${port},127.0.0.1:${server.port}`, {
    sessionTimeout: 2000,
    randomizeHosts: false,
  });
  expect(client.server).toBe(server.address);
  expect(accepted).toBe(1);
});

test('servers that are none do no harm', async () => {
  const answers = [
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    Buffer.from([0x7f, 0xff, 0xff, 0xff]),
    Buffer.from([0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0, 0, 0, 1, 7]),
    Buffer.from([0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0x7f, 0, 0, 0]),
    Buffer.alloc(0),
  ];
  let next = 0;
  const port = await listen((socket) => {
    socket.end(answers[next++ % answers.length] ?? '');
  });
  const hosts = answers.map(() => `127.0.0.1:${port}`).join(',');
  const client = new TestClient(hosts, { sessionTimeout: 600 });
  await expect(client.start({ timeout: 2000 })).rejects.toThrow(ConnectTimeoutError);
  expect(next).toBeGreaterThanOrEqual(answers.length);
  // They are tried less and less often: after 100 ms, 200 ms, …
  expect(next).toBeLessThanOrEqual(7 * answers.length);
});

test('an IPv6 server is one like others', async () => {
  const port = await listen((socket) => {
    const upstream = connect(server.port, '127.0.0.1').on('error', () => undefined);
    socket.pipe(upstream).pipe(socket);
    socket.on('close', () => upstream.destroy());
  }, '::1');
  const client = await started(`[::1]:${port}`);
  expect(client.server).toBe(`[::1]:${port}`);
});

test('the hosts are tried in random order, or in their own', async () => {
  const tried: number[] = [];
  const ports: number[] = [];
  for (let i = 0; i < 4; i++) {
    ports.push(
      await listen((socket) => {
        tried.push(i);
        socket.destroy();
      }),
    );
  }
  const hosts = [...ports, server.port].map((port) => `127.0.0.1:${port}`).join(',');
  await started(hosts, { randomizeHosts: false });
  expect(tried).toEqual([0, 1, 2, 3]);
  const firsts = new Set<number | undefined>();
  for (let i = 0; i < 40; i++) {
    tried.length = 0;
    await started(hosts);
    firsts.add(tried[0]);
  }
  expect(firsts.size).toBeGreaterThan(2);
});

describe('close at any moment', () => {
  test('in the tick of the start', async () => {
    const client = new TestClient(server.address);
    const start = client.start();
    const stop = client.stop();
    await expect(start).rejects.toThrow(SessionClosedError);
    await stop;
    expect(client.state).toBe('closed');
  });

  test('in each of the steps of a connection', async () => {
    for (let steps = 0; steps < 30; steps++) {
      const client = new TestClient(server.address);
      const start = client.start().catch((error: unknown) => {
        expect(error).toBeInstanceOf(SessionClosedError);
      });
      for (let i = 0; i < steps; i++) await new Promise(setImmediate);
      await client.stop();
      await start;
    }
    // Sooner or later the server sees that they are closed.
    while ((await server.connections()).includes('sid=')) await new Promise(setImmediate);
  });

  test('while no server answers, operations wait, and a name is looked up', async () => {
    const port = await listen(() => undefined);
    const client = new TestClient(`127.0.0.1:${port},nobody.invalid`);
    client.open();
    const operation = client.get('/');
    const [result] = await Promise.allSettled([operation, client.stop()]);
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ZOOKEEPER_SESSION_CLOSED' } });
  });

  test('with operations under way, which are answered', async () => {
    const client = await started(server.address);
    const operations = Array.from({ length: 100 }, () => client.exists('/'));
    await client.stop();
    expect((await Promise.all(operations)).every((stat) => stat !== null)).toBe(true);
  });

  test('while the server hangs', async () => {
    const proxy = await startProxy(server.port);
    const client = await started(proxy.address);
    proxy.mode = 'hang';
    const operation = client.get('/');
    await client.stop();
    await expect(operation).rejects.toThrow(SessionClosedError);
    expect(client.state).toBe('closed');
  });

  test('while it is suspended, and a server comes back: the session ends there', async () => {
    const other = await started(server.address);
    const proxy = await startProxy(server.port);
    const client = await started(proxy.address);
    await client.create('/closing', '', { ephemeral: true });
    proxy.refuse();
    proxy.reset();
    await client.went('suspended');
    const stopped = client.stop();
    await proxy.listen();
    await stopped;
    expect(await other.exists('/closing')).toBeNull();
  });

  test('while it is suspended, and no server comes back', async () => {
    const proxy = await startProxy(server.port);
    const client = await started(proxy.address);
    proxy.refuse();
    proxy.reset();
    await client.went('suspended');
    await client.stop();
    expect(client.states).toEqual(['closed']);
  });
});

describe('over TLS', () => {
  let secure: ZooKeeperServer;
  let directory: string;
  let certificate: string;
  let port: number;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'truefork-tls-'));
    const file = (name: string) => join(directory, name);
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const kind = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
    const output = ['-keyout', file('key.pem'), '-out', file('cert.pem')];
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, ...output], { stdio: 'ignore' });
    certificate = readFileSync(file('cert.pem'), 'utf8');
    writeFileSync(file('store.pem'), readFileSync(file('key.pem'), 'utf8') + certificate);
    port = await unusedPort();
    secure = await startServer({
      config: [`secureClientPort=${port}`, 'secureClientPortAddress=127.0.0.1'],
      properties: [
        'zookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
        `zookeeper.ssl.keyStore.location=${file('store.pem')}`,
        `zookeeper.ssl.trustStore.location=${file('cert.pem')}`,
        'zookeeper.ssl.clientAuth=none',
      ],
    });
  });

  afterAll(async () => {
    await secure.destroy();
    rmSync(directory, { recursive: true });
  });

  test('a server is trusted by its certificate', async () => {
    const client = await started(`localhost:${port}`, { tls: { ca: certificate } });
    await client.create('/secure', 'x'.repeat(100_000), { ephemeral: true });
    expect((await client.get('/secure')).value).toHaveLength(100_000);
    await client.stop();
  });

  test('one that nobody vouches for is refused, and one that has another name', async () => {
    const stranger = new TestClient(`localhost:${port}`, { tls: true });
    await expect(stranger.start({ timeout: 1000 })).rejects.toThrow(/self-signed certificate/);
    const other = new TestClient(`127.0.0.1:${port}`, { tls: { ca: certificate } });
    await expect(other.start({ timeout: 1000 })).rejects.toThrow(/IP: 127\.0\.0\.1 is not in the cert/);
  });

  test('a forked child says no goodbye for its parent', async () => {
    const args = [`localhost:${port}`, '/forked', join(directory, 'cert.pem')];
    const program = new Program(programPath('zookeeper-forked.mjs'), { args });
    await program.printed(/^child ready$/m);
    await program.printed(/^parent ready$/m);
    expect(program.stdout).toMatch(/^child: 0 sockets, closed, id undefined$/m);
    program.kill('SIGUSR2');
    await program.printed(/^parent: set true, told answered$/m);
    expect(program.stderr).toBe('');
    program.end();
  });

  test('an option that only the connection finds wrong is the reason why there is none', async () => {
    const client = new TestClient(server.address, { tls: { secureContext: {} as SecureContext } });
    await expect(client.start({ timeout: 500 })).rejects.toMatchObject({
      code: 'ERR_ZOOKEEPER_CONNECT_TIMEOUT',
      message: expect.stringContaining('SecureContext') as string,
    });
  });

  test('a server without it, or a client, is an error as any', async () => {
    const client = new TestClient(server.address, { tls: { ca: certificate }, sessionTimeout: 1000 });
    await expect(client.start({ timeout: 1000 })).rejects.toThrow(ConnectTimeoutError);
    const plain = new TestClient(`127.0.0.1:${port}`, { sessionTimeout: 1000 });
    await expect(plain.start({ timeout: 1000 })).rejects.toThrow(ConnectTimeoutError);
  });
});
