import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { connectRegistry, type Address } from 'truefork/discovery';
import { booklet, ConnectError, ConnectionLostError, createRpcClient, RpcTimeoutError } from 'truefork/rpc';
import { Program, programPath, run } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';
import { clientOf, deadPort, frame, onDemand, owned, rawServer, serve } from './peers';

const bookletReply = frame('{"result": "ireader 0", "out": "pong"}');
const fixture = (name: string): string => join(__dirname, 'fixtures', name);

async function serving(): Promise<{ program: Program; port: number }> {
  const program = new Program(fixture('serve.mjs'));
  const [, port] = await program.printed(/port=(\d+)/);
  return { program, port: Number(port) };
}

/** What a server of the booklet gets of a call, the first one of its connection or the next, and the call's result. */
async function overheard(
  params: unknown,
  which: 'first' | 'next' = 'next',
): Promise<{ chunks: Buffer[]; result: unknown }> {
  let chunks: Buffer[] = [];
  const port = await rawServer((chunk, socket) => {
    chunks.push(chunk);
    socket.write(bookletReply);
  });
  const client = clientOf(port);
  if (which === 'next') await client.call('ping');
  chunks = [];
  const result = await client.call('ping', params);
  return { chunks, result };
}

describe('on the wire', () => {
  test('a request is one write of the booklet’s frame, and the reply of its server is understood', async () => {
    expect(await overheard('ireader 0')).toEqual({
      chunks: [Buffer.concat([Buffer.from('22000000', 'hex'), Buffer.from('{"in":"ping","params":"ireader 0"}')])],
      result: 'ireader 0',
    });
  });

  test('the first request of a connection has an id and a deadline beside that', async () => {
    const { chunks, result } = await overheard('ireader 0', 'first');
    expect(chunks).toHaveLength(1);
    const [bytes = Buffer.alloc(0)] = chunks;
    expect(bytes.readUInt32LE()).toBe(bytes.length - 4);
    const text = bytes.toString('utf8', 4);
    const deadline = Number(/^\{"in":"ping","params":"ireader 0","id":1,"deadline":(\d+)\}$/.exec(text)?.[1]);
    expect(deadline).toBeGreaterThan(0);
    expect(deadline).toBeLessThanOrEqual(5000);
    expect(result).toBe('ireader 0');
  });

  test('a request is never a multiple of 1024 bytes long', async () => {
    const rest = frame('{"in":"ping","params":""}').length;
    for (const length of [1023, 1024, 1025, 2048, 4096]) {
      const params = 'x'.repeat(length - rest);
      const bytes = Buffer.concat((await overheard(params)).chunks);
      expect(bytes).toHaveLength(length % 1024 === 0 ? length + 1 : length);
      expect(bytes.readUInt32LE()).toBe(bytes.length - 4);
      expect(JSON.parse(bytes.toString('utf8', 4))).toEqual({ in: 'ping', params });
    }
    // Of the first one, whose length depends on the time that is left: one of these would be.
    for (let length = 960; length < 1024; length++) {
      const bytes = Buffer.concat((await overheard('x'.repeat(length - rest), 'first')).chunks);
      expect(bytes.length % 1024).not.toBe(0);
      expect(bytes.readUInt32LE()).toBe(bytes.length - 4);
    }
  });

  test('absent params are null', async () => {
    const { chunks } = await overheard(undefined);
    expect(chunks).toEqual([frame('{"in":"ping","params":null}')]);
  });

  test('a reply may come byte by byte', async () => {
    const port = await rawServer((_, socket) => {
      socket.setNoDelay(true);
      for (const byte of bookletReply) socket.write(Buffer.of(byte));
    });
    expect(await clientOf(port).call('ping', 'ireader 0')).toBe('ireader 0');
  });

  test('calls of one connection are pipelined and each gets its own reply', async () => {
    const { server, port } = await serve(booklet);
    let connections = 0;
    server.on('connection', () => connections++);
    const client = clientOf(port);
    const numbers = Array.from({ length: 2000 }, (_, n) => n);
    expect(await Promise.all(numbers.map((n) => client.call('ping', n)))).toEqual(numbers);
    expect(await client.call('pi', 100)).toBe(3.1384395139385455);
    expect(connections).toBe(1);
  });

  test('requests wait while the server does not read', async () => {
    const { port } = await serve(booklet);
    const client = clientOf(port);
    const params = 'x'.repeat(1 << 20);
    const results = await Promise.all(Array.from({ length: 50 }, () => client.call('ping', params)));
    expect(results.every((result) => result === params)).toBe(true);
  });
});

describe('a timeout', () => {
  test('fails the call, ends the connection, and the next call has a new one', async () => {
    const port = await rawServer((_, socket, connection) => connection > 1 && socket.write(bookletReply));
    const client = clientOf(port);
    const slow = client.call('ping', 1, { timeout: 50 });
    // It is not sent before the first has a reply.
    const behind = client.call('ping', 2, { timeout: 5000 });
    await expect(slow).rejects.toMatchObject({ name: 'RpcTimeoutError', code: 'ERR_RPC_TIMEOUT' });
    expect(await behind).toBe('ireader 0');
    expect(await client.call('ping')).toBe('ireader 0');
  });

  test('of a call whose request was not sent harms no other call', async () => {
    const { program, port } = await serving();
    const client = clientOf(port);
    const params = 'x'.repeat(1 << 20);
    program.kill('SIGSTOP');
    // The first fill what the kernel holds for a server that does not read.
    const before = Array.from({ length: 30 }, () => client.call('ping', params, { timeout: 60_000 }));
    await expect(client.call('ping', 'late', { timeout: 50 })).rejects.toThrow(RpcTimeoutError);
    program.kill('SIGCONT');
    expect((await Promise.all(before)).every((result) => result === params)).toBe(true);
  });

  test('tells those behind it what has failed, if no other connection is made within their time', async () => {
    const port = await rawServer(() => undefined);
    const client = clientOf(port);
    // For almost as long as may be, 50 ms, the server is not connected to again.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.9);
    const slow = client.call('ping', 1, { timeout: 50 });
    const behind = client.call('ping', 2, { timeout: 60 });
    const [first, second] = await Promise.allSettled([slow, behind]);
    random.mockRestore();
    expect(first).toMatchObject({ reason: { code: 'ERR_RPC_TIMEOUT' } });
    const what = `127.0.0.1:${port} has failed (a call before it timed out)`;
    const message = `${what}, and is not connected to again within the call's time`;
    expect(second).toMatchObject({ reason: { code: 'ERR_RPC_CONNECT', sent: false, message } });
  });
});

describe('a lost connection', () => {
  test('that was refused says so and that nothing was sent', async () => {
    const port = deadPort();
    const error: unknown = await clientOf(port)
      .call('ping')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error).toMatchObject({ code: 'ERR_RPC_CONNECT', sent: false, cause: { code: 'ECONNREFUSED' } });
  });

  test.each([
    { host: '127.0.0.1', port: 65_536 },
    { host: 'null\0byte', port: 1 },
  ])('to an address that Node.js refuses is one that was refused: %j', async (address) => {
    const registry = {
      watch: (_: string, listener: (instances: readonly Address[]) => void) => {
        listener([address]);
        return { close: () => undefined };
      },
    };
    const client = owned(createRpcClient({ registry, service: 'rpc', connectTimeout: 50 }));
    // The second is made when its time has come, and the timer of the first has run out.
    for (let n = 0; n < 3; n++) {
      await expect(client.call('ping', 1, { timeout: 1000 })).rejects.toMatchObject({ code: 'ERR_RPC_CONNECT' });
    }
    await sleep(100);
  });

  test('that was never accepted fails after connectTimeout', async () => {
    const { program, port } = await serving();
    program.kill('SIGSTOP');
    // Fill its backlog, until the kernel lets nobody in.
    for (let full = false; !full;) {
      const socket = connect({ port, host: '127.0.0.1' });
      owned({ close: () => socket.destroy() });
      full = await Promise.race([
        once(socket, 'connect').then(() => false),
        // A timer of an event loop that was late goes before what has come meanwhile.
        sleep(200).then(() => turn().then(() => socket.connecting)),
      ]);
    }
    const call = clientOf(port, { connectTimeout: 50 }).call('ping');
    await expect(call).rejects.toMatchObject({ code: 'ERR_RPC_CONNECT', sent: false });
  });

  test('that is being made while this process is busy does not fail for that', async () => {
    const { port } = await serving();
    for (const host of ['127.0.0.1', 'localhost']) {
      const client = owned(createRpcClient({ host, port, connectTimeout: 200 }));
      const call = client.call('ping', host);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
      expect(await call).toBe(host);
    }
  });

  test('by the death of the server in mid-call fails the call, which was sent', async () => {
    const { program, port } = await serving();
    const client = clientOf(port);
    const call = client.call('hang');
    await program.printed(/request=hang/);
    program.kill('SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'ERR_RPC_CONNECTION_LOST', sent: true });
  });

  test('after the request is another attempt only for an idempotent call', async () => {
    let requests = 0;
    const port = await rawServer((_, socket) => {
      if (++requests % 2 === 0) socket.write(bookletReply);
      else socket.destroy();
    });
    const client = clientOf(port);
    await expect(client.call('ping')).rejects.toMatchObject({ sent: true });
    expect(requests).toBe(1);
    requests = 0;
    expect(await client.call('ping', null, { idempotent: true })).toBe('ireader 0');
    expect(requests).toBe(2);
  });

  test('three times is the end of an idempotent call', async () => {
    let requests = 0;
    const port = await rawServer((_, socket) => {
      requests++;
      socket.destroy();
    });
    await expect(clientOf(port).call('ping', null, { idempotent: true })).rejects.toMatchObject({ sent: true });
    expect(requests).toBe(3);
  });

  test('of an idle client is made anew by the next call', async () => {
    const { server, port } = await serve(booklet);
    const client = clientOf(port);
    const accepted = once(server, 'connection');
    await client.call('ping');
    const [socket] = (await accepted) as [Socket];
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect(await client.call('ping', 1, { idempotent: true })).toBe(1);
  });

  test.each([
    ['is no frame', Buffer.from('ffffffff', 'hex')],
    ['has no result', frame('{"out": "pong"}')],
    ['is longer than maxFrame', frame(`{"out": "pong", "result": "${'x'.repeat(1000)}"}`)],
  ])('follows a reply that %s', async (_, reply) => {
    const port = await rawServer((__, socket) => socket.write(reply));
    await expect(clientOf(port, { maxFrame: 1000 }).call('ping')).rejects.toMatchObject({
      code: 'ERR_RPC_CONNECTION_LOST',
      sent: true,
      cause: { code: 'ERR_RPC_FRAME' },
    });
  });

  test('follows a reply that nobody asked for', async () => {
    const port = await rawServer((_, socket, connection) => {
      socket.write(bookletReply);
      if (connection === 1) socket.write(frame('{"out": "pong", "result": "stray"}'));
    });
    const client = clientOf(port);
    expect(await client.call('ping')).toBe('ireader 0');
    expect(await client.call('ping', null, { idempotent: true })).toBe('ireader 0');
  });
});

describe('close', () => {
  test('lets the calls in hand finish and takes no more', async () => {
    let answer: (result: unknown) => void = () => undefined;
    const { server, port } = await serve({ ...booklet, wait: () => new Promise((resolve) => (answer = resolve)) });
    const client = clientOf(port);
    const call = client.call('wait');
    await once(server, 'request');
    const closed = client.close();
    expect(client.close()).toBe(closed);
    await expect(client.call('ping')).rejects.toMatchObject({ code: 'ERR_RPC_CLIENT_CLOSED' });
    answer('done');
    expect(await call).toBe('done');
    await closed;
    await client[Symbol.asyncDispose]();
  });

  test('of a client that never called is done at once', async () => {
    await clientOf(deadPort()).close();
  });
});

test.each(['127.0.0.1', 'localhost'])('an idle client of %s does not keep its process alive', async (host) => {
  const { port } = await serve(booklet);
  const finished = await run(fixture('call-once.mjs'), { args: [host, String(port)] });
  expect(finished).toEqual({ code: 0, signal: null, stdout: 'ireader 0\n', stderr: '' });
});

test('nor does one of a registry, though it watches', async () => {
  const { port } = await serve(booklet);
  const url = `file://${temporaryDirectory()}`;
  const registry = owned(await connectRegistry(url));
  const program = new Program(fixture('call-by-registry.mjs'), { args: [url] });
  await registry.register('rpc', { host: '127.0.0.1', port });
  expect(await program.finished()).toEqual({ code: 0, signal: null, stdout: 'ireader 0\n', stderr: '' });
});

test('in a forked child a client has connections of its own, and none of the calls of its parent', async () => {
  const wait = onDemand();
  const over = onDemand();
  const { port } = await serve({
    ...booklet,
    wait: wait.handle,
    answer: () => wait.answer('an answer'),
    over: () => over.handle('over'),
    goOn: () => over.begun('over').then(() => over.answer('over')),
  });
  const { stdout, ...ended } = await run(programPath('rpc-forked.mjs'), { args: [String(port)] });
  expect(ended).toEqual({ code: 0, signal: null, stderr: '' });
  expect(stdout.split('\n').sort()).toEqual([
    '',
    "child: 100 of its own, 0 of the parent's",
    'parent: 100 of its own, an answer, ERR_RPC_TIMEOUT',
  ]);
});

test('a request longer than maxFrame is not sent', async () => {
  const client = clientOf(deadPort(), { maxFrame: 100 });
  await expect(client.call('ping', 'x'.repeat(100))).rejects.toMatchObject({ code: 'ERR_RPC_FRAME' });
});

test('bad arguments are refused', async () => {
  const type = { code: 'ERR_INVALID_ARG_TYPE' };
  const value = { code: 'ERR_INVALID_ARG_VALUE' };
  const range = { code: 'ERR_OUT_OF_RANGE' };
  const host = '127.0.0.1';
  const wrong = (anything: unknown): never => anything as never;
  for (const none of [undefined, null, 1]) {
    expect(() => createRpcClient(wrong(none))).toThrow(expect.objectContaining(type) as Error);
  }
  expect(() => createRpcClient({ host: '', port: 1 })).toThrow(expect.objectContaining(value) as Error);
  expect(() => createRpcClient({ host, port: wrong('1') })).toThrow(expect.objectContaining(type) as Error);
  expect(() => createRpcClient({ host, port: 0 })).toThrow(expect.objectContaining(range) as Error);
  expect(() => createRpcClient({ host, port: 65536 })).toThrow(expect.objectContaining(range) as Error);
  expect(() => createRpcClient({ host, port: 1, connectTimeout: 0 })).toThrow(expect.objectContaining(range) as Error);
  expect(() => createRpcClient({ host, port: 1, maxFrame: -1 })).toThrow(expect.objectContaining(range) as Error);
  expect(() => createRpcClient({ registry: wrong({}), service: 'rpc' })).toThrow(
    expect.objectContaining(type) as Error,
  );
  expect(() => createRpcClient({ registry: wrong({}), service: '' })).toThrow(expect.objectContaining(value) as Error);
  const client = clientOf(deadPort());
  await expect(client.call('')).rejects.toMatchObject(value);
  await expect(client.call('ping', 1n)).rejects.toThrow(TypeError);
  await expect(client.call('ping', 1, { timeout: wrong('1') })).rejects.toMatchObject(type);
  for (const none of [null, 500]) await expect(client.call('ping', 1, wrong(none))).rejects.toMatchObject(type);
  await expect(client.call('ping', 1, { timeout: 0 })).rejects.toMatchObject(range);
  await expect(client.call('ping', 1, { timeout: Infinity })).rejects.toMatchObject(range);
});
