// Three servers that are one service, of which some hang, die, or have no quorum.
import { startEnsemble, type Ensemble } from '../support/zookeeper';
import { started, Told } from './clients';

let ensemble: Ensemble;

beforeAll(async () => {
  ensemble = await startEnsemble();
});

afterAll(async () => {
  await ensemble.destroy();
});

test('a server that hangs is left for another, in the same session', async () => {
  const client = await started(ensemble.hosts, { sessionTimeout: 3000 });
  const id = client.sessionId;
  await client.create('/hung', '', { ephemeral: true });
  const hung = ensemble.server(client.server);
  const told = new Told<string>();
  client.watchData('/hung', (value) => {
    told.listener(String(value));
  });
  await told.until((value) => value === '');
  const began = performance.now();
  hung.kill('SIGSTOP');
  try {
    await client.went('suspended');
    const noticed = performance.now() - began;
    await client.went('connected');
    expect(client.server).not.toBe(hung.address);
    expect(client.sessionId).toBe(id);
    expect((await client.exists('/hung'))?.ephemeralOwner).toBe(id);
    await client.set('/hung', 'x');
    await told.until((value) => value === 'x');
    // 1.25 s and the delay of a timer; more only if this machine itself was late.
    expect(noticed).toBeLessThan(3000);
  } finally {
    hung.kill('SIGCONT');
  }
  await hung.serving();
});

test('when the leader is killed, another takes its place; session and watches live on', async () => {
  const client = await started(ensemble.hosts, { sessionTimeout: 10_000 });
  const id = client.sessionId;
  await client.ensurePath('/list');
  await client.create('/list/own', '', { ephemeral: true });
  const lists = new Told<string>();
  client.watchChildren('/list', (children) => {
    lists.listener(String(children?.toSorted()));
  });
  await lists.until((list) => list === 'own');
  const leader = await ensemble.leader();
  await leader.end();
  await client.createProtected('/list/late', '', { ephemeral: true });
  await lists.until((list) => list.includes('late'));
  expect(client.sessionId).toBe(id);
  expect((await client.exists('/list/own'))?.ephemeralOwner).toBe(id);
  expect(await client.getChildren('/list')).toHaveLength(2);
  leader.launch();
  await leader.serving();
});

test('without a quorum nothing is served; when it is back, the session is', async () => {
  const client = await started(ensemble.hosts, { sessionTimeout: 20_000 });
  const id = client.sessionId;
  await client.create('/quorum', 'x', { ephemeral: true });
  const [first, second] = ensemble.servers;
  await Promise.all([first?.end(), second?.end()]);
  await client.until(() => client.states.includes('suspended'));
  const value = client.get('/quorum');
  for (const server of [first, second]) server?.launch();
  expect((await value).value.toString()).toBe('x');
  expect(client.sessionId).toBe(id);
  expect((await client.exists('/quorum'))?.ephemeralOwner).toBe(id);
  await Promise.all(ensemble.servers.map((server) => server.serving()));
});

test('a quorum that is away for longer than the session costs the session, and no more', async () => {
  const client = await started(ensemble.hosts, { sessionTimeout: 1000 });
  const id = client.sessionId;
  await client.create('/away', '', { ephemeral: true });
  const [first, second] = ensemble.servers;
  await Promise.all([first?.end(), second?.end()]);
  await client.until(() => client.states.includes('lost'));
  for (const server of [first, second]) server?.launch();
  await client.until(() => client.state === 'connected');
  expect(client.sessionId).not.toBe(id);
  // The node of the old session goes when the servers have counted to its timeout.
  const told = new Told<boolean>();
  client.watchData('/away', (value) => {
    told.listener(value === undefined);
  });
  await told.until((isGone) => isGone);
  await client.createProtected('/away', '', { ephemeral: true });
  await Promise.all(ensemble.servers.map((server) => server.serving()));
});

test('many clients find their way back after the death of a server', async () => {
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => started(ensemble.hosts, { sessionTimeout: 10_000 })),
  );
  const ids = clients.map((client) => client.sessionId);
  const dead = ensemble.server(clients[0]?.server);
  await dead.end();
  await Promise.all(clients.map((client) => client.exists('/')));
  expect(clients.map((client) => client.sessionId)).toEqual(ids);
  dead.launch();
  await dead.serving();
});
