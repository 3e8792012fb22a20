// A server under prefork that answers with what its own process sees of the families of this user: of each its port, and the
// one that its master tells of itself.
import { createServer } from 'node:http';
import { askMaster, families, prefork } from 'truefork/prefork';

const server = createServer(async (_request, response) => {
  const seen = families().map(async ({ master, port }) => [port, (await askMaster(master, 'status')).port]);
  response.end(JSON.stringify(await Promise.all(seen)));
});

await prefork(server, { host: '127.0.0.1', workers: 1, log: console.log });
console.log('up');
