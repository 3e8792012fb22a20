// `truefork upgrade`: a server is executed anew, master and all, under the eyes of its clients.
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'truefork';
import { connectRegistry } from 'truefork/discovery';
import * as posix from 'truefork/posix';
import type { MasterStatus } from 'truefork/prefork';
import { HttpConnection } from '../prefork/http-connection';
import { Load } from '../prefork/load';
import { statusOf } from '../prefork/status-client';
import { groupOf, resourcesOf } from '../support/processes';
import { nodes, Program, programPath, run, type Finished } from '../support/programs';
import { familyFolder, isolated, temporaryDirectory } from '../support/runtime';
import { command, truefork } from './truefork';

const application = programPath('cli-pid.mjs');

/** A server with a configuration file, and those that take its place: all of one process group. */
class Service {
  readonly folder = temporaryDirectory();
  readonly env = isolated();
  readonly pidFile = join(this.folder, 'pid');
  readonly #configuration = join(this.folder, 'configuration.json');
  readonly #settings: Record<string, unknown>;
  readonly program: Program;

  constructor(settings: Record<string, unknown>, node?: string, variables?: NodeJS.ProcessEnv) {
    const address = 'path' in settings ? {} : { host: '127.0.0.1' };
    this.#settings = { application, workers: 2, pidFile: this.pidFile, ...address, ...settings };
    this.configure();
    this.program = new Program(command, {
      args: ['serve', '--config', this.#configuration, '--log-format', 'text'],
      env: { ...this.env, ...variables },
      ...(node !== undefined && { node }),
    });
  }

  /** One that accepts, and can be asked. */
  static async up(
    settings: Record<string, unknown> = {},
    node?: string,
    variables?: NodeJS.ProcessEnv,
  ): Promise<Service> {
    const service = new Service(settings, node, variables);
    await service.answers(service.program.pid);
    while (!existsSync(service.pidFile)) await new Promise(setImmediate);
    return service;
  }

  /** What the next master is told: the settings of the first one, but for these. */
  configure(settings: Record<string, unknown> = {}): void {
    writeFileSync(this.#configuration, JSON.stringify({ ...this.#settings, ...settings }));
  }

  /** Fulfilled when this master has its control socket. */
  async answers(master: number): Promise<void> {
    const control = join(familyFolder(this.env), `${master}.control`);
    while (!existsSync(control)) await new Promise(setImmediate);
  }

  async port(): Promise<number> {
    return Number((await this.program.logged(/ listening host=\S+ port=(\d+)/))[1]);
  }

  get pid(): number {
    return Number(readFileSync(this.pidFile, 'utf8'));
  }

  ask(...args: string[]): Promise<Finished> {
    return truefork([...args, this.pidFile], this.env);
  }

  async status(): Promise<MasterStatus> {
    return JSON.parse((await this.ask('status')).stdout) as MasterStatus;
  }

  async workers(): Promise<number[]> {
    return (await this.status()).workers.map(({ pid }) => pid ?? 0);
  }

  /** Expects that it succeeds. The result is the new master, which is asked from then on. */
  async upgrade(): Promise<number> {
    const { code, stdout, stderr } = await this.ask('upgrade');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await this.answers(Number(stdout));
    expect(this.pid).toBe(Number(stdout));
    return Number(stdout);
  }

  get running(): number[] {
    return groupOf(this.program.pid)
      .filter(({ state }) => state !== 'Z')
      .map(({ pid }) => pid);
  }

  /** Ends the last of them, and expects that nothing is left. */
  async down(): Promise<string> {
    expect(await this.ask('stop')).toMatchObject({ code: 0, stderr: '' });
    const { stderr } = await this.program.finished();
    // They are init's, and nobody hears of their ends.
    while (this.running.length > 0) await sleep(5);
    expect(existsSync(this.pidFile)).toBe(false);
    return stderr;
  }
}

/** Fulfilled when a process of the group has ended. */
async function ended(service: Service, pid: number): Promise<void> {
  while (service.running.includes(pid)) await sleep(10);
}

/** Five times in a row, under load. */
async function fiveUpgrades(service: Service, at: number | string): Promise<void> {
  const first = resourcesOf(service.pid);
  const load = new Load(at, 4, undefined, { oneShot: 2 });
  await load.more(5, await service.workers());
  for (let n = 0; n < 5; n++) {
    const old = service.pid;
    const successor = await service.upgrade();
    expect(successor).not.toBe(old);
    await load.more(5, await service.workers());
    await ended(service, old);
    // Nobody is left of those before it, and nobody waits for it but who waits for orphans.
    expect(service.running).toContain(successor);
    // It is a zombie as soon as its main thread has ended, and gives its children away with the last one.
    while (groupOf(service.program.pid).find(({ pid }) => pid === successor)?.ppid === old) await sleep(5);
  }
  // Whoever asked for the status has been answered; of a master that waits for a processor the connection is still open.
  while (resourcesOf(service.pid).descriptors > first.descriptors) await sleep(5);
  expect(resourcesOf(service.pid).threads).toBeLessThanOrEqual(first.threads);
  await load.stop();
  expect({ lost: load.lost, refused: load.refused }).toEqual({ lost: [], refused: [] });
  // A master, a mold and two workers.
  while (service.running.length > 4) await sleep(5);
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('no request is lost over five upgrades', async () => {
    const service = await Service.up({}, node);
    await fiveUpgrades(service, await service.port());
    await service.down();
  });
});

test('no request is lost on a Unix socket, and its file goes with the last', async () => {
  const path = join(temporaryDirectory(), 'socket');
  const service = await Service.up({ path });
  await fiveUpgrades(service, path);
  await service.down();
  expect(existsSync(path)).toBe(false);
});

test('a name in the abstract namespace is kept', async () => {
  const name = `truefork-upgrade-${process.pid}`;
  const service = await Service.up({ path: `@${name}` });
  await service.upgrade();
  const client = posix.socket(posix.AF_UNIX, posix.SOCK_STREAM | posix.SOCK_CLOEXEC, 0);
  posix.connect(client, `\0${name}`);
  posix.close(client);
  await service.down();
});

describe('with a socket for each worker', () => {
  test('no request is lost', async () => {
    const service = await Service.up({ reusePort: true });
    await fiveUpgrades(service, await service.port());
    await service.down();
  });

  test('there may be more of them afterwards, and fewer', async () => {
    const service = await Service.up({ reusePort: true });
    const load = new Load(await service.port(), 2, undefined, { oneShot: 4 });
    for (const workers of [4, 1, 3]) {
      const old = service.pid;
      service.configure({ workers });
      await service.upgrade();
      const now = await service.workers();
      expect(now).toHaveLength(workers);
      await load.more(5, now);
      await ended(service, old);
    }
    await load.stop();
    expect({ lost: load.lost, refused: load.refused }).toEqual({ lost: [], refused: [] });
    await service.down();
  });
});

test('the status page goes on at its port', async () => {
  const service = await Service.up({ statusPort: 0 });
  const [, port = ''] = await service.program.logged(/ status host=\S+ port=(\d+)/);
  expect((await statusOf(Number(port))).master).toBe(service.pid);
  for (let n = 0; n < 2; n++) {
    const successor = await service.upgrade();
    expect((await statusOf(Number(port))).master).toBe(successor);
  }
  // It may be another from then on, or none.
  service.configure({ statusPort: undefined });
  const old = service.pid;
  await service.upgrade();
  await ended(service, old);
  await expect(statusOf(Number(port))).rejects.toThrow('ECONNREFUSED');
  service.configure({ statusPort: 0 });
  await service.upgrade();
  // The fourth: the first one's, that of two upgrades, and this.
  const [, last] = await service.program.logged(/(?: status host=\S+ port=(\d+)[^]*){4}/);
  expect((await statusOf(Number(last))).master).toBe(service.pid);
  await service.down();
});

test('each way to fail leaves the server as it was', async () => {
  const service = await Service.up({ statusPort: 0 });
  const { pid } = service;
  const workers = await service.workers();
  const family = service.running;
  const port = await service.port();
  const load = new Load(port, 2, undefined, { oneShot: 1 });
  const ways: [Record<string, unknown>, RegExp][] = [
    [{ application: programPath('cli-throws.mjs') }, /could not be loaded: Error: this file is broken/],
    [{ application: programPath('cli-no-export.mjs') }, /must export by default a server/],
    [{ application: join(service.folder, 'missing.mjs') }, /there is no file /],
    [{ application: programPath('cli-dies.mjs') }, /5 workers ended before any was ready/],
    [{ application: programPath('cli-kills-master.mjs') }, /the new one ended with SIGKILL before it served/],
    [{ workers: 'two' }, /"workers" must be/],
    [{ port: port === 65535 ? 1 : port + 1 }, /the socket .* listens on 127\.0\.0\.1 port \d+, not on port/],
    [{ reusePort: true }, /started with one socket, and reusePort needs one for each worker/],
    [{ pidFile: '/proc/truefork.pid' }, /the pid file \/proc\/truefork\.pid cannot be written/],
  ];
  for (const [settings, reason] of ways) {
    service.configure(settings);
    const { code, stdout, stderr } = await service.ask('upgrade');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^truefork: the master was not replaced: [^]*; the old one goes on\n$/);
    expect(stderr).toMatch(reason);
    expect(service.pid).toBe(pid);
    expect(await service.workers()).toEqual(workers);
  }
  // What an orphaned worker has in hand it finishes.
  while (service.running.length > family.length) await sleep(10);
  expect(service.running).toEqual(family);
  await load.stop();
  expect({ lost: load.lost, refused: load.refused }).toEqual({ lost: [], refused: [] });
  service.configure();
  await service.upgrade();
  await service.down();
});

test('a working directory that has been removed is told of as what it is', async () => {
  const [env, cwd] = [isolated(), temporaryDirectory()];
  const args = ['serve', application, '-w', '1', '--host', '127.0.0.1', '--log-format', 'text'];
  const program = new Program(command, { args, env, cwd });
  const control = join(familyFolder(env), `${program.pid}.control`);
  while (!existsSync(control)) await new Promise(setImmediate);
  rmSync(cwd, { recursive: true });
  expect(await truefork(['upgrade', String(program.pid)], env)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `truefork: the master was not replaced: the new one could not be started: there is no directory ${cwd}; the old one goes on\n`,
  });
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('one that does not serve in time is ended', async () => {
  const service = await Service.up({ bootTimeout: '1s' });
  const { pid } = service;
  service.configure({ application: programPath('cli-hangs.mjs'), bootTimeout: 'never' });
  const { code, stderr } = await service.ask('upgrade');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'truefork: the master was not replaced: the new one did not serve within 2000 ms; the old one goes on\n',
  });
  expect(service.pid).toBe(pid);
  while (service.running.length > 4) await sleep(5);
  await service.down();
});

test('while it goes on, all other changes are refused, and a stop stops both', async () => {
  const service = await Service.up();
  const { pid } = service;
  const workers = await service.workers();
  service.configure({ application: programPath('cli-hangs.mjs') });
  const upgrade = service.ask('upgrade');
  const [, successor = ''] = await service.program.logged(/^mold pid=\d+ forked [^]*^master pid=(\d+) listening /m);
  for (const change of ['reload', 'refork', 'upgrade']) {
    const { code, stderr } = await service.ask(change);
    expect(code).toBe(1);
    expect(stderr).toMatch(/not replaced: a new master is being started\n$/);
  }
  expect(await truefork(['scale', service.pidFile, '3'], service.env)).toMatchObject({
    code: 1,
    stderr: 'truefork: the number of workers stays as it is: a new master is being started\n',
  });
  kill(pid, 'SIGTTIN');
  await service.program.logged(/ ignored signal=SIGTTIN reason="a new master is being started"$/m);
  expect(await service.workers()).toEqual(workers);
  await service.program.logged(new RegExp(`^master pid=${successor} listening [^]*^mold pid=\\d+ forked`, 'm'));
  await service.down();
  expect(await upgrade).toMatchObject({
    code: 1,
    stderr: 'truefork: the master was not replaced: the server stops\n',
  });
});

/** A name for a log, and what it has as soon as that matches. */
function logFile() {
  const path = join(temporaryDirectory(), 'log');
  const has = async (pattern: RegExp) => {
    for (;;) {
      const match = existsSync(path) ? pattern.exec(readFileSync(path, 'utf8')) : null;
      if (match) return match;
      await sleep(5);
    }
  };
  return { path, has };
}

test('a log that is renamed meanwhile the new one opens anew, too', async () => {
  const log = logFile();
  const [fifo, late] = ['fifo', 'late.mjs'].map((name) => join(log.path, '..', name)) as [string, string];
  const service = await Service.up({ logFile: log.path });
  const { pid } = service;
  posix.mkfifo(fifo, 0o600);
  const waits = `import { readFileSync } from 'node:fs'; readFileSync(${JSON.stringify(fifo)});`;
  writeFileSync(late, `${waits} export { default } from ${JSON.stringify(application)};`);
  service.configure({ application: late });
  const upgrade = service.ask('upgrade');
  const [, successor = ''] = await log.has(/ upgrade\n[^]*^master pid=(\d+) listening [^]*^mold pid=\d+ forked/m);
  renameSync(log.path, `${log.path}.1`);
  kill(pid, 'SIGUSR1');
  await log.has(new RegExp(`^master pid=${pid} reopened logs$`, 'm'));
  writeFileSync(fifo, '');
  expect(await upgrade).toMatchObject({ code: 0, stderr: '' });
  await service.answers(Number(successor));
  await service.down();
  expect(readFileSync(log.path, 'utf8')).toMatch(new RegExp(`^master pid=${successor} stopped$`, 'm'));
  expect(readFileSync(`${log.path}.1`, 'utf8')).not.toMatch(/ stopped$/m);
});

test('a log that is renamed while the old one finishes that one opens anew, too', async () => {
  const log = logFile();
  const service = await Service.up({ logFile: log.path, application: programPath('cli-waits.mjs') });
  const { pid } = service;
  const [, port] = await log.has(/ listening host=\S+ port=(\d+)/);
  const connection = await HttpConnection.open(Number(port));
  await connection.begin();
  const successor = await service.upgrade();
  renameSync(log.path, `${log.path}.1`);
  kill(successor, 'SIGUSR1');
  await log.has(new RegExp(`^master pid=${pid} reopened logs$`, 'm'));
  connection.finishBody();
  await connection.answer();
  await ended(service, pid);
  expect(readFileSync(log.path, 'utf8')).toMatch(new RegExp(`^master pid=${pid} stopped$`, 'm'));
  await service.down();
});

test('what a connection has in hand the old master waits for', async () => {
  const service = await Service.up({ application: programPath('cli-waits.mjs') });
  const old = service.pid;
  const port = await service.port();
  const connection = await HttpConnection.open(port);
  await connection.begin();
  const successor = await service.upgrade();
  // The old one finishes; it is the new one that is asked, and that may be replaced.
  expect(service.running).toContain(old);
  const { code, stderr } = await truefork(['reload', String(old)], service.env);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'truefork: the workers were not replaced: a new master has taken over\n',
  });
  expect(await service.upgrade()).not.toBe(successor);
  connection.finishBody();
  expect((await connection.answer()).body).toMatch(/^\d+$/);
  await ended(service, old);
  await service.down();
});

test('another Node.js is executed, where the name leads to another by then', async () => {
  const [own, other] = nodes();
  if (!own || !other) return;
  const folder = temporaryDirectory();
  const node = join(folder, 'node');
  symlinkSync(own.path, node);
  const service = await Service.up({ application: programPath('cli-version.mjs') }, node);
  const version = async () => (await fetch(`http://127.0.0.1:${await service.port()}/`)).text();
  expect(await version()).toBe(own.major);
  rmSync(node);
  symlinkSync(other.path, node);
  const old = service.pid;
  await service.upgrade();
  await ended(service, old);
  expect(await version()).toBe(other.major);
  await service.down();
});

test('the environment stays as it is, with names that a shell does not know', async () => {
  const settings = { application: programPath('cli-environment.mjs') };
  const odd = { 'app.name': 'dots', 'X-Y': 'hyphen', IFS: ':', OPTIND: '7', 'a b': 'two\nlines' };
  const service = await Service.up(settings, undefined, odd);
  const environment = async () => (await fetch(`http://127.0.0.1:${await service.port()}/all`)).json();
  const first = await environment();
  expect(first).toMatchObject(odd);
  const old = service.pid;
  await service.upgrade();
  await ended(service, old);
  expect(await environment()).toEqual(first);
  await service.down();
});

test('a daemon is upgraded, and is found in the registry all the time', async () => {
  const service = new Service({ daemon: true, register: 'hello', logFile: '/dev/null' });
  expect(await service.program.finished()).toMatchObject({ code: 0, stderr: '' });
  const registry = await connectRegistry(`file://${join(service.env.XDG_RUNTIME_DIR, 'truefork', 'registry')}`);
  const [first] = await registry.instances('hello');
  const lists: unknown[] = [];
  registry.watch('hello', (instances) => lists.push(instances));
  try {
    const old = service.pid;
    const successor = await service.upgrade();
    expect(successor).not.toBe(old);
    // In the background still: of the same session.
    const session = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[5];
    expect(session(successor)).not.toBe(session(process.pid));
    await ended(service, old);
    // With the same id, and without a gap: nobody has heard of it.
    expect(await registry.instances('hello')).toEqual([first]);
    expect(lists).toEqual([[first]]);
  } finally {
    await registry.close();
    expect(await service.ask('stop')).toMatchObject({ code: 0, stderr: '' });
  }
});

test('process 1 of a container is not replaced, and a program that has not said its command', async () => {
  const program = programPath('prefork-upgrade.mjs');
  const env = isolated();
  expect(await run(program, { env })).toMatchObject({
    code: 0,
    stdout:
      'ERR_PREFORK_UPGRADE the master was not replaced: nobody has told it by which command (the option command of prefork)\n',
  });
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  expect(
    await run(program, {
      env,
      node: 'unshare',
      nodeArgs: [...user, '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath],
    }),
  ).toMatchObject({
    code: 0,
    stdout:
      'ERR_PREFORK_UPGRADE the master was not replaced: it is process 1, with whose end the container would end\n',
  });
});
