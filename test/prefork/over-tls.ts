// A graceful stop as clients of HTTP/1 over TLS see it.
import { once } from 'node:events';
import { connect, type ConnectionOptions } from 'node:tls';
import type { Family } from './family';
import { HttpConnection } from './http-connection';

/** Stops the family: idle connections end, also one that was never used, and one that has a request in hand when that is answered. */
export async function stopsOverTls(family: Family & { port: number }, options: ConnectionOptions): Promise<void> {
  const open = async () => {
    const socket = connect({ port: family.port, host: '127.0.0.1', ...options });
    await once(socket, 'secureConnect');
    return new HttpConnection(socket);
  };
  const [idle, busy, unused] = [await open(), await open(), await open()];
  expect(family.workers).toContain(Number((await idle.get()).body));
  await busy.begin();
  family.program.kill('SIGTERM');
  expect(await idle.ended()).toBe('END');
  busy.finishBody();
  expect(await busy.answer()).toMatchObject({ status: 200, headers: { connection: 'close' } });
  await Promise.all([busy.ended(), unused.ended()]);
  expect(await family.ended()).not.toMatch(/killing/);
}
