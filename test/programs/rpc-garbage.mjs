// How many bytes of old space a call of RPC leaves behind in its client and its server until the next full collection: as many calls as
// the second argument says, 16 at a time, of a handler that answers at once (`sync`) or with a promise (`async`). With --expose-gc,
// and with --initial-heap-size, so that there is no full collection meanwhile.
import { getHeapSpaceStatistics } from 'node:v8';
import { createRpcClient, createRpcServer } from 'truefork/rpc';

const AT_ONCE = 16;
const handlers = { sync: (value) => value, async: async (value) => value };
const [kind, calls] = process.argv.slice(2);

const server = createRpcServer({ echo: handlers[kind] });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const client = createRpcClient({ host: '127.0.0.1', port: server.address().port });

async function make(count) {
  let left = count;
  const caller = async () => {
    while (left-- > 0) await client.call('echo', left);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
}

const oldSpace = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space').space_used_size;

// What there is once is made, and is in old space.
await make(5_000);
globalThis.gc();
await make(5_000);
globalThis.gc();
const before = oldSpace();
await make(Number(calls));
globalThis.gc({ type: 'minor' });
console.log((oldSpace() - before) / calls);
await client.close();
server.close();
