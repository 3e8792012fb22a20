// What every registry must do. A test file of each kind calls this with its own.
import { RegistryClosedError, type Registry, type Watch } from 'truefork/discovery';
import { addresses, Lists } from './lists';

/** A place for registries, new for each test. */
export interface Place {
  /** A registry there; another one for each call. */
  connect(): Promise<Registry>;
  /** Takes away a service with all that is registered for it, as an operator may. */
  removeService(service: string): Promise<void>;
  /** Puts something among the instances of a service that has this payload, as another program may. To close it removes it. */
  put(service: string, payload: string): Promise<{ close(): Promise<void> }>;
}

const a = { host: '10.0.0.1', port: 8001 };
const b = { host: '10.0.0.2', port: 8002 };

export function conforms(open: () => Promise<Place> | Place): void {
  let place: Place;
  let registry: Registry;
  let other: Registry;
  let others: Registry[];

  beforeEach(async () => {
    others = [];
    place = await open();
    registry = await place.connect();
    other = await place.connect();
  });

  afterEach(async () => {
    await registry.close();
    await other.close();
    await Promise.all(others.map((one) => one.close()));
  });

  async function connected(): Promise<Registry> {
    const one = await place.connect();
    others.push(one);
    return one;
  }

  function watched(by: Registry, service = 'rpc'): Lists & { watch: Watch } {
    const lists = new Lists();
    return Object.assign(lists, { watch: by.watch(service, lists.listener) });
  }

  test('a service that nobody has registered for has no instances', async () => {
    expect(await registry.instances('rpc')).toEqual([]);
  });

  test('an instance that is registered is found, with its id', async () => {
    const registration = await registry.register('rpc', a);
    expect(registration.service).toBe('rpc');
    expect(await other.instances('rpc')).toEqual([{ id: registration.id, ...a }]);
    expect(await registry.instances('rpc')).toEqual([{ id: registration.id, ...a }]);
    expect(await other.instances('other')).toEqual([]);
  });

  test('a watch tells the list at once, but not before it was returned', async () => {
    await registry.register('rpc', a);
    const lists = watched(other);
    expect(lists.all).toEqual([]);
    expect(addresses(await lists.until('10.0.0.1:8001'))).toHaveLength(1);
    expect(lists.all).toHaveLength(1);
  });

  test('a watch on a service that does not exist tells an empty list, and then who comes', async () => {
    const lists = watched(other);
    await lists.until();
    await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
  });

  test('every watch is told who comes, changes and goes, in all registries', async () => {
    const all = [watched(registry), watched(registry), watched(other)];
    const everyone = (...expected: string[]) => Promise.all(all.map((lists) => lists.until(...expected)));
    await everyone();
    const first = await registry.register('rpc', b);
    await everyone('10.0.0.2:8002');
    const second = await other.register('rpc', a);
    await everyone('10.0.0.1:8001', '10.0.0.2:8002');
    await first.update({ host: '10.0.0.2', port: 9002 });
    await everyone('10.0.0.1:8001', '10.0.0.2:9002');
    await second.unregister();
    await everyone('10.0.0.2:9002');
    await first.unregister();
    await everyone();
  });

  test('an update keeps the id, and nobody sees the instance missing', async () => {
    const lists = watched(other);
    const registration = await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    for (let port = 8100; port < 8150; port++) await registration.update({ host: '10.0.0.1', port });
    const [instance] = await lists.until('10.0.0.1:8149');
    expect(instance?.id).toBe(registration.id);
    const seen = lists.all.slice(lists.all.findIndex((list) => list.length > 0));
    expect(seen.every((list) => list.length === 1)).toBe(true);
  });

  test('a list is told once, and again only when it is another', async () => {
    const lists = watched(other);
    const first = await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    await first.update(a);
    await registry.register('rpc', b);
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
    const told = lists.all.map((list) => addresses(list).join());
    expect(told).toEqual([...new Set(told)]);
  });

  test('two registrations of one address are one instance, until both have gone', async () => {
    const first = await registry.register('rpc', a);
    const second = await other.register('rpc', a);
    const lists = watched(other);
    const [instance] = await lists.until('10.0.0.1:8001');
    expect([first.id, second.id]).toContain(instance?.id);
    expect(await registry.instances('rpc')).toEqual([instance]);

    await first.unregister();
    const marker = await registry.register('rpc', b);
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
    await second.unregister();
    await lists.until('10.0.0.2:8002');
    expect(lists.all.every((list) => list.length > 0)).toBe(true);
    await marker.unregister();
    await lists.until();
  });

  test('a list is sorted by host and port', async () => {
    for (const address of [b, { host: '10.0.0.1', port: 9000 }, a]) await registry.register('rpc', address);
    expect(addresses(await other.instances('rpc'))).toEqual(['10.0.0.1:8001', '10.0.0.1:9000', '10.0.0.2:8002']);
  });

  test('services are apart', async () => {
    const lists = watched(other, 'one');
    await registry.register('two', a);
    await registry.register('one', b);
    await lists.until('10.0.0.2:8002');
    expect(lists.all.flatMap(addresses)).not.toContain('10.0.0.1:8001');
  });

  test('one that watches and is closed is not called again, and the others are', async () => {
    const closed = watched(other);
    const open = watched(other);
    await open.until();
    closed.watch.close();
    closed.watch.close();
    const before = closed.all.length;
    await registry.register('rpc', a);
    await open.until('10.0.0.1:8001');
    expect(closed.all).toHaveLength(before);
  });

  test('a watch that is closed at once is never called', async () => {
    const lists = watched(other);
    lists.watch.close();
    const later = watched(other);
    await later.until();
    expect(lists.all).toEqual([]);
  });

  test('a loop over a watch gives the newest list each time, and to leave it closes the watch', async () => {
    const lists = new Lists();
    const watch = other.watch('rpc', lists.listener);
    const told: string[] = [];
    for await (const list of watch) {
      told.push(addresses(list).join());
      if (told.length === 1) await registry.register('rpc', a);
      if (told.at(-1) === '10.0.0.1:8001') break;
    }
    expect(told).toEqual(['', '10.0.0.1:8001']);

    const before = lists.all.length;
    const open = watched(other);
    await registry.register('rpc', b);
    await open.until('10.0.0.1:8001', '10.0.0.2:8002');
    expect(lists.all).toHaveLength(before);
  });

  test('a loop over a watch ends when the watch is closed', async () => {
    const watch = other.watch('rpc');
    const told: string[][] = [];
    for await (const list of watch) {
      told.push(addresses(list));
      setImmediate(() => {
        watch.close();
      });
    }
    expect(told).toEqual([[]]);
  });

  test('what has another payload is no instance, and harms none', async () => {
    const lists = watched(other);
    await registry.register('rpc', a);
    const payloads = ['', '{', '{"host": "x", "port": "1"}', '{"host": "", "port": 1}', 'x'.repeat(65_537)];
    const puts = await Promise.all(payloads.map((payload) => place.put('rpc', payload)));
    await registry.register('rpc', b);
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
    expect(addresses(await registry.instances('rpc'))).toEqual(['10.0.0.1:8001', '10.0.0.2:8002']);
    for (const one of puts) await one.close();
    await registry.register('rpc', { host: '10.0.0.3', port: 3 });
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002', '10.0.0.3:3');
    expect(lists.all.slice(1).every((list) => addresses(list)[0] === '10.0.0.1:8001')).toBe(true);
  });

  test('a service that is removed has no instances until its servers have come back, and its watches live', async () => {
    const watcher = watched(other);
    const registration = await registry.register('rpc', a);
    const before = await watcher.until('10.0.0.1:8001');
    expect(before[0]?.id).toBe(registration.id);
    await place.removeService('rpc');
    await watched(other).until('10.0.0.1:8001');
    await registration.update(b);
    await watcher.until('10.0.0.2:8002');
    await registration.unregister();
    await watcher.until();
  });

  test('a list that is empty of a sudden is not told when its servers come back', async () => {
    const lists = watched(other);
    const registrations = [await registry.register('rpc', a), await registry.register('rpc', b)];
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
    const before = lists.all.length;
    await place.removeService('rpc');
    const marker = await registry.register('rpc', { host: 'marker', port: 1 });
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002', 'marker:1');
    expect(lists.all.slice(before).every((list) => list.length > 0)).toBe(true);
    for (const registration of [...registrations, marker]) await registration.unregister();
    await lists.until();
  });

  test('while many come, change and go at once, the list that is told last is the right one', async () => {
    const all = [watched(registry), watched(other)];
    const cycle = async (by: Registry, n: number) => {
      const registration = await by.register('rpc', { host: `h${n}`, port: 1 });
      await registration.update({ host: `h${n}`, port: 2 });
      if (n % 4 > 0) await registration.unregister();
    };
    await Promise.all(Array.from({ length: 40 }, (_, n) => cycle(n % 2 > 0 ? registry : other, n)));
    const left = Array.from({ length: 10 }, (_, n) => `h${4 * n}:2`).sort();
    for (const lists of all) await lists.until(...left);
    expect(addresses(await other.instances('rpc'))).toEqual(left);
  });

  test('a service that is removed while it is watched and empty can be registered for', async () => {
    const lists = watched(other);
    await lists.until();
    await place.removeService('rpc');
    await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
  });

  test('an id that another has is taken over, and comes back to it, without a gap', async () => {
    const lists = watched(await connected());
    const first = await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    const second = await other.register('rpc', a, { id: first.id });
    expect(second.id).toBe(first.id);
    await first.update(a);
    expect(await other.instances('rpc')).toEqual([{ id: first.id, ...a }]);
    // The newer one goes: the older one comes back, before an empty list is believed.
    await second.unregister();
    while ((await other.instances('rpc')).length === 0) await new Promise(setImmediate);
    const third = await other.register('rpc', b);
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
    // The older one goes, as after an upgrade.
    const fourth = await other.register('rpc', a, { id: first.id });
    await first.unregister();
    await third.unregister();
    await lists.until('10.0.0.1:8001');
    expect(lists.all.slice(1).every(([instance]) => instance?.id === first.id)).toBe(true);
    await fourth.unregister();
    await lists.until();
  });

  test('to unregister twice is no mistake, to update after it is one', async () => {
    const registration = await registry.register('rpc', a);
    await registration.unregister();
    await registration.unregister();
    await registration[Symbol.asyncDispose]();
    await expect(registration.update(b)).rejects.toThrow(RegistryClosedError);
    expect(await registry.instances('rpc')).toEqual([]);
  });

  test('close unregisters, ends watches, and can be called again', async () => {
    const lists = watched(other);
    const registration = await registry.register('rpc', a);
    await registry.register('two', b);
    const ended = (async () => {
      for await (const list of registry.watch('rpc')) addresses(list);
      return 'ended';
    })();
    await lists.until('10.0.0.1:8001');
    await registry.close();
    await registry.close();
    await registry[Symbol.asyncDispose]();
    await lists.until();
    expect(await ended).toBe('ended');
    expect(await other.instances('two')).toEqual([]);

    const closed = expect.objectContaining({ code: 'ERR_REGISTRY_CLOSED' }) as Error;
    await expect(registry.register('rpc', a)).rejects.toEqual(closed);
    await expect(registry.instances('rpc')).rejects.toEqual(closed);
    await expect(registration.update(b)).rejects.toEqual(closed);
    await registration.unregister();
    expect(() => registry.watch('rpc')).toThrow(RegistryClosedError);
  });

  describe('refuses', () => {
    test.each(['', '.', '..', '../x', 'a/b', '/x', '.hidden', '-x', 'a b', 'ü', 'a'.repeat(101), 'a\0'])(
      'the service name %j',
      async (service) => {
        const wrong = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }) as Error;
        await expect(registry.register(service, a)).rejects.toEqual(wrong);
        await expect(registry.instances(service)).rejects.toEqual(wrong);
        expect(() => registry.watch(service)).toThrow(TypeError);
      },
    );

    test.each(['', '0.0.0.0', '::', '[::]', '0:0:0:0:0:0:0:0', '::0', '::0.0.0.0', '::ffff:0.0.0.0', '::FFFF:0:0'])(
      'the host %j, which no client can connect to',
      async (host) => {
        const wrong = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }) as Error;
        await expect(registry.register('rpc', { host, port: 80 })).rejects.toEqual(wrong);
        const registration = await registry.register('rpc', a);
        await expect(registration.update({ host, port: 80 })).rejects.toEqual(wrong);
        expect(addresses(await other.instances('rpc'))).toEqual(['10.0.0.1:8001']);
      },
    );

    test.each([0, -1, 65536, 1.5, NaN])('the port %j', async (port) => {
      const wrong = expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }) as Error;
      await expect(registry.register('rpc', { host: 'localhost', port })).rejects.toEqual(wrong);
    });

    test('a host of more than 255 characters', async () => {
      await expect(registry.register('rpc', { host: 'x'.repeat(256), port: 1 })).rejects.toThrow(RangeError);
      await registry.register('rpc', { host: 'x'.repeat(255), port: 1 });
    });

    test.each(['', 'x', '3F0D0000-0000-4000-8000-000000000000', '../3f0d0000-0000-4000-8000-000000000000'])(
      'the id %j',
      async (id) => {
        const wrong = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' }) as Error;
        await expect(registry.register('rpc', a, { id })).rejects.toEqual(wrong);
      },
    );

    test('what has the wrong type', async () => {
      const wrong = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }) as Error;
      await expect(registry.register(1 as never, a)).rejects.toEqual(wrong);
      await expect(registry.register('rpc', undefined as never)).rejects.toEqual(wrong);
      await expect(registry.register('rpc', { host: 1 as never, port: 1 })).rejects.toEqual(wrong);
      await expect(registry.register('rpc', { host: 'x', port: '1' as never })).rejects.toEqual(wrong);
      expect(() => registry.watch('rpc', 'x' as never)).toThrow(TypeError);
      await expect(registry.register('rpc', a, { id: 7 as never })).rejects.toEqual(wrong);
      await expect(registry.register('rpc', a, null as never)).rejects.toEqual(wrong);
    });
  });

  test.each(['localhost', '::1', 'fe80::1%eth0', '[::1]', 'ünï.example', 'with "quotes"\n', '::ffff:10.0.0.1', '1::'])(
    'the host %j comes as it went',
    async (host) => {
      await registry.register('rpc', { host, port: 65535 });
      expect(await other.instances('rpc')).toMatchObject([{ host, port: 65535 }]);
    },
  );
}
