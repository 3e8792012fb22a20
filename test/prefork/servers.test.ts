import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { kill } from 'truefork';
import { connectRegistry } from 'truefork/discovery';
import { createRpcClient } from 'truefork/rpc';
import { nodes } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { stopsOverTls } from './over-tls';

/** A connection to prefork-echo.mjs, line by line. */
async function echo(port: number) {
  const socket = connect(port, '127.0.0.1');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  const pid = Number(await next());
  return {
    pid,
    socket,
    say: (text: string) => {
      socket.write(`${text}\n`);
      return next();
    },
  };
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('a net server runs as it is', async () => {
    const family = await Family.up('prefork-echo.mjs', { node, options: { workers: 2 } });
    const clients = await Promise.all(Array.from({ length: 8 }, () => echo(family.port)));
    for (const [n, { say, pid }] of clients.entries()) {
      expect(await say(`hello ${n}`)).toBe(`hello ${n}`);
      expect(family.workers).toContain(pid);
    }
    // It stops when its clients have gone.
    family.program.kill('SIGTERM');
    await family.program.printed(/stopping how=graceful/);
    for (const { say, socket } of clients) {
      expect(await say('still here')).toBe('still here');
      socket.end();
    }
    await family.ended();
  });

  test('an https server runs as it is', async () => {
    const family = await Family.up('prefork-https.mjs', { node, options: { workers: 1 } });
    const ca = readFileSync(join(__dirname, 'fixtures', 'certificate.pem'));
    await stopsOverTls(family, { ca });
  });

  test('an RPC server whose workers are killed one after the other loses no idempotent call', async () => {
    const url = `file://${temporaryDirectory()}`;
    const family = await Family.up('prefork-rpc.mjs', { node, options: { workers: 4 }, args: [url] });
    const registry = await connectRegistry(url);
    const clients = Array.from({ length: 8 }, () => createRpcClient({ registry, service: 'rpc' }));
    let calls = 0;
    let killing = true;
    const callers = clients.map(async (client) => {
      while (killing) {
        const n = ++calls;
        expect(await client.call('ping', n, { idempotent: true })).toBe(n);
      }
    });
    for (let n = 0; n < 8; n++) {
      const enough = calls + 200;
      while (calls < enough) await new Promise(setImmediate);
      const worker = family.workers[n % 4] ?? 0;
      kill(worker, 'SIGKILL');
      await family.successor(worker);
    }
    killing = false;
    await Promise.all(callers);
    await Promise.all(clients.map((client) => client.close()));
    await family.stop();
    expect(await registry.instances('rpc')).toEqual([]);
    await registry.close();
  });
});
