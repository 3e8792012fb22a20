// A family whose workers do something before they exit: OPTIONS (JSON); WAY, `own` for a server of the master's, or `mold` for
// one that a mold loads; and what they do: `waits` for half a second, with nothing that keeps the event loop alive, `hangs`,
// `rejects`, `throws`, or sets an exit code (`code`).
import { createServer } from 'node:http';
import { thisWorker } from 'truefork';
import { prefork } from 'truefork/prefork';

const [options, way, how] = process.argv.slice(2);

const ways = {
  waits: () => new Promise((resolve) => setTimeout(resolve, 500).unref()),
  hangs: () => new Promise(() => undefined),
  rejects: () => Promise.reject(new Error('the pool is broken')),
  throws: () => {
    throw new Error('the pool is broken');
  },
  code: () => {
    process.exitCode = 5;
  },
};

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    const body = String(process.pid);
    response.setHeader('Content-Length', body.length);
    response.end(body);
  });
});
const say = (line) => process.stdout.write(`${line}\n`);
process.on('exit', () => say(`${process.pid} exits`));

await prefork(way === 'mold' ? () => server : server, {
  host: '127.0.0.1',
  ...JSON.parse(options),
  log: say,
  beforeWorkerExit: async () => {
    const { worker, pid } = thisWorker();
    say(`worker ${worker} ${pid} cleans up, ${server.listening ? 'listening' : 'closed'}`);
    await ways[how]();
    say(`worker ${worker} ${pid} is clean`);
  },
});
say('up');
