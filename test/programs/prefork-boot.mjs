// Servers whose workers never become ready: `exit`, they exit; `throw`, they cannot listen. What the caller of prefork
// hears is printed: by the master, once.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { prefork } from 'truefork/prefork';

const [options, how] = process.argv.slice(2);
const server = createServer();
server.listen = () => {
  if (how === 'throw') throw new Error('it cannot listen');
  process.exit(3);
};

try {
  await prefork(server, { host: '127.0.0.1', workers: 2, ...JSON.parse(options), log: console.log });
} catch (error) {
  console.log('heard', JSON.stringify({ name: error.name, code: error.code, message: error.message }));
}

const [, port] = /port=(\d+)/.exec(options) ?? [];
if (port) {
  const again = createServer().listen(Number(port), '127.0.0.1');
  await once(again, 'listening');
  again.close();
}
