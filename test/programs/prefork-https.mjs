// An https server under prefork: it answers with its pid.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { prefork } from 'truefork/prefork';

const fixture = (name) => readFileSync(new URL(`../prefork/fixtures/${name}`, import.meta.url));
const server = createServer({ key: fixture('key.pem'), cert: fixture('certificate.pem') }, (request, response) => {
  request.resume().once('end', () => response.end(String(process.pid)));
});
await prefork(server, { host: '127.0.0.1', ...JSON.parse(process.argv[2] ?? '{}'), log: console.log });
console.log('up');
