// What `truefork serve` is told: by flags, by a file, and by both.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { settingNames } from 'truefork/prefork';
import { Program, programPath, type Finished } from '../support/programs';
import { isolated, temporaryDirectory } from '../support/runtime';
import { command, truefork } from './truefork';

const listener = programPath('cli-listener.mjs');

/** A configuration file in a directory of its own. */
function file(name: string, content: unknown): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

type Printed = Record<string, { value: unknown; from: string }>;

/** What a call prints with --print-config. */
async function configured(...args: string[]): Promise<Printed> {
  const { code, stdout, stderr } = await truefork(['serve', '--print-config', ...args], isolated());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Printed;
}

test('--print-config has every setting, and where it comes from', async () => {
  const path = file('truefork.config.json', { port: 8080, workers: 3, timeout: '1h', daemon: true });
  const printed = await configured(listener, '--config', path, '--workers', '4', '--no-daemon', '-p', '0');
  expect(Object.keys(printed)).toEqual(settingNames);
  expect(printed).toMatchObject({
    application: { value: listener, from: 'flag' },
    port: { value: 0, from: 'flag' },
    workers: { value: 4, from: 'flag' },
    daemon: { value: false, from: 'flag' },
    timeout: { value: 3_600_000, from: 'file' },
    gracefulTimeout: { value: 30_000, from: 'default' },
    maxMemory: { value: 'never', from: 'default' },
    host: { value: null, from: 'default' },
  });
});

test('what it prints is a configuration', async () => {
  const first = await configured(listener, '--timeout', 'never', '--max-memory', '200M', '--umask', '027');
  const told = Object.entries(first).filter(([, { value }]) => value !== null);
  const path = file('again.json', Object.fromEntries(told.map(([name, { value }]) => [name, value])));
  const again = await configured('--config', path);
  const values = (printed: Printed) => Object.entries(printed).map(([name, { value }]) => [name, value]);
  expect(values(again)).toEqual(values(first));
});

test.each([
  ['--timeout', '250', 'timeout', 250],
  ['--timeout', '250ms', 'timeout', 250],
  ['--timeout', '30s', 'timeout', 30_000],
  ['--timeout', '5m', 'timeout', 300_000],
  ['--max-lifetime', '12h', 'maxLifetime', 43_200_000],
  ['--max-lifetime', '7d', 'maxLifetime', 604_800_000],
  ['--timeout', '0', 'timeout', 'never'],
  ['--timeout', '0s', 'timeout', 'never'],
  ['--max-lifetime', 'never', 'maxLifetime', 'never'],
  ['--max-memory', '512K', 'maxMemory', 2 ** 19],
  ['--max-memory', '200M', 'maxMemory', 200 * 2 ** 20],
  ['--max-memory', '2G', 'maxMemory', 2 ** 31],
  ['--max-memory', '2000', 'maxMemory', 2000],
  ['--graceful-timeout', '0', 'gracefulTimeout', 0],
  ['--workers', 'auto', 'workers', 'auto'],
  ['--refork-after', '50,100,1000', 'reforkAfter', [50, 100, 1000]],
  ['--refork-after', 'never', 'reforkAfter', 'never'],
  ['--path', '@name', 'path', '@name'],
] as const)('%s %s is %s: %s, on the command line and in a file', async (flag, text, name, value) => {
  expect((await configured(listener, flag, text))[name]).toEqual({ value, from: 'flag' });
  const path = file('c.json', { [name]: text });
  expect((await configured(listener, '--config', path))[name]).toEqual({ value, from: 'file' });
});

test.each([
  ['truefork.config.mjs', 'export default { port: 81, maxRequests: Infinity, host: undefined };'],
  ['truefork.config.cjs', 'module.exports = { port: 81, maxRequests: Infinity, host: undefined };'],
  ['truefork.config.js', 'module.exports = { port: 81, maxRequests: Infinity, host: undefined };'],
  ['truefork.config.json', '{ "port": 81, "maxRequests": "never" }'],
  ['with-a-mark.json', '\uFEFF{ "port": 81, "maxRequests": "never" }'],
])('%s is read', async (name, content) => {
  expect(await configured(listener, '-c', file(name, content))).toMatchObject({
    port: { value: 81, from: 'file' },
    maxRequests: { value: 'never', from: 'file' },
    host: { value: null, from: 'default' },
  });
});

test('no file is read unasked', async () => {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, 'truefork.config.json'), '{ "port": 81 }');
  const program = new Program(command, { args: ['serve', listener, '--print-config'], cwd: folder });
  const { stdout } = await program.finished();
  expect((JSON.parse(stdout) as Printed)['port']).toEqual({ value: 0, from: 'default' });
});

test('an IPv6 address may be in brackets', async () => {
  const args = ['--host', '[::1]', '--status-port', '0', '--register', 'x', '--advertise', '[fe80::1%eth0]'];
  expect(await configured(listener, ...args, '-c', file('c.json', { statusHost: '[::]' }))).toMatchObject({
    host: { value: '::1', from: 'flag' },
    statusHost: { value: '::', from: 'file' },
    advertise: { value: 'fe80::1%eth0', from: 'flag' },
  });
});

test('paths are relative to the file that tells them, and for flags to the working directory', async () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, 'etc'));
  const path = join(folder, 'etc', 'c.json');
  writeFileSync(path, JSON.stringify({ application: '../app.mjs', pidFile: 'app.pid', path: 'socket', chdir: '..' }));
  writeFileSync(join(folder, 'app.mjs'), 'export default (request, response) => response.end();');
  const args = ['serve', '-c', 'etc/c.json', '--log-file', 'log', '--print-config'];
  const program = new Program(command, { args, cwd: folder });
  expect(JSON.parse((await program.finished()).stdout)).toMatchObject({
    application: { value: join(folder, 'app.mjs'), from: 'file' },
    pidFile: { value: join(folder, 'etc', 'app.pid'), from: 'file' },
    path: { value: join(folder, 'etc', 'socket'), from: 'file' },
    chdir: { value: folder, from: 'file' },
    logFile: { value: join(folder, 'log'), from: 'flag' },
  });
});

test.each<[string, unknown, RegExp]>([
  ['a.json', { prot: 80 }, /a\.json: there is no setting "prot"; did you mean "port"\?/],
  ['a.json', { gracefultimeout: 80 }, /no setting "gracefultimeout"; did you mean "gracefulTimeout"\?/],
  ['a.json', { 'max-memory': 80 }, /no setting "max-memory"; did you mean "maxMemory"\?/],
  ['a.json', { something: 80 }, /no setting "something"$/m],
  ['a.json', { toString: 80 }, /no setting "toString"/],
  ['a.json', '{ "__proto__": 1 }', /no setting "__proto__"/],
  ['a.json', { port: 'http' }, /a\.json: "port" must be a whole number from 0 to 65535, not 'http'/],
  ['a.json', { port: 65536 }, /"port" must be .* not 65536/],
  ['a.json', { port: 0.5 }, /"port" must be .* not 0\.5/],
  ['a.json', { port: null }, /"port" must be .* not null/],
  ['a.json', { port: [80] }, /"port" must be .* not \[/],
  ['a.json', { workers: 0 }, /"workers" must be a whole number from 1 to 1024, or auto, not 0/],
  ['a.json', { timeout: '30x' }, /"timeout" must be milliseconds, or a time such as .*, or never, not '30x'/],
  ['a.json', { timeout: '200M' }, /"timeout" must be .* not '200M'/],
  ['a.json', { timeout: '1.5s' }, /"timeout" must be .* not '1\.5s'/],
  ['a.json', { timeout: '25d' }, /"timeout" must be .* from 0 to 2147483647.* not '25d'/],
  ['a.json', { gracefulTimeout: 'never' }, /"gracefulTimeout" must be .* not 'never'/],
  ['a.json', { maxMemory: '30s' }, /"maxMemory" must be bytes, or a size such as .* not '30s'/],
  ['a.json', { maxMemory: '200m' }, /"maxMemory" must be .* not '200m'/],
  ['a.json', { host: '' }, /"host" must be a text that is not empty, not ''/],
  ['a.json', { daemon: 'yes' }, /"daemon" must be true or false, not 'yes'/],
  ['a.json', { umask: 22 }, /"umask" must be up to three octal digits in text, such as 027, not 22/],
  ['a.json', { umask: '8' }, /"umask" must be .* not '8'/],
  ['a.json', { path: '' }, /a\.json: The argument "path" must not be empty/],
  ['a.json', { path: 'x'.repeat(108) }, /a\.json: The argument "path" must have at most 107 bytes/],
  ['a.json', { socketMode: 660 }, /"socketMode" must be an octal mode in text, such as 660, not 660/],
  ['a.json', { reforkAfter: [50, 0] }, /"reforkAfter" must be whole numbers from 1 on, such as .* not \[/],
  ['a.json', { path: 'a', port: 80 }, /the setting "path" stands in place of "host" and "port"/],
  ['a.json', { socketMode: '660' }, /the setting "socketMode" needs "path", that of a file/],
  ['a.json', { path: 'a', reusePort: true }, /the setting "reusePort" is for a port, not for "path"/],
  ['a.json', { path: 'a', register: 'b' }, /the setting "register" needs a port .* not "path"/],
  ['a.json', { registry: 'file:///tmp' }, /the setting "registry" needs "register"/],
  ['a.json', '{ "port": 80', /a\.json could not be read: .*JSON/],
  ['a.json', '[]', /a\.json must have an object of settings, not \[\]/],
  ['a.json', '"port"', /must have an object of settings/],
  ['a.mjs', 'export const port = 80;', /a\.mjs must have an object of settings, not undefined/],
  ['a.mjs', 'export default new Map([["port", 80]]);', /must have an object of settings, not Map\(1\) /],
  ['a.mjs', 'throw new Error("no day for it");', /could not be read: Error: no day for it\n.*a\.mjs:1:/s],
  [
    'a.mjs',
    'export default { get port() { throw new Error("no port for it"); } };',
    /a\.mjs could not be read: Error: no port for it\n.*a\.mjs:1:/s,
  ],
  [
    'a.mjs',
    'export default await new Promise(() => {});',
    /a\.mjs ended the process, or has nothing more to do, before/,
  ],
  ['a.cjs', 'process.exit(0);', /a\.cjs ended the process, or has nothing more to do, before it was loaded$/m],
  ['a.yaml', 'port: 80', /a\.yaml must end with \.json or \.js, \.mjs, \.cjs/],
])('%s: %j is told to be wrong, with status 78', async (name, content, message) => {
  const { code, stdout, stderr } = await truefork(['serve', listener, '--config', file(name, content)], isolated());
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
  expect(stderr).toMatch(/^truefork: /);
  expect(stderr).toMatch(message);
});

test('so is a file that there is not', async () => {
  const { code, stderr } = await truefork(['serve', listener, '--config', 'missing.json'], isolated());
  expect({ code, stderr }).toEqual({ code: 78, stderr: 'truefork: there is no file missing.json\n' });
});

test('a server runs on the path of its file, with its mode', async () => {
  const settings = { application: listener, path: 'socket', socketMode: '606', workers: 1, reforkAfter: [50, 100] };
  const path = file('c.json', settings);
  const socket = join(dirname(path), 'socket');
  const program = new Program(command, {
    args: ['serve', '-c', path, '--log-format', 'text', '--umask', '077'],
    env: isolated(),
  });
  await program.logged(/ ready ms=/);
  await program.logged(new RegExp(` listening path=${socket} workers=1$`, 'm'));
  expect(statSync(socket).mode & 0o777).toBe(0o606);
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('a server runs by its file alone', async () => {
  const path = file('c.json', { application: listener, host: '127.0.0.1', workers: 1 });
  const program = new Program(command, { args: ['serve', '-c', path, '--log-format', 'text'], env: isolated() });
  const [, port = ''] = await program.logged(/ listening host=127\.0\.0\.1 port=(\d+) workers=1$/m);
  await program.logged(/ ready/);
  expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text()).toBe(
    'listener of /\n',
  );
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

describe('--check-config', () => {
  const checked = (...args: string[]): Promise<Finished> => truefork(['serve', '--check-config', ...args], isolated());

  test('says nothing of what is right, and leaves nothing behind', async () => {
    const folder = temporaryDirectory();
    const args = [
      '--pid-file',
      join(folder, 'x.pid'),
      '--log-file',
      join(folder, 'x.log'),
      '--daemon',
      '--chdir',
      folder,
    ];
    expect(await checked(listener, ...args)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('loads the application, and does not wait for what it does besides', async () => {
    const { code, stderr } = await checked(programPath('cli-timer.mjs'));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^loaded by \d+\n$/);
  });

  test('does not mind that the port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    expect(await checked(listener, '--host', '127.0.0.1', '-p', String(port))).toMatchObject({ code: 0, stderr: '' });
    taken.close();
  });

  test.each([
    ['cli-throws.mjs', 66, /could not be loaded: Error: this file is broken/],
    ['cli-no-export.mjs', 65, /must export by default a server/],
    // It keeps its process alive.
    ['cli-listens.mjs', 65, /exports a server that listens already/],
    ['cli-exits.mjs', 66, /ended the process, or has nothing more to do, before it was loaded/],
    ['cli-never.mjs', 66, /ended the process, or has nothing more to do, before it was loaded/],
  ])('of %s ends with status %i', async (name, status, message) => {
    const { code, stdout, stderr } = await checked(programPath(name));
    expect({ code, stdout }).toEqual({ code: status, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('and --print-config go together', async () => {
    const { code, stdout } = await checked(listener, '--print-config');
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Printed)['application']).toEqual({ value: listener, from: 'flag' });
  });
});
