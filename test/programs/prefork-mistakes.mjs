// What prefork does not take. Prints what it threw, by the mistake, as JSON; then serves, to show that none has harmed.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { PosixError } from 'truefork';
import { prefork } from 'truefork/prefork';

const taken = createServer().listen(0, '127.0.0.1');
await once(taken, 'listening');

const caught = {};
async function mistake(name, server, options) {
  try {
    await prefork(server, { host: '127.0.0.1', workers: 1, ...options });
    caught[name] = 'nothing';
  } catch (error) {
    const { name: type, code, reason } = error;
    caught[name] = { type, code, reason, posix: error instanceof PosixError };
  }
}

const descriptors = () => readdirSync('/proc/self/fd').length;
const server = createHttpServer();
await mistake('first', server, { port: taken.address().port });
const before = descriptors();

await mistake('address in use', server, { port: taken.address().port });
await mistake('address not here', server, { host: '192.0.2.1' });
await mistake('no host', server, { host: '' });
await mistake('port as text', server, { port: '80' });
await mistake('port too great', server, { port: 65536 });
await mistake('port negative', server, { port: -1 });
await mistake('no workers', server, { workers: 0 });
await mistake('too many workers', server, { workers: 1025 });
await mistake('workers as text', server, { workers: 'all' });
await mistake('half a worker', server, { workers: 1.5 });
await mistake('no backlog', server, { backlog: 0 });
await mistake('negative timeout', server, { gracefulTimeout: -1 });
await mistake('no requests', server, { maxRequests: 0 });
await mistake('a backlog without end', server, { backlog: Infinity });
await mistake('a log that is none', server, { log: true });
await mistake('a beforeStop that is none', server, { beforeStop: 'now' });
await mistake('a beforeWorkerExit that is none', server, { beforeWorkerExit: 'now' });
await mistake('path and host', server, { path: '/tmp/socket' });
await mistake('path and port', server, { host: undefined, port: 0, path: '/tmp/socket' });
await mistake('path too long', server, { host: undefined, path: `/${'x'.repeat(107)}` });
await mistake('name too long', server, { host: undefined, path: `\0${'x'.repeat(108)}` });
await mistake('name that is empty', server, { host: undefined, path: '\0' });
await mistake('path that is empty', server, { host: undefined, path: '' });
await mistake('path with a null byte', server, { host: undefined, path: '/tmp/a\0b' });
await mistake('path of no directory', server, { host: undefined, path: '/tmp/missing/socket' });
await mistake('mode without path', server, { socketMode: 0o600 });
await mistake('mode of a name', server, { host: undefined, path: '\0name', socketMode: 0o600 });
await mistake('mode too great', server, { host: undefined, path: '/tmp/socket', socketMode: 0o1000 });
await mistake('mode as text', server, { host: undefined, path: '/tmp/socket', socketMode: '600' });
await mistake('reusePort as text', server, { reusePort: 1 });
await mistake('reusePort of a path', server, { host: undefined, path: '/tmp/socket', reusePort: true });
await mistake('inherit as text', server, { inherit: 'yes' });
await mistake('preload as text', () => server, { preload: 'no' });
await mistake('no preload of a server', server, { preload: false });
await mistake('no server', {}, {});
await mistake('a listener', (request, response) => response.end());
await mistake('a server that listens', taken, {});

const worker = new Worker('require("worker_threads").parentPort.once("message", () => {})', { eval: true });
await once(worker, 'online');
await mistake('a worker thread', server, {});
worker.postMessage('end');
await once(worker, 'exit');

const leaked = descriptors() - before;
const master = await prefork(server, { host: '127.0.0.1', workers: 1 });
await mistake('a second server', createServer(), {});
await master.stop();
taken.close();
console.log(JSON.stringify({ caught, leaked }));
