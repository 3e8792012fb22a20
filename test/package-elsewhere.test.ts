// Where the package cannot work: it is imported all the same, and each call says why. The platforms are pretended by what the
// package looks at (test/support/elsewhere.cjs); the decisions, and the package, are the real ones.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pack, temporaryFolder, unpack } from './support/package';
import { nodes, programPath, run } from './support/programs';

const home = temporaryFolder();
const installed = join(home, 'node_modules', 'truefork');
const preload = join(__dirname, 'support', 'elsewhere.cjs');
const build = `with python3, make and a C++ compiler, build it: npx --yes node-gyp rebuild --jobs max --directory ${join(installed, 'native')}`;
const addon = join(installed, 'prebuilds', `linux-${process.arch}`, 'truefork.node');

beforeAll(() => {
  unpack(pack(home), home);
  mkdirSync(join(home, 'run'), { mode: 0o700 });
});

const reasons: [platform: string, reason: string][] = [
  ['darwin', 'it needs Linux, this is macOS'],
  ['win32', 'it needs Linux, this is Windows'],
  ['freebsd', 'it needs Linux, this is freebsd'],
  ['musl', 'it needs glibc, this Node.js has another C library, such as musl'],
  ['old-glibc', 'it needs glibc 2.34 or later, this is 2.31'],
  ['riscv64', `the package has no addon for riscv64; ${build}`],
  ['broken', `its addon cannot be loaded (${addon}: file too short); ${build}`],
  [
    'no-addons',
    'this Node.js was told to load no addons: start it without --no-addons, or, if with --permission, with --allow-addons',
  ],
];

const options = (platform: string, node?: string) => ({
  node: node ?? process.execPath,
  nodeArgs: ['--require', preload],
  cwd: home,
  env: { ELSEWHERE: platform, XDG_RUNTIME_DIR: join(home, 'run') },
});

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test.each(reasons)('pretended to be %s: every call that cannot work says why', async (platform, reason) => {
    const ended = await run(programPath('elsewhere.mjs'), { ...options(platform, node), args: [reason] });
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'passed\n', stderr: '' });
  });
});

describe.each(reasons)('pretended to be %s: the command', (platform, reason) => {
  const command = (...args: string[]) => run(join(installed, 'dist', 'cli', 'main.js'), { ...options(platform), args });

  test.each<[string, ...string[]]>([
    ['serve', programPath('cli-http-server.mjs'), '--port', '0'],
    ['trace', '--', process.execPath, '-e', ''],
    ['supervise', '--', process.execPath, '-e', ''],
    ['watch', 'anything'],
  ])('says so in one line: %s', async (...args) => {
    const { code, stdout, stderr } = await command(...args);
    expect({ stdout, lines: stderr.split('\n').length }).toEqual({ stdout: '', lines: 2 });
    expect(stderr).toContain(reason);
    expect(code).not.toBe(0);
  });

  test('tells its version, and how it is used', async () => {
    expect((await command('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await command('--help')).stdout).toContain('serve');
  });
});
