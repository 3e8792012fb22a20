// The commands that ask a running master, and the socket by which they do.
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as posix from 'truefork/posix';
import { resourcesOf } from '../support/processes';
import { Program, programPath } from '../support/programs';
import { familyFolder, isolated } from '../support/runtime';
import { command, serve, truefork } from './truefork';

interface Status {
  master: number;
  port: number;
  generation: number;
  wanted: number;
  molds: { pid: number; generation: number; state: string }[];
  workers: { worker: number; pid: number; generation: number; state: string }[];
}

async function up(workers: number, args: string[] = []) {
  const env = isolated();
  const { program, port } = await serve('cli-listener.mjs', {
    env,
    args: ['--workers', String(workers), ...args],
  });
  const pid = String(program.pid);
  const path = join(familyFolder(env), `${pid}.control`);
  // It is made when all workers are ready.
  for (let n = 0; n < workers; n++) await program.logged(new RegExp(`^worker=${n} pid=\\d+ ready`, 'm'));
  while (!existsSync(path)) await new Promise(setImmediate);
  const status = async () => JSON.parse((await truefork(['status', pid], env)).stdout) as Status;
  return { env, program, port, pid, path, status };
}

/** What the master answers to bytes on its socket, until it ends the connection, or has said a line. */
function answerTo(path: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const connection = connect(path, () => connection.write(bytes));
    connection.on('error', reject);
    connection.on('data', (chunk) => {
      text += chunk.toString();
      if (text.endsWith('\n')) connection.destroy();
    });
    connection.on('close', () => {
      resolve(text);
    });
  });
}

test('status, scale, refork, reload and stop', async () => {
  const { env, program, port, pid, status } = await up(2);
  expect(await status()).toMatchObject({
    master: program.pid,
    host: '127.0.0.1',
    port,
    generation: 1,
    wanted: 2,
    replacing: null,
    stopping: null,
    molds: [{ generation: 1, state: 'ready' }],
    workers: [0, 1].map((worker) => ({ worker, generation: 1, state: 'ready' })),
  });

  expect(await truefork(['scale', pid, '3'], env)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  await program.logged(/^worker=2 pid=\d+ ready/m);
  expect((await status()).wanted).toBe(3);

  const before = new Set((await status()).workers.map((worker) => worker.pid));
  for (const [expected, command] of [
    [2, 'refork'],
    [3, 'reload'],
  ] as const) {
    expect(await truefork([command, pid], env)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const { generation, molds, workers } = await status();
    expect(generation).toBe(expected);
    const mold = molds.find((one) => one.generation === expected);
    expect(mold?.state).toBe('ready');
    // One of the workers, or a new process.
    expect(before.has(mold?.pid ?? 0)).toBe(command === 'refork');
    const fresh = workers.filter((worker) => worker.generation === expected);
    expect(fresh.map(({ worker, state }) => [worker, state])).toEqual([0, 1, 2].map((worker) => [worker, 'ready']));
    expect(fresh.some((worker) => before.has(worker.pid))).toBe(false);
  }

  // It returns when all have ended.
  expect(await truefork(['stop', pid], env)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await program.finished()).toMatchObject({ code: 0, signal: null });
  expect(program.stderr).toMatch(/stopping how=graceful$/m);
  expect(readdirSync(familyFolder(env))).toEqual([]);
});

test('quit', async () => {
  const { env, program, pid } = await up(1);
  expect(await truefork(['quit', pid], env)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await program.finished()).toMatchObject({ code: 0, signal: null });
  expect(program.stderr).toMatch(/stopping how=graceful$/m);
});

test('stop --quick', async () => {
  const { env, program, pid } = await up(1);
  expect(await truefork(['stop', '--quick', pid], env)).toMatchObject({ code: 0, stderr: '' });
  await program.finished();
  expect(program.stderr).toMatch(/stopping how=quick$/m);
});

test('stop returns when the process has ended, not before', async () => {
  const env = isolated();
  const fifo = join(env.XDG_RUNTIME_DIR, 'fifo');
  posix.mkfifo(fifo, 0o600);
  const program = new Program(programPath('prefork-late-exit.mjs'), { args: [fifo], env });
  await program.printed(/^up$/m);
  const { AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM } = posix;
  const fd = posix.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  posix.connect(fd, join(familyFolder(env), `${program.pid}.control`));
  posix.write(fd, Buffer.from('stop\n'));
  await program.printed(/^exiting$/m);
  // What there is to read, and no end yet.
  posix.fcntl(fd, posix.F_SETFL, posix.O_NONBLOCK);
  const buffer = Buffer.alloc(64);
  expect(buffer.toString('utf8', 0, posix.read(fd, buffer))).toBe('{"result":null}\n');
  expect(() => posix.read(fd, buffer)).toThrow(expect.objectContaining({ code: 'EAGAIN' }) as Error);
  writeFileSync(fifo, '');
  expect(await program.finished()).toMatchObject({ code: 0, stderr: '' });
  expect(posix.read(fd, buffer)).toBe(0);
  posix.close(fd);
});

test('stop returns though a process that the program has forked meanwhile lives on', async () => {
  const env = isolated();
  const program = new Program(programPath('prefork-stop-helper.mjs'), { env });
  await program.printed(/^up$/m);
  const stopped = truefork(['stop', String(program.pid)], env);
  const helper = Number((await program.printed(/^helper=(\d+)$/m))[1]);
  expect(await stopped).toMatchObject({ code: 0, stderr: '' });
  posix.kill(helper, 0);
  posix.kill(helper, 'SIGKILL');
  expect((await program.finished()).code).toBe(0);
});

test('who asks a master that is stopped is told so, and it does as it was told when it goes on', async () => {
  const { env, program, pid, status } = await up(1);
  program.kill('SIGSTOP');
  while (posix.processStat(program.pid)?.state !== 'T') await new Promise(setImmediate);
  for (const args of [
    ['status', pid],
    ['scale', pid, '2'],
  ]) {
    expect(await truefork(args, env)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `truefork: master ${pid} cannot be asked: it is stopped (SIGSTOP, or Ctrl-Z), and does what it is told when it goes on\n`,
    });
  }
  program.kill('SIGCONT');
  await program.logged(/^worker=1 pid=\d+ ready/m);
  expect(await status()).toMatchObject({ wanted: 2 });
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('who asks a master that is asked by too many is told so', async () => {
  const { env, program, path, pid } = await up(1);
  const others = Array.from({ length: 64 }, () => connect(path));
  for (const other of others) other.write('status\n');
  await Promise.all(others.map((other) => once(other, 'data')));
  const told = {
    code: 1,
    stdout: '',
    stderr: `truefork: master ${pid} cannot be asked: it has ended, or is asked by too many\n`,
  };
  expect(await truefork(['status', pid], env)).toMatchObject(told);
  for (const other of others) other.destroy();
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('a master that could not make its scoreboard is asked as any other', async () => {
  const env = isolated();
  // No file of it may be longer, as if the disk were full.
  const limited = ['-c', 'ulimit -f 8 && exec "$@"', 'sh', process.execPath];
  const args = ['serve', programPath('cli-listener.mjs'), '--log-format', 'text', '--workers', '1', '--port', '0'];
  const program = new Program(command, { node: 'sh', nodeArgs: limited, args, env });
  await program.logged(/scoreboard=private reason="EFBIG/);
  const path = join(familyFolder(env), `${program.pid}.control`);
  while (!existsSync(path)) await new Promise(setImmediate);
  const pid = String(program.pid);
  await program.logged(/^worker=0 pid=\d+ ready/m);
  const { code, stdout, stderr } = await truefork(['status', pid], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect((JSON.parse(stdout) as Status).master).toBe(program.pid);
  expect(await truefork(['scale', pid, '2'], env)).toMatchObject({ code: 0, stderr: '' });
  expect(await truefork(['stop', pid], env)).toMatchObject({ code: 0, stderr: '' });
  expect(await program.finished()).toMatchObject({ code: 0 });
});

test('where the path is too long for a control socket there is none, and no other master is asked in its place', async () => {
  const { XDG_RUNTIME_DIR } = isolated();
  const long = 'x'.repeat(100);
  const env = { XDG_RUNTIME_DIR: join(XDG_RUNTIME_DIR, long) };
  mkdirSync(env.XDG_RUNTIME_DIR);
  const programs = [];
  for (let n = 0; n < 2; n++) {
    const { program } = await serve('cli-listener.mjs', { env, args: ['--workers', '1'] });
    await program.logged(/ control=none reason="the path of a Unix socket has at most 107 bytes, and this has \d+: \//);
    await program.logged(/^worker=0 pid=\d+ ready/m);
    programs.push(program);
  }
  const pids = programs.map(({ pid }) => String(pid));
  for (const pid of pids) {
    const { code, stderr } = await truefork(['stop', pid], env);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        `^truefork: master ${pid} cannot be asked: the path of a Unix socket has`,
      ) as string,
    });
    expect((await truefork(['ps', pid], env)).stdout).toMatch(new RegExp(`^master +${pid} `, 'm'));
  }
  // Nothing beside it that has the beginning of its name.
  expect(readdirSync(XDG_RUNTIME_DIR)).toEqual([long]);
  for (const program of programs) {
    program.kill('SIGTERM');
    expect((await program.finished()).code).toBe(0);
  }
});

test('what cannot be done is told, with status 1; what is no call, with status 2', async () => {
  const { env, program, pid } = await up(1);
  const outcome = async (...args: string[]) => {
    const { code, stdout, stderr } = await truefork(args, env);
    expect(stdout).toBe('');
    return [code, stderr.trim()];
  };
  expect(await outcome('scale', pid, '1025')).toEqual([1, expect.stringMatching(/^truefork: .*workers.*1024/)]);
  expect(await outcome('stop', '1')).toEqual([1, 'truefork: process 1 is no master of yours']);
  expect(await outcome('stop', String(process.pid))).toEqual([
    1,
    `truefork: process ${process.pid} is no master of yours`,
  ]);
  expect(await outcome('scale', pid, 'many')).toEqual([
    2,
    expect.stringContaining("N is a number from 0 to 1024, not 'many'"),
  ]);
  expect(await outcome('scale', pid)).toEqual([2, expect.stringContaining('N is missing')]);
  expect(await outcome('status', 'x')).toEqual([
    2,
    expect.stringContaining("PID is a number or the path of a pid file, not 'x'"),
  ]);
  program.kill('SIGTERM');
  await program.finished();
});

test('nobody else can ask, and what makes no sense harms nobody', async () => {
  const { program, path, status } = await up(1);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await answerTo(path, 'dance\n')).toMatch(/^\{"error":"there is no request \\"dance\\"/);
  expect(await answerTo(path, 'scale\n')).toMatch(/"error":/);
  expect(await answerTo(path, '\n')).toMatch(/"error":/);
  expect(await answerTo(path, 'x'.repeat(300))).toBe('');
  expect(await answerTo(path, `${'x'.repeat(300)}\n`)).toBe('');
  expect(await answerTo(path, Buffer.from([0, 0xff, 0x1b, 0x0a]))).toMatch(/^\{"error":"there is no request/);
  expect(await answerTo(path, 'status\nstatus\n')).toMatch(/^\{"result":\{.*\}\}\n$/);
  // Whoever asks and goes away.
  await new Promise<void>((resolve) => {
    const connection = connect(path, () => {
      connection.write('status\n');
      connection.destroy();
      resolve();
    });
  });
  expect((await status()).workers).toHaveLength(1);
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('who has said all that it says is answered nevertheless', async () => {
  const { program, path } = await up(1);
  const connection = connect({ path, allowHalfOpen: true }).setEncoding('utf8');
  connection.end('status\n');
  expect((await connection.toArray()).join('')).toMatch(/^\{"result":\{.*\}\}\n$/);
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('what comes after a request is not kept', async () => {
  const { program, path, status } = await up(1);
  const resident = () =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${program.pid}/status`, 'latin1'))?.[1]);
  const connection = connect(path);
  connection.write('status\n');
  await once(connection, 'data');
  const before = resident();
  const MEGABYTES = 200;
  const megabyte = Buffer.alloc(2 ** 20, 'x');
  for (let n = 0; n < MEGABYTES; n++) if (!connection.write(megabyte)) await once(connection, 'drain');
  expect(resident() - before).toBeLessThan((MEGABYTES / 2) * 1024);
  connection.destroy();
  expect((await status()).workers).toHaveLength(1);
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('those who ask nothing are not many, and not for long', async () => {
  const { program, path, status } = await up(1);
  const { descriptors } = resourcesOf(program.pid);
  const silent = Array.from({ length: 200 }, () => connect(path).on('error', () => undefined));
  const ends = silent.map((connection) => once(connection, 'close'));
  await Promise.race(ends);
  expect(resourcesOf(program.pid).descriptors).toBeLessThan(descriptors + 100);
  await Promise.all(ends);
  expect((await status()).workers).toHaveLength(1);
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('workers that are forked later have nothing of it', async () => {
  const { env, program, path, pid, status } = await up(1);
  // A connection that is open while a worker is forked.
  const connection = connect(path);
  await new Promise<void>((resolve) => connection.once('connect', resolve));
  await truefork(['reload', pid], env);
  await program.logged(/^worker=0 pid=\d+ exited/m);
  const socketsOf = (process: number) =>
    readdirSync(`/proc/${process}/fd`).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${process}/fd/${fd}`))?.[1] ?? [],
    );
  const named = () =>
    readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .filter((line) => line.endsWith(path))
      .map((line) => line.split(/ +/)[6]);
  // The one that listens, and the connection; that of the command may not be gone yet.
  while (named().length !== 2) await new Promise(setImmediate);
  const masters = socketsOf(program.pid);
  expect(named().every((inode) => masters.includes(inode ?? ''))).toBe(true);
  const { molds, workers } = await status();
  for (const other of [...molds, ...workers]) {
    expect(socketsOf(other.pid).filter((inode) => named().includes(inode))).toEqual([]);
  }
  connection.destroy();
  program.kill('SIGTERM');
  await program.finished();
});

test('what a killed master has left is removed', async () => {
  const { env, program, path, pid } = await up(1);
  const folder = join(path, '..');
  program.kill('SIGKILL');
  await program.finished();
  expect(readdirSync(folder).sort()).toEqual([`${pid}.control`, `${pid}.scoreboard`]);
  writeFileSync(join(folder, '12x.control'), '');
  expect(await truefork(['status', pid], env)).toMatchObject({ code: 1 });
  expect(readdirSync(folder)).toEqual(['12x.control']);
});
