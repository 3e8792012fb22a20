// What is lost under load: when a server is killed, and when every server is restarted. Three servers, found in a registry of
// files, and clients that call on and on.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRegistry } from 'truefork/discovery';
import { createRpcClient } from 'truefork/rpc';
import { group, row } from '../result.mjs';
import { Server } from './processes.mjs';

const SERVERS = 3;
const CLIENTS = 4;
const CALLERS = 16; // of each client
const RESTARTS = 3; // of each server
const BETWEEN = 300; // milliseconds

/** Calls until it is told to stop. */
function begin(clients, options) {
  const result = { calls: 0, unsent: 0, sent: 0 };
  let on = true;
  const callers = clients.flatMap((client) =>
    Array.from({ length: CALLERS }, async () => {
      while (on) {
        result.calls++;
        await client.call('ping', 1, options).catch((error) => (error.sent ? result.sent++ : result.unsent++));
      }
    }),
  );
  return async () => {
    on = false;
    await Promise.all(callers);
    return result;
  };
}

async function withServers(work) {
  const directory = mkdtempSync(join(tmpdir(), 'truefork-bench-'));
  const url = `file://${directory}`;
  const registry = await connectRegistry(url);
  const servers = [];
  const clients = Array.from({ length: CLIENTS }, () => createRpcClient({ registry, service: 'rpc' }));
  try {
    for (let n = 0; n < SERVERS; n++) servers.push(await Server.start('registered', url));
    return await work(clients, servers, () => Server.start('registered', url));
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await registry.close();
    for (const server of servers) await server.stop();
    rmSync(directory, { recursive: true });
  }
}

const restart = (restarts) =>
  withServers(async (clients, servers, start) => {
    const end = begin(clients, {});
    for (let n = 0; n < restarts * SERVERS; n++) {
      await sleep(BETWEEN);
      servers.push(await start());
      await servers.shift().end('SIGTERM');
    }
    return end();
  });

const kill = (options) =>
  withServers(async (clients, servers, start) => {
    const end = begin(clients, options);
    for (let n = 0; n < SERVERS; n++) {
      await sleep(BETWEEN);
      servers.push(await start());
      await servers.shift().end('SIGKILL');
    }
    await sleep(BETWEEN);
    return end();
  });

export default async function loss({ quick }) {
  const restarts = quick ? 1 : RESTARTS;
  const restarted = await restart(restarts);
  const sure = await kill({ idempotent: true });
  const unsure = await kill({});
  const counts = {
    [`every server restarted, ${restarts} times each`]: restarted.sent + restarted.unsent,
    'every server killed, idempotent calls': sure.sent + sure.unsent,
    'every server killed, other calls: not sent': unsure.unsent,
  };
  return [
    group({
      name: 'loss',
      title: 'Calls lost under load',
      about:
        'Calls that have failed, of clients that call on and on while each of three servers is restarted or killed.',
      better: 'less',
      rows: Object.entries(counts).map(([name, count]) => row(name, [count], { ours: true })),
      bars: Object.keys(counts).map((name) => ({ row: name, most: 0 })),
      notes: [
        { what: 'calls, every server restarted', value: restarted.calls },
        { what: 'calls, every server killed, idempotent', value: sure.calls },
        { what: 'calls, every server killed, others', value: unsure.calls },
        { what: 'of these, sent and under way when their server was killed', value: unsure.sent, level: 1 },
      ],
    }),
  ];
}
