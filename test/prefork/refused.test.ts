// What becomes of those who connect while a server answers its last requests: they are refused, and can go elsewhere.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { kill } from 'truefork';
import { temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { HttpConnection } from './http-connection';

/** Fulfilled when nobody listens there, with what says so. */
async function refused(at: number | string): Promise<unknown> {
  for (;;) {
    const socket = typeof at === 'string' ? connect(at) : connect(at, '127.0.0.1');
    try {
      await once(socket, 'connect');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It was in the queue when that was closed.
      if (code !== 'ECONNRESET') return code;
    } finally {
      socket.destroy();
    }
  }
}

// Each with the other kind of end, too: by the master, or because there is none any more.
describe.each(['SIGTERM', 'SIGKILL'] as const)('a master that got %s', (signal) => {
  /** A family with a request in hand, whose master has got the signal: where it listened, and what ends it. */
  async function ending(options: { reusePort?: boolean; path?: string }) {
    const family = new Family('prefork-http.mjs', { options: { workers: 2, ...options } });
    await family.program.printed(/^up$/m);
    const at = options.path ?? (await family.listens());
    const slow = await HttpConnection.open(at);
    await slow.begin();
    kill(family.master, signal);
    const last = async () => {
      slow.finishBody();
      expect((await slow.answer()).status).toBe(200);
      if (signal === 'SIGTERM') await family.ended();
      else await family.gone();
    };
    return { at, last };
  }

  test.each([
    ['a port', {}],
    ['a socket for each worker', { reusePort: true }],
  ])('%s: the address is free for another server', async (_, options) => {
    const { at, last } = await ending(options);
    expect(await refused(at)).toBe('ECONNREFUSED');
    const another = createServer().listen(Number(at), '127.0.0.1');
    await once(another, 'listening');
    another.close();
    await last();
  });

  test('a path', async () => {
    const path = join(temporaryDirectory(), 'socket');
    const { last } = await ending({ path });
    expect(await refused(path)).toBe(signal === 'SIGTERM' ? 'ENOENT' : 'ECONNREFUSED');
    await last();
  });
});
