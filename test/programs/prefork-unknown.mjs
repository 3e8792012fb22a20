// A family whose first mold is killed when it has forked for the second time, before it tells of the worker; that one is not born
// before somebody writes to the FIFO of the second argument. On SIGUSR2 the server stops: when the last worker has ended that the
// master knows of, that one is born, and the master goes on when it has told that it is ready. The first argument are the options (JSON).
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { atfork } from 'truefork';
import { prefork } from 'truefork/prefork';

const [options, born, told] = process.argv.slice(2);
let molds = 0;

function load() {
  const server = createServer();
  if (molds > 1) return server;
  let forks = 0;
  atfork({
    before: () => forks++,
    parent: () => {
      if (forks === 2) process.kill(process.pid, 'SIGKILL');
    },
    child: () => {
      if (forks < 2) return;
      readFileSync(born);
      // When the master has been told.
      server.once('listening', () => setImmediate(() => writeFileSync(told, '')));
    },
  });
  return server;
}

function log(line) {
  console.log(line);
  if (/^mold pid=\d+ forked/.test(line)) molds++;
}

const master = await prefork(load, { host: '127.0.0.1', ...JSON.parse(options), log });
process.removeAllListeners('SIGUSR2').on('SIGUSR2', async () => {
  let left = master.workers.length;
  master.on('exit', () => {
    if (--left > 0) return;
    writeFileSync(born, '');
    readFileSync(told);
  });
  await master.stop();
  console.log(`workers=${master.workers.length}`);
});
console.log('up');
