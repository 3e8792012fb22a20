// A program that stops its server by itself and starts it again, and goes on. Prints what it saw as JSON.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { families, prefork } from 'truefork/prefork';

const server = createServer((request, response) => response.end('ok'));
const descriptors = () => readdirSync('/proc/self/fd').length;
const signals = () => ['SIGTERM', 'SIGQUIT', 'SIGINT'].map((signal) => process.listenerCount(signal));

async function round() {
  const seen = [];
  const master = await prefork(server, {
    host: '127.0.0.1',
    workers: 2,
    beforeStop: async () => {
      const { port } = master.address;
      // The workers still serve.
      seen.push([
        'beforeStop',
        await (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text(),
      ]);
    },
  });
  const pids = master.workers.map(({ pid }) => pid);
  master.on('exit', (worker, pid, status) => seen.push(['exit', pids[worker] === pid, status]));
  master.on('stopped', () => seen.push(['stopped']));
  const [family] = families();
  seen.push([
    'family',
    family.master === process.pid,
    family.port === master.address.port,
    family.workers.map(({ state }) => state),
  ]);
  await Promise.all([master.stop(), master.stop(), master.stopped]);
  await master.stop();
  seen.push(['families', families().length, signals()]);
  return seen;
}

const first = await round();
const before = descriptors();
const second = await round();
console.log(JSON.stringify({ first, second, leaked: descriptors() - before }));
