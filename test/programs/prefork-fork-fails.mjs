// A server under prefork, with the options of the first argument (JSON), for which no process can be made for a while: the first
// three forks in a row fail. With `mold` those of the mold, from the first worker on; with `master`, those of the master, from the
// first end of a worker on. Its log goes to stdout.
//
//   node --require test/faults/load.cjs prefork-fork-fails.mjs OPTIONS mold|master
import { createServer } from 'node:http';
import { constants } from 'node:os';
import { prefork } from 'truefork/prefork';
import loaded from '../faults/load.cjs';

const FAILURES = 3;
const [options, who] = process.argv.slice(2);
const faults = loaded.faults();
let failed = 0;

function arm() {
  // A mold makes siblings, for which there is no such call: it fails before.
  const [call, errno] = who === 'master' ? ['_Fork', 'EAGAIN'] : ['readlink', 'ENOMEM'];
  faults.arm(call, false, 1, true, constants.errno[errno]);
}

function log(line) {
  console.log(line);
  if (line.includes('fork failed') && ++failed === FAILURES) faults.disarm();
}

function server() {
  if (who === 'mold') arm();
  return createServer((request, response) => {
    const body = String(process.pid);
    response.setHeader('Content-Length', body.length);
    response.end(body);
  });
}

const master = await prefork(who === 'mold' ? server : server(), { host: '127.0.0.1', ...JSON.parse(options), log });
console.log('up');
if (who === 'master') master.once('exit', arm);
