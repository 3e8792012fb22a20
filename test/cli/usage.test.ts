import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from '../support/programs';
import { isolated } from '../support/runtime';
import { truefork } from './truefork';

const commands = [
  'serve',
  'status',
  'top',
  'reload',
  'refork',
  'upgrade',
  'scale',
  'stop',
  'quit',
  'ps',
  'call',
  'supervise',
  'learn',
  'trace',
];

test.each([['--help'], ['-h'], ['help']])('truefork %s shows every command', async (flag) => {
  const { code, stdout, stderr } = await truefork([flag]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
});

test.each(commands)('truefork %s --help shows its operands and options', async (command) => {
  const { code, stdout, stderr } = await truefork([command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^Usage: truefork ${command} .*\\[options\\]$`, 'm'));
  expect(stdout).toMatch(/^ {2}-h, --help +Show this help\.$/m);
  expect((await truefork([command, '-h'])).stdout).toBe(stdout);
});

test('truefork help COMMAND is truefork COMMAND --help', async () => {
  expect(await truefork(['help', 'ps'])).toEqual(await truefork(['ps', '--help']));
  expect(await truefork(['help', 'help'])).toEqual(await truefork(['--help']));
});

test('truefork --version tells that of the package', async () => {
  const manifest = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  expect(await truefork(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
});

const listener = programPath('cli-listener.mjs');

test.each<[string[], string, RegExp]>([
  [[], '', /^COMMAND is missing/],
  [['fly'], '', /^there is no command 'fly' \(/],
  [['help', 'fly'], '', /^there is no command 'fly' \(/],
  [['--bogus'], '', /^there is no command '--bogus' \(/],
  [['srve', 'a.mjs'], '', /^there is no command 'srve'; did you mean 'serve'\? \(/],
  [['version'], '', /^there is no command 'version'; did you mean '--version'\? \(/],
  [['-v'], '', /^there is no command '-v' \(/],
  [['serve'], 'serve', /^FILE is missing/],
  [['serve', 'a.mjs', 'b.mjs'], 'serve', /^'b\.mjs' is one argument too many/],
  [['serve', 'a.mjs', '--prot', '80'], 'serve', /^Unknown option '--prot'; did you mean '--port'\? \(/],
  [['ps', '--hlep'], 'ps', /^Unknown option '--hlep'; did you mean '--help'\? \(/],
  [['ps', '-x'], 'ps', /^Unknown option '-x' \(/],
  [['serve', 'a.mjs', '--port'], 'serve', /^Option '-p, --port <value>' argument missing/],
  [['serve', 'a.mjs', '--port', '-1'], 'serve', /^Option '--port' argument is ambiguous\. .* '--port=-XYZ'/],
  [['serve', 'a.mjs', '--port=-1'], 'serve', /^--port takes a whole number from 0 to 65535, not '-1'/],
  [['serve', 'a.mjs', '--port', '65536'], 'serve', /^--port takes a whole number from 0 to 65535, not '65536'/],
  [['serve', 'a.mjs', '--port', 'http'], 'serve', /^--port takes .* not 'http'/],
  [['serve', 'a.mjs', '--port', '8e1'], 'serve', /^--port takes .* not '8e1'/],
  [['serve', 'a.mjs', '--port', ''], 'serve', /^--port takes .* not ''/],
  [['serve', 'a.mjs', '--path', 'a', '--port', '80'], 'serve', /^--path stands in place of --host and --port/],
  [['serve', 'a.mjs', '--path', 'a', '--host', '::1'], 'serve', /^--path stands in place of --host and --port/],
  [['serve', 'a.mjs', '--path', ''], 'serve', /^The argument "--path" must not be empty/],
  [['serve', 'a.mjs', '--path', '@'], 'serve', /^The argument "--path" must have a name behind the null byte/],
  [['serve', 'a.mjs', '--path', 'x'.repeat(108)], 'serve', /^The argument "--path" must have at most 107 bytes/],
  [['serve', 'a.mjs', '--path', `@${'é'.repeat(54)}`], 'serve', /^The argument "--path" must have at most 107 bytes/],
  [['serve', 'a.mjs', '--socket-mode', '600'], 'serve', /^--socket-mode needs --path PATH/],
  [['serve', 'a.mjs', '--path', '@a', '--socket-mode', '600'], 'serve', /^--socket-mode needs --path PATH/],
  [['serve', 'a.mjs', '--path', 'a', '--socket-mode', '888'], 'serve', /^--socket-mode takes an octal .* not '888'/],
  [['serve', 'a.mjs', '--status-host', '::1'], 'serve', /^--status-host needs --status-port N/],
  [['serve', 'a.mjs', '--refork-after', '50,0'], 'serve', /^--refork-after takes whole numbers .* not '50,0'/],
  [['serve', 'a.mjs', '--path', 'a', '--reuse-port'], 'serve', /^--reuse-port is for a port, not for --path/],
  [['serve', 'a.mjs', '--path', 'a', '--register', 'b'], 'serve', /^--register needs a port .* not --path/],
  [['serve', 'a.mjs', '-w', '0'], 'serve', /^--workers takes a whole number from 1 to 1024, or auto, not '0'/],
  [['serve', 'a.mjs', '--timeout', '30x'], 'serve', /^--timeout takes milliseconds, or a time such as .* not '30x'/],
  [['serve', 'a.mjs', '--host', ''], 'serve', /^--host takes a text that is not empty, not ''/],
  [['serve', 'a.mjs', '--no-port'], 'serve', /^Unknown option '--no-port'/],
  [['serve', 'a.mjs', '--workers', '1025'], 'serve', /^--workers takes .* not '1025'/],
  [['serve', 'a.mjs', '--registry', 'file:///tmp'], 'serve', /^--registry needs --register NAME/],
  [['serve', listener, '--register', 'a/b'], 'serve', /service.* 1 to 100 letters, .*'a\/b'/],
  [['serve', listener, '--register', 'a', '--registry', 'http://b'], 'serve', /^there is no registry for 'http:' URLs/],
  [['call'], 'call', /^NAME is missing/],
  [['call', 'rpc'], 'call', /^METHOD is missing/],
  [['call', 'rpc', 'ping', '1', '2'], 'call', /^'2' is one argument too many/],
  [['call', 'rpc', 'ping', '{'], 'call', /^the parameters must be JSON, .* not: \{/],
  [['call', 'rpc', 'ping', '-t', '0'], 'call', /^--timeout takes a whole number from 1 to 2147483647, not '0'/],
  [['call', '..', 'ping'], 'call', /service.* 1 to 100 letters, .*'\.\.'/],
  [['call', 'rpc', 'ping', '--registry', '/tmp'], 'call', /^'\/tmp' is not a URL/],
  [['supervise'], 'supervise', /^COMMAND is missing/],
  [['supervise', 'true', '-x'], 'supervise', /^Unknown option '-x'/],
  [
    ['supervise', 'true', '--check-interval', '5x'],
    'supervise',
    /^--check-interval takes milliseconds, or a time .* not '5x'/,
  ],
  [
    ['supervise', 'true', '--max-failures', '0'],
    'supervise',
    /^--max-failures takes a whole number from 1 to .*, not '0'/,
  ],
  [['supervise', 'true', '--tcp', '0'], 'supervise', /^--tcp takes a whole number from 1 to 65535, not '0'/],
  [['supervise', 'true', '--http', 'me:80'], 'supervise', /^--http takes a URL, not 'me:80'/],
  [['supervise', 'true', '--tcp', '80', '--http', 'http://a'], 'supervise', /^--http and --tcp are one too many/],
  [['trace'], 'trace', /^COMMAND is missing/],
  [['trace', 'ls', '-l'], 'trace', /^Unknown option '-l': options of COMMAND come after --, as in -- COMMAND -l \(/],
  [['trace', 'true', '--capacity', '15'], 'trace', /^--capacity takes a whole number from 16 to 16777216, not '15'/],
  [['ps', 'me'], 'ps', /^PID is a number or the path of a pid file, not 'me'/],
  [['ps', '1', '2'], 'ps', /^'2' is one argument too many/],
])('truefork %j says what is wrong', async (args, command, message) => {
  const { code, stdout, stderr } = await truefork(args, isolated());
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^truefork: .*\n$/);
  expect(stderr.slice('truefork: '.length)).toMatch(message);
  expect(stderr).toContain(`(see truefork ${command ? `${command} ` : ''}--help)`);
});
