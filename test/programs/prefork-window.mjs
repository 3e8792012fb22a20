// A server under prefork, with the options of the first argument (JSON). From the second generation on each worker gets
// a SIGTERM in its fork: a hook sends it, before the worker has handlers, while the main thread blocks all signals.
import { createServer } from 'node:net';
import { atfork, kill, prefork } from 'truefork';

let armed = false;
atfork({ child: () => armed && kill(process.pid, 'SIGTERM') });

await prefork(createServer(), { host: '127.0.0.1', ...JSON.parse(process.argv[2] ?? '{}'), log: console.log });
armed = true;
console.log('up');
