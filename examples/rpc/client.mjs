// The client of the main job, a process of its own: finds the service in the registry and calls it over several
// connections at once. Tells how far it is on stdout, a JSON object a line. If it has a channel to its parent, it makes the last
// quarter of its calls when that is closed: not before the parent has done what it wanted to do meanwhile.
//
//   node client.mjs REGISTRY_URL SERVICE PINGS PIS
import { once } from 'node:events';
import { connectRegistry } from 'truefork/discovery';
import { createRpcClient } from 'truefork/rpc';

const [url, service, pings, pis] = process.argv.slice(2);
const CONNECTIONS = 8;

const registry = await connectRegistry(url);
const clients = Array.from({ length: CONNECTIONS }, () => createRpcClient({ registry, service }));

// A pi after every tenth ping, so that both are under way when a worker dies.
const calls = [];
const every = Math.ceil(pings / pis);
for (let ping = 0, pi = 0; ping < pings || pi < pis;) {
  for (let n = 0; n < every && ping < pings; n++, ping++) calls.push(['ping', `ireader ${ping}`, `ireader ${ping}`]);
  if (pi < pis) calls.push(['pi', pi, Math.sqrt(8 * sum(pi++))]);
}

function sum(n) {
  let total = 0;
  for (let i = 0; i <= n; i++) total += 1 / (2 * i + 1) / (2 * i + 1);
  return total;
}

const say = (fact) => console.log(JSON.stringify(fact));

const released = process.connected ? once(process, 'disconnect') : undefined;
let next = 0;
let answered = 0;
let wrong = 0;
const lost = [];

async function caller(client) {
  while (next < calls.length) {
    const number = next++;
    const [method, params, expected] = calls[number];
    if (number >= (3 / 4) * calls.length) await released;
    try {
      // Both do no harm if they are carried out twice, so a call whose worker dies is made again.
      const result = await client.call(method, params, { idempotent: true });
      if (result !== expected) wrong++;
      answered++;
    } catch (error) {
      lost.push(`${method} ${params}: ${error.message}`);
    }
    if (answered + lost.length === calls.length / 2) say({ half: true });
  }
}

const start = performance.now();
await Promise.all(clients.map(caller));
say({ made: calls.length, answered, wrong, lost, milliseconds: performance.now() - start });

await Promise.all(clients.map((client) => client.close()));
await registry.close();
