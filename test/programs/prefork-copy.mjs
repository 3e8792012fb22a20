// An HTTP server under prefork, with the options of the first argument (JSON). A worker that is forked later has a copy of its
// master, and does with it what it is asked for: /scale/5, /reload, /refork, /upgrade. It answers with what comes of that. /stop: it
// ends when it has stopped the server.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const server = createServer(async (request, response) => {
  const [what, ...args] = request.url.slice(1).split('/');
  let answer = 'done';
  try {
    const result = master[what](...args.map(Number));
    if (what === 'stop') void result.then(() => process.exit(3));
    else await result;
  } catch ({ code, message }) {
    answer = `${code}: ${message}`;
  }
  response.setHeader('Content-Length', answer.length);
  response.end(answer);
});

const master = await prefork(server, { host: '127.0.0.1', ...JSON.parse(process.argv[2]), log: console.log });
console.log('up');
