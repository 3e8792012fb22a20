// The types of the package, for each way in which TypeScript finds them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack, temporaryFolder, unpack } from './support/package';

const root = join(__dirname, '..');
const home = temporaryFolder();
let tarball: string;

beforeAll(() => {
  tarball = pack(home);
  unpack(tarball, home);
  // What a TypeScript program has beside the package, and those of its dependencies that have types of their own.
  const modules = join(home, 'node_modules');
  mkdirSync(join(modules, '@types'));
  for (const name of ['@types/node', 'undici-types', 'pino', 'pino-std-serializers', 'sonic-boom', 'thread-stream']) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
});

/** How a command of the checkout's ended. */
function command(path: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    cwd: home,
    encoding: 'utf8',
    // Some colour what they print wherever CI is set.
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1' },
  });
  return { status, output: stdout + stderr };
}

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
};
const faces = Object.keys(exports).filter((path) => path !== './package.json');
const imports = faces.map((path, index) => `import * as face${index} from '${path.replace('.', 'truefork')}';`);
const uses = faces.map((_, index) => `void face${index};`);

const program = `
import { decodeWaitStatus, fork, waitpid, type WaitStatus } from 'truefork';
import { Pool } from 'truefork/ipc';
${imports.join('\n')}
${uses.join('\n')}
const pid: number = fork();
const status: WaitStatus = decodeWaitStatus(waitpid(pid, 0).status);
export const sums: Promise<number[]> = new Pool(2).map((n: number) => n + 1, [1, 2]);
// @ts-expect-error: a pid is a number
export const wrong: string = fork();
export { status };
`;

// What TypeScript calls `import = require()` needs a module that is required.
const required = `
import truefork = require('truefork');
import ipc = require('truefork/ipc');
export const pid: number = truefork.fork();
export const pool: ipc.Pool = new ipc.Pool(2);
`;

const esm = { 'imports.mts': program };
const node = { ...esm, 'imports.cts': program, 'requires.cts': required };
const bundled = { ...esm, 'imports.ts': program };

test.each<[resolution: string, module: string, files: Record<string, string>]>([
  ['node16', 'node16', node],
  ['nodenext', 'nodenext', node],
  ['bundler', 'preserve', bundled],
  ['bundler', 'esnext', bundled],
])('strict programs see them, with those of the package checked: %s, module %s', (moduleResolution, module, files) => {
  const folder = join(home, `${moduleResolution}-${module}`);
  mkdirSync(folder);
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source);
  const compilerOptions = {
    module,
    moduleResolution,
    target: 'es2022',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
  expect(command('typescript/bin/tsc', '--project', folder)).toEqual({ status: 0, output: '' });
});

test('publint finds nothing', () => {
  const { status, output } = command('publint/src/cli.js', tarball, '--strict');
  expect({ status, output }).toEqual({ status: 0, output: expect.stringMatching(/All good!\s*$/) as string });
});

test('attw finds nothing', () => {
  // Not for TypeScript's resolution from before there were exports, which TypeScript 6 gives up.
  const { status, output } = command(
    '@arethetypeswrong/cli/dist/index.js',
    tarball,
    '--profile',
    'node16',
    '--no-emoji',
  );
  expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining('truefork v') as string });
  for (const path of faces) expect(output).toContain(`"${path.replace('.', 'truefork')}"`);
});
