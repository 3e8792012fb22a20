// A server whose master, as it exits, waits for somebody who writes to the FIFO of the first argument.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const [fifo] = process.argv.slice(2);
const master = process.pid;
process.on('exit', () => {
  if (process.pid !== master) return;
  console.log('exiting');
  readFileSync(fifo);
});
await prefork(createServer(), { host: '127.0.0.1', workers: 1 });
console.log('up');
