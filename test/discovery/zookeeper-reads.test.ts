// What watches ask ZooKeeper for, as proxies before it see it: not more than they must, and all that there is.
import { connectRegistry, type Registry } from 'truefork/discovery';
import { ZooKeeperRegistry } from '../../dist/discovery/zookeeper-registry.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { Lists } from './lists';

// The operations of the protocol that read.
const getData = 4;
const getChildren = 12;

// The number of an event, where a reply has that of its request.
const eventXid = -1;

// What changes within so many milliseconds is read together. A timer of Node.js may be a millisecond early.
const pause = 49;

const readerCount = 5;
const instanceCount = 30;

let server: ZooKeeperServer;
let registries: { close(): Promise<void> }[];
/** The path of the registry, another one for each test. */
let root: string;
let tests = 0;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.destroy();
});

beforeEach(() => {
  registries = [];
  root = `/demo${++tests}`;
});

afterEach(async () => {
  await Promise.all(registries.map((registry) => registry.close()));
});

async function connectTo(address: string): Promise<Registry> {
  const registry = await connectRegistry(`zk://${address}${root}`, { onWarning: () => undefined });
  registries.push(registry);
  return registry;
}

/** A registry that watches, through a proxy that counts. */
class Reader {
  readonly lists = new Lists();
  /** When it has read the names, and the values, by `performance.now()`. */
  names: number[] = [];
  values: number[] = [];
  readonly #proxy: TcpProxy;
  #waiting: (() => void)[] = [];

  constructor(proxy: TcpProxy) {
    this.#proxy = proxy;
    proxy.onRequest = (frame, isFirst) => {
      if (isFirst) return 'pass';
      const operation = frame.readInt32BE(8);
      if (operation === getChildren) this.names.push(performance.now());
      if (operation === getData) this.values.push(performance.now());
      for (const wake of this.#waiting.splice(0)) wake();
      return 'pass';
    };
  }

  static async open(): Promise<Reader> {
    const proxy = await startProxy(server.port);
    const registry = await connectTo(proxy.address);
    const reader = new Reader(proxy);
    registry.watch('rpc', reader.lists.listener);
    return reader;
  }

  /** Counts from here on. */
  reset(): void {
    this.names = [];
    this.values = [];
  }

  /** As soon as it has read so many values. */
  async hasRead(count: number): Promise<void> {
    while (this.values.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  cut(): void {
    this.#proxy.reset();
  }
}

describe('many who watch many', () => {
  const hosts = Array.from({ length: instanceCount }, (_, n) => `h${n}`).sort();
  const allAt = (port: number) => hosts.map((host) => `${host}:${port}`);
  let registry: Registry;
  let readers: Reader[];

  beforeEach(async () => {
    registry = await connectTo(server.address);
    readers = await Promise.all(Array.from({ length: readerCount }, () => Reader.open()));
    await told();
    for (const reader of readers) reader.reset();
  });

  async function told(...expected: string[]): Promise<void> {
    await Promise.all(readers.map(({ lists }) => lists.until(...expected)));
  }

  test('those that come at once are read once each, and their names together', async () => {
    const begun = performance.now();
    await Promise.all(hosts.map((host) => registry.register('rpc', { host, port: 1 })));
    await told(...allAt(1));
    const most = 2 + (performance.now() - begun) / pause;
    for (const { names, values } of readers) {
      expect(names.length).toBeLessThanOrEqual(most);
      expect(values).toHaveLength(instanceCount);
    }
  });

  test('one that comes is one read of the names and one of it, one that changes is read, one that goes is not', async () => {
    for (const host of hosts) await registry.register('rpc', { host, port: 1 });
    await told(...allAt(1));
    const counts = () => readers.map(({ names, values }) => [names.length, values.length]);
    const each = (...counted: number[]) => readers.map(() => counted);

    for (const reader of readers) reader.reset();
    const registration = await registry.register('rpc', { host: 'x', port: 1 });
    await told(...allAt(1), 'x:1');
    expect(counts()).toEqual(each(1, 1));

    await registration.update({ host: 'x', port: 2 });
    await told(...allAt(1), 'x:2');
    expect(counts()).toEqual(each(1, 2));

    await registration.unregister();
    await told(...allAt(1));
    expect(counts()).toEqual(each(2, 2));
  });

  test('changes in a row are read together', async () => {
    const registration = await registry.register('rpc', { host: 'x', port: 1 });
    await told('x:1');
    for (const reader of readers) reader.reset();
    const begun = performance.now();
    for (let port = 2; port <= 60; port++) await registration.update({ host: 'x', port });
    await told('x:60');
    const most = 2 + (performance.now() - begun) / pause;
    for (const { names, values } of readers) {
      expect(names).toEqual([]);
      expect(values.length).toBeLessThanOrEqual(most);
    }
  });

  test('when all are connected again, the names are read at once, and what is in the nodes not all at the same time', async () => {
    for (const host of hosts) await registry.register('rpc', { host, port: 1 });
    await told(...allAt(1));
    for (const reader of readers) {
      reader.reset();
      reader.cut();
    }
    await Promise.all(readers.map((reader) => reader.hasRead(instanceCount)));
    const waits = readers.map(({ names: [names = NaN], values: [values = NaN] }) => values - names);
    // Each waits up to a second, at random: all five alike to 20 milliseconds, that is one run in a million.
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(20);
    for (const { names, values } of readers) {
      expect(names).toHaveLength(1);
      expect(values).toHaveLength(instanceCount);
    }
    // The watches live.
    await registry.register('rpc', { host: 'x', port: 1 });
    await told(...allAt(1), 'x:1');
    for (const { lists } of readers) expect(new Set(lists.all).size).toBe(lists.all.length);
  });
});

test('what nobody has told is found in the end: who comes, changes and goes', async () => {
  const proxy = await startProxy(server.port);
  const reader = await ZooKeeperRegistry.connect({
    servers: `${proxy.address}${root}`,
    codec: 'booklet',
    sessionTimeout: undefined,
    timeout: 30_000,
    auth: undefined,
    defaultAcl: undefined,
    interval: 200,
    warn: () => undefined,
  });
  registries.push(reader);
  let events = 0;
  proxy.onReply = (frame, isFirst) => {
    if (isFirst || frame.readInt32BE(4) !== eventXid) return 'pass';
    events++;
    return 'drop';
  };
  const lists = new Lists();
  reader.watch('rpc', lists.listener);
  await lists.until();
  const registry = await connectTo(server.address);
  const first = await registry.register('rpc', { host: 'a', port: 1 });
  await lists.until('a:1');
  const second = await registry.register('rpc', { host: 'b', port: 1 });
  await lists.until('a:1', 'b:1');
  await second.update({ host: 'b', port: 2 });
  await lists.until('a:1', 'b:2');
  await first.unregister();
  await lists.until('b:2');
  await second.unregister();
  await lists.until();
  expect(events).toBeGreaterThan(0);
});
