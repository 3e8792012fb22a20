// A server whose program goes on after uncaught errors, and throws where the master calls it: WHERE is `log`, or a `listener`. The
// log goes to stdout.
import { createServer } from 'node:net';
import { prefork } from 'truefork/prefork';

const [options, where] = process.argv.slice(2);
process.on('uncaughtException', ({ message }) => console.log(`uncaught=${message}`));

function fail() {
  throw new Error(`${where}`);
}

const log = (line) => {
  console.log(line);
  if (where === 'log' && / (exited|stopping) /.test(line)) fail();
};
const master = await prefork(createServer(), { host: '127.0.0.1', ...JSON.parse(options), log });
if (where === 'listener') {
  for (const event of ['ready', 'exit', 'replacing', 'stopping', 'stopped']) master.on(event, fail);
}
console.log('up');
