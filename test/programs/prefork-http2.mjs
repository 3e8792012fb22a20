// An HTTP/2 server under prefork, with the options of the first argument (JSON); the second one says which: `plain`, `secure`,
// or `both`, which takes HTTP/1 too. Its log goes to stdout.
//
// A response says the worker's pid, and comes when the request's body has ended: the client decides when. Those for
// /early send their headers at once.
import { readFileSync } from 'node:fs';
import { createSecureServer, createServer } from 'node:http2';
import { prefork } from 'truefork/prefork';

const [options = '{}', kind = 'plain'] = process.argv.slice(2);
const fixture = (name) => readFileSync(new URL(`../prefork/fixtures/${name}`, import.meta.url));
const secrets = () => ({ key: fixture('key.pem'), cert: fixture('certificate.pem') });

const server =
  kind === 'plain' ? createServer() : createSecureServer({ ...secrets(), allowHTTP1: kind === 'both', timeout: 0 });
if (kind === 'both') {
  server.on('request', (request, response) => {
    request.resume().once('end', () => response.end(String(process.pid).padEnd(8)));
  });
} else {
  server.on('stream', (stream, headers) => {
    if (headers[':path'] === '/early') stream.respond();
    stream.on('error', () => undefined);
    stream.resume().once('end', () => stream.end(String(process.pid)));
  });
}
await prefork(server, { host: '127.0.0.1', ...JSON.parse(options), log: console.log });
console.log('up');
