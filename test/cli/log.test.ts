// The log of a server: its two forms, and a file that is renamed while the server writes to it.
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { kill, mkfifo } from 'truefork';
import { Program, programPath, run } from '../support/programs';
import { isolated, temporaryDirectory, terminalEnvironment } from '../support/runtime';
import { command, truefork } from './truefork';

interface Fact {
  readonly level: string;
  readonly time: string;
  readonly event: string;
  readonly role: string;
  readonly pid: number;
  readonly [field: string]: unknown;
}

const facts = (log: string): Fact[] =>
  log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Fact);

test('is one JSON object a line where there is no terminal', async () => {
  const args = ['serve', programPath('cli-listener.mjs'), '-w', '1', '--host', '127.0.0.1'];
  const program = new Program(command, { args, env: isolated() });
  const [, port] = await program.logged(/"event":"listening".*"port":(\d+)/);
  const [, worker] = await program.logged(/"event":"ready".*"pid":(\d+)/);
  kill(Number(worker), 'SIGKILL');
  await program.logged(/"event":"ready"[^]*"event":"ready"/);
  program.kill('SIGTERM');
  const { code, stderr } = await program.finished();
  expect(code).toBe(0);
  const told = facts(stderr);
  for (const { level, time, role, pid } of told) {
    expect(['info', 'warn']).toContain(level);
    expect(new Date(time).toISOString()).toBe(time);
    expect(['master', 'mold', 'worker']).toContain(role);
    expect(pid).toBeGreaterThan(0);
  }
  const { pid } = program;
  expect(told[0]).toMatchObject({
    event: 'listening',
    role: 'master',
    pid,
    host: '127.0.0.1',
    port: Number(port),
    workers: 1,
  });
  const exits = told.filter(({ event }) => event === 'exit');
  expect(exits).toMatchObject([
    { level: 'warn', role: 'worker', worker: 0, pid: Number(worker), signal: 'SIGKILL', asked: false },
    { level: 'info', role: 'worker', worker: 0, code: 0, asked: true },
  ]);
  expect(told.at(-1)).toMatchObject({ event: 'stopped', role: 'master', pid });
});

// Of pipe(7): what is longer, others write into.
const PIPE_BUF = 4096;

test('has no line that several processes could not write at the same moment', async () => {
  const args = ['serve', programPath('cli-last-long.mjs'), '-w', '4', '--host', '127.0.0.1'];
  const program = new Program(command, { args, env: isolated() });
  await program.logged(/("event":"ready"[^]*){4}/);
  program.kill('SIGTERM');
  const { code, stderr } = await program.finished();
  expect(code).toBe(0);
  // The stacks, which inspect() has put in brackets.
  const told = facts(stderr.replaceAll('[the stack]\n', ''));
  const failures = told.filter(({ event }) => event === 'beforeWorkerExit failed');
  expect(failures).toHaveLength(4);
  for (const { reason } of failures) expect(reason).toMatch(/^(Error: )?(€")+€?…$/);
  const lengths = stderr.split('\n').map((line) => Buffer.byteLength(`${line}\n`));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(PIPE_BUF);
});

const onTerminal = async (environment: NodeJS.ProcessEnv) => {
  const words = [process.execPath, command, 'serve', programPath('cli-dies.mjs'), '-w', '1', '--host', '127.0.0.1'];
  // Of Debian's bsdutils, which every system has: it gives the program a terminal, and writes what that shows.
  const nodeArgs = ['--quiet', '--return', '--command', words.join(' ')];
  const env = { ...isolated(), ...terminalEnvironment, ...environment };
  const { code, stdout } = await run('/dev/null', { node: '/usr/bin/script', nodeArgs, env });
  expect(code).toBe(70);
  return stdout.replaceAll('\x1b[', '^');
};

// A CI says by `CI` that its own log has no colours: a terminal within it has them.
test.each([{}, { CI: '1' }])('is text with colours on a terminal, with %j', async (environment) => {
  const stdout = await onTerminal(environment);
  expect(stdout).toMatch(/^\^2m\d\d:\d\d:\d\d\^22m master pid=\d+ listening host=127\.0\.0\.1 port=\d+ workers=1\r$/m);
  expect(stdout).toMatch(/ \^33mworker=0 pid=\d+ exited code=\d+\^39m\r$/m);
  expect(stdout).toMatch(/ \^31mmaster pid=\d+ giving up failures=5\^39m\r$/m);
});

test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('is text without colours with %j', async (environment) => {
  const stdout = await onTerminal(environment);
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d master pid=\d+ listening host=127\.0\.0\.1 port=\d+ workers=1\r$/m);
  expect(stdout).not.toContain('^');
});

describe('a log file', () => {
  const answer = async (port: number) => {
    const [response] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
      NodeJS.ReadableStream,
    ];
    return text(response);
  };

  const up = async (log: string) => {
    const env = isolated();
    const args = ['serve', programPath('cli-chatty.mjs'), '-w', '2', '--host', '127.0.0.1', '--log-file', log];
    const program = new Program(command, { args, env });
    const until = async (pattern: RegExp, path = log) => {
      for (;;) {
        const match = existsSync(path) ? pattern.exec(readFileSync(path, 'utf8')) : null;
        if (match) return match;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    const [, port] = await until(/"event":"listening".*"port":(\d+)/);
    await until(/("event":"ready"[^]*){2}/);
    return { program, until, port: Number(port) };
  };

  test('that is renamed is opened anew by every process', async () => {
    const folder = temporaryDirectory();
    const log = join(folder, 'log');
    const { program, until, port } = await up(log);
    for (let n = 1; n <= 3; n++) {
      const old = `${log}.${n}`;
      renameSync(log, old);
      program.kill('SIGUSR1');
      await until(/"event":"reopened"/);
      // A worker may have a request before it has the signal.
      const seen = new Set<string>();
      while (seen.size < 2) {
        const said = await answer(port);
        const [pid = ''] = said.split(' ');
        if (readFileSync(log, 'utf8').includes(`served ${said}`)) seen.add(pid);
      }
    }
    program.kill('SIGTERM');
    const { code, stdout, stderr } = await program.finished();
    expect([code, stdout, stderr]).toEqual([0, '', '']);
    expect(readFileSync(log, 'utf8')).toMatch(/"event":"stopped"[^\n]*\n$/);
    expect(readFileSync(`${log}.3`, 'utf8')).not.toMatch(/"stopped"/);
  });

  test('that cannot be opened anew goes on as it was', async () => {
    const folder = join(temporaryDirectory(), 'logs');
    mkdirSync(folder);
    const log = join(folder, 'log');
    const { program, until } = await up(log);
    const moved = `${folder}.old`;
    renameSync(folder, moved);
    writeFileSync(folder, '');
    program.kill('SIGUSR1');
    // Of the master, the mold and both workers.
    await until(/("event":"reopen failed"[^\n]*ENOTDIR[^\n]*\n[^]*){4}/, join(moved, 'log'));
    program.kill('SIGTERM');
    expect((await program.finished()).code).toBe(0);
  });

  test('that is a FIFO which nobody reads any more holds up nobody who opens it anew', async () => {
    const env = isolated();
    const [log, pidFile] = ['log', 'pid'].map((name) => join(env.XDG_RUNTIME_DIR, name)) as [string, string];
    mkfifo(log, 0o600);
    const args = ['-w', '1', '--host', '127.0.0.1', '--log-file', log, '--pid-file', pidFile];
    const serving = ['serve', programPath('cli-listener.mjs'), ...args];
    expect(await truefork(serving, env)).toMatchObject({
      code: 72,
      stderr: expect.stringMatching(/ENXIO.*log/) as string,
    });
    const reader = openSync(log, constants.O_RDONLY | constants.O_NONBLOCK);
    const program = new Program(command, { args: serving, env });
    while (!existsSync(pidFile)) await new Promise(setImmediate);
    closeSync(reader);
    program.kill('SIGUSR1');
    program.kill('SIGTERM');
    expect((await program.finished()).code).toBe(0);
  });
});
