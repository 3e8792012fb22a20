// An HTTP server under prefork, with the options of the first argument (JSON). Its log goes to stdout.
//
// A response says the worker's pid, and comes when the request's body has ended: the client decides when. Those for
// /early send their headers at once; those for /large have more than sockets hold; those for /kept and /list promise by
// themselves to keep the connection, and so do those for /set. With 'continue' as the second argument the program itself lets requests continue, and
// answers those for /passed as any other.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const LENGTH = 8; // bytes of a response
const LARGE = 2 ** 25;

function answer(request, response) {
  if (request.url === '/large') {
    response.end(Buffer.alloc(LARGE));
    return;
  }
  response.setHeader('Content-Length', LENGTH);
  if (request.url === '/early') response.flushHeaders();
  request.resume().once('end', () => {
    if (request.url === '/kept') response.writeHead(200, { connection: 'keep-alive' });
    if (request.url === '/list') response.writeHead(200, 'OK', ['Connection', 'keep-alive', 'X-Test', 'list']);
    if (request.url === '/set') response.setHeader('connection', 'keep-alive');
    response.end(String(process.pid).padEnd(LENGTH));
  });
}

const server = createServer(answer);
if (process.argv[3] === 'continue') {
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    if (request.url === '/passed') server.emit('request', request, response);
    else answer(request, response);
  });
}

const options = JSON.parse(process.argv[2] ?? '{}');
await prefork(server, { host: '127.0.0.1', ...options, log: console.log });
console.log('up');
