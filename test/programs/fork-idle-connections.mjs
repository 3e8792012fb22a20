// Connections that Node.js keeps for the next request, across forks. How requests are made is the first argument, when
// the fork is the second. The server is a process of its own; it answers which connection a request came by, for what it asked, and which
// connections are open.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { fileURLToPath } from 'node:url';
import { decodeWaitStatus, fork, waitpid } from 'truefork';

const [, self, how, when] = process.argv;
const REQUESTS = 20;

function serve() {
  const fixture = (name) => readFileSync(fileURLToPath(new URL(`../prefork/fixtures/${name}`, import.meta.url)));
  const open = new Set();
  const answer = (request, response) => {
    setImmediate(() => response.end(`${request.socket.remotePort} ${request.url} ${[...open].join()}`));
  };
  const tls = { key: fixture('key.pem'), cert: fixture('certificate.pem'), allowHTTP1: true };
  const servers = [http.createServer({ keepAliveTimeout: 0 }, answer), http2.createSecureServer(tls, answer)];
  for (const server of servers) {
    server.listen(0, '127.0.0.1').on('connection', (socket) => {
      const { remotePort } = socket;
      open.add(remotePort);
      socket.once('close', () => open.delete(remotePort));
    });
  }
  Promise.all(servers.map((server) => once(server, 'listening'))).then(() => {
    console.log(JSON.stringify(servers.map((server) => server.address().port)));
  });
}

function get(module, url, options = {}) {
  return new Promise((resolve, reject) => {
    const request = module.get(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more) => (text += more));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}

async function fetched(url) {
  return (await fetch(url)).text();
}

const ways = {
  'http.get': ([port]) => {
    return (path) => get(http, `http://127.0.0.1:${port}${path}`);
  },
  'https.get': ([, port]) => {
    return (path) => get(https, `https://127.0.0.1:${port}${path}`);
  },
  'an agent': ([port]) => {
    const agent = new http.Agent({ keepAlive: true });
    return (path) => get(http, `http://127.0.0.1:${port}${path}`, { agent });
  },
  'fetch http': ([port]) => {
    return (path) => fetched(`http://127.0.0.1:${port}${path}`);
  },
  'fetch https': ([, port]) => {
    return (path) => fetched(`https://127.0.0.1:${port}${path}`);
  },
};

/** The connections that this process makes its requests by: undici may take another while it puts one back. */
async function connectionsOf(ask) {
  const connections = new Set();
  for (let n = 0; n < REQUESTS; n++) {
    const path = `/${process.pid}/${n}`;
    const [connection, asked] = (await ask(path)).split(' ');
    assert.equal(asked, path);
    connections.add(connection);
  }
  return connections;
}

/** Whether one of these is open still. An agent need not take it for the next request: it may have another by then. */
async function isOneOpen(ask, connections) {
  const [, , open] = (await ask('/')).split(' ');
  return open.split(',').some((connection) => connections.has(connection));
}

async function main() {
  const server = spawn(process.execPath, [self, 'serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { pid: parent } = process;
  process.on('exit', () => process.pid === parent && server.kill());
  const [ports] = await once(server.stdout, 'data');
  const ask = ways[how](JSON.parse(ports));
  const own = await connectionsOf(ask);
  const isOwn = (connection) => own.has(connection);
  // With the answer just there, and put back.
  if (when === 'later') await new Promise(setImmediate);

  const children = [];
  for (let n = 0; n < 3; n++) {
    const pid = fork();
    if (pid === 0) {
      const connections = await connectionsOf(ask);
      assert.ok(![...connections].some(isOwn));
      process.exit(7);
    }
    children.push(pid);
  }
  // The parent's is there, while the children have theirs and when they have ended.
  assert.ok(await isOneOpen(ask, own));
  for (const pid of children) {
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 7 });
  }
  assert.ok(await isOneOpen(ask, own));
  console.log('passed');
  process.exit();
}

if (how === 'serve') serve();
else await main();
