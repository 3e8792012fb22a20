import { once } from 'node:events';
import { connect } from 'node:net';
import { kill } from 'truefork';
import { nodes } from '../support/programs';
import { Family } from './family';
import { HttpConnection, oneToEach } from './http-connection';
import { Load } from './load';
import { statusOf, statusPort, statusWhen } from './status-client';

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('all workers serve the one port', async () => {
    const family = await Family.up('prefork-http.mjs', { node, options: { workers: 3 } });
    expect(family.workers).toHaveLength(3);
    const connections = await oneToEach(family.port, family.workers);
    expect([...connections.keys()].sort()).toEqual([...family.workers].sort());
    await family.stop();
  });

  test('a worker that is killed under load loses the calls that it had in hand, and no others', async () => {
    const family = await Family.up('prefork-http.mjs', { node, options: { workers: 4 } });
    const connections = 32;
    const load = new Load(family.port, connections, await oneToEach(family.port, family.workers));
    const [victim = 0, ...others] = family.workers;
    await load.more(50, family.workers);
    kill(victim, 'SIGKILL');
    const successor = await family.successor(victim);
    await load.more(50, others);
    // The load keeps its connections; a new one reaches the new worker.
    await oneToEach(family.port, [successor, ...others]);
    expect(load.refused).toEqual([]);
    expect(load.lost.length).toBeGreaterThan(0);
    expect(load.lost.length).toBeLessThan(connections);
    for (const { pid } of load.lost) expect(pid === victim || pid === undefined).toBe(true);
    await load.stop();
    await family.stop();
  });

  test('a request in hand when the master is told to stop is answered, and the connection closed', async () => {
    const family = await Family.up('prefork-http.mjs', { node, options: { workers: 1 } });
    const [late, early, idle] = [
      await HttpConnection.open(family.port),
      await HttpConnection.open(family.port),
      await HttpConnection.open(family.port),
    ];
    await late.begin('/');
    await early.begin('/early');
    const head = await early.head();
    await idle.get();
    family.program.kill('SIGTERM');
    // Now it is known that the worker has heard of it.
    expect(await idle.ended()).toBe('END');
    await family.program.printed(/stopping how=graceful/);

    late.finishBody();
    expect(await late.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(await late.ended()).toBe('END');
    early.finishBody();
    expect(head).toMatchObject({ status: 200, headers: { connection: 'keep-alive' } });
    expect(family.workers).toContain(Number(await early.body(head)));
    expect(await early.ended()).toBe('END');

    expect(await family.program.finished()).toMatchObject({ code: 0, stderr: '' });
    expect(family.members).toEqual([]);
    await expect(HttpConnection.open(family.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a response that its client has not read yet comes whole', async () => {
    const family = await Family.up('prefork-http.mjs', { node, options: { workers: 1 } });
    const slow = connect(family.port, '127.0.0.1');
    slow.write('GET /large HTTP/1.1\r\nHost: test\r\n\r\n');
    // It is there, and not read.
    await once(slow, 'readable');
    const idle = await HttpConnection.open(family.port);
    await idle.get();
    family.program.kill('SIGTERM');
    expect(await idle.ended()).toBe('END');
    let length = 0;
    for await (const chunk of slow) length += (chunk as Buffer).length;
    expect(length).toBeGreaterThan(2 ** 25);
    expect(await family.program.finished()).toMatchObject({ code: 0, stderr: '' });
  });

  test.each(['SIGHUP', 'SIGTERM'] as const)(
    'after %s, a response that comes before the end of its request does not close the connection under the rest',
    async (signal) => {
      const family = await Family.up('prefork-http.mjs', { node, options: { workers: 1, statusPort: 0 } });
      const socket = connect({ port: family.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.write('POST /begun HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
      await once(socket, 'data');
      family.program.kill(signal);
      await statusWhen(await statusPort(family), ({ workers }) => workers.some(({ state }) => state === 'stopping'));
      let received = '';
      socket.on('data', (data) => (received += String(data)));
      socket.write('x');
      await once(socket, 'end');
      expect(received).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*Connection: close\r\n[^]*\d{2,}/);
      const closed = once(socket, 'close');
      // What comes to a socket that is closed is answered with a reset, and the next write fails.
      for (let n = 0; n < 3; n++) await new Promise((resolve) => socket.write('x', resolve));
      socket.end();
      expect(await closed).toEqual([false]);
      if (signal === 'SIGHUP') family.program.kill('SIGTERM');
      expect(await family.ended()).not.toMatch(/killing/);
    },
  );

  test.each(['SIGHUP', 'SIGTERM'] as const)(
    'after %s, a head that does not end is waited for as long as ever',
    async (signal) => {
      const options = { workers: 1, statusPort: 0 };
      const family = await Family.up('prefork-http.mjs', { node, options, args: ['impatient'] });
      const connection = await HttpConnection.open(family.port);
      await connection.get();
      connection.send('GET / HTTP/1.1\r\n');
      family.program.kill(signal);
      expect(await connection.head()).toMatchObject({ status: 408 });
      if (signal === 'SIGHUP') family.program.kill('SIGTERM');
      expect(await family.ended()).not.toMatch(/killing/);
    },
  );
});

test('a request that the application itself lets continue is one as any other', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1, statusPort: 0 }, args: ['continue'] });
  const connections = [await HttpConnection.open(family.port), await HttpConnection.open(family.port)];
  for (const [n, connection] of connections.entries()) await connection.begin(n === 0 ? '/' : '/passed');
  const status = await statusPort(family);
  const { totals } = await statusOf(status);
  expect(totals.requests).toBe(connections.length);
  family.program.kill('SIGHUP');
  await statusWhen(status, ({ workers }) => workers.some(({ state }) => state === 'stopping'));
  for (const connection of connections) {
    connection.finishBody();
    expect(await connection.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(await connection.ended()).toBe('END');
  }
  await family.stop();
});

test('a request for another protocol, or for a tunnel, is one as any other', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1, statusPort: 0 }, args: ['switch'] });
  const upgrade = 'GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n';
  const tunnel = 'CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n';
  for (const request of [upgrade, tunnel]) {
    const connection = await HttpConnection.open(family.port);
    connection.send(request);
    await connection.head();
    connection.close();
  }
  expect((await statusOf(await statusPort(family))).totals.requests).toBe(2);
  await family.stop();
});

test('a worker that retires says so, whatever the application says of the connection', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1, statusPort: 0 } });
  const paths = ['/kept', '/list', '/pairs', '/set'];
  const connections = await Promise.all(paths.map(() => HttpConnection.open(family.port)));
  for (const [n, connection] of connections.entries()) await connection.begin(paths[n]);
  family.program.kill('SIGHUP');
  await statusWhen(await statusPort(family), ({ workers }) => workers.some(({ state }) => state === 'stopping'));
  for (const connection of connections) {
    connection.finishBody();
    expect(await connection.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
    expect(await connection.ended()).toBe('END');
  }
  await family.stop();
});

test('a request that comes while its worker computes is answered, though it would have waited no longer for one', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1 } });
  const [unused, busy, used] = [
    await HttpConnection.open(family.port),
    await HttpConnection.open(family.port),
    await HttpConnection.open(family.port),
  ];
  await used.get();
  await busy.begin('/computes');
  family.program.kill('SIGTERM');
  // Now it is known that the worker has heard of it.
  expect(await used.ended()).toBe('END');
  busy.finishBody();
  const head = await busy.head();
  expect(await unused.get()).toMatchObject({ status: 200, headers: { connection: 'close' } });
  await busy.body(head);
  expect(await family.ended()).not.toMatch(/killing/);
});

test('a worker that retires when the server stops waits for the first request of a connection as others do', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1, statusPort: 0 } });
  const [unused, used] = [await HttpConnection.open(family.port), await HttpConnection.open(family.port)];
  await used.get();
  family.program.kill('SIGHUP');
  await statusWhen(await statusPort(family), ({ workers }) => workers.some(({ state }) => state === 'stopping'));
  family.program.kill('SIGTERM');
  expect(await used.ended()).toBe('END');
  expect(await unused.get()).toMatchObject({ status: 200, headers: { connection: 'close' } });
  expect(await family.ended()).not.toMatch(/killing/);
});

test('a worker that retires keeps a connection as long as it has promised with a response that was on its way', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1 }, args: ['brief'] });
  const connection = await HttpConnection.open(family.port);
  const unused = await HttpConnection.open(family.port);
  await connection.begin('/early');
  const head = await connection.head();
  expect(head).toMatchObject({ status: 200, headers: { connection: 'keep-alive', 'keep-alive': 'timeout=2' } });
  family.program.kill('SIGHUP');
  // It waits no longer for those on which nothing comes.
  await unused.ended();
  connection.finishBody();
  await connection.body(head);
  expect(await connection.get()).toMatchObject({ status: 200, headers: { connection: 'close' } });
  expect(await connection.ended()).toBe('END');
  await family.stop();
});

test('a worker that retires answers all requests that a client has sent one behind the other, and ends with the last', async () => {
  const family = await Family.up('prefork-http.mjs', { options: { workers: 1, statusPort: 0 } });
  const connection = await HttpConnection.open(family.port);
  await connection.get();
  family.program.kill('SIGHUP');
  await statusWhen(await statusPort(family), ({ workers }) => workers.some(({ state }) => state === 'stopping'));
  for (const path of ['/waits', '/']) connection.send(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  expect(await connection.answer()).toMatchObject({ status: 200, headers: { connection: 'keep-alive' } });
  expect(await connection.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
  expect(await connection.ended()).toBe('END');
  await family.stop();
});
