// A net server under prefork that sends back what comes, after its pid.
import { createServer } from 'node:net';
import { prefork } from 'truefork/prefork';

const server = createServer((socket) => {
  socket.write(`${process.pid}\n`);
  socket.pipe(socket);
});
await prefork(server, { host: '127.0.0.1', ...JSON.parse(process.argv[2] ?? '{}'), log: console.log });
console.log('up');
