// `truefork serve` as a service: pid file, daemon, user.
import {
  existsSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getpwnam, kill, processStat } from 'truefork';
import { readPidFile } from 'truefork/daemon';
import { nodes, Program, programPath, run } from '../support/programs';
import { childrenOf } from '../support/processes';
import { familyFolderIn, isolated, temporaryDirectory } from '../support/runtime';
import { command, serve, truefork } from './truefork';

const listener = programPath('cli-listener.mjs');

// Daemons leave the process group of the program that started them: whatever else fails, none outlives its test.
const pidFiles: string[] = [];
afterEach(() => {
  for (const path of pidFiles.splice(0)) {
    const pid = existsSync(path) ? readPidFile(path) : undefined;
    if (pid !== undefined) kill(pid, 'SIGKILL');
  }
});

function newPidFile(folder = temporaryDirectory()): string {
  const path = join(folder, 'x.pid');
  pidFiles.push(path);
  return path;
}

async function answer(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}/path`, { headers: { connection: 'close' } })).text();
}

async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate);
}

describe('the pid file', () => {
  async function up() {
    const env = isolated();
    const path = newPidFile();
    const { program, port } = await serve('cli-listener.mjs', { env, args: ['-w', '2', '--pid-file', path] });
    while (!existsSync(path)) await new Promise(setImmediate);
    return { env, path, program, port };
  }

  test('that cannot be removed is left, and the server ends well', async () => {
    const env = isolated();
    const folder = join(temporaryDirectory(), 'folder');
    mkdirSync(folder);
    const path = newPidFile(folder);
    const { program } = await serve('cli-listener.mjs', { env, args: ['-w', '1', '--pid-file', path] });
    while (!existsSync(path)) await new Promise(setImmediate);
    renameSync(folder, `${folder}-elsewhere`);
    // What root cannot enter either.
    symlinkSync(folder, folder);
    program.kill('SIGTERM');
    const { code, stderr } = await program.finished();
    expect(stderr).toMatch(/stopped\nmaster pid=\d+ pidFile=left reason="ELOOP.*"\n$/);
    expect(code).toBe(0);
  });

  test('is there, whole, while the server accepts, and the commands take it for the pid', async () => {
    const { env, path, program } = await up();
    // What has been written has not been read yet, maybe; more would come of a request only.
    await program.logged(/(worker=\d pid=\d+ ready[^]*){2}/);
    expect(readFileSync(path, 'utf8')).toBe(`${program.pid}\n`);
    expect(statSync(path).mode & 0o777 & ~0o644).toBe(0);
    const status = await truefork(['status', path], env);
    expect(JSON.parse(status.stdout)).toMatchObject({ master: program.pid });
    expect(await truefork(['scale', path, '1'], env)).toMatchObject({ code: 0, stderr: '' });
    for (const change of ['refork', 'reload'])
      expect(await truefork([change, path], env)).toMatchObject({ code: 0, stderr: '' });
    expect((await truefork(['ps', path], env)).stdout).toContain(`master  `);
    expect(await truefork(['stop', path], env)).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(path)).toBe(false);
    expect((await program.finished()).code).toBe(0);
  });

  test('of a server that runs is refused to another, with status 75, before it does anything', async () => {
    const { env, path, program } = await up();
    const args = ['serve', programPath('cli-throws.mjs'), '--pid-file', path];
    expect(await truefork(args, env)).toMatchObject({
      code: 75,
      stdout: '',
      stderr: `truefork: process ${program.pid} runs with the pid file ${path}\n`,
    });
    expect((await truefork([...args, '--daemon'], env)).code).toBe(75);
    // To look whether all is right is no start.
    expect(await truefork(['serve', listener, '--pid-file', path, '--check-config'], env)).toMatchObject({ code: 0 });
    expect(readFileSync(path, 'utf8')).toBe(`${program.pid}\n`);
    program.kill('SIGTERM');
    await program.finished();
    expect(existsSync(path)).toBe(false);
  });

  test('that a killed master has left is told from one of a server, and replaced', async () => {
    const { env, path, program } = await up();
    const workers = childrenOf(program.pid);
    // A worker that outlives its master does not hold it.
    for (const worker of workers) kill(worker, 'SIGSTOP');
    program.kill('SIGKILL');
    await once(program.process, 'exit');
    expect(readFileSync(path, 'utf8')).toBe(`${program.pid}\n`);
    expect(await truefork(['stop', path], env)).toMatchObject({
      code: 1,
      stderr: `truefork: the server of ${path} does not run\n`,
    });
    const { program: next } = await serve('cli-listener.mjs', { env, args: ['-w', '1', '--pid-file', path] });
    while (readFileSync(path, 'utf8') !== `${next.pid}\n`) await new Promise(setImmediate);
    next.kill('SIGTERM');
    await next.finished();
    expect(existsSync(path)).toBe(false);
    program.end();
  });

  test('is written by nobody who does not get ready', async () => {
    const path = newPidFile();
    const args = ['serve', programPath('cli-dies.mjs'), '-w', '1', '--pid-file', path];
    expect((await truefork(args, isolated())).code).toBe(70);
    expect(existsSync(path)).toBe(false);
  });

  test('what is none is told so', async () => {
    const path = join(temporaryDirectory(), 'precious');
    writeFileSync(path, 'precious\n');
    expect(await truefork(['stop', path], isolated())).toMatchObject({
      code: 1,
      stderr: `truefork: ${path} cannot be read as a pid file: what is there is no pid file\n`,
    });
  });
});

describe('--daemon', () => {
  test('returns when the server accepts, and leaves it in the background', async () => {
    const env = isolated();
    const folder = temporaryDirectory();
    const path = newPidFile(folder);
    const log = join(folder, 'log');
    const args = ['--host', '127.0.0.1', '-w', '2', '--pid-file', path, '--log-file', log, '--log-format', 'text'];
    expect(await truefork(['serve', listener, ...args, '--daemon'], env)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const text = readFileSync(log, 'utf8');
    expect(text).toMatch(/^master pid=\d+ listening [^]*(worker=\d pid=\d+ ready[^]*){2}/);
    const pid = readPidFile(path) ?? 0;
    expect(processStat(pid)?.ppid).not.toBe(process.pid);
    expect(await answer(Number(/ port=(\d+)/.exec(text)?.[1]))).toBe('listener of /path\n');
    expect(await truefork(['stop', path], env)).toMatchObject({ code: 0, stderr: '' });
    await gone(pid);
    expect(readFileSync(log, 'utf8')).toMatch(/ stopped\n$/);
  });

  test.each([
    ['cli-throws.mjs', 66, /^truefork: .* could not be loaded: Error: this file is broken\n/],
    ['cli-no-export.mjs', 65, /^truefork: .* must export by default a server/],
    [
      'cli-exits.mjs',
      66,
      /^truefork: .*cli-exits\.mjs ended the process, or has nothing more to do, before it was loaded\n$/,
    ],
    ['cli-dies.mjs', 70, /^truefork: 5 workers ended before any was ready/],
  ])('of %s tells what the daemon said, and ends with its status %i', async (name, status, message) => {
    const log = join(temporaryDirectory(), 'log');
    const args = ['serve', programPath(name), '-w', '1', '--daemon', '--log-file', log];
    const { code, stdout, stderr } = await truefork(args, isolated());
    expect({ code, stdout }).toEqual({ code: status, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('of an address in use ends with status 69', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    const { code, stderr } = await truefork(
      ['serve', listener, '--host', '127.0.0.1', '-p', port, '--daemon'],
      isolated(),
    );
    taken.close();
    expect(code).toBe(69);
    expect(stderr).toMatch(/^truefork: EADDRINUSE: /);
  });
});

test('umask and working directory are those of the server, and of the application as it is loaded', async () => {
  const folder = temporaryDirectory();
  const { program, port } = await serve('cli-process.mjs', {
    env: isolated(),
    args: ['-w', '1', '--umask', '027', '--chdir', folder],
  });
  const told = JSON.parse(await answer(port)) as { loaded: unknown; now: unknown };
  expect(told.now).toMatchObject({ umask: 0o27, cwd: folder });
  expect(told.loaded).toEqual(told.now);
  program.kill('SIGTERM');
  await program.finished();
});

const isRoot = process.getuid?.() === 0;

test(isRoot ? 'root serves as another user' : 'only root serves as another user', async () => {
  if (!isRoot) {
    const { code, stderr } = await truefork(['serve', listener, '--user', 'root'], isolated());
    expect(code).toBe(77);
    expect(stderr).toMatch(/^truefork: only root can become user 0 of group 0, this is user \d+\n$/);
    return;
  }
  const user = getpwnam('nobody');
  if (!user) throw new Error('there is no user nobody');
  // All that the user needs is where it can get at it.
  const folder = temporaryDirectory();
  chmodSync(folder, 0o1777);
  const application = join(folder, 'app.mjs');
  copyFileSync(programPath('cli-process.mjs'), application);
  const path = newPidFile(folder);
  const env = { TMPDIR: folder, XDG_RUNTIME_DIR: temporaryDirectory() };
  const args = [
    'serve',
    application,
    '--host',
    '127.0.0.1',
    '-w',
    '1',
    '--log-format',
    'text',
    '--user',
    'nobody',
    '--pid-file',
    path,
  ];
  const program = new Program(command, { args, env, cwd: folder });
  const [, port] = await program.logged(/ port=(\d+)/);
  await program.logged(/ ready/);
  const told = JSON.parse(await answer(Number(port))) as { loaded: unknown; now: unknown };
  expect(told.now).toMatchObject({
    user: [user.uid, user.uid],
    group: [user.gid, user.gid],
    groups: [user.gid],
    home: user.dir,
    names: ['nobody', 'nobody'],
  });
  expect(told.now).not.toHaveProperty('runtime');
  expect(told.loaded).toEqual(told.now);

  while (!existsSync(path)) await new Promise(setImmediate);
  const families = familyFolderIn(join(folder, `truefork-${user.uid}`));
  for (const file of [
    path,
    families,
    join(families, `${program.pid}.scoreboard`),
    join(families, `${program.pid}.control`),
  ]) {
    expect(statSync(file).uid).toBe(user.uid);
  }
  // The new one is the user from its beginning on.
  const upgraded = await truefork(['upgrade', path], env);
  expect(upgraded).toMatchObject({ code: 0, stderr: '' });
  const successor = Number(upgraded.stdout);
  while (program.process.exitCode === null) await new Promise(setImmediate);
  expect(statSync(`/proc/${successor}`).uid).toBe(user.uid);
  expect(JSON.parse(await answer(Number(port)))).toEqual(told);

  // Root asks it all the same.
  expect((await truefork(['status', path], env)).stdout).toContain(`"master": ${successor}`);
  expect(await truefork(['stop', String(successor)], env)).toMatchObject({ code: 0, stderr: '' });
  expect((await program.finished()).code).toBe(0);
  expect(existsSync(path)).toBe(false);
});

// The daemon is a fork, and its threads are others than those that Node.js has made.
test.each(nodes())('a daemon becomes another user, if root starts it: on Node $major', async ({ path: node }) => {
  const folder = temporaryDirectory();
  chmodSync(folder, 0o1777);
  const application = join(folder, 'app.mjs');
  copyFileSync(listener, application);
  const path = newPidFile(folder);
  const args = [
    'serve',
    application,
    '--host',
    '127.0.0.1',
    '-w',
    '2',
    '--log-format',
    'text',
    '--reuse-port',
    '--daemon',
    '--pid-file',
    path,
  ];
  const env = { TMPDIR: folder };
  for (let n = 0; n < 5; n++) {
    const { code, stderr } = await run(command, { node, args: [...args, '--user', isRoot ? 'nobody' : 'root'], env });
    expect([code, stderr]).toEqual(isRoot ? [0, ''] : [77, expect.stringContaining('only root can become user 0')]);
    if (!isRoot) continue;
    expect(await truefork(['stop', path], env)).toMatchObject({ code: 0, stderr: '' });
  }
});

test('a log file that root makes for another user is theirs: the next master opens it as that user', async () => {
  if (!isRoot) return;
  const user = getpwnam('nobody');
  const folder = temporaryDirectory();
  chmodSync(folder, 0o1777);
  const application = join(folder, 'app.mjs');
  copyFileSync(listener, application);
  const path = newPidFile(folder);
  const logs = ['made.log', 'there.log'].map((name) => join(folder, name));
  const env = { TMPDIR: folder };
  const args = ['serve', application, '--host', '127.0.0.1', '--daemon', '--user', 'nobody', '--pid-file', path];
  const [made = '', there = ''] = logs;
  writeFileSync(there, '');
  for (const log of logs) {
    expect(await truefork([...args, '--log-file', log], env)).toMatchObject({ code: 0, stderr: '' });
    // Somebody else's file is left as it is.
    expect(statSync(log).uid).toBe(log === made ? user?.uid : 0);
    expect((await truefork(['upgrade', path], env)).code).toBe(log === made ? 0 : 1);
    expect(await truefork(['stop', path], env)).toMatchObject({ code: 0, stderr: '' });
  }
  expect(statSync(made).mode & 0o777).toBe(0o640);
});

test('a pid file that the user cannot write is told before the application is loaded', async () => {
  const args = [
    'serve',
    programPath('cli-throws.mjs'),
    '--pid-file',
    '/proc/x.pid',
    ...(isRoot ? ['--user', 'nobody'] : []),
  ];
  const { code, stderr } = await truefork(args, isolated());
  expect(code).toBe(73);
  expect(stderr).toMatch(/^truefork: the pid file \/proc\/x\.pid cannot be written: /);
});

test('somebody who is not root is refused another user, with status 77', async () => {
  const { code, stderr } = await run(programPath('cli-not-root.mjs'), { args: ['serve', listener, '--user', 'root'] });
  expect(code).toBe(77);
  expect(stderr).toMatch(/^truefork: only root can become user 0 of group 0, this is user \d+\n$/);
});
