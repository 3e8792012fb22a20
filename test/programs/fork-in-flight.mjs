// Work that is under way at the fork: what the threadpool has finished, or finishes before the fork, arrives in both
// processes, and so do wake-ups of the event loop by other threads; timers and immediates run in both.
import assert from 'node:assert/strict';
import { pbkdf2, randomBytes, webcrypto } from 'node:crypto';
import { lookup } from 'node:dns';
import { promises as fs } from 'node:fs';
import { promisify } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { deflate } from 'node:zlib';
import { decodeWaitStatus, fork, waitpid } from 'truefork';

const COUNT = Number(process.argv[2]);

// (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
const wasm = Buffer.from('0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b', 'hex');

const stretch = promisify(pbkdf2);

// More than the threadpool has threads: the last are still in its queue.
function queue() {
  return Array.from({ length: 40 }, (_, n) => stretch(`secret ${n}`, 'salt', 100, 16, 'sha256'));
}

function messages(amount) {
  const { port1, port2 } = new MessageChannel();
  for (let n = 0; n < amount; n++) port1.postMessage(n);
  return new Promise((resolve) => {
    const got = [];
    port2.on('message', (message) => {
      got.push(message);
      if (got.length < amount) return;
      // Another one would come now.
      setImmediate(() => {
        port2.close();
        resolve(got);
      });
    });
  });
}

const kinds = {
  'fs.readFile': () => fs.readFile(process.argv[1]),
  'fs.stat': () => fs.stat('/'),
  'dns.lookup': () => promisify(lookup)('localhost'),
  randomBytes: () => promisify(randomBytes)(16),
  pbkdf2: () => Promise.all(queue()),
  webcrypto: () => webcrypto.subtle.digest('SHA-256', Buffer.alloc(100_000)),
  zlib: () => promisify(deflate)(Buffer.alloc(10_000)),
  WebAssembly: () => WebAssembly.compile(wasm),
  import: (n) => import(`data:text/javascript,export default ${n}`).then((module) => assert.equal(module.default, n)),
  messages: () => messages(10).then((got) => assert.deepEqual(got, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])),
  timer: () => new Promise((resolve) => setTimeout(resolve, 1)),
  immediate: () => new Promise((resolve) => setImmediate(resolve)),
};

for (let n = 0; n < COUNT; n++) {
  const work = Object.values(kinds).map((begin) => begin(n));
  // Some of it has begun, some has ended, when the fork comes.
  if (n % 3 === 1) await new Promise(setImmediate);
  if (n % 3 === 2) await Promise.race(work);
  const pid = fork();
  await Promise.all(work);
  if (pid === 0) process.exit(6);
  assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 6 });
}
console.log('passed');
