// An HTTP server under prefork, with the options of the first argument (JSON). A worker that is forked later has a copy of its
// master, and does with it what it is asked for: /scale/5, /reload, /refork, /upgrade, /status, /stop. It ends when that promises
// something and comes to an end.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const server = createServer((request, response) => {
  const [what, ...args] = request.url.slice(1).split('/');
  const end = () => process.exit(3);
  master[what](...args.map(Number))?.then(end, end);
  response.setHeader('Content-Length', what.length);
  response.end(what);
});

const master = await prefork(server, { host: '127.0.0.1', ...JSON.parse(process.argv[2]), log: console.log });
console.log('up');
