// One run of bench/memory.mjs: a parent with a heap of so many megabytes forks a child, and tells how much of its memory is
// the child's own, at each step of a life.
import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { forkChild, prepareFork } from 'truefork';

const megabytes = Number(process.argv[2]);
const prepared = process.argv[3] === 'prepared';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

// An application as it is after its start: many small objects, between which others have died.
const records = [];
for (let n = 0; process.memoryUsage().heapUsed < megabytes * 2 ** 20; n++) {
  records.push({ id: n, name: `record ${n}`, tags: [n % 7, n % 11], garbage: undefined });
  if (n % 4 === 0) records[records.length - 1].garbage = new Array(20).fill(n);
}
for (const record of records) record.garbage = undefined;
if (prepared) prepareFork();

function memory() {
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1]) / 1024;
  const rollup = readFileSync('/proc/self/smaps_rollup', 'utf8');
  return { rss: field('Rss'), own: field('Private_Dirty') + field('Private_Clean') };
}

const steps = {
  'just forked': () => undefined,
  'after 100 HTTP requests': () => requests(100),
  'after 2,000 more': () => requests(2000),
  'all records read': () => records.reduce((sum, { id, tags }) => sum + id + tags[0], 0),
  'a young collection': () => gc({ type: 'minor' }),
  'a full collection': () => gc(),
  'a second one': () => gc(),
  '10 more': () => Array.from({ length: 10 }, () => gc()),
  'every record written': () => records.forEach((record) => (record.id += 1)),
};

let server;
async function requests(count) {
  server ??= createServer((request, response) => response.end(records[count].name)).listen(0, '127.0.0.1');
  if (!server.listening) await once(server, 'listening');
  for (let n = 0; n < count; n++) {
    const [response] = await once(get({ port: server.address().port, host: '127.0.0.1' }), 'response');
    response.resume();
    await once(response, 'end');
  }
}

const child = await forkChild(async () => {
  for (const [step, act] of Object.entries(steps)) {
    await act();
    console.log(JSON.stringify({ step, ...memory() }));
  }
});
await child.exited;
