// The blocks of the guide: see pages.ts.
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as posix from 'truefork/posix';
import { childrenOf } from '../support/processes';
import { asProcess1 } from '../support/namespaces';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { freePort, goesTo, isFile, program, root, testPage, titled, type Reader, type Served } from './pages';

const guide = 'docs/guide';
const example = (name: string) => readFileSync(join(root, 'examples', name), 'utf8');

test('every page of the guide is in its contents, and is tested here', () => {
  const contents = readFileSync(join(root, guide, 'README.md'), 'utf8');
  const here = readFileSync(__filename, 'utf8');
  for (const name of readdirSync(join(root, guide)).filter((page) => page !== 'README.md')) {
    expect(contents).toContain(`](${name})`);
    expect(here).toContain(`testPage(\`\${guide}/${name}\``);
  }
  expect([...titled(`${guide}/README.md`)]).toEqual([]);
});

/** The server that the page at hand has started. */
let served: Served;

/** Serves what the block says, and looks whether it answers. */
async function serves(text: string, reader: Reader): Promise<void> {
  served = await reader.serve(text);
  expect(await reader.get()).toMatch(/^hello from \d+\n$/);
}

testPage(`${guide}/web-apps.md`, {
  Express: isFile('examples/express/app.mjs', 'app.mjs'),
  'Express (2)': serves,
  'Express (3)': async (text, reader) => {
    expect((await reader.shell(text)).stdout).toMatch(/^hello from \d+\n$/);
    await reader.stop(served);
  },
  'Express (4)': async (text, reader) => {
    const alone = reader.start(text, { name: 'app.cjs' });
    expect(await reader.firstAnswer()).toBe(`hello from ${alone.pid}\n`);
    alone.kill('SIGTERM');
    expect((await alone.finished()).signal).toBe('SIGTERM');
    await serves('npx truefork serve app.cjs --port 8080 --workers 2', reader);
    await reader.stop(served);
  },
  Fastify: async (text, reader) => {
    await isFileOf('fastify', text, reader);
  },
  Koa: async (text, reader) => {
    await isFileOf('koa', text, reader);
  },
  'In a program of your own': async (text, reader) => {
    expect(text).toBe(example('express/server.mjs'));
    reader.write('app.mjs', example('express/app.mjs'));
    const own = reader.start(text, { name: 'server.mjs' });
    await own.printed(/^\d+ workers serve port \d+$/m);
    expect(await reader.get()).toMatch(/^hello from \d+\n$/);
    own.kill('SIGTERM');
    expect((await own.finished()).code).toBe(0);
  },
  'Before a worker exits': async (text, reader) => {
    reader.write('app.mjs', text);
    await serves('npx truefork serve app.mjs --port 8080 --workers 1', reader);
    await reader.stop(served);
    expect(reader.read('worker-0.log')).toBe('GET /\n');
  },
});

/** The block is the app of examples/NAME, and is served. */
async function isFileOf(name: string, text: string, reader: Reader): Promise<void> {
  expect(text).toBe(example(`${name}/app.mjs`));
  reader.write('app.mjs', text);
  await serves('npx truefork serve app.mjs --port 8080 --workers 2', reader);
  await reader.stop(served);
}

testPage(`${guide}/fork-safely.md`, {
  Connections: async (text, reader) => {
    const ends: Promise<unknown>[] = [];
    const database = createServer((socket) => {
      socket.resume();
      ends.push(once(socket, 'close'));
    }).listen(0, '127.0.0.1');
    await once(database, 'listening');
    const address = database.address();
    if (typeof address !== 'object' || address === null) throw new Error('the database has no port');
    reader.replace('6379', String(address.port));
    await reader.program(text);
    // The parent's and the child's own; each ends with its process.
    expect(ends).toHaveLength(2);
    await Promise.all(ends);
    database.close();
  },
  Threads: program,
  'The child': program,
  'The child (2)': program,
});

const statusOf = async (reader: Reader, pid: number) => {
  const { stdout } = await reader.shell(`truefork status ${pid}`);
  return JSON.parse(stdout) as { generation: number; workers: unknown[] };
};

testPage(`${guide}/reload.md`, {
  'Start it': async (text, reader) => {
    reader.write('app.mjs', example('express/app.mjs'));
    await serves(text, reader);
    await reader.appears('app.pid');
  },
  'New code': async (text, reader) => {
    reader.write('app.mjs', example('express/app.mjs').replace('hello', 'goodbye'));
    await reader.shell(text);
    expect(await reader.get()).toMatch(/^goodbye from/);
  },
  'New code (2)': async (text, reader) => {
    reader.write('app.mjs', 'export default 5;');
    await reader.shell(text, 65);
    expect(await reader.get()).toMatch(/^goodbye from/);
    expect(await statusOf(reader, served.pid)).toMatchObject({ generation: 2 });
    reader.write('app.mjs', example('express/app.mjs'));
    await reader.shell(text);
    expect(await statusOf(reader, served.pid)).toMatchObject({ generation: 3 });
  },
  'Warm workers': async (text, reader) => {
    await reader.shell(text);
    expect(await statusOf(reader, served.pid)).toMatchObject({ generation: 4 });
  },
  'A new Node.js': async (text, reader) => {
    const { stdout } = await reader.shell(text);
    expect(stdout).toBe(reader.read('app.pid'));
    expect(Number(stdout)).not.toBe(served.pid);
    served.pid = Number(stdout);
    expect(await reader.get()).toMatch(/^hello from/);
  },
  'More or fewer workers': async (text, reader) => {
    const { stdout } = await reader.shell(text);
    expect(JSON.parse(stdout)).toMatchObject({ master: served.pid, workers: [{}, {}, {}] });
  },
  'Stop it': async (text, reader) => {
    await reader.shell(text);
    await reader.stopped(served);
    expect(existsSync(join(reader.folder, 'app.pid'))).toBe(false);
  },
});

const instructions = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'USER', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT'];

testPage(`${guide}/containers.md`, {
  Dockerfile: async (text, reader) => {
    const lines = text.trimEnd().split('\n');
    const all = lines.map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
      return { name, rest };
    });
    expect(all.map(({ name }) => name).filter((name) => !instructions.includes(name))).toEqual([]);
    expect(all[0]?.name).toBe('FROM');
    // What is copied is there, what npm ci needs before it.
    reader.write('app.mjs', example('express/app.mjs'));
    const modules = { name: 'app', version: '1.0.0', lockfileVersion: 3, packages: { '': { name: 'app' } } };
    reader.write('package-lock.json', JSON.stringify(modules));
    const copied = all.filter(({ name }) => name === 'COPY').map(({ rest }) => rest.split(' ').slice(0, -1));
    for (const name of copied.flat()) expect(existsSync(join(reader.folder, name))).toBe(true);
    const steps = all.map(({ name, rest }) => `${name} ${rest}`);
    expect(steps.indexOf('RUN npm ci --omit=dev')).toBeGreaterThan(
      steps.indexOf('COPY package.json package-lock.json ./'),
    );
    await reader.shell('npm ci --omit=dev --dry-run');
    // What it runs, run as process 1, in a folder that has what was copied.
    const argv = (name: string): string[] => {
      const found = all.find((line) => line.name === name)?.rest.replace(/^CMD /, '') ?? '';
      return JSON.parse(reader.here(found).replaceAll('/app/', `${reader.folder}/`)) as string[];
    };
    const [path = '', ...args] = argv('ENTRYPOINT');
    const { nodeArgs } = asProcess1('sh');
    reader.replace('9080', String(await freePort()));
    const container = reader.run(path, {
      node: 'unshare',
      nodeArgs,
      args: args.map((argument) => reader.here(argument)),
    });
    await reader.listens(container);
    expect(await reader.get()).toMatch(/^hello from \d+\n$/);
    const [command = '', ...rest] = argv('HEALTHCHECK').map((argument) => reader.here(argument));
    execFileSync(command, rest, { stdio: 'ignore' });
    const [first = 0] = childrenOf(container.pid);
    process.kill(first, 'SIGTERM');
    const { code, stderr } = await container.finished();
    expect(code).toBe(0);
    expect(stderr).toContain('"pid":1,');
    expect(() => execFileSync(command, rest, { stdio: 'ignore' })).toThrow();
  },
  'Dockerfile (2)': { notRun: 'where tests run there need not be Docker; what the image runs is run above' },
  'A program of your own as process 1': async (text, reader) => {
    const own = reader.start(text, asProcess1());
    await own.printed(/^orphan \{ state: 'exited', code: 3 \}$/m);
    const [first = 0] = childrenOf(own.pid);
    process.kill(first, 'SIGTERM');
    expect(await own.finished()).toMatchObject({ code: 0, stderr: '' });
  },
});

let zookeeper: ZooKeeperServer | undefined;
afterEach(async () => {
  await zookeeper?.destroy();
  zookeeper = undefined;
});

testPage(`${guide}/discovery.md`, {
  'On one machine': async (text, reader) => {
    reader.write('app.mjs', example('express/app.mjs'));
    await serves(text, reader);
    await served.program.logged(/"event":"registered"/);
  },
  'On one machine (2)': async (text, reader) => {
    const watching = reader.type(text);
    await watching.printed(new RegExp(`^\\+ \\S+:${reader.port} `, 'm'));
    watching.end();
    await watching.finished();
  },
  'A client that follows': async (text, reader) => {
    await reader.program(text);
    await reader.stop(served);
  },
  RPC: goesTo('server.mjs'),
  'RPC (2)': async (text, reader) => {
    served = await reader.serve(text);
    await served.program.logged(/"event":"registered"/);
  },
  'RPC (3)': async (text, reader) => {
    await reader.program(text);
    await reader.stop(served);
  },
  'On many machines': async (text, reader) => {
    zookeeper = await startServer();
    reader.replace('10.0.0.1:2181', zookeeper.address);
    await serves(text, reader);
    await served.program.logged(/"event":"registered"/);
  },
  'On many machines (2)': program,
});

// Of what the guide uses, as in systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.kill(5) and systemd.socket(5).
const directives: Record<string, readonly string[]> = {
  Unit: ['Description', 'After', 'Requires'],
  Service: [
    ...['Type', 'ExecStart', 'ExecReload', 'TimeoutStopSec', 'WatchdogSec', 'Restart'],
    ...['User', 'WorkingDirectory', 'KillMode'],
  ],
  Socket: ['ListenStream', 'SocketMode', 'SocketGroup'],
  Install: ['WantedBy'],
};

/** The directives of a unit file, which are such as there are. */
function unitOf(text: string): Map<string, string> {
  const unit = new Map<string, string>();
  let section = '';
  for (const line of text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (name !== undefined) {
      section = name;
      continue;
    }
    const [, directive = '', value = ''] = /^(\w+)=(.+)$/.exec(line) ?? [];
    expect(directives[section]).toContain(directive);
    unit.set(directive, value);
  }
  return unit;
}

/** What systemd itself has to say against units, where it is installed: nothing. */
function verify(reader: Reader, ...names: string[]): void {
  if (!existsSync('/usr/bin/systemd-analyze')) return;
  const paths = names.map((name) => join(reader.folder, name));
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' });
  expect(stderr.split('\n').filter((line) => line.includes(reader.folder) || /\bapp\./.test(line))).toEqual([]);
}

let unit: Map<string, string>;

testPage(`${guide}/systemd.md`, {
  'The service': async (text, reader) => {
    reader.replace('/srv/app', reader.folder);
    reader.write('app.mjs', example('express/app.mjs'));
    unit = unitOf(reader.write('app.service', reader.here(text)) && reader.read('app.service'));
    verify(reader, 'app.service');
    await serves(`exec ${unit.get('ExecStart')}`, reader);
    const reload = unit.get('ExecReload')?.replace('$MAINPID', String(served.pid)) ?? '';
    await reader.shell(reload);
    await served.program.logged(/"event":"reloaded"/);
    expect(unit.get('KillMode')).toBe('mixed'); // The master alone is told.
    await reader.stop(served);
  },
  'The service (2)': { notRun: 'systemctl changes the machine; what the unit runs is run above' },
  'The socket': async (text, reader) => {
    const socket = unitOf(text);
    expect(socket.get('ListenStream')).toBe('8080');
    reader.write('app.socket', reader.here(text));
    verify(reader, 'app.socket', 'app.service');
    // As systemd does it: descriptor 3, for the process that is started.
    const fd = posix.socket(posix.AF_INET, posix.SOCK_STREAM | posix.SOCK_CLOEXEC, 0);
    try {
      // As systemd does, too: a connection to the service before may be in TIME_WAIT.
      posix.setsockopt(fd, posix.SOL_SOCKET, posix.SO_REUSEADDR, 1);
      posix.bind(fd, '127.0.0.1', reader.port);
      posix.listen(fd, 16);
      const activated = `LISTEN_FDS=1 LISTEN_PID=$$ exec ${unit.get('ExecStart')}`;
      const program = reader.run('-c', { node: 'sh', args: [activated], descriptors: [fd] });
      served = await reader.listens(program);
      expect(await reader.get()).toMatch(/^hello from \d+\n$/);
      await reader.stop(served);
    } finally {
      posix.close(fd);
    }
  },
  'The socket (2)': { notRun: 'systemctl changes the machine; the server is run above with such a socket' },
});

testPage(`${guide}/from.md`, {
  'From node:cluster': async (text, reader) => {
    const primary = reader.start(text);
    expect(await reader.firstAnswer()).toMatch(/^hello from \d+\n$/);
    primary.end();
    await primary.finished();
  },
  'From node:cluster (2)': async (text, reader) => {
    const master = reader.start(text);
    expect(await reader.firstAnswer()).toMatch(/^hello from \d+\n$/);
    master.kill('SIGTERM');
    expect(await master.finished()).toMatchObject({ code: 0, stdout: '', stderr: '' });
  },
  'From PM2': async (text, reader) => {
    reader.write('app.cjs', expressInCommonJS());
    await reader.shell(text);
    expect(await reader.get()).toMatch(/^hello from \d+\n$/);
  },
  'From PM2 (2)': async (text, reader) => {
    const { stdout } = await reader.shell(text);
    expect(stdout).toMatch(/^└ worker 2 .* ready /m); // ps, after the scale
    expect(stdout).toMatch(/^\{.*"event":"reloaded"/m); // the log
    expect(existsSync(join(reader.folder, 'app.pid'))).toBe(false);
  },
  'From PM2 (3)': goesTo('truefork.config.mjs'),
  'From PM2 (4)': async (text, reader) => {
    await serves(text, reader);
    await reader.stop(served);
  },
  'From gunicorn': async (text, reader) => {
    const program = reader.run(reader.write('gunicorn.conf.py', text), { node: 'python3' });
    expect(await program.finished()).toMatchObject({ code: 0, stdout: '', stderr: '' });
  },
  'From gunicorn (2)': async (text, reader) => {
    reader.write('app.mjs', example('express/app.mjs'));
    reader.write('truefork.config.mjs', reader.here(text));
    await serves('npx truefork serve --config truefork.config.mjs', reader);
    await reader.stop(served);
  },
});

/** The app in CommonJS, as web-apps.md has it. */
function expressInCommonJS(): string {
  return titled(`${guide}/web-apps.md`).get('Express (4)')?.text ?? '';
}
