// How many bytes of old space a connection leaves behind in the server until the next full collection: as many connections as the
// second argument says, 8 at a time, each with one request. The server is a worker (`prefork`), or a plain process (`plain`). With
// --expose-gc, and with --initial-heap-size, so that there is no full collection meanwhile.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { getHeapSpaceStatistics } from 'node:v8';
import { prefork } from 'truefork/prefork';

const AT_ONCE = 8;
const host = '127.0.0.1';

const oldSpace = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space').space_used_size;

const answers = {
  '/': () => 'hello',
  '/full': () => globalThis.gc(),
  '/young': () => {
    globalThis.gc({ type: 'minor' });
    return oldSpace();
  },
};
const server = createServer(({ url }, response) => response.end(String(answers[url]())));

async function ask(port, path) {
  const response = await new Promise((resolve, reject) => {
    get({ host, port, path, agent: false }, resolve).once('error', reject);
  });
  return text(response);
}

async function make(port, connections) {
  let left = connections;
  const client = async () => {
    while (left-- > 0) await ask(port, '/');
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
}

async function measure(port, connections) {
  // What there is once is made, and is in old space.
  for (let round = 0; round < 2; round++) {
    await make(port, 1_000);
    await ask(port, '/full');
  }
  const before = Number(await ask(port, '/young'));
  await make(port, connections);
  console.log((Number(await ask(port, '/young')) - before) / connections);
}

const kinds = {
  async prefork(connections) {
    const master = await prefork(server, { host, workers: 1 });
    await measure(master.address.port, connections);
    await master.stop();
  },

  async plain(connections) {
    const child = fork(import.meta.filename, ['alone']);
    const [port] = await once(child, 'message');
    await measure(port, connections);
    child.disconnect();
  },

  alone() {
    server.listen(0, host, () => process.send(server.address().port));
    process.once('disconnect', () => process.exit());
  },
};

const [kind, connections] = process.argv.slice(2);
await kinds[kind](Number(connections));
