// ZooKeeper keeps a tree of nodes. A sequence node has a number behind its name that no other has; an ephemeral node lives as long
// as the session of the client that made it. A list of servers is made of both.
import { forkChild } from 'truefork/reaper';
import { NoChildrenForEphemeralsError, ZooKeeperClient } from 'truefork/zookeeper';
import { withZooKeeper } from '../zookeeper.mjs';

const PATH = '/lesson';
const asServer = { ephemeral: true, sequence: true };
const sessionTimeout = 1500; // In milliseconds.

async function connected(hosts) {
  const client = new ZooKeeperClient(hosts, { sessionTimeout });
  await client.start();
  return client;
}

/** Lists the children of a node: each call of what it returns prints how they are after their next change. */
function lister(client) {
  const lists = [];
  let wake = () => undefined;
  client.watchChildren(PATH, (children) => {
    lists.push(children.toSorted().join(' ') || 'nobody');
    wake();
  });
  return async () => {
    if (lists.length === 0) await new Promise((resolve) => (wake = resolve));
    console.log(`list:   ${lists.shift()}`);
  };
}

await withZooKeeper(async (hosts) => {
  const watcher = await connected(hosts);
  await watcher.ensurePath(PATH);
  const listed = lister(watcher);
  await listed();

  const one = await connected(hosts);
  console.log(`one:    makes ${await one.create(`${PATH}/rpc`, '10.0.0.1:8001', asServer)}`);
  await listed();
  const other = await connected(hosts);
  console.log(`other:  makes ${await other.create(`${PATH}/rpc`, '10.0.0.2:8001', asServer)}`);
  await listed();
  try {
    await one.create(`${PATH}/rpc0000000000/child`);
  } catch (error) {
    if (!(error instanceof NoChildrenForEphemeralsError)) throw error;
    console.log('one:    an ephemeral node cannot have children');
  }

  const victim = await forkChild(async () => {
    const client = await connected(hosts);
    await client.create(`${PATH}/rpc`, '10.0.0.3:8001', asServer);
    await new Promise(() => undefined);
  });
  console.log(`victim: process ${victim.pid} makes one`);
  await listed();
  victim.kill('SIGKILL');
  const { signal } = await victim.exited;
  console.log(`victim: process ${victim.pid} was ended by ${signal}, and could tell ZooKeeper nothing`);
  console.log(`list:   ${(await watcher.getChildren(PATH)).toSorted().join(' ')}`);
  console.log('some time later its session has expired');
  await listed();

  await one.stop();
  console.log('one:    ends its session');
  await listed();
  console.log(`other:  makes ${await other.create(`${PATH}/rpc`, '10.0.0.2:8002', asServer)}`);
  await listed();
  await other.stop();
  await watcher.delete(PATH, { recursive: true });
  await watcher.stop();
});
