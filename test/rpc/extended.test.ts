// What a server says to a peer that sends ids.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { booklet, CallError, CancelledError, RpcTimeoutError, type CallContext, type RpcServer } from 'truefork/rpc';
import { frame, onDemand, pythonRequest, Raw, serve, still } from './peers';

const hello = { hello: { maxFrame: 4 * 1024 * 1024, maxCalls: 1024 } };

/** A peer that has been greeted. */
async function greeted(port: number, maxCalls = hello.hello.maxCalls): Promise<Raw> {
  const peer = new Raw(port);
  peer.say({ in: 'ping', params: 0, id: 0 });
  expect(await peer.heard()).toEqual({ hello: { ...hello.hello, maxCalls } });
  expect(await peer.heard()).toEqual({ out: 'pong', result: 0, id: 0 });
  return peer;
}

/** A handler that tells its context and waits for its signal. */
function aborted(): { handle: (params: unknown, context: CallContext) => Promise<never>; reason: Promise<unknown> } {
  let tell: (reason: unknown) => void = () => undefined;
  const reason = new Promise((resolve) => (tell = resolve));
  return {
    handle: async (_, { signal }) => {
      await once(signal, 'abort');
      tell(signal.reason);
      throw new Error('aborted');
    },
    reason,
  };
}

/** As a class does that declares its own `message` and leaves it. */
function mute(): never {
  throw Object.assign(new Error('secret'), { message: undefined });
}

describe('a call with an id', () => {
  test('is answered with its id, after a greeting that comes once', async () => {
    const { port } = await serve(booklet);
    const peer = new Raw(port);
    peer.say({ in: 'ping', params: 'x', id: 7 });
    peer.say({ in: 'pi', params: 0, id: 'a "name"' });
    expect(await peer.heard()).toEqual(hello);
    expect(await peer.reply()).toBe('{"out":"pong","result":"x","id":7}');
    expect(await peer.reply()).toBe('{"out":"pi_r","result":2.8284271247461903,"id":"a \\"name\\""}');
  });

  test('does not wait for one before it, and the greeting does not wait for either', async () => {
    const wait = onDemand();
    const { port } = await serve({ ...booklet, wait: wait.handle });
    const peer = new Raw(port);
    peer.say({ in: 'wait', params: 'slow', id: 1 });
    expect(await peer.heard()).toEqual(hello);
    peer.say({ in: 'ping', params: 'fast', id: 2 });
    expect(await peer.heard()).toMatchObject({ id: 2 });
    await wait.answer('slow');
    expect(await peer.heard()).toEqual({ out: 'wait', result: 'slow', id: 1 });
  });

  test('does not change the order of those without', async () => {
    const wait = onDemand();
    const { port } = await serve({ ...booklet, wait: wait.handle });
    const peer = new Raw(port);
    peer.say({ in: 'wait', params: 1 });
    peer.say({ in: 'ping', params: 2 });
    peer.say({ in: 'ping', params: 3, id: 3 });
    expect(await peer.heard()).toEqual(hello);
    expect(await peer.heard()).toEqual({ out: 'pong', result: 3, id: 3 });
    await wait.answer(1);
    expect(await peer.reply()).toBe('{"out":"wait","result":1}');
    expect(await peer.reply()).toBe('{"out":"pong","result":2}');
  });

  test.each([
    ['an unknown method', { in: 'fly', params: 1 }, 'unknown_method'],
    ['a method of every object', { in: 'constructor', params: 1 }, 'unknown_method'],
    ['a method that is no string', { in: 1, params: 1 }, 'unknown_method'],
    ['no method', { params: 1 }, 'unknown_method'],
    ['no params', { in: 'ping' }, 'bad_request'],
    ['params that the method does not take', { in: 'pi', params: 'x' }, 'bad_request'],
    ['a handler that throws', { in: 'throws', params: 1 }, 'failed'],
    ['a handler that rejects', { in: 'rejects', params: 1 }, 'failed'],
    ['a result that JSON cannot express', { in: 'big', params: 1 }, 'failed'],
    ['a later result that JSON cannot express', { in: 'bigLater', params: 1 }, 'failed'],
    ['a thenable that throws', { in: 'thenable', params: 1 }, 'failed'],
    ['a handler with a reason of its own', { in: 'refuses', params: 1 }, 'no_funds'],
    ['a handler with a reason that is no text', { in: 'numbered', params: 1 }, 'failed'],
    ['a later one with a reason that is no text', { in: 'numberedLater', params: 1 }, 'failed'],
    ['an error that throws when it is looked at', { in: 'opaque', params: 1 }, 'failed'],
    ['params of which an error without a message is thrown', { in: 'checks', params: 1 }, 'bad_request'],
    ['a reply that is too long', { in: 'long', params: 1 }, 'too_long'],
    ['a deadline that has passed', { in: 'ping', params: 1, deadline: 0 }, 'expired'],
  ])('and %s is answered with an error, and the connection goes on', async (_, request, code) => {
    const { port } = await serve({
      ...booklet,
      throws: () => {
        throw new Error('secret');
      },
      rejects: () => Promise.reject(new Error('secret')),
      big: () => 1n,
      bigLater: () => Promise.resolve(1n),
      thenable: () => ({
        get then() {
          throw new Error('secret');
        },
      }),
      refuses: () => {
        throw new CallError('no_funds', 'not enough');
      },
      numbered: () => {
        throw new CallError(1n as never, 'secret');
      },
      numberedLater: () => Promise.reject(new CallError(1n as never, 'secret')),
      opaque: () => {
        throw new Proxy(new Error('secret'), {
          getPrototypeOf() {
            throw new Error('secret');
          },
        });
      },
      checks: { params: mute, handle: () => 1 },
      long: () => 'x'.repeat(4 * 1024 * 1024),
    });
    const peer = await greeted(port);
    peer.say({ ...request, id: 1 });
    const answer = await peer.reply();
    expect(JSON.parse(answer)).toEqual({ id: 1, error: { code, message: expect.any(String) as string } });
    expect(answer).not.toContain('secret');
    peer.say({ in: 'ping', params: 2, id: 2 });
    expect(await peer.heard()).toEqual({ out: 'pong', result: 2, id: 2 });
  });

  test('that is none is told so', async () => {
    const { port } = await serve(booklet);
    const peer = await greeted(port);
    for (const id of [null, true, {}, [1], 'x'.repeat(129)]) {
      peer.say({ in: 'ping', params: 1, id });
      expect(await peer.heard()).toMatchObject({ id: null, error: { code: 'bad_request' } });
    }
  });

  test('tells its handler who calls and for how long the reply is of use', async () => {
    const contexts: CallContext[] = [];
    const { port } = await serve({ ...booklet, tell: (_: unknown, context: CallContext) => contexts.push(context) });
    const peer = await greeted(port);
    const before = performance.now();
    peer.say({ in: 'tell', params: 1, id: 1, deadline: 60_000 });
    peer.say({ in: 'tell', params: 1, id: 2 });
    peer.say({ in: 'tell', params: 1, id: 3, deadline: 1e300 });
    for (let n = 0; n < 3; n++) await peer.heard();
    const [limited, unlimited, absurd] = contexts;
    expect(limited?.deadline).toBeGreaterThanOrEqual(before + 60_000);
    expect(limited?.deadline).toBeLessThanOrEqual(performance.now() + 60_000);
    expect([unlimited?.deadline, absurd?.deadline]).toEqual([Infinity, Infinity]);
    expect(limited?.method).toBe('tell');
    expect(limited?.peer).toEqual({ address: '127.0.0.1', port: peer.socket.localPort });
    expect(limited?.signal.aborted).toBe(false);
  });
});

test('bytes that are no frame are told, those in hand are answered, and the connection ends', async () => {
  const wait = onDemand();
  const { port } = await serve({ ...booklet, wait: wait.handle });
  const neighbour = await greeted(port);
  const peer = await greeted(port);
  peer.say({ in: 'wait', params: 1, id: 1 });
  peer.send(Buffer.from('ffffffff', 'hex'));
  expect(await peer.heard()).toMatchObject({ id: null, error: { code: 'bad_frame' } });
  await wait.answer(1);
  expect(await peer.heard()).toEqual({ out: 'wait', result: 1, id: 1 });
  await peer.ended;
  neighbour.say({ in: 'ping', params: 1, id: 1 });
  expect(await neighbour.heard()).toMatchObject({ id: 1, result: 1 });
});

test('a ping is answered with what it brings', async () => {
  const { port } = await serve(booklet);
  const peer = await greeted(port);
  peer.say({ ping: 'you' });
  expect(await peer.heard()).toEqual({ pong: 'you' });
});

describe('a call that nobody waits for', () => {
  test('because it was cancelled aborts, is not answered, and makes room', async () => {
    const { handle, reason } = aborted();
    const { port } = await serve({ ...booklet, handle }, 0, { maxCalls: 1 });
    const peer = await greeted(port);
    peer.say({ in: 'handle', params: 1, id: 1 });
    peer.say({ cancel: 1 });
    peer.say({ cancel: 'unknown' });
    expect(await reason).toBeInstanceOf(CancelledError);
    peer.say({ in: 'ping', params: 2, id: 2 });
    expect(await peer.heard()).toMatchObject({ id: 2, result: 2 });
  });

  test('because its deadline has passed aborts and is answered so', async () => {
    const { handle, reason } = aborted();
    const { port } = await serve({ ...booklet, handle });
    const peer = await greeted(port);
    peer.say({ in: 'handle', params: 1, id: 1, deadline: 20 });
    expect(await peer.heard()).toMatchObject({ id: 1, error: { code: 'expired' } });
    expect(await reason).toBeInstanceOf(RpcTimeoutError);
  });

  test('because its peer is gone aborts and makes room', async () => {
    const { handle, reason } = aborted();
    const { port } = await serve({ ...booklet, handle }, 0, { maxCalls: 1 });
    const neighbour = await greeted(port);
    const peer = await greeted(port);
    peer.say({ in: 'handle', params: 1, id: 1 });
    peer.say({ in: 'ping', params: 1, id: 2 });
    expect(await peer.heard()).toMatchObject({ id: 2, error: { code: 'overloaded' } });
    peer.socket.resetAndDestroy();
    expect(await reason).toBeInstanceOf(CancelledError);
    neighbour.say({ in: 'ping', params: 1, id: 1 });
    expect(await neighbour.heard()).toMatchObject({ id: 1, result: 1 });
  });

  test('has its signal aborted also if that is looked at later', async () => {
    let look: () => void = () => undefined;
    const looked = new Promise<void>((resolve) => (look = resolve));
    let seen: Promise<boolean> | undefined;
    const handle = (_: unknown, context: CallContext): Promise<never> => {
      seen = looked.then(() => context.signal.aborted);
      return new Promise(() => undefined);
    };
    const { port } = await serve({ ...booklet, handle });
    const peer = await greeted(port);
    peer.say({ in: 'handle', params: 1, id: 1 });
    peer.say({ cancel: 1 });
    peer.say({ ping: 1 });
    await peer.heard();
    look();
    expect(await seen).toBe(true);
  });
});

describe('a call that nobody waits for, and whose handler goes on, counts until that has ended', () => {
  /** Handlers that heed no signal: how many are at work, how many signals have aborted, and what ends them all. */
  function deaf(): {
    handle: (params: unknown, context: CallContext) => Promise<void>;
    count: () => number;
    aborts: () => number;
    end: () => void;
  } {
    let count = 0;
    let aborts = 0;
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    const handle = async (_: unknown, { signal }: CallContext): Promise<void> => {
      signal.addEventListener('abort', () => aborts++);
      count++;
      await over;
      count--;
    };
    return { handle, count: () => count, aborts: () => aborts, end };
  }

  test('when it was cancelled: a peer cannot have more of them at work than it may', async () => {
    const { handle, count, end } = deaf();
    const { port } = await serve({ ...booklet, handle }, 0, { maxCallsPerConnection: 3 });
    const peer = await greeted(port, 3);
    for (let id = 1; id <= 50; id++) {
      peer.say({ in: 'handle', params: 1, id });
      peer.say({ cancel: id });
    }
    peer.say({ ping: 'seen' });
    for (let id = 4; id <= 50; id++) expect(await peer.heard()).toMatchObject({ id, error: { code: 'overloaded' } });
    expect(await peer.heard()).toEqual({ pong: 'seen' });
    expect(count()).toBe(3);
    end();
    peer.say({ ping: 'again' });
    await peer.heard();
    peer.say({ in: 'ping', params: 1, id: 51 });
    expect(await peer.heard()).toMatchObject({ id: 51, result: 1 });
  });

  test('when its deadline has passed, or its peer has gone', async () => {
    const { handle, count, aborts, end } = deaf();
    const { port } = await serve({ ...booklet, handle }, 0, { maxCalls: 2 });
    const neighbour = await greeted(port);
    const peer = await greeted(port);
    peer.say({ in: 'handle', params: 1, id: 1, deadline: 20 });
    expect(await peer.heard()).toMatchObject({ id: 1, error: { code: 'expired' } });
    const gone = await greeted(port);
    gone.say({ in: 'handle', params: 1, id: 1 });
    while (count() < 2) await new Promise(setImmediate);
    gone.socket.resetAndDestroy();
    while (aborts() < 2) await new Promise(setImmediate);
    neighbour.say({ in: 'ping', params: 1, id: 1 });
    expect(await neighbour.heard()).toMatchObject({ id: 1, error: { code: 'overloaded' } });
    end();
    while (count() > 0) await new Promise(setImmediate);
    neighbour.say({ in: 'ping', params: 1, id: 2 });
    expect(await neighbour.heard()).toMatchObject({ id: 2, result: 1 });
  });

  test('but no longer than handlerTimeout', async () => {
    const { handle, end } = deaf();
    const { port } = await serve({ ...booklet, handle }, 0, { maxCalls: 1, handlerTimeout: 50 });
    const peer = await greeted(port);
    peer.say({ in: 'handle', params: 1, id: 1 });
    peer.say({ cancel: 1 });
    let answer: Record<string, unknown>;
    let id = 1;
    do {
      peer.say({ in: 'ping', params: 1, id: ++id });
      answer = await peer.heard();
    } while ('error' in answer);
    expect(answer).toMatchObject({ id, result: 1 });
    peer.say({ in: 'handle', params: 1, id: ++id, deadline: 1 });
    expect(await peer.heard()).toMatchObject({ id, error: { code: 'expired' } });
    do {
      peer.say({ in: 'ping', params: 1, id: ++id });
      answer = await peer.heard();
    } while ('error' in answer);
    expect(answer).toMatchObject({ id, result: 1 });
    end();
  });

  test('and keeps no connection from ending', async () => {
    const { handle, end } = deaf();
    const { server, port } = await serve({ ...booklet, handle });
    const peer = await greeted(port);
    peer.say({ in: 'handle', params: 1, id: 1 });
    peer.say({ cancel: 1 });
    peer.say({ ping: 1 });
    await peer.heard();
    const closed = new Promise((resolve) => server.close(resolve));
    expect(await peer.heard()).toEqual({ goaway: true });
    peer.socket.end();
    await peer.ended;
    await closed;
    end();
  });
});

test('a call with an id that another one in hand has is refused, and that one is ended with the connection', async () => {
  const { handle, reason } = aborted();
  const { port } = await serve({ ...booklet, handle });
  const peer = await greeted(port);
  peer.say({ in: 'handle', params: 1, id: 1 });
  peer.say({ in: 'handle', params: 2, id: 1 });
  expect(await peer.heard()).toMatchObject({ id: 1, error: { code: 'bad_request' } });
  peer.say({ in: 'ping', params: 1, id: 2 });
  expect(await peer.heard()).toMatchObject({ id: 2, result: 1 });
  peer.socket.resetAndDestroy();
  expect(await reason).toBeInstanceOf(CancelledError);
});

describe('a handler that takes longer than handlerTimeout', () => {
  const options = { handlerTimeout: 20 };

  test('is told, and so is its caller', async () => {
    const { handle, reason } = aborted();
    const { port } = await serve({ ...booklet, handle }, 0, options);
    const peer = await greeted(port);
    peer.say({ in: 'handle', params: 1, id: 1, deadline: 60_000 });
    expect(await peer.heard()).toMatchObject({ id: 1, error: { code: 'timeout' } });
    expect(await reason).toBeInstanceOf(RpcTimeoutError);
  });

  test('closes the connection of a booklet’s peer', async () => {
    const { handle } = aborted();
    const { port } = await serve({ ...booklet, handle }, 0, options);
    const peer = new Raw(port);
    peer.send(Buffer.concat([pythonRequest('ping', '1'), pythonRequest('handle', '2'), pythonRequest('ping', '3')]));
    expect(await peer.ended).toEqual(frame('{"out":"pong","result":1}'));
  });
});

describe('when there are as many calls in hand as there may be', () => {
  test('of a connection, one more with an id is refused', async () => {
    const wait = onDemand();
    const { port } = await serve({ ...booklet, wait: wait.handle }, 0, { maxCallsPerConnection: 2 });
    const peer = new Raw(port);
    for (const id of [1, 2, 3]) peer.say({ in: 'wait', params: id, id });
    expect(await peer.heard()).toEqual({ hello: { ...hello.hello, maxCalls: 2 } });
    expect(await peer.heard()).toMatchObject({ id: 3, error: { code: 'overloaded' } });
    await wait.answer(1);
    expect(await peer.heard()).toMatchObject({ id: 1 });
    peer.say({ in: 'ping', params: 4, id: 4 });
    expect(await peer.heard()).toMatchObject({ id: 4, result: 4 });
  });

  test('of all connections, one more with an id is refused, and those without wait and lose nothing', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ ...booklet, wait: wait.handle }, 0, { maxCalls: 2 });
    const methods: unknown[] = [];
    server.on('request', (method) => methods.push(method));
    const busy = await greeted(port);
    for (const id of [1, 2]) busy.say({ in: 'wait', params: id, id });
    await wait.begun(2);
    const legacy = Array.from({ length: 20 }, () => new Raw(port));
    for (const peer of legacy) peer.send(Buffer.concat(['5', '6', '7'].map((n) => pythonRequest('ping', n))));
    busy.say({ in: 'ping', params: 3, id: 3 });
    expect(await busy.heard()).toMatchObject({ id: 3, error: { code: 'overloaded' } });
    const first = new Raw(port);
    first.say({ in: 'ping', params: 4, id: 4 });
    expect(await first.heard()).toHaveProperty('hello');
    expect(await first.heard()).toMatchObject({ id: 4, error: { code: 'overloaded' } });
    expect(methods).toEqual(['ping', 'wait', 'wait']);
    await wait.answer(1);
    for (const peer of legacy) {
      for (const n of [5, 6, 7]) expect(await peer.reply()).toBe(`{"out":"pong","result":${n}}`);
    }
    await wait.answer(2);
  });

  test('long requests are not all read', async () => {
    let begun = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const handle = (): Promise<void> => {
      begun++;
      return gate;
    };
    const { port } = await serve({ ...booklet, handle });
    const neighbour = new Raw(port);
    const peer = new Raw(port);
    for (let id = 1; id <= 30; id++) peer.say({ in: 'handle', params: 'x'.repeat(1 << 20), id });
    await still(neighbour, () => begun);
    expect(begun).toBeLessThanOrEqual(17);
    open();
    await still(neighbour, () => begun);
    expect(begun).toBe(30);
  });
});

describe('close', () => {
  test('tells a peer to leave, and answers what it has sent until then', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ ...booklet, wait: wait.handle });
    const peer = await greeted(port);
    peer.say({ in: 'wait', params: 1, id: 1 });
    await wait.begun(1);
    const closed = new Promise((resolve) => server.close(resolve));
    expect(await peer.heard()).toEqual({ goaway: true });
    // It had sent this before it saw that.
    peer.say({ in: 'ping', params: 2, id: 2 });
    expect(await peer.heard()).toMatchObject({ id: 2, result: 2 });
    peer.socket.end();
    await wait.answer(1);
    expect(await peer.heard()).toMatchObject({ id: 1, result: 1 });
    await peer.ended;
    peer.close();
    await closed;
  });

  test('answers the first request of a connection that was made before, with an id or without', async () => {
    const { server, port } = await serve(booklet);
    const accepted = async (): Promise<Raw> => {
      const connection = once(server, 'connection');
      const peer = new Raw(port);
      await connection;
      return peer;
    };
    const extended = await accepted();
    const legacy = await accepted();
    const closed = new Promise((resolve) => server.close(resolve));
    extended.say({ in: 'ping', params: 1, id: 1 });
    legacy.send(pythonRequest('ping', '1'));
    expect(await extended.heard()).toHaveProperty('hello');
    expect(await extended.heard()).toEqual({ goaway: true });
    expect(await extended.heard()).toMatchObject({ id: 1, result: 1 });
    extended.socket.end();
    expect(await legacy.ended).toEqual(frame('{"out":"pong","result":1}'));
    extended.close();
    legacy.close();
    await closed;
  });

  test('is not the end of a server that listens again', async () => {
    const { server, port } = await serve(booklet);
    await new Promise((resolve) => server.close(resolve));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const peer = await greeted(port);
    peer.say({ in: 'ping', params: 1, id: 1 });
    expect(await peer.heard()).toMatchObject({ id: 1, result: 1 });
  });

  test('does not wait for ever for a connection on which nothing comes', async () => {
    const { server, port } = await serve(booklet);
    const accepted = once(server, 'connection');
    const peer = new Raw(port);
    await accepted;
    const closed = new Promise((resolve) => server.close(resolve));
    await peer.ended;
    peer.close();
    await closed;
  });
});

describe('a connection that is idle for idleTimeout', () => {
  const options = { idleTimeout: 40 };

  test('with ids is told to leave', async () => {
    const { port } = await serve(booklet, 0, options);
    const peer = await greeted(port);
    expect(await peer.heard()).toEqual({ goaway: true });
    peer.socket.end();
    await peer.ended;
  });

  test.each([
    ['on which nothing came', Buffer.alloc(0)],
    ['of the booklet', pythonRequest('ping', '1')],
    ['on which a frame does not end', Buffer.from('ff00000000', 'hex')],
  ])('%s ends', async (_, bytes) => {
    const { port } = await serve(booklet, 0, options);
    const peer = new Raw(port);
    if (bytes.length > 0) peer.send(bytes);
    await peer.ended;
  });

  test('is not one with a call in hand', async () => {
    const wait = onDemand();
    const { server, port } = await serve({ ...booklet, wait: wait.handle }, 0, options);
    const accepted = once(server, 'connection');
    const idle = new Raw(port);
    await accepted;
    const peer = await greeted(port);
    peer.say({ in: 'wait', params: 1, id: 1 });
    await idle.ended;
    idle.close();
    const again = new Raw(port);
    await again.ended;
    await wait.answer(1);
    expect(await peer.heard()).toMatchObject({ id: 1, result: 1 });
  });

  test('is one whose peer does not take its replies', async () => {
    const { server, port } = await serve(booklet, 0, options);
    const accepted = once(server, 'connection');
    const peer = new Raw(port);
    const [socket] = (await accepted) as [Socket];
    peer.socket.pause();
    const closed = once(socket, 'close');
    for (let id = 1; id <= 30; id++) peer.say({ in: 'ping', params: 'x'.repeat(1 << 20), id });
    await closed;
  });
});

/** The bad requests that are told until one says how many were not. */
async function told(server: RpcServer, peer: Raw): Promise<{ events: number; untold: number; sent: number }> {
  let events = 0;
  let untold = 0;
  let sent = 0;
  server.on('badRequest', (_: Error, __: string, more: number) => {
    events++;
    untold += more;
  });
  while (untold === 0) {
    for (let n = 0; n < 500; n++) peer.say({ in: 'fly', params: 1, id: ++sent });
    while ((await peer.heard())['id'] !== sent);
  }
  return { events, untold, sent };
}

test('bad requests are told ten times a second, and how many were not', async () => {
  const { server, port } = await serve(booklet);
  const { events, untold, sent } = await told(server, await greeted(port));
  expect(events).toBeLessThan(50);
  expect(events + untold).toBeLessThanOrEqual(sent);
  expect(untold).toBeGreaterThan(400);
});
