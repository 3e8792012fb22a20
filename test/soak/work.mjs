// What a process does between its forks, each by a name that the plan uses.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { pbkdf2, randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, promises as fs, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { gunzip, gzip } from 'node:zlib';

const file = import.meta.filename ?? process.argv[1];
const text = readFileSync(file, 'utf8');

// (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
const wasm = Buffer.from('0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b', 'hex');

let rubbish = [];

/** Fills the heap, so that the collector has work to do. */
export function allocate(milliseconds) {
  const end = Date.now() + milliseconds;
  for (let n = 0; Date.now() < end; n++) {
    rubbish.push({ n, text: `x${n}`, list: [n, n + 1] });
    if (rubbish.length > 100_000) rubbish = [];
  }
}

export const work = {
  async file() {
    assert.equal(await fs.readFile(file, 'utf8'), text);
  },
  async stat() {
    assert((await fs.stat(file)).isFile());
  },
  async crypto() {
    const key = await promisify(pbkdf2)('secret', 'salt', 500, 16, 'sha256');
    assert.equal(key.toString('hex').length, 32);
  },
  async zip() {
    const data = randomBytes(50_000);
    assert.deepEqual(await promisify(gunzip)(await promisify(gzip)(data)), data);
  },
  async lookup() {
    assert((await promisify(lookup)('127.0.0.1')).address);
  },
  timer() {
    return new Promise((resolve) => setTimeout(resolve, 2));
  },
  async compile() {
    const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(wasm), {});
    assert.equal(exports.add(40, 2), 42);
  },
  async http() {
    const server = http.createServer((request, response) => response.end(request.url));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    // Without a connection that stays open behind the answer.
    const [response] = await once(http.get({ port: server.address().port, path: '/path', agent: false }), 'response');
    assert.equal(Buffer.concat(await response.toArray()).toString(), '/path');
    server.closeAllConnections();
    await promisify(server.close.bind(server))();
  },
  async spawn() {
    const { stdout } = await promisify(execFile)('/bin/echo', ['hello']);
    assert.equal(stdout, 'hello\n');
  },
  async worker() {
    const thread = new Worker('require("worker_threads").parentPort.postMessage(6 * 7)', { eval: true });
    const [[answer]] = await Promise.all([once(thread, 'message'), once(thread, 'exit')]);
    assert.equal(answer, 42);
  },
  async collect() {
    allocate(5);
    globalThis.gc();
  },
  async watch() {
    const directory = mkdtempSync(join(tmpdir(), 'truefork-soak-'));
    const watcher = watch(directory);
    const change = once(watcher, 'change');
    writeFileSync(join(directory, 'file'), '');
    await change;
    watcher.close();
    rmSync(directory, { recursive: true });
  },
};
