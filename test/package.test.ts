// The package as its users get it: packed, installed without a compiler, imported and required.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack, temporaryFolder, unpack } from './support/package';
import { nodes } from './support/programs';

const root = join(__dirname, '..');
const home = temporaryFolder();
let tarball: string;

beforeAll(() => {
  tarball = pack(home);
  unpack(tarball, home);
});

function file(name: string, text: string): string {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}

const faces = [
  'truefork',
  'truefork/posix',
  'truefork/reaper',
  'truefork/ipc',
  'truefork/prefork',
  'truefork/daemon',
  'truefork/discovery',
  'truefork/rpc',
  'truefork/trace',
  'truefork/zookeeper',
];

describe.each(nodes())('on Node $major', ({ path: node }) => {
  const output = (path: string) => execFileSync(node, [path], { cwd: home, encoding: 'utf8' });

  test.each(faces)('import and require of %s give the same names, and the same things', (face) => {
    const script = file(
      'names.mjs',
      `import { createRequire } from 'node:module';
       import * as imported from ${JSON.stringify(face)};
       const required = createRequire(import.meta.url)(${JSON.stringify(face)});
       const names = Object.keys(required);
       for (const name of names) if (imported[name] !== required[name]) console.log('not the same:', name);
       console.log(names.length > 0 ? 'same' : 'empty');`,
    );
    expect(output(script)).toBe('same\n');
  });

  test.each([
    ['imported', 'fork.mjs', "import { fork, waitpid } from 'truefork';"],
    ['required', 'fork.cjs', "const { fork, waitpid } = require('truefork');"],
  ])('the addon of the package forks when it is %s', (_, name, load) => {
    const script = file(
      name,
      `${load}\nconst pid = fork();\nif (pid === 0) process.exit(3);\nconsole.log(waitpid(pid, 0).status >> 8);`,
    );
    expect(output(script)).toBe('3\n');
  });
});

test('it has what its users need, and nothing else', () => {
  const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  const names = files.map((name) => name.replace('package/', ''));
  const once = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'native/binding.gyp', 'lessons/contents.json'];
  expect(names).toEqual(expect.arrayContaining([...once, `prebuilds/linux-${process.arch}/truefork.node`]));
  const made = /^dist\/(.+?)(\.d\.m?ts|\.m?js)$/;
  const kinds = [
    /^native\/(fork\/)?[a-z_-]+\.(cc|h)$/,
    /^prebuilds\/linux-[a-z0-9]+\/truefork\.node$/,
    /^lessons\/[a-z0-9-]+\/(program\.mjs|expected\.txt|README(\.zh)?\.md|[a-z0-9-]+\.(mjs|txt))$/,
    /^lessons\/[a-z]+\.mjs$/,
    /^dist\/prefork\/status-page\.html$/,
  ];
  const hasSource = (name: string) => {
    const [, module] = made.exec(name) ?? [];
    return module !== undefined && existsSync(join(root, 'lib', `${module}.ts`));
  };
  expect(
    names.filter((name) => !once.includes(name) && !kinds.some((kind) => kind.test(name)) && !hasSource(name)),
  ).toEqual([]);
  const lessons = readdirSync(join(root, 'lessons'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of lessons) expect(names).toContain(`lessons/${name}/program.mjs`);
});

test('nothing of it runs when it is installed', () => {
  const manifest = JSON.parse(readFileSync(join(home, 'node_modules', 'truefork', 'package.json'), 'utf8')) as {
    gypfile: boolean;
    scripts: Record<string, string>;
  };
  expect(manifest.gypfile).toBe(false);
  expect(Object.keys(manifest.scripts)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(pre|post)?install$/)]),
  );
  expect(manifest.scripts).not.toHaveProperty('prepare');
  // Yarn 1 and older versions of pnpm heed no `gypfile`: where it is, they compile.
  expect(existsSync(join(home, 'node_modules', 'truefork', 'binding.gyp'))).toBe(false);
});

test('the command of the package runs', () => {
  const command = join(home, 'node_modules', 'truefork', 'dist', 'cli', 'main.js');
  const { version } = JSON.parse(
    execFileSync(process.execPath, ['-p', "JSON.stringify(require('truefork/package.json'))"], {
      cwd: home,
      encoding: 'utf8',
    }),
  ) as { version: string };
  expect(execFileSync(process.execPath, [command, '--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
});

test('the lessons come with the package, and run from it', () => {
  const command = join(home, 'node_modules', 'truefork', 'dist', 'cli', 'main.js');
  const shown = execFileSync(process.execPath, [command, 'learn', 'fork-returns-twice'], {
    cwd: home,
    encoding: 'utf8',
  });
  expect(shown).toContain(join(home, 'node_modules', 'truefork', 'lessons', 'fork-returns-twice', 'program.mjs'));
  expect(shown.match(/^both: {3}pid \d+/gm)).toHaveLength(2);
});

test.each(['mts', 'cts'])('a strict TypeScript program sees the types of every import: .%s', (extension) => {
  const source = file(
    `typed.${extension}`,
    `import http from 'node:http';
     import { fork, waitpid, decodeWaitStatus, isPosixError, WNOHANG, type WaitStatus } from 'truefork';
     import { prefork, type Master, type ServeConfig } from 'truefork/prefork';
     import { daemonize, writePidFile } from 'truefork/daemon';
     import { Reaper } from 'truefork/reaper';
     import { connectRegistry, type Instance } from 'truefork/discovery';
     import { createRpcClient, createRpcServer, booklet } from 'truefork/rpc';
     import { ZooKeeperClient, NoNodeError, type SessionState } from 'truefork/zookeeper';
     const pid: number = fork({ timeout: 10 });
     const status: WaitStatus = decodeWaitStatus(waitpid(pid, WNOHANG).status);
     if (status.state === 'exited') { const code: number = status.code; void code; }
     export const config = { port: 80, workers: 'auto', timeout: '30s', maxMemory: '200M', maxRequests: 'never', daemon: true } satisfies ServeConfig;
     // @ts-expect-error: a time is no size
     export const wrong: ServeConfig = { timeout: '200M' };
     // @ts-expect-error: there is no such setting
     export const unknown: ServeConfig = { prot: 80 };
     // @ts-expect-error: it has to end
     export const endless: ServeConfig = { gracefulTimeout: 'never' };
     export const start = () => { daemonize({ umask: 0o22 }).ready(); return writePidFile('x').remove(); };
     export async function main(error: unknown): Promise<void> {
       if (isPosixError(error, 'ECHILD')) { const code: 'ECHILD' = error.code; void code; }
       const master: Master = await prefork(http.createServer(), { port: 0, workers: 'auto' });
       new Reaper().on('exit', (child, ended) => { const pid: number = child; void pid; void ended.state; });
       const registry = await connectRegistry();
       const instances: readonly Instance[] = await registry.instances('rpc');
       await createRpcClient({ registry, service: 'rpc' }).call('ping', instances.length);
       // @ts-expect-error: a port is a number
       await prefork(createRpcServer(booklet), { port: '80' });
       const zookeeper = new ZooKeeperClient('localhost', { tls: true });
       zookeeper.onState((state: SessionState) => { void state; });
       const { value } = await zookeeper.get('/');
       const made: string = await zookeeper.create('/x', value, { ephemeral: true });
       const { stat } = await zookeeper.create(made, 'x', { includeData: true });
       if (error instanceof NoNodeError && error.errno === -101) zookeeper.watchChildren('/', (children) => { void children?.length; });
       const version: number = stat.version;
       await zookeeper.transaction().check('/', version).commit();
       await master.stop();
     }`,
  );
  const options = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    strict: true,
    noEmit: true,
    esModuleInterop: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  };
  const project = file(`tsconfig.${extension}.json`, JSON.stringify({ compilerOptions: options, files: [source] }));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '--project', project], { cwd: home, stdio: ['ignore', 'inherit', 'inherit'] });
});
