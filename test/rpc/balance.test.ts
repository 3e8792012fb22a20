// Which server gets a call, and which gets it next.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { booklet, createRpcClient, type RpcClient, type RpcConnectOptions, type RpcServerOptions } from 'truefork/rpc';
import { startProxy, type TcpProxy } from '../support/tcp-proxy';
import { ListRegistry, onDemand, owned, serve } from './peers';

const lengthOf = (prefix: Buffer): number => prefix.readUInt32LE();

async function who(name: string, options: RpcServerOptions = {}): Promise<number> {
  return (await serve({ ...booklet, who: () => name }, 0, options)).port;
}

function clientOf(ports: number[], options: RpcConnectOptions = {}): RpcClient {
  const registry = new ListRegistry();
  registry.set(...ports);
  return owned(createRpcClient({ registry, service: 'rpc', ...options }));
}

/** How often each server has answered so many calls, made by so many callers at a time. */
async function answers(client: RpcClient, calls: number, callers = 1): Promise<Map<unknown, number>> {
  const counts = new Map<unknown, number>();
  let left = calls;
  const call = async (): Promise<void> => {
    while (left-- > 0) {
      const name = await client.call('who');
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return counts;
}

/** A proxy before a server that answers with its name. */
async function behindProxy(name: string): Promise<TcpProxy> {
  return startProxy(await who(name), lengthOf);
}

describe('a balancer', () => {
  test('roundRobin: one after the other', async () => {
    const client = clientOf([await who('a'), await who('b'), await who('c')], { balancer: 'roundRobin' });
    expect([...(await answers(client, 300)).values()]).toEqual([100, 100, 100]);
  });

  test('random: any', async () => {
    const client = clientOf([await who('a'), await who('b')], { balancer: 'random' });
    // 300 expected, with a standard deviation of 12.
    expect((await answers(client, 600)).get('a')).toBeGreaterThan(200);
    expect((await answers(client, 600)).get('b')).toBeGreaterThan(200);
  });

  test('p2c: a server that is slow gets fewer', async () => {
    const slow = await behindProxy('slow');
    slow.delay = 30;
    const client = clientOf([slow.port, await who('fast')]);
    await answers(client, 20, 20);
    const counts = await answers(client, 1000, 16);
    expect(counts.get('fast')).toBeGreaterThan(800);
  });
});

describe('a server that is overloaded', () => {
  test('is spared: its call goes to another', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ ...booklet, who: () => 'busy', wait: wait.handle }, 0, { maxCalls: 1 });
    const registry = new ListRegistry();
    registry.set(port);
    const client = owned(createRpcClient({ registry, service: 'rpc', balancer: 'roundRobin' }));
    const begun = once(server, 'request');
    const call = client.call('wait', 1);
    await begun;
    await expect(client.call('who')).rejects.toMatchObject({ code: 'ERR_RPC_OVERLOADED' });
    registry.set(port, await who('idle'));
    expect(await answers(client, 20)).toEqual(new Map([['idle', 20]]));
    await wait.answer(1);
    expect(await call).toBe(1);
    expect((await answers(client, 20)).get('busy')).toBe(10);
  });
});

test('what is sent again is a fifth of the calls and ten a second', async () => {
  let requests = 0;
  const sockets = new Set<Socket>();
  const { server, port } = await serve({ ...booklet, hang: () => new Promise(() => undefined) });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  const client = clientOf([port]);
  await client.call('ping');
  server.on('request', () => {
    // The server dies of the last of them, and then of each.
    if (++requests >= 500) for (const socket of sockets) socket.destroy();
  });
  const calls = Array.from({ length: 500 }, () => client.call('hang', 1, { idempotent: true }));
  const results = await Promise.allSettled(calls);
  for (const { status } of results) expect(status).toBe('rejected');
  // One for each tenth of a second of the last ten, and one for each fifth of 501 calls.
  expect(requests).toBeGreaterThan(500);
  expect(requests).toBeLessThanOrEqual(500 + 100 + 101);
});

describe('a server that does not answer', () => {
  test('is left alone after five calls, if there is another, and tried again after five seconds', async () => {
    const hanging = await behindProxy('hanging');
    // A connection that has been silent for twice as long is lost: not before the five calls are over.
    const client = clientOf([hanging.port, await who('well')], { pingInterval: 1000 });
    await answers(client, 50, 10);
    hanging.mode = 'hang';
    let late = 0;
    const options = { timeout: 100 };
    for (let n = 0; n < 200 && late < 5; n++) {
      await client.call('who', null, options).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'ERR_RPC_TIMEOUT' });
        late++;
      });
    }
    expect(late).toBe(5);
    const ejected = performance.now();
    hanging.mode = 'pass';
    expect(await answers(client, 200)).toEqual(new Map([['well', 200]]));
    while ((await client.call('who')) !== 'hanging') await sleep(10);
    expect(performance.now() - ejected).toBeGreaterThan(4000);
  });

  test('is called on if all are such, and as soon as one answers, it is called', async () => {
    const servers = [await behindProxy('a'), await behindProxy('b')] as const;
    const client = clientOf(
      servers.map(({ port }) => port),
      { pingInterval: 50 },
    );
    await answers(client, 20, 10);
    for (const server of servers) server.mode = 'hang';
    const fails = async (): Promise<void> => {
      await expect(client.call('who', null, { timeout: 50 })).rejects.toMatchObject({ name: /Error$/ });
    };
    for (let n = 0; n < 20; n++) await fails().catch(() => undefined);
    for (const server of servers) server.mode = 'pass';
    const answer = async (): Promise<unknown> => {
      for (;;) {
        try {
          return await client.call('who', null, { timeout: 1000 });
        } catch (error) {
          expect(error).toMatchObject({ code: /^ERR_RPC_(TIMEOUT|CONNECTION_LOST|CONNECT)$/ });
        }
      }
    };
    expect(['a', 'b']).toContain(await answer());
  });
});

test('a server that lets in and cuts off is not connected to again and again', async () => {
  const cutting = await behindProxy('cutting');
  cutting.mode = 'reset';
  const client = clientOf([cutting.port, await who('well')]);
  const begun = performance.now();
  let calls = 0;
  while (performance.now() - begun < 1000) {
    expect(await client.call('who', null, { idempotent: true })).toBe('well');
    calls++;
  }
  expect(calls).toBeGreaterThan(100);
  // The waits are random, and at most 50, 100, 200, 400, 800 ms.
  expect(cutting.accepted).toBeLessThan(40);
});
