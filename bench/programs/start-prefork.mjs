import http from 'node:http';
import { prefork } from 'truefork';

const server = http.createServer((request, response) => response.end('ok'));
const start = performance.now();
const master = await prefork(server, { host: '127.0.0.1', workers: 4 });
console.log(performance.now() - start);
await master.stop({ quick: true });
