// A server under prefork whose workers are recycled, with the options of the first argument (JSON), and whose master runs a
// shell by child_process at each tenth end of a worker. It says `shell failed` if one does not end as it should. Its log goes to
// stdout.
import { exec } from 'node:child_process';
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const LENGTH = 8; // bytes of a response

const server = createServer((request, response) => {
  response.setHeader('Content-Length', LENGTH);
  response.end(String(process.pid).padEnd(LENGTH));
});
const master = await prefork(server, { host: '127.0.0.1', ...JSON.parse(process.argv[2]), log: console.log });
const { pid } = process;
let ends = 0;
let shells = 0;

function ended() {
  if (++ends % 10 !== 0) return;
  const code = 1 + (shells++ % 200);
  exec(`exit ${code}`, (error) => {
    // What is pending at a fork goes on in the child, too.
    if (process.pid !== pid) return;
    console.log(error?.code === code ? `shell ${shells} ended` : `shell failed: ${error}`);
  });
}

master.on('exit', ended);
// None that would outlive the master.
master.once('stopping', () => master.off('exit', ended));
console.log('up');
