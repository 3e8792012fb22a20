// A family of as many generations as the argument says: each forks the next when it has used its threadpool, its
// just-in-time compiler and its garbage collector, goes on using them, and answers with how many came after it.
import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { _exit, decodeWaitStatus, fork, waitpid } from 'truefork';

const GENERATIONS = Number(process.argv[2]);

// New in each generation, so that it has to be compiled, and often enough to be optimized.
function compile(generation) {
  const sum = new Function('n', `let sum = ${generation}; for (let i = 0; i < n; i++) sum += i % 7; return sum;`);
  for (let n = 0; n < 2_000; n++) assert.equal(sum(100), generation + 295);
}

function collect() {
  let list = [];
  for (let n = 0; n < 200_000; n++) {
    list.push({ n, text: `text ${n}` });
    if (list.length > 50_000) list = [];
  }
  globalThis.gc();
  globalThis.gc({ execution: 'async' });
}

async function work(generation) {
  compile(generation);
  collect();
  const data = Buffer.alloc(50_000, `generation ${generation}`);
  const [text, key, copy] = await Promise.all([
    fs.readFile(process.argv[1], 'utf8'),
    promisify(pbkdf2)('secret', `${generation}`, 1000, 16, 'sha256'),
    promisify(deflate)(data).then(promisify(inflate)),
  ]);
  assert.match(text, /A family/);
  assert.equal(key.length, 16);
  assert.deepEqual(copy, data);
}

let generation = 0;
let pid;
do {
  await work(generation);
  // Not awaited: it is under way.
  const underWay = fs.stat('/');
  pid = fork();
  await underWay;
  if (pid === 0) generation++;
} while (pid === 0 && generation < GENERATIONS);

let after = 0;
await work(generation + 0.5);
if (generation < GENERATIONS) {
  const status = decodeWaitStatus(waitpid(pid, 0).status);
  assert.equal(status.state, 'exited');
  after = status.code + 1;
}
assert.equal(after, GENERATIONS - generation);
if (generation > 0) {
  // By turns as Node ends, and at once.
  if (generation % 2 === 0) _exit(after);
  process.exitCode = after;
} else {
  console.log('passed');
}
