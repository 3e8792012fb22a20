// Outages of whole servers and of registrants, which are processes of their own: each ends registered exactly once, with its
// watch alive.
import { connectRegistry, type Registry } from 'truefork/discovery';
import { ZooKeeperClient } from 'truefork/zookeeper';
import { nodes as everyNode, Program, programPath } from '../support/programs';
import { startProxy } from '../support/tcp-proxy';
import { startEnsemble, startServer, type ZooKeeperServer } from '../support/zookeeper';
import { addresses, Lists } from './lists';

const sessionTimeout = 1000;

let server: ZooKeeperServer;
let registry: Registry;
let lists: Lists;
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
  root = `/demo${++tests}`;
  registry = await connectTo(server.address);
  lists = new Lists();
  registry.watch('rpc', lists.listener);
});

afterEach(async () => {
  await registry.close();
});

function connectTo(servers: string): Promise<Registry> {
  return connectRegistry(`zk://${servers}${root}`, { zookeeper: { sessionTimeout }, onWarning: () => undefined });
}

async function registrant(host: string, port: number, servers = server.address): Promise<Program & { id: string }> {
  const program = new Program(programPath('discovery-zookeeper.mjs'), {
    args: [`zk://${servers}${root}`, 'rpc', host, String(port), String(sessionTimeout)],
  });
  const [, id = ''] = await program.printed(/registered (\S+)/);
  return Object.assign(program, { id });
}

/** It unregisters, ends by itself, and has said nothing that it should not. */
async function endOf(program: Program): Promise<void> {
  program.kill('SIGTERM');
  const { code, signal, stdout, stderr } = await program.finished();
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  expect(stdout).toMatch(/unregistered\n/);
}

/** Whether a program's newest list has these addresses and no others, as soon as it is so. */
function sees(program: Program, ...expected: string[]): Promise<RegExpMatchArray> {
  const line = ['=', ...expected].join(' ').replaceAll('.', '\\.');
  return program.printed(new RegExp(`${line}\n(?:(?!=).*\n)*$`));
}

test('a registrant that is killed is gone when its session has expired; one that ends, at once', async () => {
  const killed = await registrant('a', 1);
  const ends = await registrant('b', 2);
  await lists.until('a:1', 'b:2');
  await endOf(ends);
  await lists.until('a:1');
  killed.kill('SIGKILL');
  await killed.finished();
  await lists.until();
});

test('a registrant that is killed and started again before its session has expired is never missing', async () => {
  const before = await registrant('a', 1);
  await lists.until('a:1');
  before.kill('SIGKILL');
  const after = await registrant('a', 1);
  const client = new ZooKeeperClient(server.address);
  await client.start();
  expect(await client.getChildren(root)).toHaveLength(2);
  // Until the older one is gone.
  await new Promise<void>((resolve) => {
    client.watchChildren(root, (children) => {
      if (children?.length === 1) resolve();
    });
  });
  await client.stop();
  const marker = await registry.register('rpc', { host: 'marker', port: 1 });
  const [instance] = await lists.until('a:1', 'marker:1');
  expect(instance?.id).toBe(after.id);
  expect(lists.all.slice(1).every((list) => addresses(list)[0] === 'a:1')).toBe(true);
  await marker.unregister();
  await endOf(after);
  await lists.until();
});

test('a registrant that is stopped for longer than its session is registered again, once, with its id', async () => {
  const program = await registrant('a', 1);
  const other = await registrant('b', 2);
  await lists.until('a:1', 'b:2');
  program.kill('SIGSTOP');
  await lists.until('b:2');
  program.kill('SIGCONT');
  const [instance] = await lists.until('a:1', 'b:2');
  expect(instance?.id).toBe(program.id);
  // Its watch lives, and so does its registration.
  await sees(program, 'a:1', 'b:2');
  program.kill('SIGUSR2');
  await lists.until('a:2', 'b:2');
  await endOf(program);
  await lists.until('b:2');
  await endOf(other);
});

test('a server that hangs for longer than the sessions, and goes on: the list is never empty', async () => {
  const programs = [await registrant('a', 1), await registrant('b', 2)];
  await lists.until('a:1', 'b:2');
  const before = lists.all.length;
  server.kill('SIGSTOP');
  await Promise.all(programs.map((program) => program.printed(/warned the connection to ZooKeeper is lost/)));
  // The fault itself: it hangs for as long as a session lasts.
  await new Promise((resolve) => setTimeout(resolve, sessionTimeout));
  server.kill('SIGCONT');
  const marker = await registry.register('rpc', { host: 'marker', port: 1 });
  await lists.until('a:1', 'b:2', 'marker:1');
  expect(lists.all.slice(before).every((list) => list.length > 0)).toBe(true);
  await Promise.all(programs.map((program) => sees(program, 'a:1', 'b:2', 'marker:1')));
  await marker.unregister();
  await Promise.all(programs.map(endOf));
  await lists.until();
});

test('a server that is killed and started again', async () => {
  const program = await registrant('a', 1);
  await lists.until('a:1');
  await server.restart();
  const marker = await registry.register('rpc', { host: 'marker', port: 1 });
  await lists.until('a:1', 'marker:1');
  await sees(program, 'a:1', 'marker:1');
  await marker.unregister();
  await endOf(program);
  await lists.until();
});

test('a server whose data are wiped: the list stays until all are back', async () => {
  const program = await registrant('a', 1);
  const own = await registry.register('rpc', { host: 'b', port: 2 });
  await lists.until('a:1', 'b:2');
  const before = lists.all.length;
  await server.end();
  server.wipe();
  server.launch();
  await server.serving();
  const marker = await registry.register('rpc', { host: 'marker', port: 1 });
  await lists.until('a:1', 'b:2', 'marker:1');
  expect(lists.all.slice(before).every((list) => list.length > 0)).toBe(true);
  await sees(program, 'a:1', 'b:2', 'marker:1');
  await Promise.all([own.unregister(), marker.unregister()]);
  await lists.until('a:1');
  await endOf(program);
  await lists.until();
});

test('a node that has the name and the number of another from before the data were wiped is read', async () => {
  const own = await startServer();
  try {
    const proxy = await startProxy(own.port);
    const looker = await connectTo(proxy.address);
    const seen = new Lists();
    looker.watch('rpc', seen.listener);
    const path = `${root}/rpc0000000000`;
    const put = async (host: string, mzxid?: bigint): Promise<bigint> => {
      const client = new ZooKeeperClient(own.address);
      await client.start();
      await client.create(path, 'none', { makePath: true });
      for (;;) {
        const stat = await client.set(path, JSON.stringify({ host, port: 1 }));
        if (mzxid !== undefined && stat.mzxid < mzxid) continue;
        await client.stop();
        return stat.mzxid;
      }
    };
    const before = await put('before');
    await seen.until('before:1');
    proxy.mode = 'reset';
    await own.end();
    own.wipe();
    own.launch();
    await own.serving();
    expect(await put('after', before)).toBe(before);
    proxy.mode = 'pass';
    await seen.until('after:1');
    await looker.close();
  } finally {
    await own.destroy();
  }
});

test('an empty list is told in the end', async () => {
  const programs = [await registrant('a', 1), await registrant('b', 2)];
  await lists.until('a:1', 'b:2');
  for (const program of programs) program.kill('SIGKILL');
  await lists.until();
});

test('an empty list is doubted as long when the instances have gone one after another', async () => {
  const first = await registry.register('rpc', { host: 'a', port: 1 });
  const second = await registry.register('rpc', { host: 'b', port: 2 });
  await lists.until('a:1', 'b:2');
  await second.unregister();
  await lists.until('a:1');
  const start = performance.now();
  await first.unregister();
  await lists.until();
  // Of 2 seconds. A single one that goes is missed for 10 milliseconds.
  expect(performance.now() - start).toBeGreaterThan(1500);
});

test('a registrant that is cut off, and unregisters meanwhile, is gone when it is back', async () => {
  const proxy = await startProxy(server.port);
  const cut = await connectTo(proxy.address);
  const registration = await cut.register('rpc', { host: 'a', port: 1 });
  const other = await registry.register('rpc', { host: 'b', port: 2 });
  await lists.until('a:1', 'b:2');
  proxy.mode = 'hang';
  const gone = registration.unregister();
  await lists.until('b:2');
  proxy.mode = 'pass';
  await gone;
  expect(addresses(await cut.instances('rpc'))).toEqual(['b:2']);
  await cut.close();
  await other.unregister();
});

test('an ensemble whose leader is killed, and that loses its quorum and has it again', async () => {
  const ensemble = await startEnsemble();
  try {
    const own = await connectTo(ensemble.hosts);
    const program = await registrant('a', 1, ensemble.hosts);
    const told = new Lists();
    own.watch('rpc', told.listener);
    const registration = await own.register('rpc', { host: 'b', port: 2 });
    await told.until('a:1', 'b:2');
    const leader = await ensemble.leader();
    await leader.end();
    await registration.update({ host: 'b', port: 3 });
    await told.until('a:1', 'b:3');
    const [next] = ensemble.servers.filter((one) => one !== leader);
    await next?.end();
    await program.printed(/warned/);
    for (const one of [leader, next]) one?.launch();
    await Promise.all(ensemble.servers.map((one) => one.serving()));
    await registration.update({ host: 'b', port: 4 });
    await told.until('a:1', 'b:4');
    await sees(program, 'a:1', 'b:4');
    expect(told.all.every((list, n) => n === 0 || list.length > 0)).toBe(true);
    const client = new ZooKeeperClient(ensemble.hosts);
    await client.start();
    expect(await client.getChildren(root)).toHaveLength(2);
    await client.stop();
    await endOf(program);
    await own.close();
  } finally {
    await ensemble.destroy();
  }
});

const versions = everyNode().map(({ major, path }) => [major, path] as const);

test.each(versions)('on Node %s, a forked child has nothing of the registry of its parent', async (_, node) => {
  const program = new Program(programPath('discovery-zookeeper-forked.mjs'), {
    node,
    args: [`zk://${server.address}${root}`, 'rpc'],
  });
  await program.printed(/parent ready/);
  await program.printed(/child ready/);
  for (const [what, result] of [
    ['sockets', '0'],
    ['register', 'ERR_REGISTRY_CLOSED'],
    ['watch', 'ERR_REGISTRY_CLOSED'],
    ['update', 'ERR_REGISTRY_CLOSED'],
    ['unregister', 'done'],
    ['close', 'done'],
  ] as const) {
    expect(program.stdout).toContain(`child ${what}: ${result}\n`);
  }
  await lists.until('parent:1');
  program.kill('SIGUSR2');
  await lists.until('child:2', 'parent:3');
  program.kill('SIGKILL');
  await lists.until('child:2');
  program.end();
  await lists.until();
});
