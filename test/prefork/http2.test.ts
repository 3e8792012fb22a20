// Servers of HTTP/2: whatever ends a worker, no stream is lost.
import { once } from 'node:events';
import { connect } from 'node:net';
import { kill } from 'truefork';
import { nodes } from '../support/programs';
import { Family } from './family';
import { begin, bodyOf, get, Http2Load, openSession } from './http2-client';
import { stopsOverTls } from './over-tls';

type Kind = 'plain' | 'secure' | 'both';

function up(options: Record<string, unknown>, { kind, node }: { kind: Kind; node?: string }) {
  return Family.up('prefork-http2.mjs', { options, args: [kind], node });
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test.each([
    ['plain', 1],
    ['secure', 1],
    ['secure', 5],
  ] as const)(
    '%s sessions with %i streams at a time lose none while all workers are replaced',
    async (kind, streams) => {
      const family = await up({ workers: 3, maxRequests: 300 }, { kind, node });
      const load = new Http2Load(family.port, { secure: kind !== 'plain', sessions: 6, streams });
      await load.more(100);
      const old = family.workers;
      for (const [signal, done] of [
        ['SIGHUP', /reloaded generation=2$/m],
        ['SIGUSR2', /reforked generation=3$/m],
        ['SIGHUP', /reloaded generation=4$/m],
      ] as const) {
        family.program.kill(signal);
        await family.program.printed(done);
        await load.more(50);
      }
      await Promise.all(old.map((pid) => family.exited(pid)));
      await family.lines(/ recycling reason=requests$/, 3);
      await load.stop();
      expect(load.lost).toEqual([]);
      // Who sends one after the other has never sent one that is too late.
      if (streams === 1) expect(load.refused).toBe(0);
      expect(await family.stop()).not.toMatch(/killing/);
    },
  );

  test.each(['plain', 'secure', 'both'] as const)(
    'a %s server that stops ends idle sessions, and the others with their streams',
    async (kind) => {
      const family = await up({ workers: 1 }, { kind, node });
      const [worker] = family.workers;
      const session = () => openSession(family.port, { secure: kind !== 'plain' });
      const [idle, busy, early] = [await session(), await session(), await session()];
      expect(await get(idle)).toBe(worker);
      const late = begin(busy);
      const head = begin(early, '/early');
      if (kind !== 'both') await once(head, 'response');
      expect(await get(busy)).toBe(worker);
      const told = [idle, busy, early].map((each) => once(each, 'goaway'));
      const ended = once(idle, 'close');
      family.program.kill('SIGTERM');
      await Promise.all(told);
      await ended;
      expect(() => busy.request()).toThrow();
      for (const stream of [late, head]) {
        const body = bodyOf(stream);
        stream.end('x');
        expect(await body).toBe(worker);
      }
      await family.ended();
    },
  );

  test('a session that is retired is told with its next stream', async () => {
    const family = await up({ workers: 1 }, { kind: 'secure', node });
    const [worker = 0] = family.workers;
    const [session, unused] = [
      await openSession(family.port, { secure: true }),
      await openSession(family.port, { secure: true }),
    ];
    expect(await get(session)).toBe(worker);
    kill(worker, 'SIGTTOU');
    while (!session.closed) expect(await get(session)).toBe(worker);
    expect(unused.closed).toBe(false);
    expect(await get(unused)).toBe(worker);
    expect(unused.closed).toBe(true);
    expect(await family.exited(worker)).toBe('code=0');
    await family.successor(worker);
    await family.stop();
  });

  test('a server that takes HTTP/1 too ends its connections as that does', async () => {
    const family = await up({ workers: 1 }, { kind: 'both', node });
    await stopsOverTls(family, { rejectUnauthorized: false });
  });
});

test('a session that does not end holds the stop for gracefulTimeout, and no longer', async () => {
  const family = await up({ workers: 1, gracefulTimeout: 300 }, { kind: 'plain' });
  const [worker = 0] = family.workers;
  const session = await openSession(family.port);
  const stream = begin(session, '/early');
  await once(stream, 'response');
  stream.on('error', () => undefined);
  family.program.kill('SIGTERM');
  expect(await family.exited(worker)).toBe('signal=SIGKILL');
  expect(await family.ended()).toMatch(/killing reason=gracefulTimeout$/m);
});

test('a client that does not close its end does not hold the stop for gracefulTimeout', async () => {
  const family = await up({ workers: 1, gracefulTimeout: 60_000 }, { kind: 'plain' });
  const socket = connect({ port: family.port, host: '127.0.0.1', allowHalfOpen: true });
  // What a client begins with, and no settings.
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
  await once(socket, 'data');
  family.program.kill('SIGTERM');
  await once(socket, 'end');
  expect(await family.ended()).not.toMatch(/killing/);
  socket.destroy();
});
