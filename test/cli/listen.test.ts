// Where `truefork serve` listens: on a path, or on a socket that it was started with.
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { kill } from 'truefork';
import * as posix from 'truefork/posix';
import { groupOf } from '../support/processes';
import { nodes, Program, programPath, run, type RunOptions } from '../support/programs';
import { familyFolder, isolated, temporaryDirectory } from '../support/runtime';
import { command, truefork } from './truefork';

interface Answer {
  pid: number;
  variables: string[];
}

/** What a worker of cli-environment.mjs answers. */
function ask(where: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...where, agent: false }, (response) => {
      void text(response).then((body) => {
        resolve(JSON.parse(body) as Answer);
      }, reject);
    });
    sent.on('error', reject).end();
  });
}

const file = programPath('cli-environment.mjs');
const ready = /^worker=0 pid=(\d+) ready/m;

/** A server on one worker that accepts. */
async function up(args: string[], options: RunOptions = {}) {
  const program = new Program(command, {
    env: isolated(),
    ...options,
    args: ['serve', file, '-w', '1', '--log-format', 'text', ...args],
  });
  const [, worker] = await program.logged(ready);
  return { program, worker: Number(worker) };
}

async function down(program: Program): Promise<void> {
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
  expect(groupOf(program.pid)).toEqual([]);
}

let opened: number[] = [];

/** A socket of this process, closed after the test. */
function openSocket(domain: number, type: number, ...address: posix.AddressArguments | []): number {
  const fd = posix.socket(domain, type | posix.SOCK_CLOEXEC, 0);
  opened.push(fd);
  if (address.length > 0) posix.bind(fd, ...(address as posix.AddressArguments));
  return fd;
}

function listeningSocket(domain: number, ...address: posix.AddressArguments): number {
  const fd = openSocket(domain, posix.SOCK_STREAM, ...address);
  posix.listen(fd, 16);
  return fd;
}

afterEach(() => {
  for (const fd of opened) posix.close(fd);
  opened = [];
});

describe('on a path', () => {
  let path: string;
  beforeEach(() => {
    path = join(temporaryDirectory(), 'socket');
  });
  const modeOf = () => lstatSync(path).mode & 0o777;

  /** Runs a server that cannot start. */
  async function refused(args: string[]): Promise<string> {
    const { code, stderr } = await truefork(['serve', file, ...args], isolated());
    expect(code).toBe(69);
    return stderr;
  }

  describe.each(nodes())('on Node $major', ({ path: node }) => {
    test('it is served while the server runs, whoever of its workers ends', async () => {
      const { program, worker } = await up(['--path', path], { node });
      expect(await ask({ socketPath: path })).toMatchObject({ pid: worker });
      for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
        const { pid } = await ask({ socketPath: path });
        kill(pid, signal);
        await program.logged(new RegExp(`pid=${pid} exited [^]*^worker=0 pid=\\d+ ready`, 'm'));
      }
      expect((await ask({ socketPath: path })).pid).not.toBe(worker);
      await down(program);
      expect(existsSync(path)).toBe(false);
    });

    test('as many connections wait as the backlog says', async () => {
      const { program, worker } = await up(['--path', path, '--backlog', '3'], { node });
      await ask({ socketPath: path });
      kill(worker, 'SIGSTOP');
      while (posix.processStat(worker)?.state !== 'T') await new Promise(setImmediate);
      const connect = () => {
        posix.connect(openSocket(posix.AF_UNIX, posix.SOCK_STREAM | posix.SOCK_NONBLOCK), path);
      };
      // The kernel lets one more wait than listen(2) was told.
      for (let n = 0; n <= 3; n++) connect();
      expect(connect).toThrow(expect.objectContaining({ code: 'EAGAIN' }) as Error);
      kill(worker, 'SIGCONT');
      await down(program);
    });
  });

  test('it is what log, ps and status show', async () => {
    const env = isolated();
    const { program } = await up(['--path', path], { env });
    const pid = String(program.pid);
    await program.logged(new RegExp(`^master pid=${pid} listening path=${path} workers=1$`, 'm'));
    expect((await truefork(['ps'], env)).stdout.split('\n')[0]).toBe(path);
    expect(JSON.parse((await truefork(['ps', '--json'], env)).stdout)).toMatchObject([{ path }]);
    // The control socket is there when all workers are.
    const control = join(familyFolder(env), `${pid}.control`);
    while (!existsSync(control)) await new Promise(setImmediate);
    expect(JSON.parse((await truefork(['status', pid], env)).stdout)).toMatchObject({ path, wanted: 1 });
    await down(program);
  });

  test('it can be relative', async () => {
    const { program } = await up(['--path', 'here'], { cwd: join(path, '..') });
    await ask({ socketPath: join(path, '..', 'here') });
    await down(program);
    expect(existsSync(join(path, '..', 'here'))).toBe(false);
  });

  test('its mode is that of bind(2), or what it was told', async () => {
    const umask = process.umask(0o027);
    try {
      const untold = await up(['--path', path]);
      expect(modeOf()).toBe(0o750);
      await down(untold.program);
      for (const [mode, bits] of [
        ['660', 0o660],
        ['0606', 0o606],
        ['777', 0o777],
      ] as const) {
        const { program, worker } = await up(['--path', path, '--socket-mode', mode]);
        expect(modeOf()).toBe(bits);
        expect(readFileSync(`/proc/${worker}/status`, 'utf8')).toMatch(/^Umask:\s*0027$/m);
        await down(program);
      }
    } finally {
      process.umask(umask);
    }
  });

  test('where a server listens, no other does', async () => {
    const { program, worker } = await up(['--path', path]);
    expect(await refused(['--path', path])).toMatch(/^truefork: EADDRINUSE: a server listens there, bind\('\//);
    expect(await ask({ socketPath: path })).toMatchObject({ pid: worker });
    await down(program);
  });

  test('nor where one listens that has no room for more connections, or is for datagrams', async () => {
    const busy = openSocket(posix.AF_UNIX, posix.SOCK_STREAM, path);
    posix.listen(busy, 0);
    const fill = () => {
      for (;;) posix.connect(openSocket(posix.AF_UNIX, posix.SOCK_STREAM | posix.SOCK_NONBLOCK), path);
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'EAGAIN' }) as Error);
    expect(await refused(['--path', path])).toMatch(/EADDRINUSE: a server listens there/);

    openSocket(posix.AF_UNIX, posix.SOCK_DGRAM, `${path}.datagrams`);
    expect(await refused(['--path', `${path}.datagrams`])).toMatch(/EADDRINUSE: a server listens there/);
  });

  test('what a dead server has left is replaced', async () => {
    const { program: dead } = await up(['--path', path]);
    dead.end();
    await dead.finished();
    expect(lstatSync(path).isSocket()).toBe(true);
    const { program, worker } = await up(['--path', path]);
    expect(await ask({ socketPath: path })).toMatchObject({ pid: worker });
    await down(program);
  });

  test('by one server only, if several start at once', async () => {
    openSocket(posix.AF_UNIX, posix.SOCK_STREAM, path);
    const programs = Array.from(
      { length: 5 },
      () =>
        new Program(command, {
          env: isolated(),
          args: ['serve', file, '-w', '1', '--log-format', 'text', '--path', path],
        }),
    );
    const outcomes = await Promise.all(
      programs.map((program) => program.logged(/EADDRINUSE|^worker=0 pid=\d+ ready/m)),
    );
    const winners = programs.filter((_, n) => outcomes[n]?.[0] !== 'EADDRINUSE');
    expect(winners).toHaveLength(1);
    for (const program of winners) {
      await ask({ socketPath: path });
      await down(program);
    }
  });

  test.each<[string, () => void]>([
    [
      'a file',
      () => {
        writeFileSync(path, 'mine');
      },
    ],
    [
      'a directory',
      () => {
        mkdirSync(path);
      },
    ],
    [
      'a symbolic link',
      () => {
        symlinkSync('/nowhere', path);
      },
    ],
  ])('%s there is left as it is', async (kind, make) => {
    make();
    const before = lstatSync(path);
    const complaint = await refused(['--path', path]);
    expect(complaint).toBe(`truefork: EADDRINUSE: there is ${kind}, which is left as it is, bind('${path}')\n`);
    expect(lstatSync(path)).toEqual(before);
  });

  test('somebody else’s socket there is not removed', async () => {
    const { program } = await up(['--path', path]);
    unlinkSync(path);
    listeningSocket(posix.AF_UNIX, path);
    await down(program);
    expect(lstatSync(path).isSocket()).toBe(true);
  });

  test('it can be a name in the abstract namespace', async () => {
    const env = isolated();
    const name = `truefork-test-${process.pid}`;
    const { program, worker } = await up(['--path', `@${name}`], { env });
    const client = openSocket(posix.AF_UNIX, posix.SOCK_STREAM);
    posix.connect(client, `\0${name}`);
    expect(await refused(['--path', `@${name}`])).toMatch(/^truefork: EADDRINUSE: .* bind\(\d+, '@truefork-test-/);
    expect((await truefork(['ps'], env)).stdout).toMatch(new RegExp(`^@${name}\n[^]* ${worker} `));
    expect(program.stderr).toContain(` listening path=@${name} `);
    posix.close(opened.pop() ?? -1);
    await down(program);
  });
});

describe('on a socket that it was started with', () => {
  /** Runs node as systemd would: with sockets from descriptor 3 on, and the variables that say so. */
  function activated(
    descriptors: number[],
    { pid = '$$', count = descriptors.length }: { pid?: string; count?: number | string } = {},
  ): RunOptions {
    const script = `LISTEN_PID=${pid} LISTEN_FDS=${count} LISTEN_FDNAMES=web exec "$@"`;
    return { node: '/bin/sh', nodeArgs: ['-c', script, 'sh', process.execPath], descriptors };
  }

  /** The server's complaint. */
  async function refused(args: string[], options: RunOptions): Promise<string> {
    const { code, stderr } = await run(command, { env: isolated(), ...options, args: ['serve', file, ...args] });
    expect(code).toBe(69);
    return stderr;
  }

  test('it serves there, and its workers do not see the variables', async () => {
    const socket = listeningSocket(posix.AF_INET, '127.0.0.1', 0);
    const { port } = posix.getsockname(socket);
    // A connection that waits for the server to be started.
    const early = ask({ host: '127.0.0.1', port });
    const { program, worker } = await up([], activated([socket]));
    expect(await early).toEqual({ pid: worker, variables: [] });
    expect(program.stderr).toContain(` listening host=127.0.0.1 port=${port} `);
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/${program.pid}/fdinfo/3`, 'utf8'))?.[1] ?? '';
    expect(parseInt(flags, 8) & posix.O_CLOEXEC).toBe(posix.O_CLOEXEC);
    await down(program);
  });

  test('so does a daemon', async () => {
    const env = isolated();
    const socket = listeningSocket(posix.AF_INET, '127.0.0.1', 0);
    const pidFile = join(temporaryDirectory(), 'pid');
    const args = ['serve', file, '-w', '1', '--log-format', 'text', '--daemon', '--pid-file', pidFile];
    expect(await run(command, { env, ...activated([socket]), args })).toMatchObject({ code: 0, stderr: '' });
    const answer = await ask({ host: '127.0.0.1', port: posix.getsockname(socket).port });
    expect(answer.variables).toEqual([]);
    expect(await truefork(['stop', pidFile], env)).toMatchObject({ code: 0, stderr: '' });
  });

  test('unless it is told not to', async () => {
    const socket = listeningSocket(posix.AF_INET, '127.0.0.1', 0);
    const { program } = await up(['--no-inherit', '--host', '127.0.0.1'], activated([socket]));
    const [, port] = await program.logged(/ listening host=127\.0\.0\.1 port=(\d+)/);
    expect(Number(port)).not.toBe(posix.getsockname(socket).port);
    await down(program);
  });

  test('a path of it is not removed', async () => {
    const path = join(temporaryDirectory(), 'socket');
    const { program, worker } = await up([], activated([listeningSocket(posix.AF_UNIX, path)]));
    expect(await ask({ socketPath: path })).toEqual({ pid: worker, variables: [] });
    await down(program);
    expect(lstatSync(path).isSocket()).toBe(true);
  });

  test('its address need not be one that the machine has', async () => {
    const IP_FREEBIND = 15; // <linux/in.h>
    const socket = openSocket(posix.AF_INET, posix.SOCK_STREAM);
    posix.setsockopt(socket, 0, IP_FREEBIND, 1);
    posix.bind(socket, '192.0.2.1', 0);
    posix.listen(socket, 16);
    const { program } = await up([], activated([socket]));
    await program.logged(/ listening host=192\.0\.2\.1 /);
    await down(program);
  });

  test('an address beside it must be its own', async () => {
    const socket = listeningSocket(posix.AF_INET, '127.0.0.1', 0);
    const { port } = posix.getsockname(socket);
    for (const args of [
      ['--port', String(port)],
      ['--host', 'localhost', '--port', String(port)],
      ['--port', '0'],
    ]) {
      const { program } = await up(args, activated([socket]));
      await down(program);
    }
    const here = `the socket that this process was started with listens on 127\\.0\\.0\\.1 port ${port}, not on`;
    const other = port === 65535 ? 65534 : port + 1;
    expect(await refused(['--reuse-port'], activated([socket]))).toMatch(/reusePort needs one for each worker/);
    for (const [args, unmet] of [
      [['--port', String(other)], `port ${other}`],
      [['--host', '127.0.0.2', '--port', String(port)], 'host 127.0.0.2'],
      [['--path', '/run/socket'], '/run/socket'],
    ] as const) {
      expect(await refused([...args], activated([socket]))).toMatch(new RegExp(`^truefork: ${here} ${unmet}\n$`));
    }
  });

  test.each<[string, RegExp, () => RunOptions]>([
    [
      'two sockets',
      /with 2 sockets \(LISTEN_FDS\), and can listen on one only/,
      () => activated([0, 0].map(() => listeningSocket(posix.AF_INET, '127.0.0.1', 0))),
    ],
    [
      'a socket that does not listen',
      /descriptor 3 is no socket to accept connections from: it does not listen/,
      () => activated([openSocket(posix.AF_INET, posix.SOCK_STREAM, '127.0.0.1', 0)]),
    ],
    [
      'a socket for datagrams',
      /descriptor 3 .*: it is not of the type SOCK_STREAM/,
      () => activated([openSocket(posix.AF_INET, posix.SOCK_DGRAM, '127.0.0.1', 0)]),
    ],
    [
      'what is no socket',
      /descriptor 3 .*: ENOTSOCK/,
      () => {
        const fd = posix.open('/dev/null', posix.O_RDONLY | posix.O_CLOEXEC);
        opened.push(fd);
        return activated([fd]);
      },
    ],
    [
      'more than are open',
      /LISTEN_FDS is 1000000000, and descriptor \d+ is not open/,
      () => activated([], { count: 1e9 }),
    ],
    ...['one', '-1', '1.5', "''"].map((count): [string, RegExp, () => RunOptions] => [
      `${count} for their number`,
      new RegExp(`LISTEN_FDS is no number: '${count.replaceAll("'", '')}'`),
      () => activated([listeningSocket(posix.AF_INET, '127.0.0.1', 0)], { count }),
    ]),
  ])('%s it does not take', async (_, complaint, options) => {
    expect(await refused([], options())).toMatch(complaint);
  });

  test('what was meant for another process it does not take', async () => {
    const socket = listeningSocket(posix.AF_INET, '127.0.0.1', 0);
    for (const options of [activated([socket], { pid: '1' }), activated([socket], { count: 0 })]) {
      const { program } = await up(['--host', '127.0.0.1'], options);
      const [, port] = await program.logged(/ listening host=127\.0\.0\.1 port=(\d+)/);
      expect(Number(port)).not.toBe(posix.getsockname(socket).port);
      await down(program);
    }
  });

  test('prefork() takes it if it is told to', async () => {
    const socket = listeningSocket(posix.AF_INET, '127.0.0.1', 0);
    const { port } = posix.getsockname(socket);
    for (const inherit of [true, false]) {
      const program = new Program(programPath('prefork-listen.mjs'), {
        env: isolated(),
        args: [JSON.stringify({ host: '127.0.0.1', inherit })],
        ...activated([socket]),
      });
      const [, address = ''] = await program.printed(/^address (.*)$/m);
      expect((JSON.parse(address) as { port: number }).port === port).toBe(inherit);
      await down(program);
    }
  });
});

test('prefork() tells the path that it listens on', async () => {
  const path = join(temporaryDirectory(), 'socket');
  const program = new Program(programPath('prefork-listen.mjs'), {
    env: isolated(),
    args: [JSON.stringify({ path })],
  });
  expect(JSON.parse((await program.printed(/^address (.*)$/m))[1] ?? '')).toEqual({ path });
  await down(program);
});
