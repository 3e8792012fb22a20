// `node warm.cjs [--fork] TEST`: the test runs as the main module of a process that has been at work for a while, or of a
// forked child of it. Both look the same to the test, but for the fork.
'use strict';
const { randomBytes, pbkdf2, scrypt } = require('node:crypto');
const dns = require('node:dns');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const Module = require('node:module');
const path = require('node:path');
const { setImmediate: turn } = require('node:timers/promises');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const zlib = require('node:zlib');
const { forgetModules, goOnInChild } = require('./go-on-in-child.cjs');

async function serveHttp() {
  const server = http.createServer((request, response) => {
    request.resume().once('end', () => response.end(`hello ${request.url} ${'x'.repeat(10_000)}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const { port } = server.address();
  const get = async (n) => {
    const request = http.request({ agent, port, host: '127.0.0.1', method: 'POST', path: `/${n}` }).end('some data');
    const [response] = await once(request, 'response');
    let length = 0;
    for await (const chunk of response) length += chunk.length;
    return length;
  };
  for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 10 }, (_, n) => get(n)));
  agent.destroy();
  const closed = once(server, 'close');
  server.close();
  await closed;
}

async function useThreadpool() {
  const data = randomBytes(200_000);
  for (let round = 0; round < 3; round++) {
    await Promise.all([
      fs.promises.readFile(__filename),
      fs.promises.readdir(__dirname),
      fs.promises.stat(process.execPath),
      promisify(dns.lookup)('localhost'),
      promisify(pbkdf2)('password', 'salt', 1_000, 32, 'sha256'),
      promisify(scrypt)('password', 'salt', 32, { N: 1024 }),
      promisify(zlib.gzip)(data).then(promisify(zlib.gunzip)),
      promisify(zlib.deflate)(data),
    ]);
  }
}

async function runWorkers() {
  const program = "require('node:worker_threads').parentPort.postMessage('hello')";
  // With streams of their own: otherwise they make those of this process.
  const workers = [1, 2].map(() => new Worker(program, { eval: true, stdout: true, stderr: true }));
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
}

/** Runs functions until V8 has certainly compiled them with its optimizing compilers, in threads of their own. */
async function compile() {
  const functions = [
    (n) => Math.sqrt(n) * 3,
    (n) => ({ a: n, b: n + 1 }).b,
    (n) => `${n}`.length,
    (n) => [n, n + 1, n + 2].map((x) => x * 2).at(1),
    (n) => new Map([[n, n]]).get(n),
  ];
  let sum = 0;
  for (let round = 0; round < 10; round++) {
    for (const each of functions) for (let n = 0; n < 10_000; n++) sum += each(n);
    await turn();
  }
  return sum;
}

/** Makes garbage until V8 has collected it from the whole heap, some times over. */
async function collectGarbage(times) {
  let collected = 0;
  const registry = new FinalizationRegistry(() => collected++);
  for (let watched = 0; collected < times;) {
    if (watched === collected) registry.register({ number: watched++ });
    // Many small objects, and a large one: V8 counts what lies outside of its heap as a reason to collect.
    const garbage = [Array.from({ length: 10_000 }, (_, n) => ({ n, text: `text ${n}` })), new ArrayBuffer(2 ** 26)];
    await turn();
    garbage.length = 0;
  }
}

async function warm() {
  await Promise.all([serveHttp(), useThreadpool(), compile()]);
  await runWorkers();
  await collectGarbage(5);
  await useThreadpool();
}

/** Ends when nothing is left that a test would find: closed handles are gone some turns later. */
async function settle() {
  const left = () => process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');
  for (let n = 0; n < 100 && left().length > 0; n++) await turn();
  if (left().length > 0) throw new Error(`the warm-up has left behind: ${left().join(', ')}`);
}

function runTest(forks) {
  process.argv.splice(1, forks ? 2 : 1);
  process.argv[1] = path.resolve(process.argv[1]);
  delete require.cache[__filename];
  forgetModules();
  process.mainModule = undefined;
  if (forks) goOnInChild();
  Module.runMain();
}

const forks = process.argv[2] === '--fork';
warm()
  .then(settle)
  // Not in the promise's turn: what the test throws is no rejection.
  .then(() => setImmediate(runTest, forks));
