// Where nobody reads what a command writes, or it cannot be written.
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { kill, mkfifo } from 'truefork';
import { HttpConnection } from '../prefork/http-connection';
import { Program, programPath } from '../support/programs';
import { isolated } from '../support/runtime';
import { command, serve, truefork } from './truefork';

/** What there is in a pipe. */
function available(fd: number): string {
  const chunks: string[] = [];
  const buffer = Buffer.alloc(2 ** 16);
  try {
    for (;;) chunks.push(buffer.toString('latin1', 0, readSync(fd, buffer)));
  } catch (error) {
    expect(error).toMatchObject({ code: 'EAGAIN' });
  }
  return chunks.join('');
}

test.each([['help'], ['--version'], ['ps'], ['ps', '--json'], ['top'], ['learn'], ['learn', 'wait']])(
  'truefork %s | true: a reader that has gone is no mistake',
  async (...args) => {
    const program = new Program(command, { args, env: isolated() });
    program.process.stdout?.destroy();
    expect(await program.finished()).toMatchObject({ code: 0, signal: null, stderr: '' });
  },
);

test('truefork watch ends when nobody reads what it has to tell', async () => {
  const env = isolated();
  const watching = new Program(command, { args: ['watch', 'rpc'], env });
  watching.process.stdout?.destroy();
  const { program } = await serve('../../examples/rpc/server.mjs', { env, args: ['-w', '1', '--register', 'rpc'] });
  expect(await watching.finished()).toMatchObject({ code: 0, signal: null, stderr: '' });
  program.kill('SIGTERM');
  await program.finished();
});

test('what cannot be written is a mistake, said in a line', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [command, 'help'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect(status).toBe(1);
  expect(String(stderr)).toMatch(/^truefork: standard output cannot be written: ENOSPC.*\n$/);
});

test('a server goes on when nobody reads its log any more', async () => {
  const env = isolated();
  const { program, port } = await serve('cli-listener.mjs', { env, args: ['--workers', '1'] });
  const [, worker] = await program.logged(/worker=0 pid=(\d+) ready/);
  program.process.stderr?.destroy();
  kill(Number(worker), 'SIGKILL');
  // Of the next worker.
  const connection = await HttpConnection.open(port);
  await connection.get();
  connection.close();
  expect(await truefork(['stop', String(program.pid)], env)).toMatchObject({ code: 0, stderr: '' });
  expect((await program.finished()).code).toBe(0);
});

test.each(['json', 'text'])(
  'a server goes on while nobody reads its log, and tells on when somebody does: %s',
  async (format) => {
    const env = isolated();
    const [log, path, pidFile] = ['log', 'socket', 'pid'].map((name) => join(env.XDG_RUNTIME_DIR, name)) as [
      string,
      string,
      string,
    ];
    mkfifo(log, 0o600);
    const reader = openSync(log, constants.O_RDWR | constants.O_NONBLOCK);
    const args = ['-w', '1', '--path', path, '--pid-file', pidFile, '--log-format', format];
    const program = new Program(command, {
      node: 'sh',
      nodeArgs: ['-c', `exec "$@" 2> '${log}'`, 'sh', process.execPath],
      args: ['serve', programPath('cli-floods.mjs'), ...args],
      env,
    });
    while (!existsSync(pidFile)) await new Promise(setImmediate);
    const connection = await HttpConnection.open(path);
    await connection.get();
    connection.close();
    expect(await truefork(['reload', pidFile], env)).toMatchObject({ code: 0, stderr: '' });
    let [said, over] = [available(reader), false];
    expect(said).toMatch(/(a flood\n){1000}/);
    const stopped = truefork(['stop', pidFile], env).finally(() => {
      over = true;
    });
    // The old worker may have more to say, until it has ended.
    while (!over) {
      await new Promise(setImmediate);
      said += available(reader);
    }
    expect(await stopped).toMatchObject({ code: 0, stderr: '' });
    expect((await program.finished()).code).toBe(0);
    expect(said + available(reader)).toMatch(/stopped[^\n]*\n$/);
    closeSync(reader);
  },
);

test.each(['json', 'text'])(
  'a server goes on while its log cannot be written, and tells on when it can: %s',
  async (format) => {
    const env = isolated();
    const [log, pidFile] = ['log', 'pid'].map((name) => join(env.XDG_RUNTIME_DIR, name)) as [string, string];
    symlinkSync('/dev/full', log);
    const args = ['-w', '1', '--daemon', '--log-file', log, '--log-format', format, '--pid-file', pidFile];
    const started = await truefork(['serve', programPath('cli-listener.mjs'), ...args], env);
    expect(started).toMatchObject({ code: 0, stderr: '' });
    unlinkSync(log);
    kill(Number(readFileSync(pidFile, 'utf8')), 'SIGUSR1');
    expect(await truefork(['stop', pidFile], env)).toMatchObject({ code: 0, stderr: '' });
    const told = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(told.at(-1)).toMatch(/stopped/);
    // Whole lines, of what came after.
    for (const line of told) expect(line).toMatch(format === 'json' ? /^\{.*\}$/ : /^[a-z]+[= ]/);
  },
);

test('a supervised program goes on when nobody reads the log any more', async () => {
  const program = new Program(command, { args: ['supervise', '--', 'sh', '-c', 'echo runs $$; exec sleep 1000'] });
  const [, first] = await program.printed(/^runs (\d+)\n/);
  program.process.stderr?.destroy();
  kill(Number(first), 'SIGKILL');
  await program.printed(/^runs \d+\nruns \d+\n/);
  program.kill('SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('a traced program ends as it would have when nobody reads the timeline', async () => {
  const program = new Program(command, { args: ['trace', '--', 'sh', '-c', 'exit 3'] });
  program.process.stderr?.destroy();
  expect((await program.finished()).code).toBe(3);
});

test('what others have registered cannot write to the terminal what it likes', async () => {
  const { stderr } = await truefork(['learn', '\x1b[2Jwait\x07']);
  expect(stderr).toMatch(/^truefork: there is no lesson '\\u001b\[2Jwait\\u0007'/);
});
