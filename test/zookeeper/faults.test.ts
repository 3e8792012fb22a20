// What happens to connections, sessions and servers, and what the client makes of it.
import {
  ConnectionLossError,
  creatorAcl,
  OperationTimeoutError,
  QuotaExceededError,
  SessionExpiredError,
  ZooKeeperError,
} from 'truefork/zookeeper';
import { startProxy, type Fate, type TcpProxy } from '../support/tcp-proxy';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { started, Told } from './clients';

// Types of requests, and where frames have what is looked at: {length, xid, type} and {length, xid, zxid, err}.
const create = 1;
const getData = 4;
const event = -1;
const xidAt = 4;
const typeAt = 8;
const errAt = 16;

let server: ZooKeeperServer;
let proxy: TcpProxy;
let root: string;
let count = 0;

beforeAll(async () => {
  server = await startServer({ properties: ['zookeeper.enforceQuota=true'] });
});

afterAll(async () => {
  await server.destroy();
});

beforeEach(async () => {
  root = `/test-${++count}`;
  proxy = await startProxy(server.port);
});

/** Does something to the reply to the next request of a type, and lets the rest pass. */
function onReplyTo(type: number, work: (frame: Buffer) => Fate): void {
  let xid: number | undefined;
  proxy.onRequest = (frame, isFirst) => {
    if (xid === undefined && !isFirst && frame.readInt32BE(typeAt) === type) xid = frame.readInt32BE(xidAt);
    return 'pass';
  };
  proxy.onReply = (frame) => {
    if (xid === undefined || frame.readInt32BE(xidAt) !== xid) return 'pass';
    proxy.onRequest = () => 'pass';
    proxy.onReply = () => 'pass';
    return work(frame);
  };
}

async function failure(operation: Promise<unknown>): Promise<unknown> {
  return operation.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

test('a connection that is lost is replaced: same session, its nodes, credentials and watches live on', async () => {
  const client = await started(proxy.address, { auth: [{ scheme: 'digest', auth: 'a:b' }] });
  const other = await started(server.address);
  const id = client.sessionId;
  await client.create(root, '', { acl: creatorAcl });
  await client.create(`${root}/own`, 'x', { ephemeral: true });
  await client.create(`${root}/list`);
  const lists = new Told<string>();
  client.watchChildren(`${root}/list`, (children) => {
    lists.listener(String(children?.toSorted()));
  });
  await lists.until((list) => list === '');
  const events = new Told<string>();
  await client.exists(`${root}/x`, { watcher: events.listener });

  proxy.refuse();
  proxy.reset();
  await client.went('suspended');
  const waiting = client.create(`${root}/waiting`, '', { acl: creatorAcl });
  await other.addAuth('digest', 'a:b');
  await other.create(`${root}/list/a`);
  await proxy.listen();
  await client.went('connected');
  expect(await waiting).toBe(`${root}/waiting`);
  await lists.until((list) => list === 'a');
  expect(events.all).toEqual(['reconnected']);
  expect(client.sessionId).toBe(id);
  expect((await other.exists(`${root}/own`))?.ephemeralOwner).toBe(id);
});

test('a server that is killed and started again has the session still', async () => {
  const own = await startServer();
  try {
    const client = await started(own.address, { sessionTimeout: 20_000 });
    const id = client.sessionId;
    await client.create('/own', '', { ephemeral: true });
    await own.restart();
    await client.went('suspended', 'connected');
    expect(client.sessionId).toBe(id);
    expect((await client.exists('/own'))?.ephemeralOwner).toBe(id);
  } finally {
    await own.destroy();
  }
});

test('reads that were under way are made again, writes fail, and each operation ends', async () => {
  const client = await started(proxy.address);
  await client.create(root);
  proxy.mode = 'hang';
  const read = client.get(root);
  const write = client.set(root, 'x');
  proxy.mode = 'pass';
  proxy.reset();
  await expect(write).rejects.toThrow(ConnectionLossError);
  await expect(write).rejects.toMatchObject({ errno: -4, path: root, code: 'ERR_ZOOKEEPER_CONNECTION_LOSS' });
  expect((await read).stat.version).toBe(0);

  const operations: Promise<unknown>[] = [];
  for (let i = 0; i < 300; i++) {
    operations.push(i % 2 ? client.exists(root) : client.create(`${root}/n`, '', { sequence: true }));
    if (i % 30 === 0) proxy.reset();
    await new Promise(setImmediate);
  }
  const results = await Promise.allSettled(operations);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConnectionLossError);
  }
  expect(results.filter((_, i) => i % 2).every(({ status }) => status === 'fulfilled')).toBe(true);
});

describe('a session that has expired', () => {
  test('is replaced by a new one, in which the watches go on; what waited is told', async () => {
    const client = await started(proxy.address, { sessionTimeout: 800 });
    const id = client.sessionId;
    await client.create(root, 'x');
    await client.create(`${root}/own`, '', { ephemeral: true });
    const lists = new Told<string>();
    client.watchChildren(root, (children) => {
      lists.listener(String(children));
    });
    await lists.until((list) => list === 'own');
    proxy.refuse();
    proxy.reset();
    await client.went('suspended');
    const [write, read] = [failure(client.set(root, 'y')), failure(client.get(root))];
    await client.went('lost');
    expect(await write).toBeInstanceOf(SessionExpiredError);
    expect(await read).toMatchObject({ errno: -112, code: 'ERR_ZOOKEEPER_SESSION_EXPIRED' });
    expect(client.sessionId).toBeUndefined();
    await proxy.listen();
    await client.went('connected');
    expect(client.sessionId).not.toBe(id);
    await lists.until((list) => list === '');
    expect((await client.get(root)).value.toString()).toBe('x');
  });

  test('is told of by the server: the new one is made at once', async () => {
    const client = await started(proxy.address, { sessionTimeout: 2000 });
    const id = client.sessionId;
    proxy.onReply = (frame, isFirst) => {
      if (!isFirst) return 'pass';
      // The timeout of a session that is no more.
      frame.writeInt32BE(0, 8);
      proxy.onReply = () => 'pass';
      return 'pass';
    };
    proxy.reset();
    await client.went('suspended', 'lost', 'connected');
    expect(client.sessionId).not.toBe(id);
  });

  test('and was silently replaced by the server is noticed', async () => {
    const client = await started(proxy.address);
    const id = client.sessionId ?? 0n;
    const pending = new Promise<void>((resolve) => {
      proxy.onReply = (frame, isFirst) => {
        if (!isFirst) return 'pass';
        frame.writeBigInt64BE(id + 1n, 12);
        proxy.onReply = () => 'pass';
        resolve();
        return 'pass';
      };
    });
    proxy.reset();
    await pending;
    await client.went('suspended', 'lost', 'connected');
    expect(client.sessionId).toBe(id + 1n);
    expect(await client.exists('/')).not.toBeNull();
  });
});

describe('a server that hangs', () => {
  test('is noticed before the session is over, and nobody waits for it', async () => {
    const client = await started(proxy.address, { sessionTimeout: 4000 });
    const id = client.sessionId;
    await client.create(root, '', { ephemeral: true });
    const began = performance.now();
    proxy.mode = 'hang';
    await client.went('suspended');
    expect(performance.now() - began).toBeLessThan(4000);
    proxy.mode = 'pass';
    await client.went('connected');
    expect(client.sessionId).toBe(id);
    expect(await client.exists(root)).not.toBeNull();
  });

  test('also when it does so in the handshake', async () => {
    const client = await started(proxy.address, { sessionTimeout: 4000 });
    const id = client.sessionId;
    const accepted = proxy.accepted;
    proxy.mode = 'hang';
    proxy.reset();
    await client.went('suspended');
    await proxy.acceptedMore(accepted + 1);
    proxy.mode = 'pass';
    await client.went('connected');
    expect(client.sessionId).toBe(id);
  });

  test('by a signal, and goes on', async () => {
    const own = await startServer();
    try {
      const client = await started(own.address, { sessionTimeout: 1500 });
      own.kill('SIGSTOP');
      await client.went('suspended');
      own.kill('SIGCONT');
      await client.until(() => client.state === 'connected');
      expect(await client.exists('/')).not.toBeNull();
    } finally {
      own.kill('SIGCONT');
      await own.destroy();
    }
  });

  test('one that is slow is no such server', async () => {
    proxy.delay = 100;
    const client = await started(proxy.address, { sessionTimeout: 4000 });
    for (let i = 0; i < 10; i++) await client.exists('/');
    expect(client.states).toEqual([]);
  });
});

describe('bytes', () => {
  test('that stop in mid-frame are forgotten with their connection', async () => {
    const client = await started(proxy.address);
    await client.create(root, Buffer.alloc(100_000, 'x'));
    onReplyTo(getData, () => 'cut');
    expect((await client.get(root)).value).toHaveLength(100_000);
    await client.went('suspended', 'connected');
  });

  test.each([
    ['a code that nobody knows', (frame: Buffer) => frame.writeInt32BE(-999, errAt)],
    ['one that is no error', (frame: Buffer) => frame.writeInt32BE(7, errAt)],
  ])('are an error of the operation: %s', async (_, change) => {
    const client = await started(proxy.address);
    onReplyTo(getData, (frame) => {
      change(frame);
      return 'pass';
    });
    const error = await failure(client.get('/'));
    expect(error).toBeInstanceOf(ZooKeeperError);
    expect(error).toMatchObject({ code: 'ERR_ZOOKEEPER_UNKNOWN', path: '/' });
    await client.get('/');
    expect(client.states).toEqual([]);
  });

  test.each([
    ['a value longer than its frame', getData, (frame: Buffer) => frame.writeInt32BE(0x7fff_ffff, 20)],
    ['another request’s number', getData, (frame: Buffer) => frame.writeInt32BE(77, xidAt)],
    [
      'an event of a type that nobody knows',
      getData,
      (frame: Buffer) => {
        frame.writeInt32BE(event, xidAt);
        frame.writeInt32BE(99, 20);
      },
    ],
  ])('that mean nothing end the connection, and the read is made again: %s', async (_, type, change) => {
    const client = await started(proxy.address);
    onReplyTo(type, (frame) => {
      change(frame);
      return 'pass';
    });
    await client.get('/zookeeper');
    await client.went('suspended', 'connected');
  });
});

test('a quota is an error of the operation, also in a transaction', async () => {
  const client = await started(server.address);
  await client.create(root);
  await client.create(
    `/zookeeper/quota${root}/zookeeper_limits`,
    'count=1,bytes=-1=;byteHardLimit=-1;countHardLimit=1',
    {
      makePath: true,
    },
  );
  await client.create(`/zookeeper/quota${root}/zookeeper_stats`, 'count=1,bytes=0');
  const error = await failure(client.create(`${root}/a`));
  expect(error).toBeInstanceOf(QuotaExceededError);
  expect(error).toMatchObject({ errno: -125, path: `${root}/a` });
  await expect(client.transaction().create(`${root}/b`).commit()).rejects.toMatchObject({ errno: -125 });
  expect(client.states).toEqual([]);
});

test('a server whose data was wiped gets a new session', async () => {
  const own = await startServer();
  try {
    const client = await started(own.address, { sessionTimeout: 1000 });
    for (let i = 0; i < 10; i++) await client.create(`/${i}`);
    await own.end();
    await client.went('suspended');
    own.wipe();
    own.launch();
    await client.went('lost', 'connected');
    expect(await client.getChildren('/')).toEqual(['zookeeper']);
  } finally {
    await own.destroy();
  }
});

test('what is made anew after the data were wiped is told, though ZooKeeper has counted it alike', async () => {
  const own = await startServer();
  const proxy = await startProxy(own.port);
  try {
    const client = await started(proxy.address, { sessionTimeout: 1000 });
    const children = new Told<readonly string[] | undefined>();
    const values = new Told<string | undefined>();
    client.watchChildren('/', children.listener);
    client.watchData('/x', (value) => {
      values.listener(value?.toString());
    });
    const first = await started(own.address);
    for (const path of ['/before', '/x']) await first.create(path, 'before');
    await children.until((names) => names?.length === 3);
    await values.until((value) => value === 'before');
    const before = { root: await first.exists('/'), x: await first.exists('/x') };
    await first.stop();

    proxy.mode = 'reset';
    await own.end();
    own.wipe();
    own.launch();
    await own.serving();
    const second = await started(own.address);
    for (const path of ['/after', '/x']) await second.create(path);
    let x = await second.set('/x', 'after');
    while (before.x && x.mzxid < before.x.mzxid) x = await second.set('/x', 'after');
    expect(x.mzxid).toBe(before.x?.mzxid);
    const { czxid, cversion } = (await second.exists('/')) ?? {};
    expect({ czxid, cversion }).toEqual({ czxid: before.root?.czxid, cversion: before.root?.cversion });
    proxy.mode = 'pass';
    await children.until((names) => names?.includes('after') ?? false);
    await values.until((value) => value === 'after');
  } finally {
    await own.destroy();
  }
});

describe('an event loop that is blocked', () => {
  const block = (milliseconds: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

  test('for less than the session keeps it, and the connection', async () => {
    const client = await started(server.address, { sessionTimeout: 20_000 });
    block(1000);
    await client.exists('/');
    expect(client.states).toEqual([]);
  });

  test('for longer loses it, and a new one is made', async () => {
    const client = await started(server.address, { sessionTimeout: 400 });
    const id = client.sessionId;
    block(1500);
    await client.went('suspended', 'lost', 'connected');
    expect(client.sessionId).not.toBe(id);
  });
});

describe('an answer that is lost', () => {
  test('leaves the others alone', async () => {
    const client = await started(proxy.address, { sessionTimeout: 1000 });
    onReplyTo(create, () => 'drop');
    await expect(client.create(root)).rejects.toThrow(OperationTimeoutError);
    expect(await client.exists(root)).not.toBeNull();
  });

  test('of a protected create, is found: the node is there once', async () => {
    const client = await started(proxy.address);
    await client.create(root);
    onReplyTo(create, () => 'cut');
    const path = await client.createProtected(`${root}/n-`, 'x', { ephemeral: true, sequence: true });
    expect(path).toMatch(/\/_c_[0-9a-f-]{36}-n-0000000000$/);
    expect(await client.getChildren(root)).toEqual([path.slice(root.length + 1)]);
    await client.went('suspended', 'connected');
  });

  test('of a protected create, and the session with it: the node of the old one is not taken', async () => {
    const other = await started(server.address);
    const client = await started(proxy.address);
    await client.create(root);
    const guid = '6fa3c9c6-6f39-4d3a-8d3c-7cf0f2b7f7a1';
    await other.create(`${root}/_c_${guid}-n`, 'old', { ephemeral: true });
    await client.createProtected(`${root}/n`, 'new', { ephemeral: true }, guid);
    const { value, stat } = await client.get(`${root}/_c_${guid}-n`);
    expect(value.toString()).toBe('new');
    expect(stat.ephemeralOwner).toBe(client.sessionId);
  });

  test('of a plain create, is told as such', async () => {
    const client = await started(proxy.address);
    onReplyTo(create, () => 'cut');
    await expect(client.create(root)).rejects.toThrow(ConnectionLossError);
    expect(await client.exists(root)).not.toBeNull();
  });
});

test('a guaranteed delete goes on over lost connections and sessions', async () => {
  const other = await started(server.address);
  const client = await started(proxy.address, { sessionTimeout: 800 });
  await client.create(root);
  proxy.refuse();
  proxy.reset();
  const deleted = client.delete(root, { guaranteed: true });
  await client.went('suspended', 'lost');
  expect(await other.exists(root)).not.toBeNull();
  await proxy.listen();
  await deleted;
  expect(await other.exists(root)).toBeNull();
});

test('a server that takes the session and then closes the connection is asked less and less often', async () => {
  const client = await started(proxy.address, { sessionTimeout: 8000 });
  const before = proxy.accepted;
  let flapping = true;
  const operations = (async () => {
    // Each connection is made, and lost as soon as it is used.
    while (flapping) await client.exists('/').catch(() => undefined);
  })();
  proxy.onReply = (_frame, isFirst) => (isFirst ? 'pass' : 'cut');
  // How often in so long a time is what is asserted.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(proxy.accepted - before).toBeLessThan(15);
  flapping = false;
  proxy.onReply = () => 'pass';
  await operations;
});
