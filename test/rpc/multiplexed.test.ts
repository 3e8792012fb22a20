// The client and servers that know ids, and how it tells them from the booklet's.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { booklet, CallError, OverloadedError, type CallContext } from 'truefork/rpc';
import { Program } from '../support/programs';
import { clientOf, frame, onDemand, rawServer, serve } from './peers';

/** Whether a connection to this port has received something that nobody has read yet: /proc/net/tcp, proc_pid_net(5). */
function hasReceived(port: number): boolean {
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  return rows.some((row) => {
    const [, , remote, , queues] = row.trim().split(/ +/);
    return parseInt(remote?.split(':')[1] ?? '', 16) === port && parseInt(queues?.split(':')[1] ?? '', 16) > 0;
  });
}

/** Answers each frame that comes with those that the function makes of it. */
function answering(answer: (request: Record<string, unknown>, connection: number) => object[]): Promise<number> {
  const rest = new Map<number, Buffer>();
  return rawServer((chunk, socket, connection) => {
    let bytes = Buffer.concat([rest.get(connection) ?? Buffer.alloc(0), chunk]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32LE()) {
      const end = 4 + bytes.readUInt32LE();
      const request = JSON.parse(bytes.toString('utf8', 4, end)) as Record<string, unknown>;
      for (const body of answer(request, connection)) socket.write(frame(JSON.stringify(body)));
      bytes = bytes.subarray(end);
    }
    rest.set(connection, bytes);
  });
}

/** Answers as the booklet's server does, and notes each chunk that comes. */
async function legacy(): Promise<{ port: number; chunks: string[]; answer: (result: unknown) => void }> {
  const chunks: string[] = [];
  let answer: (result: unknown) => void = () => undefined;
  const port = await rawServer((chunk, socket) => {
    chunks.push(chunk.toString('latin1', 4));
    answer = (result) => socket.write(frame(JSON.stringify({ out: 'pong', result })));
  });
  return {
    port,
    chunks,
    answer: (result) => {
      answer(result);
    },
  };
}

describe('calls to a server that knows ids', () => {
  test('do not wait for each other, over one connection', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ ...booklet, wait: wait.handle });
    let connections = 0;
    server.on('connection', () => connections++);
    const client = clientOf(port);
    // The first call of a connection too.
    const slow = client.call('wait', 'slow');
    await wait.begun('slow');
    expect(await client.call('ping', 'fast')).toBe('fast');
    await wait.answer('slow');
    expect(await slow).toBe('slow');
    expect(connections).toBe(1);
  });

  test('fail each by itself: a timeout ends neither the connection nor another call', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ ...booklet, wait: wait.handle });
    let connections = 0;
    server.on('connection', () => connections++);
    const client = clientOf(port);
    await client.call('ping');
    const other = client.call('wait', 'other');
    await expect(client.call('wait', 'late', { timeout: 30 })).rejects.toMatchObject({ code: 'ERR_RPC_TIMEOUT' });
    await wait.answer('late');
    await wait.answer('other');
    expect(await other).toBe('other');
    expect(connections).toBe(1);
  });

  test('get its errors', async () => {
    const { port } = await serve({
      ...booklet,
      refuses: () => {
        throw new CallError('no_funds', 'not enough');
      },
      throws: () => {
        throw new Error('secret');
      },
      sheds: () => {
        throw new OverloadedError();
      },
    });
    const client = clientOf(port);
    const refused: unknown = await client.call('refuses').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CallError);
    expect(refused).toMatchObject({ code: 'ERR_RPC_CALL', reason: 'no_funds', message: 'not enough' });
    await expect(client.call('throws')).rejects.toMatchObject({ reason: 'failed', message: 'throws failed' });
    await expect(client.call('fly')).rejects.toMatchObject({
      reason: 'unknown_method',
      message: 'no such method: "fly"',
    });
    await expect(client.call('pi', 'x')).rejects.toMatchObject({
      reason: 'bad_request',
      message: 'pi takes an integer',
    });
    await expect(client.call('sheds')).rejects.toMatchObject({ code: 'ERR_RPC_OVERLOADED', reason: 'overloaded' });
    expect(await client.call('ping', 1)).toBe(1);
  });

  test('keep to what it says it takes', async () => {
    const wait = onDemand();
    const options = { maxFrame: 1000, maxCallsPerConnection: 2 };
    const { server, port } = await serve({ ...booklet, wait: wait.handle }, 0, options);
    let connections = 0;
    server.on('connection', () => connections++);
    const client = clientOf(port);
    await client.call('ping');
    const calls = ['a', 'b', 'c'].map((name) => client.call('wait', name));
    await wait.begun('b');
    const long = client.call('ping', 'x'.repeat(1000));
    for (const name of ['a', 'b', 'c']) await wait.answer(name);
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
    await expect(long).rejects.toMatchObject({ code: 'ERR_RPC_FRAME' });
    expect(await client.call('ping', 1)).toBe(1);
    expect(connections).toBe(1);
  });

  test('that are just as long as it takes are sent, and longer ones are not, with the id and the deadline', async () => {
    const { server, port } = await serve({ ...booklet, size: (text) => (text as string).length }, 0, {
      maxFrame: 1000,
    });
    let connections = 0;
    server.on('connection', () => connections++);
    const client = clientOf(port);
    await client.call('ping');
    const lengths = Array.from({ length: 80 }, (_, n) => 930 + n);
    const sent = [];
    for (const length of lengths) {
      const result = client.call('size', 'x'.repeat(length), { timeout: 9000 });
      sent.push(await result.catch((error: unknown) => (error as { code?: string }).code));
    }
    const room = 1000 - '{"in":"size","params":"","id":10,"deadline":9000}'.length;
    expect(sent).toEqual(lengths.map((length) => (length <= room ? length : 'ERR_RPC_FRAME')));
    expect(connections).toBe(1);
  });

  test('are known by its first reply if it does not say hello, and may be answered in any order', async () => {
    let held: unknown[] = [];
    const port = await answering(({ params, id }) => {
      if (params === 'first') return [{ id, result: 'first' }];
      held = [...held, id];
      return held.length === 2 ? held.reverse().map((one) => ({ id: one, result: one })) : [];
    });
    const client = clientOf(port);
    expect(await client.call('ping', 'first')).toBe('first');
    expect(await Promise.all([client.call('ping'), client.call('ping')])).toEqual([2, 3]);
  });

  test.each([
    ['a reply without an id', { result: 1 }],
    ['neither a result nor an error', { foo: 1 }],
  ])('are lost when it answers %s', async (_, body) => {
    const port = await answering(({ params, id }) => [params === 1 ? { id, result: 1 } : body]);
    const client = clientOf(port);
    expect(await client.call('ping', 1)).toBe(1);
    await expect(client.call('ping', 2)).rejects.toMatchObject({
      code: 'ERR_RPC_CONNECTION_LOST',
      cause: { code: 'ERR_RPC_FRAME' },
    });
  });

  test('are answered all the same when it answers what nobody asked', async () => {
    const port = await answering(({ id }) => [
      { id: 99, result: 'stray' },
      { id: 'x', result: 'stray' },
      { id, result: 'mine' },
    ]);
    expect(await clientOf(port).call('ping')).toBe('mine');
  });

  test('go elsewhere when it refuses the connection’s frames, and the caller is told why', async () => {
    const port = await answering(({ params, id }) =>
      params === 1 ? [{ id, result: 1 }] : [{ id: null, error: { code: 'bad_frame', message: 'what?' } }],
    );
    const client = clientOf(port);
    await client.call('ping', 1);
    const call = client.call('ping', 2, { timeout: 300 });
    const next = client.call('ping', 1);
    await expect(call).rejects.toMatchObject({ code: 'ERR_RPC_TIMEOUT' });
    expect(await next).toBe(1);
  });
});

describe('calls to a server of the booklet', () => {
  test('are sent one after the other, the first with an id', async () => {
    const { port, chunks, answer } = await legacy();
    const client = clientOf(port);
    const calls = ['a', 'b', 'c'].map((name) => client.call('ping', name));
    for (const [n, call] of calls.entries()) {
      while (chunks.length <= n) await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(chunks).toHaveLength(n + 1);
      answer(n);
      expect(await call).toBe(n);
    }
    expect(chunks[0]).toMatch(/^\{"in":"ping","params":"a","id":1,"deadline":\d+\}$/);
    expect(chunks.slice(1)).toEqual(['{"in":"ping","params":"b"}', '{"in":"ping","params":"c"}']);
  });

  test('are pipelined if it is known to bear that', async () => {
    const { port, chunks, answer } = await legacy();
    const client = clientOf(port, { legacyPipelining: true });
    const first = client.call('ping', 0);
    while (chunks.length === 0) await new Promise(setImmediate);
    answer('first');
    await first;
    const calls = ['a', 'b', 'c'].map((name) => client.call('ping', name));
    const all = (): string => chunks.slice(1).join('');
    while (!all().includes('"c"')) await new Promise(setImmediate);
    for (const name of ['a', 'b', 'c']) answer(name);
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
  });

  test('that are given up have one reply thrown away', async () => {
    const { port, chunks, answer } = await legacy();
    const client = clientOf(port);
    const controller = new AbortController();
    const given = client.call('ping', 'a', { signal: controller.signal });
    while (chunks.length === 0) await new Promise(setImmediate);
    const next = client.call('ping', 'b');
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    answer('of a');
    while (chunks.length === 1) await new Promise(setImmediate);
    answer('of b');
    expect(await next).toBe('of b');
  });

  test('go to a new connection when a call that was given up has no reply in its time', async () => {
    const controller = new AbortController();
    const port = await answering((_, connection) => {
      // The call is under way.
      if (connection === 1) controller.abort();
      return connection > 1 ? [{ result: connection }] : [];
    });
    const client = clientOf(port);
    const given = client.call('ping', 'a', { signal: controller.signal, timeout: 1_000 });
    const next = client.call('ping', 'b');
    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    expect(await next).toBe(2);
  });
});

describe('a signal', () => {
  test('gives a call up, tells the handler, and makes room for another', async () => {
    let tell: (reason: unknown) => void = () => undefined;
    const aborted = new Promise((resolve) => (tell = resolve));
    const hang = (_: unknown, { signal }: CallContext): Promise<never> => {
      signal.addEventListener('abort', () => {
        tell(signal.reason);
      });
      return new Promise(() => undefined);
    };
    const { server, port } = await serve({ ...booklet, hang });
    const client = clientOf(port, { maxInFlight: 1 });
    await client.call('ping');
    const controller = new AbortController();
    const call = client.call('hang', 1, { signal: controller.signal });
    const next = client.call('ping', 2);
    await once(server, 'request');
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(await aborted).toMatchObject({ name: 'CancelledError', code: 'ERR_RPC_CANCELLED' });
    expect(await next).toBe(2);
  });

  test('that has aborted keeps the call from being sent', async () => {
    let requests = 0;
    const { server, port } = await serve(booklet);
    server.on('request', () => requests++);
    const client = clientOf(port);
    await expect(client.call('ping', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    const controller = new AbortController();
    const call = client.call('ping', 2, { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(await client.call('ping', 3)).toBe(3);
    expect(requests).toBe(1);
  });

  test('may be that of many calls, and is let go of when they are done', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): number => warnings.push(warning);
    process.on('warning', warned);
    const { port } = await serve(booklet);
    const client = clientOf(port);
    const { signal } = new AbortController();
    const numbers = Array.from({ length: 100 }, (_, n) => n);
    expect(await Promise.all(numbers.map((n) => client.call('ping', n, { signal })))).toEqual(numbers);
    await new Promise(setImmediate);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });
});

test('calls beyond maxInFlight wait, and beyond maxQueue are refused at once', async () => {
  const wait = onDemand();
  const { port } = await serve({ ...booklet, wait: wait.handle });
  const client = clientOf(port, { maxInFlight: 2, maxQueue: 3 });
  await client.call('ping');
  const calls = ['a', 'b', 'c', 'd', 'e'].map((name) => client.call('wait', name));
  await expect(client.call('wait', 'f')).rejects.toMatchObject({
    name: 'RpcQueueFullError',
    code: 'ERR_RPC_QUEUE_FULL',
  });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await wait.answer(name);
  expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

describe('a server that falls silent', () => {
  test('loses its connection, long before its calls time out', async () => {
    const program = new Program(join(__dirname, 'fixtures', 'serve.mjs'));
    const [, port] = await program.printed(/port=(\d+)/);
    const client = clientOf(Number(port), { pingInterval: 100 });
    await client.call('ping');
    const call = client.call('hang', 1, { timeout: 60_000 });
    await program.printed(/request=hang/);
    program.kill('SIGSTOP');
    await expect(call).rejects.toMatchObject({ code: 'ERR_RPC_CONNECTION_LOST', sent: true });
    await client.close();
  });

  test('keeps it if it answers when it is asked, though its handler takes long', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ ...booklet, wait: wait.handle });
    const accepted = once(server, 'connection');
    const client = clientOf(port, { pingInterval: 20 });
    await client.call('ping');
    const [socket] = (await accepted) as [Socket];
    const call = client.call('wait', 1);
    let pings = 0;
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes('{"ping":1}')) pings++;
    });
    while (pings < 5) await once(socket, 'data');
    await wait.answer(1);
    expect(await call).toBe(1);
  });
});

test('a server that says goodbye is left without a lost call', async () => {
  const wait = onDemand();
  const { server, port } = await serve({ ...booklet, wait: wait.handle });
  const client = clientOf(port);
  await client.call('ping');
  const slow = client.call('wait', 1);
  await wait.begun(1);
  const closed = new Promise((resolve) => server.close(resolve));
  // Sent before the client has heard of it.
  expect(await client.call('ping', 2)).toBe(2);
  await wait.answer(1);
  expect(await slow).toBe(1);
  await closed;
});

test('a client that was busy itself takes the replies that have come meanwhile', async () => {
  const program = new Program(join(__dirname, 'fixtures', 'serve.mjs'));
  const [, port] = await program.printed(/port=(\d+)/);
  const client = clientOf(Number(port), { pingInterval: 50 });
  await client.call('ping');
  const call = client.call('ping', 1, { timeout: 100 });
  // It is sent by then.
  await new Promise<void>((resolve) => {
    process.nextTick(resolve);
  });
  const end = performance.now() + 300;
  while (performance.now() < end || !hasReceived(Number(port)));
  expect(await call).toBe(1);
});
