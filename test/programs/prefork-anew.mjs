// An HTTP server under prefork that answers the worker's pid, and that can be executed anew as it was called. It starts when
// there is no file that the first argument names, and says when it serves. Its log goes to stdout.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { prefork } from 'truefork/prefork';

const [, , gate, path] = process.argv;
if (existsSync(gate)) console.log(`${process.pid} waits`);
while (existsSync(gate)) await sleep(5);

const server = createServer((request, response) => {
  const pid = String(process.pid);
  response.setHeader('Content-Length', pid.length);
  response.end(pid);
});
const command = { argv: process.argv, cwd: process.cwd(), env: process.env };
// Then the master before this one has been told.
const beforeReady = () => void setImmediate(() => console.log(`${process.pid} serves`));
await prefork(server, { path, workers: 2, command, beforeReady, log: console.log });
console.log('up');
