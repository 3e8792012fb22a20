// A family of two ways: OPTIONS (JSON), and `own` for a server of the master's, or `mold` for one that a mold loads. It answers
// with who the process is: `now`; in a hook of `atfork` that was registered first of all; and a child that it forks.
import { createServer } from 'node:http';
import { atfork, forkChild, thisWorker } from 'truefork';
import { prefork } from 'truefork/prefork';

let born;
atfork({
  child: () => {
    born = thisWorker();
  },
});

const server = createServer(async (request, response) => {
  response.setHeader('Connection', 'close');
  const child = await forkChild(() => (thisWorker() === undefined ? 0 : 1));
  response.end(JSON.stringify({ now: thisWorker(), born, child: await child.exited }));
});
const [options, way] = process.argv.slice(2);
// In a mold it is nobody.
const load = () => {
  console.log(`loading as ${JSON.stringify(thisWorker())}`);
  return server;
};
const log = (line) => {
  console.log(line);
};
await prefork(way === 'mold' ? load : server, { host: '127.0.0.1', ...JSON.parse(options), log });
console.log(`master is ${JSON.stringify(thisWorker())}`);
console.log('up');
