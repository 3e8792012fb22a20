import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkRegistryUrl, connectRegistry, UnsupportedRegistryError } from 'truefork/discovery';
import { temporaryDirectory } from '../support/runtime';

const runtime = process.env['XDG_RUNTIME_DIR'];

afterEach(() => {
  if (runtime === undefined) delete process.env['XDG_RUNTIME_DIR'];
  else process.env['XDG_RUNTIME_DIR'] = runtime;
});

test('the registry of this user is where no URL says another', async () => {
  const directory = temporaryDirectory();
  process.env['XDG_RUNTIME_DIR'] = directory;
  const registry = await connectRegistry();
  await registry.register('rpc', { host: 'localhost', port: 1 });
  expect(readdirSync(join(directory, 'truefork', 'registry', 'rpc'))).toHaveLength(1);
  await registry.close();
});

test('a file URL names a directory, which is made', async () => {
  const directory = join(temporaryDirectory(), 'with space', 'x');
  const url = pathToFileURL(directory);
  await (await connectRegistry(url.href)).close();
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  await (await connectRegistry(url)).close();
});

test('a directory that cannot be made is told of, also where the kernel makes none', async () => {
  const missing = { code: 'ENOENT', path: '/proc/truefork' };
  await expect(connectRegistry('file:///proc/truefork/registry')).rejects.toMatchObject(missing);
});

test.each(['http://localhost', 'etcd:x', '/run/x', '', 'C:\\x', '//x'])(
  '%j is no registry that there is',
  async (url) => {
    await expect(connectRegistry(url)).rejects.toThrow(UnsupportedRegistryError);
    await expect(connectRegistry(url)).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED_REGISTRY' });
  },
);

test.each([
  ['zk:', /must be like zk:/],
  ['zk://', /must be like zk:/],
  ['zk:///chroot', /must be like zk:/],
  ['zk://host/a#b', /must be like zk:/],
  ['zk://host?codec=xml', /one of booklet, curator, serverset/],
  ['zk://host?codec=booklet&codec=curator', /codec=NAME once/],
  ['zk://host?timeout=1', /codec=NAME once/],
  ['zk://user@host', /user:password/],
  ['zk://a:b:secret@host', /user:password/],
  ['zk://user:secret%@host', /no escape/],
  ['zk://user:secret@host?x=1', /codec=NAME once/],
  ['zk://host:0', /host/],
  ['zk://host:65536', /host/],
  ['zk://[::g]:1', /host/],
  ['zk://user:secret@,', /server/],
  ['zk://host/a//b', /empty part/],
  ['zk://host/../b', /relative/],
])('%j is no URL of a ZooKeeper, and its password is not told', async (url, message) => {
  const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message: expect.stringMatching(message) as string };
  await expect(connectRegistry(url)).rejects.toMatchObject(wrong);
  await expect(connectRegistry(url)).rejects.not.toMatchObject({ message: expect.stringMatching('secret') as string });
  expect(() => {
    checkRegistryUrl(url);
  }).toThrow(message);
});

test('a URL is checked without a connection', () => {
  checkRegistryUrl('zk://user:p%40ss@10.0.0.1:2181,[::1]:2182,zk3.example/my%20app/?codec=serverset');
  checkRegistryUrl('ZK://localhost');
  checkRegistryUrl('file:///run');
  expect(() => {
    checkRegistryUrl('http://localhost');
  }).toThrow(UnsupportedRegistryError);
});

test('a ZooKeeper that cannot be connected to is unavailable', async () => {
  const failed = connectRegistry('zk://127.0.0.1:1,[::1]:1/x', {
    zookeeper: { timeout: 300 },
    onWarning: () => undefined,
  });
  await expect(failed).rejects.toMatchObject({
    name: 'RegistryUnavailableError',
    code: 'ERR_REGISTRY_UNAVAILABLE',
    message: expect.stringMatching(/127\.0\.0\.1:1.*ECONNREFUSED/) as string,
  });
});

test('arguments of a wrong type are refused', async () => {
  const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  const directory = join(temporaryDirectory(), 'x');
  const url = pathToFileURL(directory);
  await expect(connectRegistry(7 as never)).rejects.toMatchObject(wrong);
  await expect(connectRegistry(null as never)).rejects.toMatchObject(wrong);
  await expect(connectRegistry(url, null as never)).rejects.toMatchObject(wrong);
  await expect(connectRegistry(url, { onWarning: 'x' as never })).rejects.toMatchObject(wrong);
  const zookeeper = 'zk://127.0.0.1:1';
  for (const options of [
    { timeout: 'x' },
    { sessionTimeout: null },
    { auth: 7 },
    { auth: [7] },
    { defaultAcl: 'open' },
    { defaultAcl: [7] },
    7,
  ]) {
    await expect(connectRegistry(zookeeper, { zookeeper: options as never })).rejects.toMatchObject(wrong);
  }
  const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
  for (const options of [{ timeout: 0 }, { sessionTimeout: 0.5 }, { timeout: 2 ** 31 }]) {
    await expect(connectRegistry(zookeeper, { zookeeper: options })).rejects.toMatchObject(range);
  }
  await expect(connectRegistry(url, { codec: 7 as never })).rejects.toMatchObject(wrong);
  const value = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
  await expect(connectRegistry(url, { codec: 'toString' as never })).rejects.toMatchObject(value);
  await expect(connectRegistry('file://elsewhere/x')).rejects.toMatchObject({ code: 'ERR_INVALID_FILE_URL_HOST' });
  expect(existsSync(directory)).toBe(false);
});
