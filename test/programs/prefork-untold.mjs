// A family whose first mold does not go on after its second fork, until somebody writes to the FIFO of the second argument; the
// worker that this was does not listen before somebody writes to that of the third; and where the master has logged that it kills
// a mold, it waits for the fourth. The first are the options (JSON).
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { atfork } from 'truefork';
import { prefork } from 'truefork/prefork';

const [options, ...fifos] = process.argv.slice(2);
const [mold, worker, master] = fifos.map((fifo) => () => readFileSync(fifo));
let molds = 0;

function load() {
  const server = createServer((_request, response) => response.end(String(process.pid)));
  if (molds > 0) return server;
  let forks = 0;
  let waits = false;
  atfork({
    parent: () => {
      if (++forks === 2) mold();
    },
    child: () => {
      waits = forks === 1;
    },
  });
  const { listen } = server;
  server.listen = (...args) => {
    if (waits) {
      console.log(process.pid, 'waits');
      worker();
    }
    return listen.apply(server, args);
  };
  // When the master has been told.
  server.once('listening', () => setImmediate(() => waits && console.log(process.pid, 'listens')));
  return server;
}

function log(line) {
  console.log(line);
  if (/^mold pid=\d+ forked/.test(line)) molds++;
  if (/^mold pid=\d+ killing/.test(line)) master();
}

await prefork(load, { host: '127.0.0.1', ...JSON.parse(options), log });
console.log('up');
