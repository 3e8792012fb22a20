// How `truefork serve` ends when it cannot serve: each with a status of its own.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { programPath } from '../support/programs';
import { isolated, temporaryDirectory } from '../support/runtime';
import { truefork } from './truefork';

const listener = programPath('cli-listener.mjs');

type Row = [string, string[], number, RegExp];

const unloadable: Row[] = [
  [
    'a program that cannot be loaded, shown with where it went wrong',
    [programPath('cli-throws.mjs')],
    66,
    /^truefork: .*cli-throws\.mjs could not be loaded: Error: this file is broken\n.*cli-throws\.mjs:2:/ms,
  ],
  [
    'one whose function throws',
    [programPath('cli-factory-throws.mjs')],
    66,
    /could not be loaded: Error: no server today\n.*cli-factory-throws\.mjs:3:/s,
  ],
  ['one that ends the process', [programPath('cli-exits.mjs')], 66, /^truefork: .*cli-exits\.mjs ended the process/m],
  ['one that is never loaded', [programPath('cli-never.mjs')], 66, /cli-never\.mjs .* has nothing more to do/],
  ['one that exports no server', [programPath('cli-bad-export.mjs')], 65, /bad-export\.mjs must export by default a/],
  ['one that exports nothing', [programPath('cli-no-export.mjs')], 65, /cli-no-export\.mjs must export by default a/],
  ['one whose server listens', [programPath('cli-listens.mjs')], 65, /cli-listens\.mjs exports a server that listens/],
  [
    'one whose beforeWorkerExit is no function',
    [programPath('cli-last-wrong.mjs')],
    65,
    /^truefork: what .*cli-last-wrong\.mjs exports as beforeWorkerExit must be a function$/m,
  ],
];

test.each<Row>([
  ['a file that is not there', ['missing.mjs'], 66, /^truefork: there is no file \/.*\/missing\.mjs\n$/],
  ['a directory', [__dirname], 66, /^truefork: \/.* is a directory, not a file\n$/],
  ...unloadable,
  ...unloadable.map(([what, args, status, message]): Row => [
    `${what}, by each worker`,
    [...args, '--no-preload', '--workers', '2'],
    status,
    message,
  ]),
  [
    'workers that do not start',
    [programPath('cli-dies.mjs'), '--workers', '2'],
    70,
    /^truefork: 5 workers ended before any was ready: the server cannot start/m,
  ],
  ['an address that is not here', [listener, '--host', '192.0.2.1'], 69, /^truefork: EADDRNOTAVAIL: /],
  ['a host that there is not', [listener, '--host', 'host.invalid'], 69, /^truefork: getaddrinfo .*host\.invalid\n$/],
  [
    'such a host for the status page',
    [listener, '--status-port', '0', '--status-host', 'host.invalid'],
    69,
    /^truefork: getaddrinfo .*host\.invalid\n$/,
  ],
  ['a host that cannot be', [listener, '--host', '[::1'], 69, /^truefork: getaddrinfo .*\[::1\n$/],
  ['a user that there is not', [listener, '--user', 'no-such-user'], 67, /^truefork: there is no user no-such-user\n$/],
  [
    'a group that there is not',
    [listener, '--group', 'no-such-group'],
    67,
    /^truefork: there is no group no-such-group/,
  ],
  ['a number without a group', [listener, '--user', '4000000000'], 67, /no user of number 4000000000.*: name a group/],
  [
    'a directory that there is not',
    [listener, '--chdir', '/no/such'],
    72,
    /^truefork: there is no directory \/no\/such/,
  ],
  ['no directory', [listener, '--chdir', listener], 72, /^truefork: there is no directory .*cli-listener\.mjs/],
  [
    'a directory that cannot be looked at',
    [listener, '--chdir', 'x'.repeat(300)],
    72,
    /^truefork: ENAMETOOLONG: .*x{300}/,
  ],
  [
    'a log file that cannot be',
    [listener, '--daemon', '--log-file', '/no/such/log'],
    72,
    /^truefork: ENOENT: .*\/no\/such\/log/,
  ],
  [
    'a pid file that cannot be',
    [listener, '--pid-file', '/no/such/pid'],
    73,
    /^truefork: the pid file \/no\/such\/pid cannot be written: ENOENT: /,
  ],
  [
    'a pid file that is a directory',
    [listener, '--pid-file', '/tmp'],
    73,
    /^truefork: the pid file \/tmp cannot be written/,
  ],
])('%s: %j ends with status %i', async (_, args, status, message) => {
  const { code, stdout, stderr } = await truefork(['serve', ...args], isolated());
  expect({ code, stdout }).toEqual({ code: status, stdout: '' });
  expect(stderr).toMatch(message);
});

test('an address that is in use ends it with status 69', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await truefork(
    ['serve', listener, '--host', '127.0.0.1', '--port', String(port)],
    isolated(),
  );
  taken.close();
  expect(code).toBe(69);
  expect(stderr).toMatch(/^truefork: EADDRINUSE: /);
});

test('what is no pid file is not replaced by one, with status 73', async () => {
  const path = join(temporaryDirectory(), 'precious');
  writeFileSync(path, 'precious\n');
  const { code, stderr } = await truefork(['serve', listener, '--pid-file', path], isolated());
  expect({ code, stderr }).toEqual({
    code: 73,
    stderr: `truefork: the pid file ${path} cannot be written: what is there is no pid file\n`,
  });
});
