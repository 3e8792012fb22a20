// The blocks of the reference pages: see pages.ts.
import { transformSync } from '@swc/core';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { getpwnam, kill } from 'truefork';
import { nodes } from '../support/programs';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { goesTo, program, root, testPage, titled, type Reader, type Served, type Step } from './pages';

const listener = 'export default (request, response) => response.end(`hello from ${process.pid}\\n`);\n';
const benchmark: Step = { notRun: 'benchmarks take minutes' };
const output: Step = { notRun: 'what a program says, with other pids and times in every run' };
const synopsis: Step = { notRun: 'a list of commands with names in place of pids' };

let zookeeper: ZooKeeperServer | undefined;
let served: Served;

afterEach(async () => {
  await zookeeper?.destroy();
  zookeeper = undefined;
});

async function withZooKeeper(reader: Reader, ...named: string[]): Promise<void> {
  zookeeper = await startServer();
  for (const name of named) reader.replace(name, zookeeper.address);
}

async function gone(path: string): Promise<void> {
  while (existsSync(path)) await new Promise(setImmediate);
}

test('every page with blocks is tested', () => {
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const tested = pages.filter((name) => titled(`docs/${name}`).size > 0).map((name) => `docs/${name}`);
  expect(Object.keys(table)).toEqual(tested);
});

const table: Record<string, Record<string, Step>> = {
  'docs/daemon.md': {
    'A daemon': async (text, reader) => {
      for (const folder of ['/srv/app', '/var/log', '/run']) reader.replace(folder, reader.folder);
      await reader.program(`const start = async () => console.log('it has started');\n${text}`);
      // There is nothing that the daemon waits for.
      await gone(join(reader.folder, 'app.pid'));
      expect(reader.read('app.log')).toBe('it has started\n');
    },
    'A program that is kept running': async (text, reader) => {
      reader.write(
        'server.js',
        `require('http').createServer((request, response) => response.end()).listen(${reader.port}, '127.0.0.1');`,
      );
      const supervisor = reader.start(text);
      await supervisor.printed(/^program pid=\d+ started$/m);
      expect(await reader.firstAnswer()).toBe('');
      supervisor.kill('SIGTERM');
      const { code, stdout } = await supervisor.finished();
      expect(code).toBe(0);
      expect(stdout).toMatch(/ stopped\n$/);
    },
    'A program that is kept running (2)': output,
    'A program that is kept running (3)': async (text, reader) => {
      reader.write('demo/test.py', 'import signal\nprint("it runs", flush=True)\nsignal.pause()\n');
      await reader.program(text, { env: { HOME: reader.folder } });
      const [, pid = ''] = /^supervisor pid=(\d+) supervising/m.exec(reader.read('info.log')) ?? [];
      kill(Number(pid), 'SIGTERM');
      await gone(`/proc/${pid}`);
      expect(reader.read('info.log')).toMatch(/ stopped\n$/);
    },
  },
  'docs/discovery.md': {
    Discovery: async (text, reader) => {
      await withZooKeeper(reader, '10.0.0.1:2181,10.0.0.2:2181', '10.0.0.1:2181');
      // The comment there is no output.
      const { code, stdout, stderr } = await reader.start(text).finished();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain("host: '10.0.0.7'");
    },
    'From the shell': async (text, reader) => {
      reader.replace('--host 10.0.0.7', '--host 127.0.0.1');
      reader.write('app.mjs', listener);
      const [serve = '', watch = '', call = ''] = text.split('\n');
      await reader.serve(serve);
      const watching = reader.type(watch);
      await watching.printed(/^\+ 127\.0\.0\.1:\d+ /m);
      watching.end();
      await watching.finished();
      const rpc = reader.here(
        `npx truefork serve '${join(root, 'examples/rpc/server.mjs')}' --host 127.0.0.1 --register rpc --registry zk://10.0.0.1:2181/demo`,
      );
      served = await reader.serve(rpc);
      await served.program.logged(/"event":"registered"/);
      expect((await reader.shell(call)).stdout).toBe('"hello"\n');
    },
    Measured: benchmark,
  },
  'docs/ipc.md': { 'IPC: the tools between forked processes': program },
  'docs/posix.md': {
    Programs: async (text, reader) => {
      const { stdout } = await reader.program(text);
      expect(stdout).toMatch(/^1$/m);
    },
    'Programs (2)': async (text, reader) => {
      reader.write('words', 'b\na\n');
      const { stdout } = await reader.program(
        [
          "import { close, O_RDONLY, pipe, posixSpawnp, read, waitpid } from 'truefork/posix';",
          'const [readEnd, writeEnd] = pipe();',
          text,
          'close(writeEnd);',
          'waitpid(pid, 0);',
          'const words = Buffer.alloc(9);',
          'console.log(words.toString("utf8", 0, read(readEnd, words)));',
        ].join('\n'),
      );
      expect(stdout).toBe('a\nb\n\n');
    },
    Descriptors: async (text, reader) => {
      const { stdout } = await reader.program(...usable(`import { _exit, fork, Pipe } from 'truefork';\n${text}`));
      expect(stdout).toBe('from the child');
    },
    Terminals: async (text, reader) => {
      const { stdout } = await reader.program(...usable(`import { ptySpawn } from 'truefork';\n${text}`));
      // The prompt stands before it where the terminal has echoed the line before the shell wrote one.
      expect(stdout).toMatch(/^([#$] )?\/dev\/pts\/\d+\r?$/m);
      expect(stdout).toContain("{ state: 'exited', code: 3 }");
    },
    Users: async (text, reader) => {
      const { uid, gid } = getpwnam('nobody') ?? {};
      const names = 'initgroups, prctl, PR_SET_DUMPABLE, setresgid, setresuid';
      const all = `import { ${names} } from 'truefork';\nconst uid = ${uid};\nconst gid = ${gid};\n${text}`;
      if (process.getuid?.() === 0) {
        await reader.program(`${all}\nif (process.getuid() !== uid) throw new Error('it is somebody else');\n`);
      } else {
        expect((await reader.start(all).finished()).stderr).toContain('EPERM');
      }
    },
    'Files in /proc': output,
  },
  'docs/prefork.md': {
    'The prefork server': { notRun: 'a drawing' },
    'Signals to the master': synopsis,
    'The log': output,
    'The log (2)': (text) => {
      expect(JSON.parse(text)).toMatchObject({ event: 'exit', role: 'worker' });
    },
    'When a worker exits': async (text, reader) => {
      const app = [
        "import { createServer } from 'node:http';",
        "export const server = createServer((request, response) => response.end('hello'));",
        "export const pool = { end: async () => console.log('the pool is closed') };",
      ];
      reader.write('app.mjs', app.join('\n'));
      const master = reader.start(`import { prefork } from 'truefork';\n${text.replace('8080', '8080, workers: 1')}`);
      expect(await reader.firstAnswer()).toBe('hello');
      await reader.shell(`truefork stop ${master.pid}`);
      expect(await master.finished()).toMatchObject({ code: 0, stdout: 'the pool is closed\n', stderr: '' });
    },
    'Which worker it is': async (text, reader) => {
      const master = reader.start(
        [
          "import { createWriteStream } from 'node:fs';",
          "import { createServer } from 'node:http';",
          "import { prefork } from 'truefork';",
          text,
          "const server = createServer((request, response) => log.write('asked\\n', () => response.end('hello')));",
          'await prefork(server, { port: 8080, workers: 1 });',
        ].join('\n'),
      );
      expect(await reader.firstAnswer()).toBe('hello');
      expect(reader.read('worker-0.log')).toBe('asked\n');
      await reader.shell(`truefork stop ${master.pid}`);
      expect(await master.finished()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    },
    'How the whole server is replaced': async (text, reader) => {
      const server = "const server = createServer((request, response) => response.end('hello'));";
      const master = reader.start(
        `import { createServer } from 'node:http';\nimport { prefork } from 'truefork';\n${server}\n${text}\nconsole.log('up', master.address.port);\n`,
      );
      await master.printed(/^up \d+$/m);
      const { stdout } = await reader.shell(`truefork upgrade ${master.pid}`);
      expect(await reader.get()).toBe('hello');
      await reader.shell(`truefork stop ${stdout}`);
      expect((await master.finished()).code).toBe(0);
    },
    'Who is killed': output,
    'As a service of systemd': { notRun: 'the unit of docs/guide/systemd.md, which is run, with another socket' },
    'As a service of systemd (2)': { notRun: 'the same' },
    'The configuration file': async (text, reader) => {
      await goesToConfiguration(text, reader);
      served = await reader.serve('npx truefork serve --config truefork.config.mjs');
      expect(await reader.get()).toMatch(/^hello from/);
    },
  },
  'docs/rpc.md': {
    RPC: async (text, reader) => {
      reader.write('server.js', javaScript(`const build = async (id: string, _: unknown) => id;\n${text}`));
      const [, command = ''] = /\/\/ (truefork serve .*)$/m.exec(text) ?? [];
      served = await reader.serve(`npx ${command}`);
      await served.program.logged(/"event":"registered"/);
    },
    'RPC (2)': async (text, reader) => {
      const client = `${javaScript(text)}\nconsole.log(sum);\nawait client.close();\nprocess.exit();`;
      expect((await reader.program(client)).stdout).toBe('3\n');
      await reader.stop(served);
    },
    'RPC (3)': async (text, reader) => {
      const schema = 'const schema = { parse: (value) => ({ a: Number(value.a), b: Number(value.b) }) };';
      const use = "console.log(handlers.add.handle(handlers.add.params({ a: '1', b: '2' })));";
      expect((await reader.program(`${schema}\n${javaScript(text)}\n${use}`)).stdout).toBe('3\n');
    },
    Measured: benchmark,
  },
  'docs/serving.md': { 'The prefork server, measured': benchmark },
  'docs/signals.md': {
    Signals: async (text, reader) => {
      const ticking = reader.start(text);
      await ticking.printed(/^tick$/m);
      ticking.kill('SIGINT');
      const { code, stdout } = await ticking.finished();
      expect({ code, first: stdout.split('\n')[0] }).toEqual({ code: 1, first: 'working' });
    },
  },
  'docs/trace.md': {
    'The trace': async (text, reader) => {
      reader.write(
        'program.mjs',
        "import { fork, waitpid } from 'truefork';\nconst pid = fork();\nif (pid) waitpid(pid, 0);\n",
      );
      await reader.shell(text);
      for (const name of ['a.svg', 'a.html']) expect(existsSync(join(reader.folder, name))).toBe(true);
    },
    'In code': async (text, reader) => {
      await reader.program(text);
      expect(reader.read('wait.svg')).toMatch(/^<svg/);
    },
  },
  'docs/zookeeper.md': {
    ZooKeeper: async (text, reader) => {
      await withZooKeeper(reader, '10.0.0.1:2181,10.0.0.2:2181,[fd00::3]:2181/myapp');
      await reader.program(text);
    },
  },
};

for (const [page, steps] of Object.entries(table)) testPage(page, steps);

async function goesToConfiguration(text: string, reader: Reader): Promise<void> {
  reader.write('app.mjs', listener);
  const step = goesTo('truefork.config.mjs');
  if (typeof step === 'function') await step(text, reader);
}

/** A program with `using`, for a Node.js that has it; where there is none, without. */
function usable(text: string): [text: string, options: { node?: string }] {
  const node = nodes().find(({ major }) => Number(major) >= 24);
  return node ? [text, { node: node.path }] : [text.replace(/^(await )?using /gm, 'const '), {}];
}

/** What TypeScript makes of it. */
function javaScript(text: string): string {
  return transformSync(text, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }).code;
}
