// The registry in the file system, within one process. What takes more of them is in processes.test.ts.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connectRegistry, type Registry } from 'truefork/discovery';
import { F_OFD_SETLK, F_UNLCK, F_WRLCK, fcntl } from 'truefork/posix';
import { conforms } from './conformance';
import { addresses, Lists } from './lists';
import { temporaryDirectory } from '../support/runtime';

const a = { host: '10.0.0.1', port: 8001 };
const b = { host: '10.0.0.2', port: 8002 };

const guid = (digit: string) => `${digit.repeat(8)}-0000-4000-8000-000000000000`;

describe('as every registry', () => {
  conforms(() => {
    const directory = temporaryDirectory();
    const url = pathToFileURL(directory);
    return {
      connect: () => connectRegistry(url, { onWarning: () => undefined }),
      // A registrant puts its file back while this deletes: then a second attempt finds it less eager.
      removeService: (service) => {
        rmSync(join(directory, service), { recursive: true, maxRetries: 10 });
        return Promise.resolve();
      },
      async put(service, payload) {
        const registry = await connectRegistry(url);
        const { id } = await registry.register(service, a);
        writeFileSync(join(directory, service, `${id}.json`), payload);
        return registry;
      },
    };
  });
});

describe('of the file system', () => {
  let directory: string;
  let service: string;
  let registry: Registry;
  let warnings: string[];

  beforeEach(async () => {
    directory = join(temporaryDirectory(), 'a', 'registry');
    service = join(directory, 'rpc');
    warnings = [];
    registry = await connectRegistry(pathToFileURL(directory), {
      onWarning: (message) => warnings.push(message),
    });
  });

  afterEach(async () => {
    await registry.close();
  });

  const fileOf = (id: string) => join(service, `${id}.json`);

  function watched(): Lists {
    const lists = new Lists();
    registry.watch('rpc', lists.listener);
    return lists;
  }

  test('an instance is a file with the JSON of the booklet, and only its user can read it', async () => {
    const { id } = await registry.register('rpc', { host: 'localhost', port: 45675 });
    expect(readdirSync(service)).toEqual([`${id}.json`]);
    expect(readFileSync(fileOf(id), 'utf8')).toBe('{"host": "localhost", "port": 45675}');
    expect(statSync(fileOf(id)).mode & 0o777).toBe(0o600);
    for (const path of [directory, service]) expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test('one look does not make the directory of the service', async () => {
    await registry.instances('rpc');
    expect(existsSync(service)).toBe(false);
  });

  test('nothing is left when all is unregistered and closed', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').map((fd) => linkOf(fd));
    const before = descriptors().filter(Boolean);
    const own = await connectRegistry(pathToFileURL(directory));
    const registration = await own.register('rpc', a);
    await own.register('rpc', b);
    const lists = new Lists();
    own.watch('rpc', lists.listener);
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
    await registration.update({ ...a, port: 1 });
    await registration.unregister();
    await lists.until('10.0.0.2:8002');
    await own.close();
    expect(readdirSync(service)).toEqual([]);
    expect(descriptors().filter(Boolean)).toEqual(before);
  });

  // Only what a registry opens: sockets and pipes come and go with Jest.
  function linkOf(fd: string): string {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.includes('inotify') || target.startsWith(directory) ? target : '';
    } catch {
      return '';
    }
  }

  test('a file that nobody holds is a dead one: it is not told, and is removed', async () => {
    mkdirSync(service);
    writeFileSync(fileOf(guid('1')), '{"host": "x", "port": 1}');
    writeFileSync(join(service, `.${guid('2')}.tmp`), '');
    expect(await registry.instances('rpc')).toEqual([]);
    expect(readdirSync(service)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('who registers removes what the dead have left', async () => {
    mkdirSync(service);
    writeFileSync(fileOf(guid('1')), '{"host": "x", "port": 1}');
    const { id } = await registry.register('rpc', a);
    expect(readdirSync(service)).toEqual([`${id}.json`]);
  });

  test('a dead file that appears is removed by who watches', async () => {
    const lists = watched();
    await lists.until();
    writeFileSync(fileOf(guid('1')), '{"host": "x", "port": 1}');
    await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    expect(existsSync(fileOf(guid('1')))).toBe(false);
    expect(lists.all).toHaveLength(2);
  });

  test('the payload of one that lives, when it is none, hides only itself and is named once', async () => {
    const bad = await registry.register('rpc', b);
    const file = fileOf(bad.id);
    const lists = watched();
    await lists.until('10.0.0.2:8002');
    const payloads = ['', '{', 'null', '7', '[]', '{"host":"x"}', '{"host":"","port":1}', '{"host":"x","port":"1"}'];
    payloads.push(
      '{"host":"x","port":0}',
      '{"host":"x","port":65536}',
      '{"host":"x","port":1.5}',
      '{"host":1,"port":1}',
    );
    for (const payload of [...payloads, Buffer.from([0xff, 0xfe]), ' '.repeat(65_537)]) {
      writeFileSync(file, payload);
      const good = await registry.register('rpc', a);
      await lists.until('10.0.0.1:8001');
      await registry.instances('rpc');
      await good.unregister();
      await lists.until();
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(file);

    writeFileSync(file, `{"port":1,"host":"x","more":{}}${' '.repeat(60_000)}`);
    await lists.until('x:1');
    writeFileSync(file, 'x');
    await lists.until();
    expect(warnings).toHaveLength(2);
    expect(existsSync(file)).toBe(true);
  });

  test('a file of more than 64 KiB is not read', async () => {
    const { id } = await registry.register('rpc', a);
    truncateSync(fileOf(id), 2 ** 40);
    expect(await registry.instances('rpc')).toEqual([]);
    await Promise.resolve();
    expect(warnings).toEqual([expect.stringContaining('longer than 65536 bytes')]);
  });

  test('what is not of this registry is named once, left alone, and harms nobody', async () => {
    mkdirSync(service, { mode: 0o700 });
    writeFileSync(join(service, 'README'), 'x');
    writeFileSync(join(service, 'rpc.json'), '{"host": "x", "port": 1}');
    writeFileSync(join(service, '.nfs0001'), '');
    mkdirSync(fileOf(guid('1')));
    symlinkSync('README', fileOf(guid('2')));
    symlinkSync('nowhere', fileOf(guid('3')));
    spawnSync('mkfifo', [fileOf(guid('4'))]);
    const names = readdirSync(service).sort();
    const lists = watched();
    await lists.until();
    const { id } = await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    await registry.instances('rpc');
    expect(readdirSync(service).sort()).toEqual([...names, `${id}.json`].sort());
    const named = warnings.map((message) => /rpc\/(\S+) is skipped/.exec(message)?.[1]);
    expect(named.sort()).toEqual(['README', 'rpc.json', ...['1', '2', '3', '4'].map((x) => `${guid(x)}.json`)].sort());
  });

  const asRoot = process.geteuid?.() === 0 ? test : test.skip;

  asRoot('a file of another user is skipped and named, even when it is held', async () => {
    const { id } = await registry.register('rpc', a);
    chownSync(fileOf(id), 65534, 65534);
    expect(await registry.instances('rpc')).toEqual([]);
    await Promise.resolve();
    expect(warnings).toEqual([expect.stringContaining('belongs to user 65534')]);
  });

  test('a warning is one of the process if nobody asked for it', async () => {
    mkdirSync(service);
    writeFileSync(join(service, 'README'), 'x');
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const own = await connectRegistry(pathToFileURL(directory));
    await own.instances('rpc');
    await own.instances('rpc');
    await own.close();
    expect(warned.mock.calls).toEqual([[expect.stringContaining('README is skipped'), 'RegistryWarning']]);
    warned.mockRestore();
  });

  test('a registration whose file is deleted, moved or replaced puts it back', async () => {
    const lists = watched();
    const { id } = await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    unlinkSync(fileOf(id));
    await back(id);
    const second = await registry.register('rpc', b);
    renameSync(fileOf(second.id), join(service, '.moved'));
    await back(second.id);
    const third = await registry.register('rpc', { host: 'x', port: 1 });
    writeFileSync(join(directory, 'replacement'), '');
    renameSync(join(directory, 'replacement'), fileOf(third.id));
    await back(third.id);
    expect((await registry.instances('rpc')).map((instance) => instance.id).sort()).toEqual(
      [id, second.id, third.id].sort(),
    );
  });

  // It is put back by an event of this process, and the next turn of its loop sees it.
  async function back(id: string): Promise<void> {
    const isThere = () => existsSync(fileOf(id)) && statSync(fileOf(id)).size > 0;
    while (!isThere()) await new Promise((resolve) => setImmediate(resolve));
  }

  test('a registration that is unregistered stays away', async () => {
    const lists = watched();
    const registration = await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    unlinkSync(fileOf(registration.id));
    await registration.unregister();
    await lists.until();
    await registry.register('rpc', b);
    await lists.until('10.0.0.2:8002');
    expect(readdirSync(service)).toHaveLength(1);
  });

  test('a directory that is moved away is an empty list, and a new one is watched', async () => {
    const lists = watched();
    const other = await connectRegistry(pathToFileURL(directory));
    mkdirSync(join(directory, 'apart'));
    await lists.until();
    renameSync(service, join(directory, 'apart', 'rpc'));
    await other.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    await other.close();
    await lists.until();
  });

  test('a directory that others can write to is refused', async () => {
    mkdirSync(service);
    chmodSync(service, 0o777);
    const unsafe = expect.objectContaining({ code: 'ERR_UNSAFE_DIRECTORY' }) as Error;
    await expect(registry.register('rpc', a)).rejects.toEqual(unsafe);
    await expect(registry.instances('rpc')).rejects.toEqual(unsafe);
    expect(() => registry.watch('rpc')).toThrow(expect.objectContaining({ code: 'ERR_UNSAFE_DIRECTORY' }) as Error);
    expect(readdirSync(service)).toEqual([]);
  });

  test('a link to a directory is refused', async () => {
    mkdirSync(join(directory, 'elsewhere'));
    symlinkSync('elsewhere', service);
    await expect(registry.register('rpc', a)).rejects.toMatchObject({ code: 'ERR_UNSAFE_DIRECTORY' });
  });

  test('a directory that cannot be looked at any more keeps the last list, and is named once', async () => {
    const lists = watched();
    await registry.register('rpc', a);
    await lists.until('10.0.0.1:8001');
    chmodSync(service, 0o777);
    const told = lists.all.length;
    for (const name of ['1', '2', '3']) {
      writeFileSync(join(service, `.${name}`), '');
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(lists.all).toHaveLength(told);
    expect(warnings).toEqual([expect.stringContaining('what was last seen stays')]);
    chmodSync(service, 0o700);
    await registry.register('rpc', b);
    await lists.until('10.0.0.1:8001', '10.0.0.2:8002');
  });

  describe('an instance whose lock ends without an event', () => {
    let fd: number;
    let lists: Lists;

    // Registered by hand: to close the file is an event, to unlock it is none.
    beforeEach(async () => {
      jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick', 'setImmediate', 'performance'] });
      mkdirSync(service, { mode: 0o700 });
      fd = openSync(fileOf(guid('1')), 'wx+', 0o600);
      writeSync(fd, '{"host": "x", "port": 1}');
      fcntl(fd, F_OFD_SETLK, { type: F_WRLCK });
      lists = watched();
      await lists.until('x:1');
      jest.advanceTimersByTime(2000);
    });

    afterEach(() => {
      jest.useRealTimers();
      closeSync(fd);
    });

    test('is found a moment after it was closed: the kernel tells of that before it frees the lock', async () => {
      closeSync(openSync(fileOf(guid('1')), 'r+'));
      await registry.register('rpc', a);
      await told('10.0.0.1:8001', 'x:1');
      jest.advanceTimersByTime(500);
      expect(existsSync(fileOf(guid('1')))).toBe(true);
      fcntl(fd, F_OFD_SETLK, { type: F_UNLCK });
      jest.advanceTimersByTime(1000);
      await told('10.0.0.1:8001');
      expect(existsSync(fileOf(guid('1')))).toBe(false);
    });

    test('is found a second after the directory can be looked at again', async () => {
      chmodSync(service, 0o777);
      writeFileSync(join(service, '.x'), '');
      while (warnings.length === 0) {
        jest.advanceTimersByTime(5);
        await new Promise((resolve) => setImmediate(resolve));
      }
      fcntl(fd, F_OFD_SETLK, { type: F_UNLCK });
      chmodSync(service, 0o700);
      jest.advanceTimersByTime(1000);
      await told();
    });

    test('is found within a minute if nothing was told', async () => {
      fcntl(fd, F_OFD_SETLK, { type: F_UNLCK });
      jest.advanceTimersByTime(60_000);
      await told();
    });

    // What has changed again at once, and a list that is empty of a sudden, are read a little later.
    async function told(...expected: string[]): Promise<void> {
      while (addresses(lists.all.at(-1) ?? []).join() !== expected.join()) {
        jest.advanceTimersByTime(5);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });

  test('a second name of a file that lives does not keep it when it has died', async () => {
    const registration = await registry.register('rpc', a);
    linkSync(fileOf(registration.id), join(service, `${guid('1')}.json`));
    await registration.unregister();
    expect(await registry.instances('rpc')).toEqual([]);
    expect(readdirSync(service)).toEqual([]);
  });
});
