// Forks COUNT times in a row from a parent that allocates and reads files all the while. Each child uses everything
// that a Node.js has, and leaves by one of its ways out; the parent checks each status, and in the end that its own
// descriptors, threads, signals and memory are what they were after the first tenth.
//
//   node --expose-gc fork-stress.mjs [COUNT] [NTH]   Only every NTH child uses everything, the others a part: default 1.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { promises as fs } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gzip, gunzip } from 'node:zlib';
import { decodeWaitStatus, fork, kill, waitpid, WNOHANG } from 'truefork';
import { descriptors, settled, threads } from './support/state.mjs';

const COUNT = Number(process.argv[2] ?? 1000);
const NTH = Number(process.argv[3] ?? 1);
const AT_ONCE = 4;
const HANG = 60_000;

let rubbish = [];

function allocate(milliseconds) {
  const end = Date.now() + milliseconds;
  for (let n = 0; Date.now() < end; n++) {
    rubbish.push({ n, text: `x${n}`, list: [n, n + 1] });
    if (rubbish.length > 100_000) rubbish = [];
  }
}

async function httpToItself() {
  const server = http.createServer((request, response) => response.end(request.url));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const response = await fetch(`http://127.0.0.1:${server.address().port}/hello`);
  assert.equal(await response.text(), '/hello');
  server.closeAllConnections();
  await promisify(server.close.bind(server))();
}

async function worker() {
  const thread = new Worker('require("worker_threads").parentPort.postMessage(6 * 7)', { eval: true });
  const [[answer]] = await Promise.all([once(thread, 'message'), once(thread, 'exit')]);
  assert.equal(answer, 42);
}

// (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
const wasm = Buffer.from('0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b', 'hex');

async function webAssembly() {
  const instance = await WebAssembly.instantiate(await WebAssembly.compile(wasm), {});
  assert.equal(instance.exports.add(40, 2), 42);
}

async function zip() {
  const data = randomBytes(100_000);
  assert.deepEqual(await promisify(gunzip)(await promisify(gzip)(data)), data);
}

async function everything(n) {
  allocate(5);
  globalThis.gc?.();
  const { stdout } = await promisify(execFile)('/bin/echo', [String(n)]);
  assert.equal(stdout, `${n}\n`);
  await Promise.all([
    fs.readFile(import.meta.filename ?? process.argv[1]),
    fs.stat('/etc/hosts'),
    promisify(randomBytes)(64),
    zip(),
    sleep(1),
    httpToItself(),
    worker(),
    webAssembly(),
  ]);
  assert.equal(randomUUID().length, 36);
  allocate(2);
}

async function something() {
  allocate(2);
  globalThis.gc?.({ type: 'minor' });
  await Promise.all([fs.stat('/etc/hosts'), promisify(randomBytes)(64), sleep(1)]);
  assert.equal(randomUUID().length, 36);
}

const waysOut = {
  'natural end': { code: (n) => n % 200, leave: (n) => void (process.exitCode = n % 200) },
  'process.exit': { code: (n) => n % 200, leave: (n) => process.exit(n % 200) },
  'thrown error': {
    code: () => 1,
    leave: (n) =>
      setTimeout(() => {
        throw new Error(`thrown on purpose ${n}`);
      }),
  },
  'rejected promise': { code: () => 1, leave: (n) => void Promise.reject(new Error(`rejected on purpose ${n}`)) },
};
const names = Object.keys(waysOut);

async function child(n) {
  try {
    await (n % NTH === 0 ? everything(n) : something());
  } catch (error) {
    console.error(`child ${n} failed:`, error);
    process.exit(250);
  }
  waysOut[names[n % names.length]].leave(n);
}

const running = new Map();
let wrong = 0;

function reap() {
  for (const [pid, { n, since }] of running) {
    const { pid: ended, status } = waitpid(pid, WNOHANG);
    if (ended === pid) {
      running.delete(pid);
      const way = names[n % names.length];
      const expected = { state: 'exited', code: waysOut[way].code(n) };
      try {
        assert.deepEqual(decodeWaitStatus(status), expected);
      } catch {
        wrong++;
        console.log('wrong', n, way, JSON.stringify(decodeWaitStatus(status)));
      }
    } else if (Date.now() - since > HANG) {
      wrong++;
      console.log('hang', n, names[n % names.length], pid);
      if (process.env.KEEP_HANGING) process.exit(3);
      kill(pid, 'SIGKILL');
      waitpid(pid, 0);
      running.delete(pid);
    }
  }
}

async function allReaped() {
  while (running.size > 0) {
    reap();
    await sleep(1);
  }
}

async function stateOfParent() {
  await allReaped();
  await settled();
  rubbish = [];
  globalThis.gc?.();
  return { state: [...descriptors(), ...threads()], rss: process.memoryUsage.rss() / 2 ** 20 };
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const latencies = [];

async function main() {
  const states = [];
  const tenth = Math.ceil(COUNT / 10);
  for (let n = 0; n < COUNT; n++) {
    if (n > 0 && n % tenth === 0) states.push(await stateOfParent());
    allocate(2);
    const reading = [fs.readFile(process.argv[1]), fs.stat('/tmp')];
    await new Promise(setImmediate);
    const start = process.hrtime.bigint();
    const pid = fork();
    if (pid === 0) return child(n);
    latencies.push(Number(process.hrtime.bigint() - start) / 1e6);
    running.set(pid, { n, since: Date.now() });
    await Promise.all(reading);
    do {
      reap();
      if (running.size >= AT_ONCE) await sleep(1);
    } while (running.size >= AT_ONCE);
  }
  states.push(await stateOfParent());
  for (const [tenth, { state }] of states.entries()) {
    const [first] = states.map((each) => each.state);
    const [lost, added] = [
      first.filter((each) => !state.includes(each)),
      state.filter((each) => !first.includes(each)),
    ];
    assert.deepEqual({ lost, added }, { lost: [], added: [] }, JSON.stringify({ tenth, lost, added }));
  }
  // What V8 keeps for its garbage comes and goes, and on a busy machine grows by 100 MB before it stays; what each fork left
  // would come with every tenth, on top of that.
  const memory = states.map(({ rss }) => rss);
  const grown = memory.slice(1).map((rss, index) => rss - memory[index]);
  assert(Math.min(...grown) < 4, `the parent grows and grows: MB ${memory.map((rss) => rss.toFixed(0)).join(', ')}`);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)].toFixed(2);
  console.log(
    `forks ${COUNT} wrong ${wrong} ms p50 ${at(0.5)} p99 ${at(0.99)} max ${at(1)}`,
    `p50 of the second tenth ${median(latencies.slice(tenth, 2 * tenth)).toFixed(2)}`,
    `and of the last ${median(latencies.slice(-tenth)).toFixed(2)};`,
    `MB ${memory[0].toFixed(0)}, then ${memory.at(-1).toFixed(0)}`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

await main();
