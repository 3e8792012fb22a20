// An HTTP server under prefork, with the options of the first argument (JSON), whose workers can be made to need
// replacement. Its log goes to stdout.
//
// A response says the worker's pid. /spin: the worker does nothing else from then on. /eat: it keeps 64 MB of its own.
// A worker cannot be ready while the file of the second argument is there: it exits (`exit`), throws (`throw`), or does
// nothing (`hang`), as the file says.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const LENGTH = 8; // bytes of a response
const [options, obstacle] = process.argv.slice(2);

const eaten = [];
const server = createServer((request, response) => {
  if (request.url === '/spin') for (;;);
  if (request.url === '/eat') eaten.push(Buffer.alloc(64 * 2 ** 20, 1));
  response.setHeader('Content-Length', LENGTH);
  request.resume().once('end', () => response.end(String(process.pid).padEnd(LENGTH)));
});

const { listen } = server;
server.listen = (...parameters) => {
  if (!obstacle || !existsSync(obstacle)) return listen.apply(server, parameters);
  const how = readFileSync(obstacle, 'utf8');
  if (how === 'exit') process.exit(3);
  if (how === 'throw') throw new Error('it cannot listen');
  setInterval(() => undefined, 1_000);
};

await prefork(server, { host: '127.0.0.1', ...JSON.parse(options ?? '{}'), log: console.log });
console.log('up');
