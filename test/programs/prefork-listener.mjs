// A server on a socket that was made before. Prints `passed`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { atfork } from 'truefork';
import { openListener, prefork } from 'truefork/prefork';

await assert.rejects(openListener({ port: 65536 }), { code: 'ERR_OUT_OF_RANGE' });
await assert.rejects(openListener({ host: '192.0.2.1' }), { code: 'EADDRNOTAVAIL' });
const server = createServer((request, response) => response.end('served'));
await assert.rejects(prefork(server, { listener: 5 }), { code: 'ERR_INVALID_ARG_TYPE' });

const listener = await openListener({ host: 'localhost' });
const { host, port } = listener.address;
await assert.rejects(openListener({ host, port }), { code: 'EADDRINUSE' });
// It comes before there is a worker, and waits.
const early = connect(port, host);
await once(early, 'connect');
// The worker has a copy of it, and might read the answer.
atfork({ child: () => early.destroy() });
early.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');

const master = await prefork(server, { listener, workers: 1, maxLifetime: Infinity });
assert.deepEqual(master.address, { host, port });
let answer = '';
for await (const chunk of early) answer += chunk;
assert.match(answer, /served/);
await master.stop();
await assert.rejects(once(connect(port, host), 'connect'), { code: 'ECONNREFUSED' });
console.log('passed');
