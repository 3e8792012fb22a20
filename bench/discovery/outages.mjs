// Outages, and what is left of a registration after each: there once and with its id, its watch alive, its process too.
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionExpiredError, ZooKeeperClient } from 'truefork/zookeeper';
import { group, row } from '../result.mjs';
import { Registrant } from './registrant.mjs';
import { Relay } from './relay.mjs';
import { destroy, ensemble, standalone } from './servers.mjs';
import { Watchers } from './watchers.mjs';

const SESSION = 1000; // milliseconds
const PATH = '/bench';

// How long an outage is that a session outlives, in milliseconds, and how often it is looked whether a node has gone.
const SHORT = 500;
const LOOK = 20;

async function idsOf(client) {
  for (;;) {
    try {
      return (await client.exists(PATH)) ? await client.getChildren(PATH) : [];
    } catch (error) {
      // The client's own; then it has another one soon.
      if (!(error instanceof SessionExpiredError)) throw error;
    }
  }
}

/** Until the node of a registrant is gone. */
async function expired(client, { id }) {
  while ((await idsOf(client)).some((name) => name.includes(id))) await sleep(LOOK);
}

/** Each with the servers, a client past the relay, a registrant that is behind it, and the relay. */
const kinds = {
  'leader killed': {
    members: 3,
    async happen({ servers }) {
      const leader = await servers.leader();
      await leader.end();
      await sleep(SHORT);
      leader.launch();
      await leader.serving();
    },
  },
  'quorum lost and back': {
    members: 3,
    async happen({ servers: { servers } }) {
      for (const server of servers.slice(1)) await server.end();
      await sleep(SHORT);
      for (const server of servers.slice(1)) server.launch();
      await Promise.all(servers.map((server) => server.serving()));
    },
  },
  'network cut': {
    async happen({ relay }) {
      relay.cut();
      await sleep(SHORT);
      relay.heal();
    },
  },
  'data wiped': {
    async happen({ servers }) {
      await servers.end();
      servers.wipe();
      servers.launch();
      await servers.serving();
    },
  },
  'session expired': {
    async happen({ relay, client, registrant }) {
      relay.cut();
      await expired(client, registrant);
      relay.heal();
    },
  },
  'client stopped beyond its session': {
    async happen({ client, registrant }) {
      registrant.kill('SIGSTOP');
      await expired(client, registrant);
      registrant.kill('SIGCONT');
    },
  },
};

/** @returns whether all is as it should be */
async function run({ happen }, { servers, hosts, relay, client, watchers }) {
  const registrant = await Registrant.start(`zk://${relay?.address ?? hosts}${PATH}`, SESSION);
  await watchers.have(registrant);
  await happen({ servers, relay, client, registrant });
  // Another that comes is what its watch has to tell.
  const marker = await watchers.registries[0].register('rpc', { host: 'marker', port: 1 });
  await registrant.sees('marker:1');
  await watchers.have(registrant);
  // That of a session before may be there a little longer.
  const nodes = async () => (await idsOf(client)).filter((name) => name.includes(registrant.id));
  const late = performance.now() + 2 * SESSION;
  let there = await nodes();
  while (there.length !== 1 && performance.now() < late) {
    await sleep(LOOK);
    there = await nodes();
  }
  await marker.unregister();
  const hasEndedWell = await registrant.end();
  await watchers.dropped(registrant);
  return there.length === 1 && hasEndedWell;
}

export default async function outages({ runs }) {
  const times = Math.ceil(runs / 10);
  const failures = {};
  for (const [name, kind] of Object.entries(kinds)) {
    const servers = kind.members ? await ensemble() : await standalone();
    const hosts = servers.hosts ?? servers.address;
    const relay = servers.port === undefined ? undefined : await Relay.start(servers.port);
    const client = new ZooKeeperClient(hosts, { onWarning: () => undefined });
    await client.start();
    const watchers = await Watchers.open(`zk://${hosts}${PATH}`, 1, SESSION);
    let failed = 0;
    for (let n = 0; n < times; n++) {
      if (!(await run(kind, { servers, hosts, relay, client, watchers }))) failed++;
    }
    await watchers.close();
    await client.stop();
    await relay?.close();
    await destroy(servers);
    failures[name] = failed;
  }
  return [
    group({
      name: 'outages',
      title: 'What is left of a registration after an outage',
      about: `How often, of ${times} times each, it was not there once and with its id, or its watch or process was not well.`,
      better: 'less',
      rows: Object.entries(failures).map(([name, failed]) => row(name, [failed], { ours: true })),
      bars: Object.keys(failures).map((name) => ({ row: name, most: 0 })),
    }),
  ];
}
