import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { booklet, connectRegistry, InvalidInstanceError, UnsupportedRegistryError } from 'truefork/discovery';
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

test.each(['zk://10.0.0.1:2181,10.0.0.2:2181/myapp', 'http://localhost', 'etcd:x', '/run/x', '', 'C:\\x', '//x'])(
  '%j is no registry that there is',
  async (url) => {
    await expect(connectRegistry(url)).rejects.toThrow(UnsupportedRegistryError);
    await expect(connectRegistry(url)).rejects.toMatchObject({ code: 'ERR_UNSUPPORTED_REGISTRY' });
  },
);

test('arguments of a wrong type are refused', async () => {
  const wrong = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  const directory = join(temporaryDirectory(), 'x');
  const url = pathToFileURL(directory);
  await expect(connectRegistry(7 as never)).rejects.toMatchObject(wrong);
  await expect(connectRegistry(null as never)).rejects.toMatchObject(wrong);
  await expect(connectRegistry(url, null as never)).rejects.toMatchObject(wrong);
  await expect(connectRegistry(url, { onWarning: 'x' as never })).rejects.toMatchObject(wrong);
  await expect(connectRegistry('file://elsewhere/x')).rejects.toMatchObject({ code: 'ERR_INVALID_FILE_URL_HOST' });
  expect(existsSync(directory)).toBe(false);
});

test('what the booklet writes, it reads', () => {
  expect(booklet.name).toBe('booklet');
  const payload = booklet.encode({ host: 'ü"\\', port: 8080 });
  expect(payload.toString()).toBe('{"host": "ü\\"\\\\", "port": 8080}');
  expect(booklet.decode(payload)).toEqual({ host: 'ü"\\', port: 8080 });
  expect(booklet.decode(Buffer.from('{"port": 45675, "host": "localhost", "x": 1}'))).toEqual({
    host: 'localhost',
    port: 45675,
  });
  expect(() => booklet.decode(Buffer.from('{}'))).toThrow(InvalidInstanceError);
});
