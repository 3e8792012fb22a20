// An RPC server that is forked by a handler, while another one is at work, and has a client on a connection.
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fork, waitpidAsync } from 'truefork';
import { createRpcClient, createRpcServer } from 'truefork/rpc';

const signals = [];
let answer;
const server = createRpcServer({
  ping: (params) => `${process.pid} ${params}`,
  wait: (_, { signal }) => {
    signals.push(signal);
    return new Promise((resolve) => {
      answer = resolve;
    });
  },
  fork: async (_, { signal }) => {
    signals.push(signal);
    return fork();
  },
});
let connections = 0;
server.on('connection', () => connections++);
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

// The child closes the server, which is its parent's, as every book has it.
process.once('SIGTERM', async () => {
  const open = await promisify(server.getConnections.bind(server))();
  await new Promise((resolve) => server.close(resolve));
  answer('the answer of the child');
  await turn();
  const aborted = signals.filter((signal) => signal.aborted).length;
  console.log(`child: ${open} connections, ${aborted} of ${signals.length} aborted`);
  process.exit();
});

const client = createRpcClient({ host: '127.0.0.1', port: server.address().port });
const waiting = client.call('wait', null, { timeout: 60_000 });
// In the child this is settled by nobody.
const pid = await client.call('fork');

// So long that a request comes in parts.
const params = 'x'.repeat(300_000);
async function ping() {
  let right = 0;
  for (let n = 0; n < 50; n++) {
    const reply = await client.call('ping', params, { timeout: 60_000 }).catch(({ code }) => code);
    if (reply === `${process.pid} ${params}`) right++;
  }
  return right;
}
const before = await ping();
process.kill(pid, 'SIGTERM');
await waitpidAsync(pid);
const after = await ping();
answer('an answer');
console.log(`parent: ${before} and ${after} pings, ${await waiting}, ${connections} connection`);
await client.close();
server.close();
