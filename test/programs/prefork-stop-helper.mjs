// A server whose master forks a helper by itself as it stops, which outlives it.
import { createServer } from 'node:http';
import { forkChild } from 'truefork';
import { prefork } from 'truefork/prefork';

const server = await prefork(createServer(), { host: '127.0.0.1', workers: 1 });
server.on('stopping', () => {
  void forkChild(() => {
    console.log(`helper=${process.pid}`);
    return new Promise(() => setInterval(() => undefined, 1_000));
  });
});
console.log('up');
