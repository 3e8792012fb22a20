// What networks and operators do to real servers, under load.
import { connect, type Socket } from 'node:net';
import { connectRegistry } from 'truefork/discovery';
import { createRpcClient, type CallOptions, type RpcClient } from 'truefork/rpc';
import { Family } from '../prefork/family';
import { Program, programPath } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';
import { startProxy, type TcpProxy } from '../support/tcp-proxy';
import { clientOf, ListRegistry, owned, Raw } from './peers';

interface Started {
  program: Program;
  port: number;
}

async function start(url: string, options: object = {}): Promise<Started> {
  const program = new Program(programPath('rpc-server.mjs'), { args: [url, JSON.stringify(options)] });
  const [, port] = await program.printed(/port=(\d+)/);
  return { program, port: Number(port) };
}

function alone(options?: object): Promise<Started> {
  return start(`file://${temporaryDirectory()}`, options);
}

async function behindProxy(): Promise<TcpProxy> {
  return startProxy((await alone()).port, (prefix) => prefix.readUInt32LE());
}

/** Callers that call on until they are told to stop, one call after the other, short ones and longer ones. */
class Load {
  calls = 0;
  readonly errors: unknown[] = [];
  #on = true;
  readonly #callers: Promise<void>[];

  constructor(client: RpcClient, callers: number, options?: CallOptions) {
    this.#callers = Array.from({ length: callers }, async (_, caller) => {
      while (this.#on) {
        const method = caller % 4 === 0 ? ['slow', 20] : ['ping', this.calls];
        await client.call(String(method[0]), method[1], options).catch((error: unknown) => this.errors.push(error));
        this.calls++;
      }
    });
  }

  /** Until so many more calls have been made. */
  async more(count: number): Promise<void> {
    const enough = this.calls + count;
    while (this.calls < enough) await new Promise(setImmediate);
  }

  async stop(): Promise<void> {
    this.#on = false;
    await Promise.all(this.#callers);
  }
}

describe('a rolling restart under load loses no call', () => {
  test('of every server, one after the other, twice', async () => {
    const url = `file://${temporaryDirectory()}`;
    const servers = await Promise.all([0, 1, 2].map(() => start(url)));
    const registry = await connectRegistry(url);
    const clients = [0, 1, 2, 3].map(() => owned(createRpcClient({ registry, service: 'rpc' })));
    const loads = clients.map((client) => new Load(client, 8));
    for (let n = 0; n < 6; n++) {
      await Promise.all(loads.map((load) => load.more(100)));
      const next = await start(url);
      servers.push(next);
      const program = servers.shift()?.program;
      program?.kill('SIGTERM');
      expect(await program?.finished()).toMatchObject({ code: 0, signal: null, stderr: '' });
    }
    for (const load of loads) await load.stop();
    for (const { errors } of loads) expect(errors).toEqual([]);
    await registry.close();
  });

  test('of the only server, whose place another takes', async () => {
    let old = await alone();
    const registry = new ListRegistry();
    registry.set(old.port);
    const client = owned(createRpcClient({ registry, service: 'rpc' }));
    const load = new Load(client, 16);
    for (let n = 0; n < 3; n++) {
      await load.more(200);
      const next = await alone();
      registry.set(next.port);
      old.program.kill('SIGTERM');
      expect(await old.program.finished()).toMatchObject({ code: 0 });
      old = next;
    }
    await load.stop();
    expect(load.errors).toEqual([]);
  });

  test('of a prefork server’s workers', async () => {
    const url = `file://${temporaryDirectory()}`;
    const family = await Family.up('prefork-rpc.mjs', { options: { workers: 2 }, args: [url] });
    const registry = await connectRegistry(url);
    const clients = [0, 1, 2, 3].map(() => owned(createRpcClient({ registry, service: 'rpc' })));
    let calls = 0;
    let calling = true;
    const callers = clients.map(async (client) => {
      while (calling) {
        const n = ++calls;
        expect(await client.call('ping', n)).toBe(n);
      }
    });
    for (const [generation, signal, done] of [
      [2, 'SIGHUP', 'reloaded'],
      [3, 'SIGUSR2', 'reforked'],
      [4, 'SIGHUP', 'reloaded'],
    ] as const) {
      const old = family.workers;
      const enough = calls + 200;
      while (calls < enough) await new Promise(setImmediate);
      family.program.kill(signal);
      await family.program.printed(new RegExp(`${done} generation=${generation}$`, 'm'));
      // One of those that are reforked is the mold from then on.
      if (signal === 'SIGHUP') for (const pid of old) expect(await family.exited(pid)).toBe('code=0');
    }
    calling = false;
    await Promise.all(callers);
    await Promise.all(clients.map((client) => client.close()));
    await registry.close();
    await family.stop();
  });
});

test('kill -9 of a server under load costs calls that were sent, once, and those that are idempotent nothing', async () => {
  const servers = await Promise.all([0, 1, 2].map(() => alone()));
  const registry = new ListRegistry();
  registry.set(...servers.map(({ port }) => port));
  const client = (): RpcClient => owned(createRpcClient({ registry, service: 'rpc' }));
  const sure = new Load(client(), 16, { idempotent: true });
  const unsure = new Load(client(), 16);
  await sure.more(300);
  const program = servers[1]?.program;
  program?.kill('SIGKILL');
  await program?.finished();
  // The client may not have heard of it yet.
  await unsure.more(100);
  const lost = unsure.errors.length;
  await Promise.all([sure.more(300), unsure.more(300)]);
  await sure.stop();
  await unsure.stop();
  expect(sure.errors).toEqual([]);
  expect(lost).toBeLessThanOrEqual(16);
  expect(unsure.errors).toHaveLength(lost);
  for (const error of unsure.errors) expect(error).toMatchObject({ code: 'ERR_RPC_CONNECTION_LOST', sent: true });
});

describe('through a network that fails', () => {
  test('a connection cut in the middle of a reply loses the calls that were sent on it', async () => {
    const proxy = await behindProxy();
    const client = clientOf(proxy.port);
    await client.call('ping');
    proxy.onReply = (bytes) => (bytes.includes('"cut"') ? 'cut' : 'pass');
    const calls = [client.call('slow', 10_000), client.call('ping', 'cut')];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'ERR_RPC_CONNECTION_LOST', sent: true });
    expect(await client.call('ping', 1)).toBe(1);
    expect(proxy.accepted).toBe(2);
  });

  test('a reply that is lost costs its call alone', async () => {
    const proxy = await behindProxy();
    const client = clientOf(proxy.port);
    await client.call('ping');
    proxy.onReply = (bytes) => (bytes.includes('"drop"') ? 'drop' : 'pass');
    const slow = client.call('slow', 300);
    await expect(client.call('ping', 'drop', { timeout: 100 })).rejects.toMatchObject({ code: 'ERR_RPC_TIMEOUT' });
    expect(typeof (await slow)).toBe('number');
    expect(proxy.accepted).toBe(1);
  });

  test('a connection that is dead on the way is found, and the next call has another', async () => {
    const proxy = await behindProxy();
    const client = clientOf(proxy.port, { pingInterval: 100 });
    await client.call('ping');
    proxy.mode = 'hang';
    const call = client.call('ping', 1, { timeout: 60_000 });
    await expect(call).rejects.toMatchObject({ code: 'ERR_RPC_CONNECTION_LOST', sent: true });
    proxy.mode = 'pass';
    expect(await client.call('ping', 2)).toBe(2);
  });
});

test('a flood of connections that say nothing, or nonsense, harms nobody and is over in time', async () => {
  const { program, port } = await alone({ idleTimeout: 500, maxConnections: 600 });
  const client = clientOf(port);
  const before = Number(await client.call('memory'));
  const sockets: Socket[] = [];
  const closed: Promise<unknown>[] = [];
  for (let n = 0; n < 1000; n++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    socket.resume();
    // Some announce long frames, some send nonsense, some nothing.
    if (n % 3 === 0) socket.write(Buffer.concat([Buffer.from('00004000', 'hex'), Buffer.alloc(1000)]));
    if (n % 3 === 1) socket.write('GET / HTTP/1.1\r\n\r\n');
    sockets.push(socket);
    if (n % 20 === 0) expect(await client.call('ping', n)).toBe(n);
  }
  const after = Number(await client.call('memory'));
  expect(after - before).toBeLessThan(128 * 1024 * 1024);
  // The server ends them all; ours too, if it is idle for so long.
  await Promise.all(closed);
  const raw = new Raw(port);
  raw.say({ in: 'ping', params: 1, id: 1 });
  expect(await raw.heard()).toHaveProperty('hello');
  program.kill('SIGTERM');
  expect(await raw.heard()).toMatchObject({ id: 1 });
  raw.close();
  await client.close();
  expect(await program.finished()).toMatchObject({ code: 0, stderr: '' });
});
