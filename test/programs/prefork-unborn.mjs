// A family whose first mold is killed when it has forked for the second time, before it tells of the worker; that one is killed, too,
// before it knows that it is one. The first argument are the options (JSON).
import { createServer } from 'node:http';
import { atfork } from 'truefork';
import { prefork } from 'truefork/prefork';

let molds = 0;

function load() {
  const server = createServer((_request, response) => response.end(String(process.pid)));
  if (molds > 1) return server;
  let forks = 0;
  const dieSecond = () => {
    if (forks === 2) process.kill(process.pid, 'SIGKILL');
  };
  atfork({ before: () => forks++, parent: dieSecond, child: dieSecond });
  return server;
}

function log(line) {
  console.log(line);
  if (/^mold pid=\d+ forked/.test(line)) molds++;
}

await prefork(load, { host: '127.0.0.1', ...JSON.parse(process.argv[2]), log });
console.log('up');
