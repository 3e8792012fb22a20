// What a worker that hangs says before it is killed, and what the master says of it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill } from 'truefork';
import { Program, programPath, run } from '../support/programs';
import { isolated } from '../support/runtime';
import { HttpConnection } from './http-connection';

// In milliseconds: longer than a worker gets no processor on a busy machine, which is to hang, too.
const TIMEOUT = 2_000;

async function up() {
  const options = JSON.stringify({ workers: 1, timeout: TIMEOUT });
  const program = new Program(programPath('prefork-hang.mjs'), { args: [options], env: isolated() });
  const [, port] = await program.printed(/^port=(\d+)$/m);
  const [, worker = ''] = await program.logged(/^worker=0 pid=(\d+) ready/m);
  return { program, worker, connection: await HttpConnection.open(Number(port)) };
}

async function ended(program: Program): Promise<string> {
  program.kill('SIGTERM');
  const { code, stderr } = await program.finished();
  expect(code).toBe(0);
  return stderr;
}

test('a worker that loops writes its stack before it is killed', async () => {
  const { program, worker, connection } = await up();
  void connection.get('/loop').catch(() => undefined);
  await program.logged(new RegExp(`^worker=0 pid=${worker} exited signal=SIGKILL$`, 'm'));
  const log = await ended(program);
  expect(log).toMatch(
    new RegExp(
      `^worker=0 pid=${worker} hangs reason=timeout in=running\n` +
        `process ${worker}: the event loop is blocked by\n` +
        ' {4}at loopForever \\(file:.*/prefork-hang\\.mjs:\\d+:\\d+\\)\n' +
        '(?: {4}at .*\n)+' +
        `worker=0 pid=${worker} killing reason=timeout\n` +
        `worker=0 pid=${worker} exited signal=SIGKILL\n`,
      'm',
    ),
  );
});

test('of a worker that waits in the kernel the master says in what', async () => {
  const { program, worker, connection } = await up();
  void connection.get('/read').catch(() => undefined);
  await program.logged(new RegExp(`^worker=0 pid=${worker} exited signal=SIGKILL$`, 'm'));
  expect(await ended(program)).toMatch(
    new RegExp(
      `^worker=0 pid=${worker} hangs reason=timeout in=read\\(2\\)\nworker=0 pid=${worker} killing reason=timeout\n`,
      'm',
    ),
  );
});

test('a worker that goes on after all is not killed', async () => {
  const { program, worker, connection } = await up();
  // What it has been asked once it is asked again.
  for (let n = 0; n < 2; n++) expect((await connection.get('/slow')).body).toBe(worker);
  connection.close();
  const log = await ended(program);
  expect(log.match(/hangs reason=timeout/g)?.length).toBeGreaterThanOrEqual(2);
  expect(log).not.toMatch(/killing/);
});

test('a mold that loops while it loads the application writes its stack before it is killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'prefork-test-'));
  try {
    const file = join(directory, 'application.mjs');
    writeFileSync(file, 'function load() {\n  for (;;);\n}\nload();\n');
    const { code, stdout, stderr } = await run(programPath('prefork-mold.mjs'), {
      args: [JSON.stringify({ workers: 1, bootTimeout: 300 }), file],
      env: isolated(),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^mold pid=(\d+) hangs reason=bootTimeout in=\S+\nmold pid=\1 killing reason=bootTimeout\nmold pid=\1 exited signal=SIGKILL/m,
    );
    expect(stderr).toMatch(
      /^process \d+: the event loop is blocked by\n {4}at load \(file:.*\/application\.mjs:\d+:\d+\)$/m,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a worker, and the master, can be asked by anyone', async () => {
  const { program, worker, connection } = await up();
  for (const pid of [program.pid, Number(worker)]) {
    kill(pid, 'SIGSTKFLT');
    await program.logged(new RegExp(`^process ${pid}: the event loop is `, 'm'));
  }
  expect((await connection.get()).body).toBe(worker);
  connection.close();
  await ended(program);
});
