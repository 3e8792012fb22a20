import { once } from 'node:events';
import { Server, type Socket } from 'node:net';
import { BadRequestError, booklet, createRpcServer, FrameError, type Handlers, type RpcServer } from 'truefork/rpc';
import { programPath, run } from '../support/programs';
import { deadPort, frame, listening, onDemand, pythonRequest, Raw, serve, still } from './peers';

describe('the booklet', () => {
  test('a ping of a Python 2.7 client is answered, byte for byte', async () => {
    const { port } = await serve(booklet);
    const peer = new Raw(port);
    const request = Buffer.concat([
      Buffer.from('25000000', 'hex'),
      Buffer.from('{"in": "ping", "params": "ireader 0"}'),
    ]);
    expect(request).toEqual(pythonRequest('ping', '"ireader 0"'));
    peer.send(request);
    peer.socket.end();
    const reply = Buffer.concat([Buffer.from('23000000', 'hex'), Buffer.from('{"out":"pong","result":"ireader 0"}')]);
    expect(await peer.ended).toEqual(reply);
  });

  test('pi has the digits of the booklet', async () => {
    const { port } = await serve(booklet);
    const peer = new Raw(port);
    const digits = new Map([
      ['0', '2.8284271247461903'],
      ['1', '2.9814239699997196'],
      ['5', '3.088209081262058'],
      ['100', '3.1384395139385455'],
      ['-1', '0'],
      ['-100', '0'],
    ]);
    for (const [n, pi] of digits) {
      peer.send(pythonRequest('pi', n));
      expect(await peer.reply()).toBe(`{"out":"pi_r","result":${pi}}`);
    }
  });

  test.each(['1.5', '"5"', 'null', 'true', '[1]', '1e300', '9007199254740993', '10000001'])(
    'pi of %s closes the connection without a reply',
    async (n) => {
      const { port } = await serve(booklet);
      const peer = new Raw(port);
      peer.send(pythonRequest('pi', n));
      expect(await peer.ended).toHaveLength(0);
    },
  );

  test('ping echoes whatever JSON can express', async () => {
    const { port } = await serve(booklet);
    const peer = new Raw(port);
    for (const params of ['null', '0', '""', '[]', '{"é":"😀"}', '[1.5,[true,null]]']) {
      peer.send(pythonRequest('ping', params));
      expect(await peer.reply()).toBe(`{"out":"pong","result":${params}}`);
    }
  });
});

describe('calls of one connection', () => {
  test('are answered when their bytes come one by one', async () => {
    const { port } = await serve(booklet);
    const peer = new Raw(port);
    peer.socket.setNoDelay(true);
    for (const byte of pythonRequest('ping', '1')) peer.send(Buffer.of(byte));
    expect(await peer.reply()).toBe('{"out":"pong","result":1}');
  });

  test('are answered in order when three come in one write', async () => {
    const { port } = await serve(booklet);
    const peer = new Raw(port);
    peer.send(Buffer.concat([pythonRequest('ping', '1'), pythonRequest('pi', '0'), pythonRequest('ping', '3')]));
    expect(await peer.reply()).toBe('{"out":"pong","result":1}');
    expect(await peer.reply()).toBe('{"out":"pi_r","result":2.8284271247461903}');
    expect(await peer.reply()).toBe('{"out":"pong","result":3}');
  });

  test('are answered in order when their handlers finish in another', async () => {
    const wait = onDemand();
    const { port } = await serve({ ...booklet, wait: wait.handle });
    const peer = new Raw(port);
    peer.send(Buffer.concat(['1', '2'].map((n) => pythonRequest('wait', n)).concat(pythonRequest('ping', '3'))));
    await wait.answer(2);
    await wait.answer(1);
    expect(await peer.reply()).toBe('{"out":"wait","result":1}');
    expect(await peer.reply()).toBe('{"out":"wait","result":2}');
    expect(await peer.reply()).toBe('{"out":"pong","result":3}');
  });

  test('may be thousands, of which 1024 are in hand at once', async () => {
    let begun = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const later = async (n: unknown): Promise<unknown> => {
      begun++;
      await gate;
      return n;
    };
    const { port } = await serve({ ...booklet, later });
    const peer = new Raw(port);
    const neighbour = new Raw(port);
    peer.send(Buffer.concat(Array.from({ length: 5000 }, (_, n) => pythonRequest('later', String(n)))));
    await still(neighbour, () => begun);
    expect(begun).toBe(1024);
    open();
    for (let n = 0; n < 5000; n++) expect(await peer.reply()).toBe(`{"out":"later","result":${n}}`);
  });

  test('are answered after the peer has ended its side', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ wait: wait.handle });
    const accepted = once(server, 'connection');
    const peer = new Raw(port);
    const [socket] = (await accepted) as [Socket];
    const ended = once(socket, 'end');
    peer.socket.end(pythonRequest('wait', '1'));
    await ended;
    await wait.answer(1);
    expect(await peer.ended).toEqual(frame('{"out":"wait","result":1}'));
  });

  test('that have no result answer null', async () => {
    const { port } = await serve({ nothing: () => undefined });
    const peer = new Raw(port);
    peer.send(pythonRequest('nothing', '[]'));
    expect(await peer.reply()).toBe('{"out":"nothing","result":null}');
  });

  test('are each told as a request', async () => {
    const { server, port } = await serve(booklet);
    const methods: unknown[] = [];
    server.on('request', (method) => methods.push(method));
    const peer = new Raw(port);
    peer.send(Buffer.concat([pythonRequest('ping', '1'), pythonRequest('pi', '1')]));
    await peer.reply();
    await peer.reply();
    expect(methods).toEqual(['ping', 'pi']);
  });
});

describe('a bad request', () => {
  const handlers: Handlers = {
    ...booklet,
    throws: () => {
      throw new Error('no');
    },
    rejects: () => Promise.reject(new Error('no')),
    big: () => 1n,
    bigLater: () => Promise.resolve(1n),
  };

  test.each([
    ['a length of 4 GiB', Buffer.from('ffffffff', 'hex'), FrameError],
    ['a length of zero', frame(''), FrameError],
    ['no JSON', frame('hello'), FrameError],
    ['no object', frame('[1]'), FrameError],
    ['no method', frame('{"params": 1}'), BadRequestError],
    ['no params', frame('{"in": "ping"}'), BadRequestError],
    ['a method that is no string', frame('{"in": ["ping"], "params": 1}'), BadRequestError],
    ['an unknown method', pythonRequest('pong', '1'), BadRequestError],
    ['a method of every object', pythonRequest('constructor', '1'), BadRequestError],
    ['the prototype as a method', pythonRequest('__proto__', '1'), BadRequestError],
    ['a handler that throws', pythonRequest('throws', '1'), BadRequestError],
    ['a handler that rejects', pythonRequest('rejects', '1'), BadRequestError],
    ['a result that JSON cannot express', pythonRequest('big', '1'), BadRequestError],
    ['a later result that JSON cannot express', pythonRequest('bigLater', '1'), BadRequestError],
  ])('with %s closes its connection, after the replies to earlier calls, and no other', async (_, bytes, type) => {
    const wait = onDemand();
    const { server, port } = await serve({ ...handlers, wait: wait.handle });
    const bad: unknown[][] = [];
    server.on('badRequest', (...event: unknown[]) => bad.push(event));
    const neighbour = new Raw(port);
    const peer = new Raw(port);
    neighbour.send(pythonRequest('wait', '"neighbour"'));
    peer.send(Buffer.concat([pythonRequest('wait', '1'), bytes, pythonRequest('ping', '"after"')]));
    await wait.answer(1);
    expect(await peer.ended).toEqual(frame('{"out":"wait","result":1}'));
    await wait.answer('neighbour');
    expect(await neighbour.reply()).toBe('{"out":"wait","result":"neighbour"}');
    expect(bad).toEqual([[expect.any(type), '127.0.0.1', 0]]);
  });

  test('with params so deep that JSON.stringify may run out of stack harms nobody', async () => {
    const { port } = await serve(booklet);
    const peer = new Raw(port);
    const neighbour = new Raw(port);
    peer.send(pythonRequest('ping', '['.repeat(1e6) + ']'.repeat(1e6)));
    // It depends on the version of V8 which of the two happens.
    await Promise.race([peer.reply(), peer.ended]);
    neighbour.send(pythonRequest('ping', '1'));
    expect(await neighbour.reply()).toBe('{"out":"pong","result":1}');
  });

  test('needs no listener', async () => {
    const { port } = await serve(handlers);
    const peer = new Raw(port);
    peer.send(pythonRequest('throws', '1'));
    expect(await peer.ended).toHaveLength(0);
  });

  test('does not take back a long reply before it, though the peer goes on sending', async () => {
    const { port } = await serve(booklet);
    const peer = new Raw(port);
    const long = `"${'x'.repeat(3 << 20)}"`;
    peer.send(Buffer.concat([pythonRequest('ping', long), frame('garbage'), Buffer.alloc(4 << 20)]));
    expect((await peer.ended).length).toBe(frame(`{"out":"pong","result":${long}}`).length);
  });
});

test('a peer that resets its connection in mid-call harms nobody', async () => {
  const wait = onDemand();
  const { server, port } = await serve({ ...booklet, wait: wait.handle });
  const neighbour = new Raw(port);
  neighbour.send(pythonRequest('ping', '1'));
  await neighbour.reply();
  const accepted = once(server, 'connection');
  const peer = new Raw(port);
  const [socket] = (await accepted) as [Socket];
  const requested = once(server, 'request');
  peer.send(pythonRequest('wait', '1'));
  await requested;
  const closed = once(socket, 'close').catch(() => undefined);
  peer.socket.resetAndDestroy();
  await closed;
  await wait.answer(1);
  neighbour.send(pythonRequest('ping', '2'));
  expect(await neighbour.reply()).toBe('{"out":"pong","result":2}');
});

test('no more is read from a peer that does not read its replies', async () => {
  let echoed = 0;
  const echo = (params: unknown): unknown => {
    echoed++;
    return params;
  };
  const { port } = await serve({ ...booklet, echo });
  const peer = new Raw(port);
  const neighbour = new Raw(port);
  peer.socket.pause();
  const count = 200;
  const params = `"${'x'.repeat(1 << 20)}"`;
  for (let n = 0; n < count; n++) peer.send(pythonRequest('echo', params));
  await still(neighbour, () => echoed);
  expect(echoed).toBeLessThan(count / 2);
  peer.socket.resume();
  for (let n = 0; n < count; n++) expect((await peer.reply()).length).toBeGreaterThan(1 << 20);
  expect(echoed).toBe(count);
});

/** A server that has been told to close. */
class Closing {
  over = false;
  readonly closed: Promise<void>;

  constructor(server: RpcServer) {
    this.closed = new Promise((resolve) => {
      server.close(() => {
        this.over = true;
        resolve();
      });
    });
  }
}

describe('close', () => {
  test('ends idle connections at once, the others after their last reply, and calls back when all are gone', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ ...booklet, wait: wait.handle });
    const idle = new Raw(port);
    const busy = new Raw(port);
    idle.send(pythonRequest('ping', '1'));
    await idle.reply();
    busy.send(pythonRequest('wait', '1'));
    await once(server, 'request');

    const closing = new Closing(server);
    await idle.ended;
    idle.close();
    const late = new Raw(port);
    await expect(once(late.socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(closing.over).toBe(false);
    await wait.answer(1);
    expect(await busy.ended).toEqual(frame('{"out":"wait","result":1}'));
    busy.close();
    await closing.closed;
  });

  test('from within a handler answers the calls that are here', async () => {
    const stop = (): string => {
      server.close();
      return 'bye';
    };
    const { server, port } = await serve({ ...booklet, stop });
    const peer = new Raw(port);
    peer.send(Buffer.concat([pythonRequest('stop', '1'), pythonRequest('ping', '2')]));
    expect(await peer.ended).toEqual(
      Buffer.concat([frame('{"out":"stop","result":"bye"}'), frame('{"out":"pong","result":2}')]),
    );
  });

  test('waits for a peer that does not take its reply, until closeAllConnections', async () => {
    const wait = onDemand();
    let echoed = 0;
    const echo = (params: unknown): unknown => {
      echoed++;
      return params;
    };
    const { server, port } = await serve({ ...booklet, wait: wait.handle, echo });
    const deaf = new Raw(port);
    const patient = new Raw(port);
    const neighbour = new Raw(port);
    deaf.socket.pause();
    // More than the kernel holds for both ends.
    for (let n = 0; n < 200; n++) deaf.send(pythonRequest('echo', `"${'x'.repeat(1 << 20)}"`));
    await still(neighbour, () => echoed);
    patient.send(pythonRequest('wait', '1'));
    await wait.begun(1);

    const closing = new Closing(server);
    await neighbour.ended;
    neighbour.close();
    expect(closing.over).toBe(false);
    server.closeAllConnections();
    await closing.closed;
    expect(await patient.ended).toEqual(Buffer.alloc(0));
  });

  test('does not wait for a peer that never hangs up', async () => {
    const { server, port } = await serve(booklet);
    const peer = new Raw(port);
    peer.send(pythonRequest('ping', '1'));
    await peer.reply();
    await new Promise((resolve) => server.close(resolve));
    expect(peer.socket.destroyed).toBe(false);
  });
});

test('a listener that throws is an uncaught exception, and every call is answered all the same', async () => {
  const { code, stdout, stderr } = await run(programPath('rpc-listeners.mjs'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    'ping 0',
    'ping 1',
    'fails ERR_RPC_CALL',
    'failsLater ERR_RPC_CALL',
    'closed',
    'uncaughtException of request: 4',
    'uncaughtException of badRequest: 2',
  ]);
});

test('in a forked child the server has no connections, and none of the calls of its parent', async () => {
  expect(await run(programPath('rpc-server-forked.mjs'))).toEqual({
    code: 0,
    signal: null,
    stdout: 'child: 0 connections, 0 of 2 aborted\nparent: 50 and 50 pings, an answer, 1 connection\n',
    stderr: '',
  });
});

test('the server is a net.Server', async () => {
  const server = createRpcServer(booklet);
  expect(server).toBeInstanceOf(Server);
  const port = deadPort();
  expect(await listening(server, port)).toBe(port);
});

test('bad arguments are refused', () => {
  const invalid = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }) as Error;
  const range = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }) as Error;
  for (const none of [1, null, undefined]) {
    const call = () => createRpcServer({ ping: none } as unknown as Handlers);
    expect(call).toThrow(invalid);
    expect(call).toThrow('The "handlers.ping" property must be a function, or an object with one as `handle`');
  }
  expect(() => createRpcServer({ ping: { out: 1, handle: () => 1 } } as unknown as Handlers)).toThrow(invalid);
  expect(() => createRpcServer(booklet, { maxFrame: '1' as unknown as number })).toThrow(invalid);
  for (const none of [null, 1]) expect(() => createRpcServer(booklet, none as never)).toThrow(invalid);
  expect(() => createRpcServer(booklet, { maxFrame: 0 })).toThrow(range);
  expect(() => createRpcServer(booklet, { maxFrame: 1.5 })).toThrow(range);
  expect(() => createRpcServer(booklet, { maxFrame: 2 ** 32 })).toThrow(range);
});
