import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { booklet, createRpcClient, type RpcClient } from 'truefork/rpc';
import { Program } from '../support/programs';
import { deadPort, frame, ListRegistry, owned, rawServer, serve } from './peers';

function clientOf(registry: ListRegistry): RpcClient {
  return owned(createRpcClient({ registry, service: 'rpc' }));
}

/** A server that answers `who` with its number, and counts its connections. */
async function numbered(number: number, port = 0): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const { server, port: at } = await serve({ ...booklet, who: () => number }, port);
  server.on('connection', () => connections++);
  return { port: at, connections: () => connections };
}

test('calls go to every server of the list, at random, over one connection each', async () => {
  const servers = await Promise.all([0, 1, 2].map((n) => numbered(n)));
  const registry = new ListRegistry();
  registry.set(...servers.map(({ port }) => port));
  const client = clientOf(registry);
  const answers = await Promise.all(Array.from({ length: 600 }, () => client.call('who')));
  // 200 expected of each, with a standard deviation of 12.
  for (const n of [0, 1, 2]) expect(answers.filter((answer) => answer === n).length).toBeGreaterThan(100);
  expect(servers.map(({ connections }) => connections())).toEqual([1, 1, 1]);
  expect(registry.watched).toEqual(['rpc']);
});

test('instances of one address are one server', async () => {
  const { port, connections } = await numbered(0);
  const registry = new ListRegistry();
  registry.set(port, port);
  const client = clientOf(registry);
  for (let n = 0; n < 20; n++) await client.call('who');
  registry.set(port);
  await client.call('who');
  expect(connections()).toBe(1);
});

test('a call waits for the first instance', async () => {
  const registry = new ListRegistry();
  const client = clientOf(registry);
  const calls = Promise.all([client.call('who'), client.call('who')]);
  const { port } = await numbered(7);
  registry.set(port);
  expect(await calls).toEqual([7, 7]);
});

test('so many calls wait for the first instance, and no more', async () => {
  const registry = new ListRegistry();
  const client = owned(createRpcClient({ registry, service: 'rpc', maxQueue: 2 }));
  const calls = [client.call('who'), client.call('who')];
  await expect(client.call('who')).rejects.toMatchObject({ code: 'ERR_RPC_QUEUE_FULL' });
  const { port } = await numbered(7);
  registry.set(port);
  expect(await Promise.all(calls)).toEqual([7, 7]);
});

test('a call fails when no instance came within its timeout', async () => {
  const client = clientOf(new ListRegistry());
  await expect(client.call('who', null, { timeout: 20 })).rejects.toMatchObject({
    name: 'NoInstanceError',
    code: 'ERR_RPC_NO_INSTANCE',
  });
});

test('a server that refuses is not called, its calls go to another, until it can be connected to', async () => {
  const live = await numbered(1);
  const port = deadPort();
  const registry = new ListRegistry();
  registry.set(port, live.port);
  const client = clientOf(registry);
  for (let n = 0; n < 50; n++) expect(await client.call('who')).toBe(1);
  const back = await numbered(2, port);
  while ((await client.call('who')) !== 2);
  expect(back.connections()).toBe(1);
});

test('when every server refuses the call fails, and the next one tries them all again', async () => {
  const ports = [deadPort(), deadPort()];
  const registry = new ListRegistry();
  registry.set(...ports);
  const client = clientOf(registry);
  await expect(client.call('who')).rejects.toMatchObject({ code: 'ERR_RPC_CONNECT' });
  await numbered(3, ports[1]);
  expect(await client.call('who')).toBe(3);
});

test('a server that loses its connections is called again', async () => {
  const port = await rawServer((_, socket, connection) => {
    // Every other worker dies.
    if (connection % 2) socket.destroy();
    else socket.write(frame('{"out": "who", "result": "me"}'));
  });
  const registry = new ListRegistry();
  registry.set(port);
  expect(await clientOf(registry).call('who', null, { idempotent: true })).toBe('me');
});

test('a lost idempotent call goes to another server', async () => {
  const dying = await rawServer((_, socket) => socket.destroy());
  const live = await numbered(1);
  const registry = new ListRegistry();
  registry.set(dying, live.port);
  const client = clientOf(registry);
  for (let n = 0; n < 50; n++) expect(await client.call('who', null, { idempotent: true })).toBe(1);
});

test('the death of a server under load costs no idempotent call, and no other call that was not sent', async () => {
  const programs = [0, 1].map(() => new Program(join(__dirname, 'fixtures', 'serve.mjs')));
  const ports = await Promise.all(programs.map(async (program) => Number((await program.printed(/port=(\d+)/))[1])));
  const registry = new ListRegistry();
  registry.set(...ports);
  const client = clientOf(registry);
  const callers = Array.from({ length: 16 }, async (_, caller) => {
    for (let n = 0; n < 200; n++) {
      if (caller === 0 && n === 100) programs[0]?.kill('SIGKILL');
      const call = client.call('ping', n, { idempotent: caller % 2 === 0 });
      if (caller % 2 === 0) expect(await call).toBe(n);
      else {
        await call.catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'ERR_RPC_CONNECTION_LOST', sent: true });
        });
      }
    }
  });
  await Promise.all(callers);
  // Once it is gone, nothing reaches it: until then the kernel may accept a connection for it and take a request.
  await programs[0]?.finished();
  for (let n = 0; n < 50; n++) expect(await client.call('ping', n)).toBe(n);
});

test('a server that leaves the list answers the calls it has, then its connection is closed', async () => {
  let answer: (result: unknown) => void = () => undefined;
  const { server, port } = await serve({ wait: () => new Promise((resolve) => (answer = resolve)) });
  const live = await numbered(1);
  const registry = new ListRegistry();
  registry.set(port);
  const client = clientOf(registry);
  const accepted = once(server, 'connection');
  const call = client.call('wait');
  const [socket] = (await accepted) as [Socket];
  await once(server, 'request');
  registry.set(live.port);
  expect(await client.call('who')).toBe(1);
  const ended = once(socket, 'end');
  answer('last');
  expect(await call).toBe('last');
  await ended;
});

test('a server that leaves the list with no call in hand is left at once', async () => {
  const { server, port } = await serve(booklet);
  const registry = new ListRegistry();
  registry.set(port);
  const client = clientOf(registry);
  const accepted = once(server, 'connection');
  await client.call('ping');
  const [socket] = (await accepted) as [Socket];
  const ended = once(socket, 'end');
  registry.set();
  await ended;
});

test('close ends the watch and the calls that wait', async () => {
  const registry = new ListRegistry();
  const client = clientOf(registry);
  const waiting = client.call('who');
  const closed = client.close();
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_RPC_CLIENT_CLOSED' });
  await closed;
  expect(registry.watches).toBe(0);
});
