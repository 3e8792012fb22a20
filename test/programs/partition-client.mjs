// Calls a service on and on, until SIGTERM. To each message it answers what has come of the calls since the one before, and
// what it knows of the servers. URL SESSION_TIMEOUT
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRegistry } from 'truefork/discovery';
import { createRpcClient } from 'truefork/rpc';

const [url, sessionTimeout] = process.argv.slice(2);
const registry = await connectRegistry(url, {
  zookeeper: { sessionTimeout: Number(sessionTimeout) },
  onWarning: () => undefined,
});
let known = [];
const watch = registry.watch('rpc', (instances) => (known = instances.map(({ host }) => host)));
const client = createRpcClient({ registry, service: 'rpc', connectTimeout: 500, pingInterval: 300 });

let answers = {};
let errors = [];
let on = true;
const callers = Array.from({ length: 4 }, async () => {
  while (on) {
    try {
      const host = await client.call('who', null, { idempotent: true, timeout: 30_000 });
      answers[host] = (answers[host] ?? 0) + 1;
    } catch (error) {
      errors.push(error.message);
    }
    await sleep(5);
  }
});

process.on('message', () => {
  process.send({ answers, errors, known, isStale: watch.stale });
  answers = {};
  errors = [];
});
process.once('SIGTERM', async () => {
  on = false;
  await Promise.all(callers);
  await client.close();
  await registry.close();
  process.disconnect();
});
