// What happens to servers, networks, sessions and processes: after each of it, everyone is registered exactly once, and every
// watch lives.
import { connectRegistry, type CodecName, type Registry } from 'truefork/discovery';
import { creatorAcl, NoAuthError, readAcl, ZooKeeperClient } from 'truefork/zookeeper';
import { startProxy, type TcpProxy } from '../support/tcp-proxy';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { addresses, Lists } from './lists';

const a = { host: '10.0.0.1', port: 8001 };
const b = { host: '10.0.0.2', port: 8002 };
const sessionTimeout = 2000;

let server: ZooKeeperServer;
let proxy: TcpProxy;
/** Looks at the nodes themselves, past the proxy. */
let client: ZooKeeperClient;
let registries: Registry[];
let warnings: string[];
/** Those who wait for the next one. */
const warned: ((message: string) => void)[] = [];
/** The path of the registry, another one for each test. */
let root: string;
let tests = 0;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.destroy();
});

beforeEach(async () => {
  registries = [];
  warnings = [];
  proxy = await startProxy(server.port);
  client = new ZooKeeperClient(server.address, { sessionTimeout, onWarning: () => undefined });
  await client.start();
  root = `/demo${++tests}`;
});

afterEach(async () => {
  await Promise.all(registries.map((registry) => registry.close()));
  await client.stop();
});

/** A registry: through the proxy, or past it. */
async function open(address = proxy.address, codec: CodecName = 'booklet', timeout = 30_000): Promise<Registry> {
  const registry = await connectRegistry(`zk://${address}${root}?codec=${codec}`, {
    zookeeper: { sessionTimeout, timeout },
    onWarning: (message) => {
      warnings.push(message);
      for (const tell of warned.splice(0)) tell(message);
    },
  });
  registries.push(registry);
  return registry;
}

function nextWarning(): Promise<string> {
  return new Promise((resolve) => warned.push(resolve));
}

function watched(by: Registry): Lists {
  const lists = new Lists();
  by.watch('rpc', lists.listener);
  return lists;
}

/** The nodes of the service, as soon as there are so many. */
function nodes(count: number, parent = root): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const watch = client.watchChildren(parent, (names = []) => {
      if (names.length !== count) return;
      watch.close();
      resolve(names);
    });
  });
}

/** The addresses in the nodes themselves. */
async function registered(): Promise<string[]> {
  const names = await client.getChildren(root);
  const values = await Promise.all(names.map(async (name) => (await client.get(`${root}/${name}`)).value.toString()));
  return values.map((value) => addresses([JSON.parse(value) as never]).join()).sort();
}

/** Ends the session of what goes through the proxy: none of it comes through until the server has given it up. */
async function expire(count: number): Promise<void> {
  proxy.mode = 'reset';
  await nodes(count);
  proxy.mode = 'pass';
}

test('the nodes of the booklet: what it writes is read, and it can read what is written', async () => {
  await client.ensurePath(root);
  const theirs = await client.create(`${root}/rpc`, '{"host": "localhost", "port": 45675}', {
    ephemeral: true,
    sequence: true,
  });
  expect(theirs).toBe(`${root}/rpc0000000000`);
  await client.create(`${root}/rpc2`, '{"host": "other", "port": 1}', { ephemeral: true, sequence: true });
  const registry = await open();
  expect(await registry.instances('rpc')).toEqual([{ id: 'rpc0000000000', host: 'localhost', port: 45675 }]);
  const { id } = await registry.register('rpc', { host: 'localhost', port: 45676 });
  const ours = `_c_${id}-rpc0000000002`;
  expect(await client.getChildren(root)).toContain(ours);
  const { value, stat } = await client.get(`${root}/${ours}`);
  expect(value.toString()).toBe('{"host": "localhost", "port": 45676}');
  expect(stat.ephemeralOwner).not.toBe(0n);
  expect((await client.getAcl(`${root}/${ours}`)).acl).toEqual([{ perms: 31, scheme: 'world', id: 'anyone' }]);
});

test.each([
  ['curator', /^[0-9a-f-]{36}$/, 'address'],
  ['serverset', /^member_\d{10}$/, 'serviceEndpoint'],
] as const)('the nodes of %s are in one of their service', async (codec, name, member) => {
  const registry = await open(proxy.address, codec);
  const { id } = await registry.register('rpc', a);
  const [node = ''] = await nodes(1, `${root}/rpc`);
  expect(node).toMatch(name);
  expect(JSON.parse((await client.get(`${root}/rpc/${node}`)).value.toString())).toMatchObject({
    id,
    [member]: expect.anything() as unknown,
  });
  expect(await registry.instances('rpc')).toEqual([{ id, ...a }]);
  // What another codec has written is read all the same; how Aurora weighs its members is no instance.
  await client.create(`${root}/rpc/x`, '{"host": "x", "port": 1}');
  await client.create(`${root}/rpc/vector_0`, 'x');
  expect(addresses(await registry.instances('rpc'))).toEqual(['10.0.0.1:8001', 'x:1']);
  expect(warnings).toEqual([]);
});

test('a payload that is none hides only itself, is named once, and may become one', async () => {
  const registry = await open();
  const lists = watched(registry);
  await registry.register('rpc', a);
  await lists.until('10.0.0.1:8001');
  const bad = await client.create(`${root}/rpc`, 'x', { sequence: true });
  await registry.register('rpc', b);
  await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
  await registry.instances('rpc');
  expect(warnings).toEqual([expect.stringMatching(new RegExp(`${bad} is skipped: it is not JSON`))]);
  await client.set(bad, '{"host": "0", "port": 1}');
  await lists.until('0:1', '10.0.0.1:8001', '10.0.0.2:8002');
  await client.delete(bad);
  await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
});

test('a node that may not be read hides only itself', async () => {
  const registry = await open();
  const lists = watched(registry);
  await registry.register('rpc', a);
  await client.create(`${root}/rpc`, 'x', { sequence: true, acl: [{ perms: 8, scheme: 'world', id: 'anyone' }] });
  await registry.register('rpc', b);
  await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
  expect(warnings[0]).toMatch(/rpc\d{10} is skipped: .*ACL/);
});

test('a node that may not be read is tried again no more often when others come and go, and is named once', async () => {
  const registry = await open();
  const lists = watched(registry);
  const acl = [{ perms: 8, scheme: 'world', id: 'anyone' }];
  await client.ensurePath(root);
  const path = await client.create(`${root}/rpc`, 'x', { sequence: true, acl });
  const name = path.slice(path.lastIndexOf('/') + 1);
  for (let port = 1; port <= 10; port++) {
    const registration = await registry.register('rpc', { host: 'a', port });
    await lists.until(`a:${port}`);
    await registration.unregister();
    await lists.until();
  }
  let reads = 0;
  proxy.onRequest = (frame) => {
    if (frame.readInt32BE(8) === 4 && frame.includes(name)) reads++;
    return 'pass';
  };
  // How often in so long a time is what is asserted: it is tried again after one to two seconds.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  expect(reads).toBeGreaterThan(0);
  expect(reads).toBeLessThan(6);
  expect(warnings).toEqual([expect.stringMatching(/is skipped: .*ACL/)]);
});

test('a node that goes between the look at the names and that at its value is none, and hides none', async () => {
  const other = await open(server.address);
  await other.register('rpc', a);
  await client.create(`${root}/rpc`, '{"host": "gone", "port": 1}', { sequence: true });
  const [gone = ''] = (await nodes(2)).filter((name) => name.startsWith('rpc'));
  const registry = await open();
  // The request is on its way when the node goes.
  proxy.delay = 200;
  let deletion: Promise<void> | undefined;
  proxy.onRequest = (frame) => {
    if (frame.includes(gone)) deletion ??= client.delete(`${root}/${gone}`);
    return 'pass';
  };
  expect(addresses(await registry.instances('rpc'))).toEqual(['10.0.0.1:8001']);
  expect(deletion).toBeDefined();
  await deletion;
  proxy.onRequest = () => 'pass';
  const lists = watched(registry);
  await lists.until('10.0.0.1:8001');
  expect(warnings).toEqual([]);
});

test('a connection that is lost and made again changes nothing', async () => {
  const other = await open(server.address);
  const lists = watched(other);
  const registry = await open();
  const own = watched(registry);
  await registry.register('rpc', a);
  await own.until('10.0.0.1:8001');
  const [node] = await nodes(1);
  for (let n = 0; n < 3; n++) {
    const accepted = proxy.accepted;
    proxy.reset();
    await other.register('rpc', { host: '10.0.0.3', port: n + 1 });
    await proxy.acceptedMore(accepted);
  }
  const all = ['10.0.0.1:8001', '10.0.0.3:1', '10.0.0.3:2', '10.0.0.3:3'];
  await Promise.all([lists, own].map((told) => told.until(...all)));
  expect(await nodes(4)).toContain(node);
  expect(own.all.slice(1).every((list) => addresses(list)[0] === '10.0.0.1:8001')).toBe(true);
});

test('while there is no connection, the list stays, and is stale', async () => {
  const other = await open(server.address);
  const registration = await other.register('rpc', b);
  const registry = await open();
  const lists = new Lists();
  const watch = registry.watch('rpc', lists.listener);
  await lists.until('10.0.0.2:8002');
  expect(watch.stale).toBe(false);
  const warned = nextWarning();
  proxy.mode = 'reset';
  expect(await warned).toMatch(/the connection to ZooKeeper is lost/);
  expect(watch.stale).toBe(true);
  await registration.unregister();
  await other.register('rpc', a);
  expect(addresses(lists.all.at(-1) ?? [])).toEqual(['10.0.0.2:8002']);
  expect(lists.all).toHaveLength(1);
  proxy.mode = 'pass';
  await lists.until('10.0.0.1:8001');
  expect(watch.stale).toBe(false);
});

test('a list that has become empty is told, also when the connection and the session are lost before it is confirmed', async () => {
  const registry = await open();
  const lists = watched(registry);
  const other = await open(server.address);
  await Promise.all([other.register('rpc', a), other.register('rpc', b)]);
  await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
  // The opcode of getChildren is 12; the answer to it is what comes next that is no ping and no event.
  const isRead = new Promise<void>((resolve) => {
    let isAsked = false;
    proxy.onRequest = (frame) => {
      isAsked ||= frame.readInt32BE(8) === 12;
      return 'pass';
    };
    proxy.onReply = (frame) => {
      // It has still to arrive, and nothing tells that the empty list in it is doubted now.
      if (isAsked && frame.readInt32BE(4) > 0) setTimeout(resolve, 100);
      return 'pass';
    };
  });
  await other.close();
  await isRead;
  proxy.mode = 'reset';
  // That nothing is told for so long is what is asserted. It is longer than the list is doubted for, and what is asked at the end of
  // that waits for an answer.
  await new Promise((resolve) => setTimeout(resolve, 3 * sessionTimeout));
  expect(addresses(lists.all.at(-1) ?? [])).toHaveLength(2);
  proxy.mode = 'pass';
  const begun = performance.now();
  await lists.until();
  // Not only when everything is read in any case, after half a minute.
  expect(performance.now() - begun).toBeLessThan(20_000);
});

test('a session that has expired is replaced: registered once again with the same id, and the watches live', async () => {
  const other = await open(server.address);
  const lists = watched(other);
  const registry = await open();
  const own = watched(registry);
  const registration = await registry.register('rpc', a);
  await own.until('10.0.0.1:8001');
  await lists.until('10.0.0.1:8001');
  await expire(0);
  const [instance] = await lists.until('10.0.0.1:8001');
  expect(instance?.id).toBe(registration.id);
  await other.register('rpc', b);
  await own.until('10.0.0.1:8001', '10.0.0.2:8002');
  await registration.update({ host: '10.0.0.1', port: 9001 });
  await Promise.all([lists, own].map((told) => told.until('10.0.0.1:9001', '10.0.0.2:8002')));
  await nodes(2);
  await registration.unregister();
  await nodes(1);
});

test.each(['booklet', 'curator', 'serverset'] as const)(
  'a session that is another after an outage takes over what the one before has left, and nobody sees it missing: %s',
  async (codec) => {
    const parent = codec === 'booklet' ? root : `${root}/rpc`;
    const registry = await open(proxy.address, codec);
    const { id } = await registry.register('rpc', a);
    const owner = async (): Promise<bigint | undefined> => {
      const [node] = await client.getChildren(parent);
      return node === undefined ? undefined : (await client.exists(`${parent}/${node}`))?.ephemeralOwner;
    };
    const before = await owner();
    const counts: number[] = [];
    const watch = client.watchChildren(parent, (names = []) => counts.push(names.length));
    // Between any two of its requests there is time to look.
    proxy.delay = 50;
    // The id of the session that it asks for: 0 is a new one. That before lives on for a while.
    proxy.onRequest = (frame, isFirst) => {
      if (isFirst) frame.fill(0, 20, 28);
      return 'pass';
    };
    proxy.reset();
    for (let now = before; now === before || now === undefined; now = await owner());
    expect(await registry.instances('rpc')).toEqual([{ id, ...a }]);
    await nodes(1, parent);
    watch.close();
    expect(counts).not.toContain(0);
  },
);

test('what is being read when the session expires is read again, and is not said to be skipped', async () => {
  const registry = await open();
  const lists = watched(registry);
  await registry.register('rpc', a);
  await lists.until('10.0.0.1:8001');
  // The opcode of getData is 4.
  const asked = new Promise<void>((resolve) => {
    proxy.onRequest = (frame) => {
      if (frame.readInt32BE(8) !== 4) return 'pass';
      resolve();
      return 'drop';
    };
  });
  await (await open(server.address)).register('rpc', b);
  await asked;
  await expire(1);
  proxy.onRequest = () => 'pass';
  await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
  expect(warnings.filter((message) => /skipped|tried again/.test(message))).toEqual([]);
});

test.each(['booklet', 'curator', 'serverset'] as const)(
  'a create whose answer is lost is made once: %s',
  async (codec) => {
    const registry = await open(proxy.address, codec);
    let isLost = false;
    let dropNext = false;
    // The opcode of create is 1; the answer to it is what comes next that is no ping.
    proxy.onRequest = (frame) => {
      if (!isLost && frame.readInt32BE(8) === 1 && frame.includes('10.0.0.1')) dropNext = true;
      return 'pass';
    };
    proxy.onReply = (frame) => {
      if (!dropNext || frame.readInt32BE(4) < 0) return 'pass';
      dropNext = false;
      isLost = true;
      return 'cut';
    };
    const { id } = await registry.register('rpc', a);
    expect(isLost).toBe(true);
    expect(await registry.instances('rpc')).toEqual([{ id, ...a }]);
    await nodes(1, codec === 'booklet' ? root : `${root}/rpc`);
    await registry.close();
    await nodes(0, codec === 'booklet' ? root : `${root}/rpc`);
  },
);

test.each(['booklet', 'curator', 'serverset'] as const)(
  'a create whose answer is lost, and then the session, leaves no second node: %s',
  async (codec) => {
    const parent = codec === 'booklet' ? root : `${root}/rpc`;
    const registry = await open(proxy.address, codec);
    let isMade = false;
    proxy.onReply = (frame) => {
      // The answer to the create of the instance has its path.
      if (isMade || !/_c_|member_|\/rpc\/[0-9a-f-]{36}/.test(frame.toString('latin1'))) return 'pass';
      isMade = true;
      proxy.mode = 'reset';
      return 'drop';
    };
    const registering = registry.register('rpc', a);
    await nodes(1, parent);
    await nodes(0, parent);
    proxy.mode = 'pass';
    const { id } = await registering;
    expect(await registry.instances('rpc')).toEqual([{ id, ...a }]);
    await nodes(1, parent);
  },
);

test.each(['booklet', 'curator', 'serverset'] as const)(
  'a node that an operator deletes is back, and unregistered it stays away: %s',
  async (codec) => {
    const parent = codec === 'booklet' ? root : `${root}/rpc`;
    const registry = await open(proxy.address, codec);
    const registration = await registry.register('rpc', a);
    const lists = watched(await open(server.address, codec));
    await lists.until('10.0.0.1:8001');
    const made = async () => {
      const [node = ''] = await nodes(1, parent);
      const { stat } = await client.get(`${parent}/${node}`);
      return { node, at: stat.czxid };
    };
    for (let n = 0; n < 3; n++) {
      const before = await made();
      await client.delete(`${parent}/${before.node}`);
      while ((await made()).at === before.at);
    }
    await registration.unregister();
    await nodes(0, parent);
    await registry.register('rpc', b);
    await lists.until('10.0.0.2:8002');
    await nodes(1, parent);
  },
);

test('a node that an operator overwrites is put right', async () => {
  const registry = await open();
  await registry.register('rpc', a);
  const [node = ''] = await nodes(1);
  await client.set(`${root}/${node}`, 'x');
  while ((await registered().catch(() => [])).join() !== '10.0.0.1:8001');
  expect(await nodes(1)).toEqual([node]);
});

test('what is asked for while there is no connection is done when it is back', async () => {
  const registry = await open();
  const [first, second] = await Promise.all([registry.register('rpc', a), registry.register('rpc', b)]);
  proxy.mode = 'reset';
  const asked = [
    first.update({ host: '10.0.0.1', port: 9001 }),
    first.update({ host: '10.0.0.1', port: 9002 }),
    second.unregister(),
    registry.register('rpc', { host: '10.0.0.3', port: 3 }),
  ];
  expect(await registered()).toEqual(['10.0.0.1:8001', '10.0.0.2:8002']);
  proxy.mode = 'pass';
  await Promise.all(asked);
  expect(await registered()).toEqual(['10.0.0.1:9002', '10.0.0.3:3']);
});

test('what is not done in time is refused, and a registration is then undone', async () => {
  const registry = await open(proxy.address, 'booklet', 300);
  const kept = await registry.register('rpc', b);
  const lists = watched(await open(server.address));
  proxy.mode = 'reset';
  const unavailable = { code: 'ERR_REGISTRY_UNAVAILABLE', message: 'ZooKeeper has not answered within 300 ms' };
  await expect(registry.register('rpc', a)).rejects.toMatchObject(unavailable);
  await expect(registry.instances('rpc')).rejects.toMatchObject(unavailable);
  await expect(kept.update({ host: '10.0.0.2', port: 9002 })).rejects.toMatchObject(unavailable);
  proxy.mode = 'pass';
  await lists.until('10.0.0.2:9002');
  proxy.mode = 'reset';
  await expect(kept.unregister()).rejects.toMatchObject(unavailable);
  await expect(kept.unregister()).rejects.toMatchObject(unavailable);
  proxy.mode = 'pass';
  await nodes(0);
  await kept.unregister();
});

test('what the server refuses is refused, and leaves nothing', async () => {
  await client.create(root, '', { acl: [{ perms: 1, scheme: 'world', id: 'anyone' }] });
  const registry = await open();
  const refused = { code: 'ERR_REGISTRY_UNAVAILABLE', cause: { code: 'ERR_ZOOKEEPER_NO_AUTH' } };
  await expect(registry.register('rpc', a)).rejects.toMatchObject(refused);
  expect(await registry.instances('rpc')).toEqual([]);
});

test('a registry that is closed at any moment leaves no node and no promise', async () => {
  const registry = await open(server.address);
  const registration = await registry.register('rpc', a);
  const closed = { code: 'ERR_REGISTRY_CLOSED' };
  const asked = [
    registry.register('rpc', b),
    registration.update({ host: '10.0.0.1', port: 1 }),
    registry.instances('rpc'),
    ...Array.from({ length: 5 }, () => registry.register('rpc', b)),
  ].map((work) => work.catch((error: unknown) => error));
  await registry.close();
  for (const result of await Promise.all(asked)) if (result instanceof Error) expect(result).toMatchObject(closed);
  await nodes(0);

  const other = await open();
  await other.register('rpc', a);
  proxy.mode = 'hang';
  const late = other.register('rpc', b);
  const end = expect(late).rejects.toMatchObject(closed);
  await other.close();
  await end;
  await nodes(0);
});

test('a digest is sent, and an ACL is that of all nodes', async () => {
  const url = `zk://me:se%3Acret@${server.address}${root}`;
  const registry = await connectRegistry(url, { zookeeper: { defaultAcl: [...creatorAcl, ...readAcl] } });
  registries.push(registry);
  await registry.register('rpc', a);
  const [node = ''] = await nodes(1);
  await expect(client.set(`${root}/${node}`, 'x')).rejects.toThrow(NoAuthError);
  await expect(client.delete(`${root}/${node}`)).rejects.toThrow(NoAuthError);
  const other = await open(server.address);
  expect(addresses(await other.instances('rpc'))).toEqual(['10.0.0.1:8001']);
  await expect(other.register('rpc', b)).rejects.toMatchObject({ cause: { code: 'ERR_ZOOKEEPER_NO_AUTH' } });
  // One that has a colon in the user or password as %3A: the rest of it is the password.
  const own = new ZooKeeperClient(server.address, { auth: [{ scheme: 'digest', auth: 'me:se:cret' }] });
  await own.start();
  await own.delete(`${root}/${node}`);
  await own.stop();
});
