// A server whose listeners throw, and a client that may have one call in hand there at a time.
import { once } from 'node:events';
import { createRpcClient, createRpcServer } from 'truefork/rpc';

const uncaught = {};
process.on('uncaughtException', ({ message }, origin) => {
  const what = `${origin} of ${message}`;
  uncaught[what] = (uncaught[what] ?? 0) + 1;
});

const handlers = {
  ping: (params) => params,
  fails: () => {
    throw new Error('fails');
  },
  failsLater: () => Promise.reject(new Error('fails later')),
};
const server = createRpcServer(handlers, { maxCalls: 1 });
for (const name of ['request', 'badRequest']) {
  server.on(name, () => {
    throw new Error(name);
  });
}
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const client = createRpcClient({ host: '127.0.0.1', port: server.address().port });
for (const [method, params] of [['ping', 0], ['ping', 1], ['fails'], ['failsLater']]) {
  console.log(method, await client.call(method, params).catch(({ code }) => code));
}
await client.close();
await new Promise((resolve) => server.close(resolve));
console.log('closed');
for (const [what, times] of Object.entries(uncaught)) console.log(`${what}: ${times}`);
