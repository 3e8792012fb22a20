// The operations of the client, with a server that is well.
import type { ZooKeeperError } from 'truefork/zookeeper';
import {
  AuthFailedError,
  BadVersionError,
  creatorAcl,
  digestAcl,
  InvalidAclError,
  NoAuthError,
  NoChildrenForEphemeralsError,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  openAcl,
  Permission,
  readAcl,
  RequestTooLargeError,
  SessionClosedError,
  type Transaction,
} from 'truefork/zookeeper';
import { startProxy } from '../support/tcp-proxy';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { started, TestClient, Told } from './clients';

let server: ZooKeeperServer;
let root: string;
let count = 0;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.destroy();
});

beforeEach(() => {
  root = `/test-${++count}`;
});

const connected = () => started(server.address);

test('a node is made, read, set and deleted', async () => {
  const client = await connected();
  expect(await client.create(root, 'ä')).toBe(root);
  const { value, stat } = await client.get(root);
  expect(value.toString()).toBe('ä');
  expect(stat).toMatchObject({ version: 0, dataLength: 2, numChildren: 0, ephemeralOwner: 0n });
  expect(Math.abs(Date.now() - stat.ctime)).toBeLessThan(60_000);
  expect(stat.czxid).toBe(stat.mzxid);

  const set = await client.set(root, Uint8Array.of(0, 255), { version: 0 });
  expect(set.version).toBe(1);
  expect(set.mzxid > stat.mzxid).toBe(true);
  expect((await client.get(root)).value).toEqual(Buffer.from([0, 255]));
  expect(await client.exists(root)).toEqual(set);

  await client.delete(root, { version: 1 });
  expect(await client.exists(root)).toBeNull();
});

test('a node without a value has an empty one', async () => {
  const client = await connected();
  await client.create(root);
  expect((await client.get(root)).value).toEqual(Buffer.alloc(0));
});

test('what is not as it should be is an error of its own class, with the code of ZooKeeper and the path', async () => {
  const client = await connected();
  await client.create(root, 'x');
  await client.create(`${root}/child`);
  await client.create(`${root}/ephemeral`, '', { ephemeral: true });
  const missing = `${root}/missing`;
  const cases: [() => Promise<unknown>, new (...args: never) => Error, number, string][] = [
    [() => client.get(missing), NoNodeError, -101, missing],
    [() => client.set(missing, ''), NoNodeError, -101, missing],
    [() => client.getChildren(missing), NoNodeError, -101, missing],
    [() => client.delete(missing), NoNodeError, -101, missing],
    [() => client.getAcl(missing), NoNodeError, -101, missing],
    [() => client.create(`${missing}/x`), NoNodeError, -101, `${missing}/x`],
    [() => client.create(root), NodeExistsError, -110, root],
    [() => client.create(`${root}/ephemeral/x`), NoChildrenForEphemeralsError, -108, `${root}/ephemeral/x`],
    [
      () => client.create(`${root}/ephemeral/x/y`, '', { makePath: true }),
      NoChildrenForEphemeralsError,
      -108,
      `${root}/ephemeral/x`,
    ],
    [() => client.ensurePath(`${root}/ephemeral/x`), NoChildrenForEphemeralsError, -108, `${root}/ephemeral/x`],
    [() => client.delete(root), NotEmptyError, -111, root],
    [() => client.set(root, '', { version: 3 }), BadVersionError, -103, root],
    [() => client.delete(`${root}/child`, { version: 3 }), BadVersionError, -103, `${root}/child`],
    [() => client.setAcl(root, openAcl, { version: 3 }), BadVersionError, -103, root],
    [() => client.setAcl(root, creatorAcl), InvalidAclError, -114, root],
    [() => client.setAcl(root, [{ perms: 1, scheme: 'nobody', id: 'x' }]), InvalidAclError, -114, root],
  ];
  for (const [operation, Class, errno, path] of cases) {
    const error: unknown = await operation().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Class);
    expect(error).toMatchObject({ name: Class.name, errno, path });
    expect((error as ZooKeeperError).message).toContain(path);
    expect((error as ZooKeeperError).code).toMatch(/^ERR_ZOOKEEPER_[A-Z_]+$/);
  }
});

test('missing parents are made on the way, by create and by ensurePath', async () => {
  const client = await connected();
  expect(await client.create(`${root}/a/b`, 'x', { makePath: true, ephemeral: true })).toBe(`${root}/a/b`);
  await client.ensurePath(`${root}/a/c/d`);
  await client.ensurePath(`${root}/a/c/d`);
  await client.ensurePath('/');
  expect((await client.getChildren(`${root}/a`)).sort()).toEqual(['b', 'c']);
  expect((await client.get(`${root}/a/b`)).stat.ephemeralOwner).toBe(client.sessionId);
  expect((await client.get(`${root}/a`)).stat.ephemeralOwner).toBe(0n);
});

test('a sequence is numbered by its parent', async () => {
  const client = await connected();
  await client.ensurePath(root);
  expect(await client.create(`${root}/rpc`, '', { ephemeral: true, sequence: true })).toBe(`${root}/rpc0000000000`);
  expect(await client.create(`${root}/rpc`, '', { ephemeral: true, sequence: true })).toBe(`${root}/rpc0000000001`);
});

test('what ZooKeeper knows of a node comes with it where that is asked for', async () => {
  const client = await connected();
  const { path, stat } = await client.create(root, 'xyz', { ephemeral: true, includeData: true });
  expect(path).toBe(root);
  expect(stat).toMatchObject({ dataLength: 3, ephemeralOwner: client.sessionId });
  const listed = await client.getChildren(root, { includeData: true });
  expect(listed).toEqual({ children: [], stat });
});

test('a tree is deleted with all that is below it', async () => {
  const client = await connected();
  await client.ensurePath(`${root}/a/b/c`);
  await client.ensurePath(`${root}/a/d`);
  await client.delete(root, { recursive: true });
  expect(await client.exists(root)).toBeNull();
  await client.delete(root, { recursive: true });
  await client.delete(root, { guaranteed: true });
});

test('a value over the limit of a server is refused before it is sent, and the one at the limit is not', async () => {
  const client = await connected();
  // The rest of such a request: header 8, lengths of path, value and ACL 12, the ACL's entry 4 + 9 + 10, flags 4.
  const most = 0xfffff - (8 + 4 + root.length + 4 + 4 + 4 + 4 + 5 + 4 + 6 + 4);
  await expect(client.create(root, Buffer.alloc(most + 1))).rejects.toThrow(RequestTooLargeError);
  await client.create(root, Buffer.alloc(most, 'x'));
  expect((await client.get(root)).value.equals(Buffer.alloc(most, 'x'))).toBe(true);
  await expect(client.set(root, Buffer.alloc(0xfffff))).rejects.toMatchObject({ path: root });
  const huge = client.transaction().set(root, Buffer.alloc(600_000)).set(root, Buffer.alloc(600_000));
  await expect(huge.commit()).rejects.toThrow(RequestTooLargeError);
  expect(client.states).toEqual([]);
});

test('many operations at once are all answered, and so is a list longer than a megabyte', async () => {
  const client = await connected();
  await client.create(root);
  const names = Array.from({ length: 6000 }, (_, i) => `${'n'.repeat(200)}${i}`);
  await Promise.all(names.map((name) => client.create(`${root}/${name}`)));
  expect((await client.getChildren(root)).sort()).toEqual(names.sort());
});

describe('a transaction', () => {
  test('makes all its changes, and gives what came of each', async () => {
    const client = await connected();
    await client.create(root);
    const results = await client
      .transaction()
      .create(`${root}/a`, 'x')
      .create(`${root}/s`, '', { sequence: true, ephemeral: true })
      .check(`${root}/a`, 0)
      .set(`${root}/a`, 'y', { version: 0 })
      .create(`${root}/b`)
      .delete(`${root}/b`, { version: 0 })
      .commit();
    expect(results).toEqual([
      `${root}/a`,
      `${root}/s0000000001`,
      undefined,
      expect.objectContaining({ version: 1 }),
      `${root}/b`,
      undefined,
    ]);
    expect((await client.get(`${root}/a`)).value.toString()).toBe('y');
  });

  test.each<[string, (transaction: Transaction) => Transaction]>([
    ['check', (transaction) => transaction.check(root, 0)],
    ['set', (transaction) => transaction.set(root, 'z', { version: 0 })],
    ['delete', (transaction) => transaction.delete(root, { version: 0 })],
  ])('takes version 0 for 0: %s', async (what, add) => {
    const client = await connected();
    await client.create(root);
    await client.set(root, 'y');
    const commit = add(client.transaction().create(`${root}-other`)).commit();
    await expect(commit).rejects.toThrow(BadVersionError);
    await expect(commit).rejects.toMatchObject({ path: root, message: expect.stringContaining(what) as string });
    expect(await client.exists(`${root}-other`)).toBeNull();
    expect((await client.get(root)).value.toString()).toBe('y');
  });

  test('of nothing is nothing', async () => {
    const client = await connected();
    expect(await client.transaction().commit()).toEqual([]);
  });
});

describe('watches', () => {
  test('a watcher is called once, after the change', async () => {
    const client = await connected();
    const other = await connected();
    const events = new Told<string>();
    expect(
      await client.exists(root, {
        watcher: (event) => {
          events.listener(`exists ${event}`);
        },
      }),
    ).toBeNull();
    await other.create(root);
    await events.until((event) => event === 'exists created');
    await client.get(root, {
      watcher: (event) => {
        events.listener(`get ${event}`);
      },
    });
    await client.getChildren(root, {
      watcher: (event) => {
        events.listener(`list ${event}`);
      },
    });
    await other.create(`${root}/a`);
    await events.until((event) => event === 'list children');
    await other.set(root, 'x');
    await events.until((event) => event === 'get changed');
    await other.set(root, 'y');
    await client.get(root);
    expect(events.all).toEqual(['exists created', 'list children', 'get changed']);
  });

  test('more than ten watch one node, without a warning of Node.js', async () => {
    const client = await connected();
    await client.create(root);
    const warnings: Error[] = [];
    const listener = (warning: Error) => warnings.push(warning);
    process.on('warning', listener);
    const calls = new Told<number>();
    for (let i = 0; i < 12; i++)
      await client.get(root, {
        watcher: () => {
          calls.listener(calls.all.length + 1);
        },
      });
    await client.set(root, 'x');
    await calls.until((sum) => sum === 12);
    process.off('warning', listener);
    expect(warnings).toEqual([]);
  });

  test('children are told at once, after every change, and when the node comes and goes', async () => {
    const client = await connected();
    const told = new Told<readonly string[] | undefined>();
    const lists = new Told<string>();
    const watch = client.watchChildren(root, (children) => {
      told.listener(children);
      lists.listener(children ? children.toSorted().join() : 'none');
    });
    expect(told.all).toEqual([]);
    await lists.until((list) => list === 'none');
    await client.create(root);
    await lists.until((list) => list === '');
    await client.create(`${root}/a`);
    await lists.until((list) => list === 'a');
    await client.set(root, 'a value is no child');
    await client.create(`${root}/b`);
    await lists.until((list) => list === 'a,b');
    await client.delete(root, { recursive: true });
    await lists.until((list) => list === 'none');
    await client.create(root);
    await lists.until((list) => list === '');
    watch.close();
    watch.close();
    const before = lists.all.length;
    await client.create(`${root}/c`);
    await client.getChildren(root);
    expect(lists.all).toHaveLength(before);
    expect(lists.all.filter((list, i) => list === lists.all[i - 1])).toEqual([]);
  });

  test('changes that follow each other within the pause are told together, the last of them always', async () => {
    const client = await connected();
    await client.create(root, '0');
    const values = new Told<string>();
    const begun = performance.now();
    const watch = client.watchData(
      root,
      (value) => {
        values.listener(String(value));
      },
      { pause: 100 },
    );
    for (let i = 1; i <= 100; i++) await client.set(root, String(i));
    await values.until((value) => value === '100');
    // A timer may be a millisecond early.
    expect(values.all.length).toBeLessThanOrEqual(2 + (performance.now() - begun) / 99);
    watch.close();
  });

  test('a value is told at once, after every change, and when the node comes and goes', async () => {
    const client = await connected();
    const values = new Told<string>();
    const watch = client.watchData(root, (value) => {
      values.listener(value === undefined ? 'none' : `=${value.toString()}`);
    });
    await values.until((value) => value === 'none');
    await client.create(root, 'x');
    await values.until((value) => value === '=x');
    await client.set(root, 'y');
    await values.until((value) => value === '=y');
    await client.create(`${root}/child`);
    for (let i = 0; i <= 100; i++) await client.set(root, String(i));
    await values.until((value) => value === '=100');
    await client.delete(root, { recursive: true });
    await values.until((value) => value === 'none');
    watch[Symbol.dispose]();
  });

  test('a watch that may not read says so once, and reads when it may', async () => {
    const client = await connected();
    const owner = await started(server.address, { auth: [{ scheme: 'digest', auth: 'a:b' }] });
    await owner.create(root, 'secret', { acl: creatorAcl });
    const values = new Told<string>();
    client.watchData(root, (value) => {
      values.listener(String(value));
    });
    while (client.warnings.length === 0) await client.exists('/');
    await owner.setAcl(root, [...readAcl, digestAcl('a', 'b')]);
    await values.until((value) => value === 'secret');
    expect(client.warnings).toEqual([`get ${root}: the ACL of the node does not allow it; it is tried again`]);
  });
});

describe('access', () => {
  const auth = [{ scheme: 'digest', auth: 'user:password' }];

  test('a digest is the server’s own', async () => {
    const client = await started(server.address, { auth });
    await client.create(root, '', { acl: creatorAcl });
    expect((await client.getAcl(root)).acl).toEqual([digestAcl('user', 'password')]);
  });

  test('the default ACL is that of each node that is made without one', async () => {
    const acl = [digestAcl('user', 'password', Permission.ALL), ...readAcl];
    const client = await started(server.address, { auth, defaultAcl: acl });
    await client.create(`${root}/a`, '', { makePath: true });
    await client.ensurePath(`${root}/b`);
    await client.transaction().create(`${root}/c`).create(`${root}/d`, '', { acl: openAcl }).commit();
    for (const path of [root, `${root}/a`, `${root}/b`, `${root}/c`])
      expect((await client.getAcl(path)).acl).toEqual(acl);
    expect((await client.getAcl(`${root}/d`)).acl).toEqual(openAcl);

    const stranger = await connected();
    await expect(stranger.create(`${root}/x`)).rejects.toThrow(NoAuthError);
    expect(await stranger.getChildren(root)).toHaveLength(4);
    await stranger.addAuth('digest', 'user:password');
    await stranger.create(`${root}/x`);
  });

  test('an ACL is set', async () => {
    const client = await connected();
    await client.create(root);
    const stat = await client.setAcl(root, readAcl, { version: 0 });
    expect(stat.aversion).toBe(1);
    await expect(client.set(root, 'x')).rejects.toThrow(NoAuthError);
  });

  test('a credential is sent before the first operation, also when that does not wait for a connection', async () => {
    const owner = await started(server.address, { auth });
    await owner.create(root, 'secret', { acl: creatorAcl });
    const client = new TestClient(server.address);
    await client.addAuth('digest', 'user:password');
    client.open();
    expect((await client.get(root)).value.toString()).toBe('secret');
  });

  test('a credential that is added while a connection is being made is sent on that one', async () => {
    const owner = await started(server.address, { auth });
    await owner.create(root, 'secret', { acl: creatorAcl });
    const proxy = await startProxy(server.port);
    const client = new TestClient(proxy.address);
    const asked = new Promise<void>((resolve) => {
      proxy.onRequest = () => {
        resolve();
        return 'pass';
      };
    });
    client.open();
    await asked;
    expect(client.state).toBe('connecting');
    await client.addAuth('digest', 'user:password');
    expect((await client.get(root)).value.toString()).toBe('secret');
  });

  test('a credential that the server refuses is an error, and forgotten', async () => {
    const client = await connected();
    await expect(client.addAuth('nobody', 'x')).rejects.toThrow(AuthFailedError);
    await client.went('suspended', 'connected');
    await client.create(root, '', { ephemeral: true });
    expect((await client.get(root)).stat.ephemeralOwner).toBe(client.sessionId);
  });

  test('a client with such a credential does not start', async () => {
    const client = new TestClient(server.address, { auth: [{ scheme: 'nobody', auth: 'x' }] });
    await expect(client.start()).rejects.toThrow(AuthFailedError);
    expect(client.state).toBe('closed');
  });
});

test('all paths are below the chroot, which ensurePath makes', async () => {
  const plain = await connected();
  const client = await started(`${server.address}${root}/deep/`);
  expect(client.chroot).toBe(`${root}/deep`);
  await expect(client.create('/a')).rejects.toThrow(NoNodeError);
  await client.ensurePath('/');
  expect(await client.create('/a', 'x')).toBe('/a');
  expect(await client.create('/s-', '', { sequence: true })).toBe('/s-0000000001');
  expect(await client.transaction().create('/b').commit()).toEqual(['/b']);
  expect((await client.getChildren('/')).sort()).toEqual(['a', 'b', 's-0000000001']);
  expect((await plain.get(`${root}/deep/a`)).value.toString()).toBe('x');
  const told = new Told<string>();
  await client.get('/a', { watcher: told.listener });
  await plain.set(`${root}/deep/a`, 'y');
  await told.until((event) => event === 'changed');
});

test('what is no argument is refused', async () => {
  const client = await connected();
  const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  const value = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
  for (const path of ['', 'x', '/x/', '/x//y', '/./x', '/x/..', '/\0', '/\ud83d\ude00']) {
    await expect(client.get(path)).rejects.toMatchObject(value);
  }
  await expect(client.get(7 as never)).rejects.toMatchObject(type);
  await expect(client.get('/', { watcher: 7 as never })).rejects.toMatchObject(type);
  await expect(client.create(root, 7 as never)).rejects.toMatchObject(type);
  await expect(client.create(root, '', { acl: [] })).rejects.toMatchObject(value);
  await expect(client.create(root, '', { ephemeral: 1 as never })).rejects.toMatchObject(type);
  await expect(client.set('/', '', { version: 1.5 })).rejects.toMatchObject({
    name: 'RangeError',
    code: 'ERR_OUT_OF_RANGE',
  });
  await expect(client.addAuth('', 'x')).rejects.toMatchObject(value);
  await expect(client.start({ timeout: 0 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  expect(() => client.watchChildren('/', 7 as never)).toThrow(TypeError);
  expect(() => client.watchChildren('/', () => undefined, { pause: -1 })).toThrow(RangeError);
  expect(() => client.watchData('/', () => undefined, { interval: 0 })).toThrow(RangeError);
  expect(() => client.watchData('/', () => undefined, 7 as never)).toThrow(TypeError);
  expect(() => client.transaction().delete('x')).toThrow(TypeError);
  expect(() => digestAcl('a:b', 'c')).toThrow(TypeError);
});

test('before it is started and after it is stopped a client refuses, and it can be started again', async () => {
  const client = new TestClient(server.address);
  expect(client.state).toBe('closed');
  await expect(client.get('/')).rejects.toThrow(SessionClosedError);
  await client.start();
  await client.start();
  expect(client.state).toBe('connected');
  expect(client.sessionTimeout).toBe(10_000);
  expect(client.server).toBe(server.address);
  const first = client.sessionId;
  await client.create(root, '', { ephemeral: true });
  await Promise.all([client.stop(), client.stop()]);
  expect(client.state).toBe('closed');
  expect(client.sessionId).toBeUndefined();
  await expect(client.get('/')).rejects.toMatchObject({ code: 'ERR_ZOOKEEPER_SESSION_CLOSED' });
  await client.start();
  expect(client.sessionId).not.toBe(first);
  expect(await client.exists(root)).toBeNull();
});

test('the timeout is what the server grants', async () => {
  const client = await started(server.address, { sessionTimeout: 1 });
  expect(client.sessionTimeout).toBe(400);
});
