// Whether each socket of a worker has shapes of its own, as in Node.js 20 by itself: all caches of V8 are missed then.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Socket } from 'node:net';
import { getHeapSpaceStatistics } from 'node:v8';
import { prefork } from 'truefork';

const SOCKETS = 2_000;
// They have 1,300 bytes for each.
const LEAST = 650;

/** How much memory there is of what does not move, as shapes: of sockets that are not kept, little gets there. */
function old() {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space').space_used_size;
}

/** How much of it a socket takes. */
function perSocket() {
  const before = old();
  // As those that a server makes of its connections.
  for (let n = 0; n < SOCKETS; n += 1)
    new Socket({ handle: null, allowHalfOpen: true, readable: true, writable: true });
  return (old() - before) / SOCKETS;
}

const master = await prefork(
  createServer((request, response) => response.end(`${perSocket()}`)),
  { host: '127.0.0.1', port: 0, workers: 1 },
);
// The first time, V8 learns of such sockets, and compiles.
for (const time of ['first', 'second']) {
  const response = await fetch(`http://127.0.0.1:${master.address.port}/`, { headers: { connection: 'close' } });
  const taken = Number(await response.text());
  if (time === 'second') assert.ok(taken < LEAST, `a socket takes ${taken} bytes of old space`);
}
await master.stop();
console.log('passed');
process.exit();
