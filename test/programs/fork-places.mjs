// Forks from every place that a program runs in; each child then does I/O of its own and ends by itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { lookup } from 'node:dns';
import { once } from 'node:events';
import { promises as fs, readFile, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { runInNewContext } from 'node:vm';
import { MessageChannel } from 'node:worker_threads';
import { decodeWaitStatus, fork, waitpid } from 'truefork';

const self = new URL(import.meta.url);

async function lives(place) {
  const server = net.createServer((socket) => socket.end(place));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  const [data] = await once(socket, 'data');
  assert.equal(data.toString(), place);
  await once(socket, 'close');
  server.close();
  assert.equal(await fs.readFile(self, 'utf8'), readFileSync(self, 'utf8'));
  await new Promise((resolve) => setTimeout(resolve, 1));
}

// The child goes on where it was forked: its parent's program ends for it here.
const children = [];
let done = 0;
function forkHere(place) {
  const pid = fork();
  if (pid > 0) {
    children.push([place, pid]);
    done++;
    return;
  }
  lives(place).then(
    () => process.exit(7),
    (error) => {
      console.error(place, error);
      process.exit(1);
    },
  );
  throw stop;
}
const stop = new Error('the child does something else now');
process.on('uncaughtException', (error) => {
  if (error !== stop) throw error;
});

const places = {
  'top level': () => forkHere('top level'),
  timer: () => new Promise((resolve) => setTimeout(() => resolve(forkHere('timer')), 1)),
  immediate: () => new Promise((resolve) => setImmediate(() => resolve(forkHere('immediate')))),
  tick: () => new Promise((resolve) => process.nextTick(() => resolve(forkHere('tick')))),
  microtask: () => Promise.resolve().then(() => forkHere('microtask')),
  'file callback': () => new Promise((resolve) => readFile(self, () => resolve(forkHere('file callback')))),
  'file promise': () => fs.stat(self).then(() => forkHere('file promise')),
  'lookup callback': () => new Promise((resolve) => lookup('localhost', () => resolve(forkHere('lookup callback')))),
  'socket data': async () => {
    const server = net.createServer((socket) => socket.end('x'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const socket = net.connect(server.address().port, '127.0.0.1');
    await new Promise((resolve) => socket.once('data', () => resolve(forkHere('socket data'))));
    socket.destroy();
    server.close();
  },
  'message port': async () => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage('x');
    await new Promise((resolve) => port2.once('message', () => resolve(forkHere('message port'))));
    port1.close();
  },
  'process end': async () => {
    const process = spawn('/bin/true');
    await new Promise((resolve) => process.once('exit', () => resolve(forkHere('process end'))));
  },
  'another context': () => runInNewContext("forkHere('another context')", { forkHere }),
  'deep recursion': () => {
    const recurse = (depth) => (depth === 0 ? forkHere('deep recursion') : recurse(depth - 1));
    recurse(5_000);
  },
  'native callback': () => void [2, 1].sort(() => forkHere('native callback') ?? 0),
  // The client is another process: the child has copies of this one's connections, and would read from them too.
  'http handler': async () => {
    const server = http.createServer((request, response) => {
      forkHere('http handler');
      response.end('ok');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const script = 'fetch(process.argv[1]).then((r) => r.text()).then((text) => process.exit(text === "ok" ? 0 : 1))';
    const url = `http://127.0.0.1:${server.address().port}`;
    const client = spawn(process.execPath, ['-e', script, url], { stdio: 'ignore' });
    const [code] = await once(client, 'exit');
    assert.equal(code, 0);
    server.closeAllConnections();
    server.close();
  },
  'signal handler': async () => {
    const forked = new Promise((resolve) => process.once('SIGUSR2', () => resolve(forkHere('signal handler'))));
    process.kill(process.pid, 'SIGUSR2');
    const alive = setInterval(() => {}, 1000);
    await forked;
    clearInterval(alive);
  },
};

for (const place of Object.values(places)) await place();
assert.equal(done, Object.keys(places).length);
for (const [place, pid] of children) {
  const status = decodeWaitStatus(waitpid(pid, 0).status);
  console.log(`${place}: ${JSON.stringify(status)}`);
}
