// An HTTP server under prefork, with the options of the first argument (JSON). Its log goes to stdout.
//
// A response says the worker's pid, and comes when the request's body has ended: the client decides when. Those for
// /early send their headers at once; those for /large have more than sockets hold; those for /kept, /list and /pairs promise
// by themselves to keep the connection, and so do those for /set; those for /begun come when the body has begun; those for /waits
// with the next request of the worker; those for /computes send their headers, and then the worker computes for longer than a
// stop waits for a request. With 'continue' as the second argument the program itself lets requests continue, and answers those
// for /passed as any other; with 'switch' it goes on by another protocol where a client asks for that, or for a tunnel; with
// 'impatient' it does not wait long for the rest of a head; with 'brief' it keeps connections for two seconds.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const LENGTH = 8; // bytes of a response
const LARGE = 2 ** 25;
const COMPUTES = 1_500; // milliseconds

function answer(request, response) {
  if (request.url === '/large') {
    response.end(Buffer.alloc(LARGE));
    return;
  }
  if (request.url === '/pairs') {
    const headers = Object.entries({ connection: 'keep-alive', 'content-length': LENGTH });
    request.resume().once('end', () => response.writeHead(200, headers).end(String(process.pid).padEnd(LENGTH)));
    return;
  }
  response.setHeader('Content-Length', LENGTH);
  if (request.url === '/begun') {
    request.once('data', () => response.end(String(process.pid).padEnd(LENGTH)));
    return;
  }
  if (request.url === '/waits') {
    server.once('request', () => response.end(String(process.pid).padEnd(LENGTH)));
    return;
  }
  if (request.url === '/early') response.flushHeaders();
  request.resume().once('end', () => {
    if (request.url === '/kept') response.writeHead(200, { connection: 'keep-alive' });
    if (request.url === '/list') response.writeHead(200, 'OK', ['Connection', 'keep-alive', 'X-Test', 'list']);
    if (request.url === '/set') response.setHeader('connection', 'keep-alive');
    if (request.url === '/computes') {
      response.flushHeaders();
      for (const since = performance.now(); performance.now() - since < COMPUTES;);
    }
    response.end(String(process.pid).padEnd(LENGTH));
  });
}

const limits = {
  impatient: { headersTimeout: 500, connectionsCheckingInterval: 100 }, // milliseconds
  brief: { keepAliveTimeout: 2_000 }, // milliseconds
};
const server = createServer(limits[process.argv[3]] ?? {}, answer);
if (process.argv[3] === 'continue') {
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    if (request.url === '/passed') server.emit('request', request, response);
    else answer(request, response);
  });
}
if (process.argv[3] === 'switch') {
  for (const event of ['upgrade', 'connect']) {
    server.on(event, (request, socket) => {
      socket.write(event === 'upgrade' ? 'HTTP/1.1 101 Other\r\n\r\n' : 'HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(socket);
    });
  }
}

const options = JSON.parse(process.argv[2] ?? '{}');
const where = options.path === undefined ? { host: '127.0.0.1' } : {};
await prefork(server, { ...where, ...options, log: console.log });
console.log('up');
