// Molds: the processes that workers are forked from. A reload makes a new one, a refork makes one of a warm worker.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill, mkfifo } from 'truefork';
import { nodes, programPath, run } from '../support/programs';
import { isolated } from '../support/runtime';
import { Family } from './family';
import { HttpConnection, oneToEach } from './http-connection';
import { Load } from './load';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prefork-test-'));
  file = join(directory, 'application.mjs');
  application('first');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Writes the application: it answers with the worker's pid, its version, and how many requests its memory knows of. */
function application(version: string, { first = '', listening = '' } = {}): void {
  writeFileSync(
    file,
    `import { createServer } from 'node:http';
    globalThis.loaded = true;
    ${first}
    let known = 0;
    const server = createServer((request, response) => {
      response.setHeader('X-Version', '${version}');
      response.setHeader('X-Known', String(++known));
      if (request.url === '/hang') return;
      const body = String(process.pid);
      response.setHeader('Content-Length', body.length);
      request.resume().once('end', () => response.end(body));
    });
    server.on('close', () => console.log('the application was told of the end'));
    ${listening && `const { listen } = server; server.listen = (...all) => { ${listening} };`}
    export default server;
    `,
  );
}

function up(options: Record<string, unknown>, node?: string) {
  return Family.up('prefork-mold.mjs', { node, options, args: [file] });
}

type Up = Awaited<ReturnType<typeof up>>;

async function ask(port: number): Promise<{ version: string; known: number; pid: number }> {
  const connection = await HttpConnection.open(port);
  const { headers, body } = await connection.get();
  connection.close();
  return { version: headers['x-version'] ?? '', known: Number(headers['x-known']), pid: Number(body) };
}

/** The mold that is in charge: the one that was ready last. */
function moldOf({ program }: Up): number {
  return Number([...program.stdout.matchAll(/^mold pid=(\d+) ready/gm)].at(-1)?.[1]);
}

const finished = (kind: string, generation: number) => new RegExp(`${kind}ed generation=${generation}$`, 'm');

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('a reload loads the new application, and a refork forks a warm one, and no client notices', async () => {
    const family = await up({ workers: 3 }, node);
    const old = family.workers;
    const load = new Load(family.port, 6, await oneToEach(family.port, old));
    await load.more(20, old);

    application('second');
    family.program.kill('SIGHUP');
    await family.program.printed(finished('reload', 2));
    await Promise.all(old.map((pid) => family.exited(pid)));
    const reloaded = family.workers;
    const mold = moldOf(family);
    for (const connection of (await oneToEach(family.port, reloaded)).values()) {
      for (let n = 0; n < 20; n++) await connection.get();
      connection.close();
    }
    expect((await ask(family.port)).version).toBe('second');

    // What is on the disk by now is not loaded: the worker has it all.
    application('third');
    family.program.kill('SIGUSR2');
    await family.program.printed(finished('refork', 3));
    const warm = moldOf(family);
    expect(reloaded).toContain(warm);
    await family.program.printed(new RegExp(`^mold pid=${mold} exited code=0`, 'm'));
    await Promise.all(reloaded.filter((pid) => pid !== warm).map((pid) => family.exited(pid)));
    const { version, known } = await ask(family.port);
    expect(version).toBe('second');
    // Those of the worker that became the mold are not forgotten.
    expect(known).toBeGreaterThan(20);

    await load.stop();
    expect(load.lost).toEqual([]);
    expect(load.refused).toEqual([]);
    const log = await family.stop();
    expect(log).not.toMatch(/killing/);
    // Each worker that ended, and the mold that will open its server again not.
    expect(log.match(/the application was told/g)).toHaveLength(3 + 3 - 1 + 1 + 3);
  });
});

describe('an application that cannot be loaded', () => {
  const broken: [string, () => void][] = [
    [
      'has a mistake in its syntax',
      () => {
        writeFileSync(file, 'export default (');
      },
    ],
    [
      'throws',
      () => {
        application('broken', { first: "throw new Error('not today');" });
      },
    ],
    [
      'exits',
      () => {
        application('broken', { first: 'process.exit(7);' });
      },
    ],
    [
      'never ends to load',
      () => {
        application('broken', { first: 'await new Promise(() => setInterval(() => 0, 1e6));' });
      },
    ],
    [
      'blocks',
      () => {
        application('broken', { first: 'for (;;);' });
      },
    ],
    [
      'exports no server',
      () => {
        writeFileSync(file, 'export default 42;');
      },
    ],
    [
      'has workers that throw',
      () => {
        application('broken', { listening: "throw new Error('not today');" });
      },
    ],
    [
      'has workers that are never ready',
      () => {
        application('broken', { listening: 'setInterval(() => 0, 1e6);' });
      },
    ],
  ];

  test.each(broken)('since it %s: the old one goes on, forks its workers, and the next is loaded', async (_, write) => {
    const family = await up({ workers: 2, bootTimeout: 2_000 });
    const old = family.workers;
    const mold = moldOf(family);
    write();
    family.program.kill('SIGHUP');
    await family.program.printed(/reload failed generation=2 /);
    expect(family.workers).toEqual(old);
    const [first = 0] = old;
    kill(first, 'SIGKILL');
    await family.successor(first);
    for (let n = 0; n < 5; n++) expect((await ask(family.port)).version).toBe('first');

    application('second');
    const last = family.workers;
    family.program.kill('SIGHUP');
    await family.program.printed(/reloaded generation=3$/m);
    await Promise.all(last.map((pid) => family.exited(pid)));
    await family.program.printed(new RegExp(`^mold pid=${mold} exited code=0`, 'm'));
    expect((await ask(family.port)).version).toBe('second');
    family.program.kill('SIGTERM');
    const { code } = await family.program.finished();
    expect(code).toBe(0);
    expect(family.members).toEqual([]);
  });

  test('is noticed by new workers that die, also where the old one has died meanwhile', async () => {
    const family = await up({ workers: 1 });
    const [old = 0] = family.workers;
    application('broken', { listening: "console.log('starts'); setInterval(() => 0, 1e6);" });
    family.program.kill('SIGHUP');
    await family.program.printed(/^starts$/m);
    const [, successor] = await family.program.printed(/^worker=0 pid=(\d+) forked generation=2 /m);
    kill(old, 'SIGKILL');
    await family.exited(old);
    kill(Number(successor), 'SIGKILL');
    await family.program.printed(/reload failed generation=2 reason="a new worker ended before it was ready"$/m);
    await family.program.printed(/^worker=0 pid=\d+ forked generation=1$/m);
    expect((await ask(family.port)).version).toBe('first');
    await family.stop();
  });

  test('at the start ends the server, with how the mold ended', async () => {
    application('broken', { first: 'process.exit(7);' });
    const { code, stdout, stderr } = await run(programPath('prefork-mold.mjs'), {
      args: [JSON.stringify({ workers: 2 }), file],
      env: isolated(),
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERR_PREFORK_MOLD[^]*status: \{ state: 'exited', code: 7 \}/);
    expect(stdout).toMatch(/stopped$/m);
  });

  test('is one whose server listens already, and no worker is forked', async () => {
    writeFileSync(file, "import { createServer } from 'node:http'; export default createServer().listen(0);");
    const { code, stdout, stderr } = await run(programPath('prefork-mold.mjs'), {
      args: [JSON.stringify({ workers: 2 }), file],
      env: isolated(),
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: the server listens already[^]*ERR_SERVER_ALREADY_LISTEN[^]*ERR_PREFORK_MOLD/);
    expect(stdout).not.toMatch(/^worker/m);
  });
});

describe('while a reload goes on', () => {
  const slow = { first: "console.log('loading'); await new Promise((resolve) => setTimeout(resolve, 200));" };

  test.each([
    ['succeeds', slow, /reloaded generation=2$/m],
    ['fails', { first: `${slow.first} process.exit(7);` }, /reload failed generation=2 /],
  ])('another SIGHUP is heeded when that has ended: it %s', async (_, second, ended) => {
    const family = await up({ workers: 2 });
    application('second', second);
    family.program.kill('SIGHUP');
    await family.program.printed(/^loading$/m);
    application('third');
    family.program.kill('SIGHUP');
    await family.lines(/signal=SIGHUP$/, 2);
    // One for all that come.
    family.program.kill('SIGHUP');
    await family.program.printed(ended);
    await family.program.printed(/reloaded generation=3$/m);
    await family.replaced();
    expect((await ask(family.port)).version).toBe('third');
    family.program.kill('SIGTERM');
    expect(await family.program.finished()).toMatchObject({ code: 0 });
    expect(family.program.stdout).not.toMatch(/ generation=4/);
  });

  test('it is not to blame that the old application has workers that cannot start any more', async () => {
    const [obstacle, gate] = [join(directory, 'obstacle'), join(directory, 'gate')];
    const first = "const { existsSync } = await import('node:fs');";
    const listening = `if (existsSync(${JSON.stringify(obstacle)})) process.exit(3); listen.apply(server, all);`;
    application('first', { first, listening });
    const family = await up({ workers: 2, maxRequests: 5 });
    const old = family.workers;
    writeFileSync(obstacle, '');
    application('second', {
      first: `${first} console.log('loading');
      while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5));`,
    });
    family.program.kill('SIGHUP');
    await family.program.printed(/^loading$/m);
    const connections = await oneToEach(family.port, old);
    for (let n = 0; n < 6; n++) for (const connection of connections.values()) await connection.get();
    await family.lines(/ recycling reason=requests$/, 2);
    await family.lines(/ exited code=3$/, 2);
    writeFileSync(gate, '');
    await family.program.printed(/reloaded generation=2$/m);
    for (const connection of connections.values()) connection.close();
    await family.replaced();
    for (const connection of (await oneToEach(family.port, family.workers)).values()) {
      expect((await connection.get()).headers['x-version']).toBe('second');
      connection.close();
    }
    expect(await family.stop()).not.toMatch(/reload failed/);
  });

  test('a SIGUSR2 is ignored, which is logged', async () => {
    const family = await up({ workers: 2 });
    application('second', slow);
    family.program.kill('SIGHUP');
    await family.program.printed(/^loading$/m);
    family.program.kill('SIGUSR2');
    await family.program.printed(/ignored signal=SIGUSR2 reason="the workers are being replaced already"$/m);
    await family.program.printed(/reloaded generation=2$/m);
    expect(await family.stop()).not.toMatch(/refork/);
  });
});

describe('while the first mold loads the application', () => {
  let gate: string;
  let family: Family;
  let first: number;

  /** A family whose first mold waits for the gate. */
  beforeEach(async () => {
    gate = join(directory, 'gate');
    application('first', {
      first: `const { existsSync } = await import('node:fs');
      console.log('loading');
      while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5));`,
    });
    family = new Family('prefork-mold.mjs', { options: { workers: 2 }, args: [file] });
    first = Number((await family.program.printed(/^mold pid=(\d+) forked generation=1$/m))[1]);
    await family.program.printed(/^loading$/m);
  });

  test('a reload is the end of that mold: what it would load is old', async () => {
    application('second');
    family.program.kill('SIGHUP');
    await family.program.printed(/reloaded generation=2$/m);
    writeFileSync(gate, '');
    await family.program.printed(new RegExp(`^mold pid=${first} exited code=0`, 'm'));
    family.program.kill('SIGTTIN');
    await family.lines(/^worker=2 pid=\d+ ready/, 1);
    const port = await family.listens();
    for (const connection of (await oneToEach(port, family.workers)).values()) {
      expect((await connection.get()).headers['x-version']).toBe('second');
      connection.close();
    }
    expect(await family.stop()).not.toMatch(new RegExp(`^mold pid=${first} ready`, 'm'));
  });

  test('that mold is not said to hang when it has ended', async () => {
    await family.stop();
    family = new Family('prefork-mold.mjs', { options: { workers: 1, bootTimeout: 2_000 }, args: [file] });
    await family.program.printed(/^loading$/m);
    application('second');
    family.program.kill('SIGHUP');
    await family.program.printed(/reloaded generation=2$/m);
    application('third', { first: 'await new Promise(() => setInterval(() => 0, 1e6));' });
    family.program.kill('SIGHUP');
    await family.program.printed(/reload failed generation=3 /);
    const log = await family.stop({ stderr: expect.stringContaining('the event loop is not blocked') as string });
    // That which the last one was asked.
    expect(log.match(/^mold pid=\d+ hangs/gm)).toHaveLength(1);
  });

  test('the number of workers may become none: it is up when the application has been loaded', async () => {
    for (const left of [1, 0]) {
      family.program.kill('SIGTTOU');
      await family.program.printed(new RegExp(` scale workers=${left} `));
    }
    expect(family.program.stdout).not.toMatch(/^up$/m);
    writeFileSync(gate, '');
    await family.program.printed(/^up$/m);
    expect(await family.stop()).not.toMatch(/^worker=/m);
  });

  test('a reload that fails leaves that mold to it', async () => {
    application('broken', { first: 'process.exit(7);' });
    family.program.kill('SIGHUP');
    await family.program.printed(/reload failed generation=2 /);
    writeFileSync(gate, '');
    await family.program.printed(/^up$/m);
    expect((await ask(await family.listens())).version).toBe('first');
    expect(await family.stop()).toMatch(new RegExp(`^mold pid=${first} ready`, 'm'));
  });
});

describe('a reload is not ended by workers that were forked before it:', () => {
  const lateExit = (gate: string) => `setInterval(() => existsSync(${JSON.stringify(gate)}) && process.exit(3), 5)`;

  test('those of the reload that has just failed', async () => {
    const family = await up({ workers: 11 });
    const [hangs, gate] = [join(directory, 'hangs'), join(directory, 'gate')];
    application('broken', {
      first: `import { existsSync, mkdirSync } from 'node:fs';`,
      // Of two that are forked at a time, one hangs until it is killed.
      listening: `try { mkdirSync(${JSON.stringify(hangs)}); setInterval(() => 0, 1e6); } catch { ${lateExit(gate)}; }`,
    });
    family.program.kill('SIGHUP');
    await family.lines(/^worker=\d+ pid=\d+ forked generation=2 /, 2);
    application('second');
    family.program.kill('SIGHUP');
    await family.lines(/^master pid=\d+ signal=SIGHUP$/, 2);
    writeFileSync(gate, '');
    await family.program.printed(/reload failed generation=2 reason="a new worker ended before it was ready"$/m);
    await family.lines(/reload(ed| failed) /, 2);
    await family.replaced();
    expect((await ask(family.port)).version).toBe('second');
    expect(await family.stop()).toMatch(finished('reload', 3));
  });

  test('one that the old mold was to fork', async () => {
    const family = await up({ workers: 1, maxRequests: 1 });
    const old = moldOf(family);
    const gate = join(directory, 'gate');
    application('second', {
      first: `const { existsSync } = await import('node:fs');
      console.log('loading');
      while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5));`,
    });
    kill(old, 'SIGSTOP');
    family.program.kill('SIGHUP');
    await family.program.printed(/^loading$/m);
    for (let n = 0; n < 2; n++) await ask(family.port);
    await family.program.printed(/^worker=0 pid=\d+ recycling reason=requests$/m);
    kill(old, 'SIGKILL');
    await family.program.printed(/^worker=0 fork failed reason="the mold has ended"$/m);
    writeFileSync(gate, '');
    await family.lines(/reload(ed| failed) /, 1);
    await family.replaced();
    expect((await ask(family.port)).version).toBe('second');
    expect(await family.stop()).toMatch(finished('reload', 2));
  });
});

test('a place whose worker ends again and again gets the one of a new application at once', async () => {
  const family = await up({ workers: 2 });
  for (let ends = 1; ends <= 6; ends++) {
    await family.lines(/^worker=0 pid=\d+ ready /, ends);
    kill(family.workers[0] ?? 0, 'SIGKILL');
    await family.lines(/^worker=0 pid=\d+ exited signal=SIGKILL$/, ends);
  }
  await family.program.printed(/^worker=0 respawn in=1600 /m);
  application('second');
  family.program.kill('SIGHUP');
  // It is before the worker of the other place, which serves still.
  const [, first] = await family.program.printed(/^worker=(\d) pid=\d+ forked generation=2/m);
  expect(first).toBe('0');
  expect(await family.stop()).toMatch(/^worker=0 pid=\d+ ready /m);
});

describe('a mold that is killed', () => {
  test('is replaced by one that loads the application, and no worker notices', async () => {
    const family = await up({ workers: 2 });
    const [first = 0, second = 0] = family.workers;
    const mold = moldOf(family);
    kill(mold, 'SIGKILL');
    await family.program.printed(new RegExp(`^mold pid=${mold} exited signal=SIGKILL`, 'm'));
    await family.lines(/^mold pid=\d+ ready/, 2);
    expect(family.workers).toEqual([first, second]);
    kill(first, 'SIGKILL');
    await family.successor(first);
    await family.stop();
  });

  test('with its workers, again and again, leaves no process and no place without a worker', async () => {
    const family = await up({ workers: 3 });
    for (let n = 1; n <= 9; n++) {
      const worker = family.workers[n % 3] ?? 0;
      // The order for a new one may be on its way, unread, or carried out and not told.
      kill(worker, 'SIGKILL');
      if (n % 2 === 0) await family.exited(worker);
      kill(moldOf(family), 'SIGKILL');
      await family.lines(/^mold pid=\d+ ready/, n + 1);
      while (family.workers.length < 3 || family.workers.includes(worker)) await new Promise(setImmediate);
    }
    await oneToEach(family.port, family.workers);
    await family.stop();
  });
});

// A mold that gets no processor for a while tells of a worker that has been ready meanwhile, has been told to end, and has been
// reaped: that is not taken for the worker whose cell that is by now, which would be forgotten, and never end.
test('what a mold tells late of a worker that has ended is not taken for the next one', async () => {
  const fifo = join(directory, 'fifo');
  mkfifo(fifo, 0o600);
  const family = new Family('prefork-mold.mjs', {
    options: { workers: 1 },
    args: [programPath('prefork-late.mjs'), fifo],
  });
  const { program } = family;
  await program.printed(/^up$/m);
  await writeFile(fifo, '');
  const [first = 0] = family.workers;
  const last = () => family.workers.at(-1) ?? 0;
  for (let round = 0; round < 3; round++) {
    program.kill('SIGTTIN');
    await family.lines(/^worker=1 pid=\d+ ready/, 2 * round + 1);
    const second = last();
    program.kill('SIGTTOU');
    expect(await family.exited(second)).toBe('code=0');
    program.kill('SIGTTIN');
    await family.lines(/ scale workers=2 /, 2 * round + 2);
    await writeFile(fifo, '');
    await family.lines(/^worker=1 pid=\d+ ready/, 2 * round + 2);
    await writeFile(fifo, '');
    const third = last();
    program.kill('SIGTTOU');
    expect(await family.exited(third)).toBe('code=0');
  }
  expect(family.workers).toEqual([first]);
  const log = await family.stop();
  expect(log.match(/ forked generation=1$/gm)).toHaveLength(1 + 1 + 6);
  expect(log.match(/^worker=\d pid=\d+ exited code=0$/gm)).toHaveLength(1 + 6);
});

// The mold does not go on after a fork, nor does the worker: when the mold has been killed, since the time to stop was over, the
// master hears of the worker.
test('a worker that the master hears of when the time to stop is over is killed', async () => {
  const [mold = '', worker = '', master = ''] = ['mold', 'worker', 'master'].map((name) => join(directory, name));
  for (const fifo of [mold, worker, master]) mkfifo(fifo, 0o600);
  const family = await Family.up('prefork-untold.mjs', {
    options: { workers: 1, gracefulTimeout: 1_000 },
    args: [mold, worker, master],
  });
  const { program } = family;
  program.kill('SIGTTIN');
  const [, last] = await program.printed(/^(\d+) waits$/m);
  program.kill('SIGTERM');
  await program.printed(/^mold pid=\d+ killing reason=gracefulTimeout$/m);
  await writeFile(master, '');
  expect(await family.exited(Number(last))).toBe('signal=SIGKILL');
  await family.ended();
});

// A worker whose mold was killed before it had told of it is ready when all others have ended, and is killed as the last one. Who
// waits for its end then must not write to the scoreboard, which is not there any more.
test('a worker of which nobody knows may be the last that ends when the server stops', async () => {
  const [born = '', told = ''] = ['born', 'told'].map((name) => join(directory, name));
  for (const fifo of [born, told]) mkfifo(fifo, 0o600);
  const family = await Family.up('prefork-unknown.mjs', { options: { workers: 1 }, args: [born, told] });
  family.program.kill('SIGTTIN');
  await family.lines(/ ready generation=2 /, 1);
  await family.lines(/^worker=1 pid=\d+ ready/, 1);
  family.program.kill('SIGUSR2');
  expect(await family.ended()).toMatch(/ killing reason=orphan$[^]* stopped$[^]*^workers=0$/m);
});

// A child of the master, of whom nobody has told it, and nobody ever will.
test('a worker that ends before its mold, which ends too, has told of it, does not stay a zombie', async () => {
  const family = await Family.up('prefork-unborn.mjs', { options: { workers: 1 } });
  family.program.kill('SIGTTIN');
  const [, pid] = await family.program.printed(/^orphan pid=(\d+) exited signal=SIGKILL$/m);
  expect(family.members.map((member) => member.pid)).not.toContain(Number(pid));
  await family.lines(/^worker=1 pid=\d+ ready/, 1);
  expect(await family.stop()).toMatch(/^worker=1 fork failed reason="the mold has ended"$/m);
});

// A worker is told to end because it is not ready in time, while its mold has not told that it was forked: the mold is killed. If
// the worker tells that it is ready before the master hears of that end, it is killed all the same.
test('a worker that is ready when it is too late, and of which its mold has not told, is replaced', async () => {
  const [mold = '', worker = '', master = ''] = ['mold', 'worker', 'master'].map((name) => join(directory, name));
  for (const fifo of [mold, worker, master]) mkfifo(fifo, 0o600);
  const family = await Family.up('prefork-untold.mjs', {
    options: { workers: 1, bootTimeout: 2_000 },
    args: [mold, worker, master],
  });
  const { program } = family;
  program.kill('SIGTTIN');
  const [, first] = await program.printed(/^mold pid=(\d+) killing reason=bootTimeout$/m);
  await writeFile(worker, '');
  const [, late] = await program.printed(/^(\d+) listens$/m);
  await writeFile(master, '');
  await program.printed(new RegExp(`^mold pid=${first} exited signal=SIGKILL`, 'm'));
  expect(await family.exited(Number(late))).toBe('signal=SIGKILL');
  await program.printed(/^worker=1 pid=\d+ ready/m);
  await oneToEach(family.port, family.workers);
  await family.stop({ stderr: expect.anything() as string });
});

// A mold is killed after it has forked a worker, and before it has told of it.
test.each([
  ['serves, and is replaced when it ends', true],
  ['is no zombie when it ends before it is ready', false],
])('a worker that its mold has not lived to tell of %s', async (_, ready) => {
  const [mold = '', worker = ''] = ['mold', 'worker'].map((name) => join(directory, name));
  for (const fifo of [mold, worker]) mkfifo(fifo, 0o600);
  const family = await Family.up('prefork-untold.mjs', { options: { workers: 1 }, args: [mold, worker] });
  const { program } = family;
  program.kill('SIGTTIN');
  const pid = Number((await program.printed(/^(\d+) waits$/m))[1]);
  kill(moldOf(family), 'SIGKILL');
  if (ready) {
    await family.lines(/^mold pid=\d+ ready/, 2);
    await writeFile(worker, '');
    await program.printed(new RegExp(`^worker=1 pid=${pid} ready`, 'm'));
  }
  kill(pid, 'SIGKILL');
  expect(await family.exited(pid)).toBe('signal=SIGKILL');
  await program.printed(new RegExp(`^worker=1 pid=${pid} exited [^]*^worker=1 pid=\\d+ ready`, 'm'));
  await oneToEach(family.port, family.workers);
  expect(family.members).toHaveLength(1 + 1 + 2);
  await family.stop();
});

test('a worker that does not finish is no mold, and the old ones go on', async () => {
  const family = await up({ workers: 2, gracefulTimeout: 500 });
  const mold = moldOf(family);
  const connections = await oneToEach(family.port, family.workers);
  for (const connection of connections.values()) connection.get('/hang').catch(() => undefined);
  family.program.kill('SIGUSR2');
  await family.program.printed(/refork failed .*the worker ended that should be the mold/);
  expect(moldOf(family)).toBe(mold);
  await family.stop();
});

test('a worker that was to be the mold and is told to end instead tells the application', async () => {
  const family = await up({ workers: 1 });
  const [connection, idle] = [await HttpConnection.open(family.port), await HttpConnection.open(family.port)];
  await connection.begin();
  await idle.get();
  family.program.kill('SIGUSR2');
  await family.program.printed(/ promoted generation=2$/m);
  family.program.kill('SIGTERM');
  // By then the worker has heard of it.
  expect(await idle.ended()).toBe('END');
  connection.finishBody();
  expect((await connection.answer()).status).toBe(200);
  // It and the one that has taken its place.
  expect((await family.ended()).match(/the application was told/g)).toHaveLength(2);
});

test('the mold is killed while a worker that shall be the next one finishes', async () => {
  const family = await up({ workers: 2 });
  const connections = await oneToEach(family.port, family.workers);
  for (const connection of connections.values()) connection.get('/hang').catch(() => undefined);
  family.program.kill('SIGUSR2');
  const [, worker] = await family.program.printed(/^worker=\d+ pid=(\d+) promoted generation=2$/m);
  kill(moldOf(family), 'SIGKILL');
  await family.lines(/^mold pid=\d+ ready/, 2);
  expect(moldOf(family)).not.toBe(Number(worker));
  for (const connection of connections.values()) connection.close();
  await family.program.printed(/reforked generation=\d+$/m);
  expect(moldOf(family)).toBe(Number(worker));
  await oneToEach(family.port, family.workers);
  await family.stop();
});

test('workers are reforked after so many requests', async () => {
  const family = await up({ workers: 2, reforkAfter: [30, 60], timeout: 3_000 });
  const load = new Load(family.port, 4, new Map());
  for (const generation of [2, 3, 4]) await family.program.printed(finished('refork', generation));
  await load.stop();
  expect([load.lost, load.refused]).toEqual([[], []]);
  await family.stop();
});

describe('a stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('by %s while the mold boots', async (signal) => {
    application('slow', { first: "console.log('loading'); await new Promise((done) => setTimeout(done, 60_000));" });
    const family = new Family('prefork-mold.mjs', { options: { workers: 2 }, args: [file] });
    await family.program.printed(/^loading$/m);
    family.program.kill(signal);
    expect(await family.ended()).toMatch(/stopped$/m);
  });

  test.each([
    ['SIGTERM', 'SIGHUP'],
    ['SIGINT', 'SIGHUP'],
    ['SIGTERM', 'SIGUSR2'],
    ['SIGINT', 'SIGUSR2'],
  ] as const)('by %s at any moment of what %s does', async (signal, change) => {
    for (const moment of [
      / (reload|refork) from/,
      /forked generation|promoted/,
      /mold .* ready generation=2/,
      / exited /,
    ]) {
      const family = await up({ workers: 3 });
      const { length } = family.program.stdout;
      family.program.kill(change);
      while (!moment.test(family.program.stdout.slice(length))) await new Promise(setImmediate);
      family.program.kill(signal);
      await family.ended();
    }
  });
});

test('when the master is killed, its mold and its workers end', async () => {
  const family = await up({ workers: 2 });
  kill(family.master, 'SIGKILL');
  await family.gone();
});

describe('without preload', () => {
  const threads = {
    first: `const { Worker } = await import('node:worker_threads');
    new Worker('setInterval(() => 0, 1e6)', { eval: true });`,
  };

  describe.each(nodes())('on Node $major', ({ path: node }) => {
    test('each worker loads the application, which may start threads, and a reload loads the new one', async () => {
      application('first', threads);
      const family = await up({ workers: 4, preload: false }, node);
      const old = family.workers;
      const load = new Load(family.port, 8, await oneToEach(family.port, old));
      await load.more(5, old);
      application('second', threads);
      family.program.kill('SIGHUP');
      await family.program.printed(finished('reload', 2));
      await Promise.all(old.map((pid) => family.exited(pid)));
      for (const connection of (await oneToEach(family.port, family.workers)).values()) {
        expect((await connection.get()).headers['x-version']).toBe('second');
        connection.close();
      }
      await load.stop();
      expect([...load.lost, ...load.refused]).toEqual([]);
      expect(await family.stop()).not.toMatch(/failed|killing/);
    });
  });

  test('is what a log says that has the threads keep a mold from forking', async () => {
    application('first', threads);
    const { code, stdout } = await run(programPath('prefork-mold.mjs'), {
      args: [JSON.stringify({ workers: 1 }), file],
      env: isolated(),
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^mold pid=\d+ fork failed reason="ForkUnsafeError: .*; with preload: false each worker/m);
  });

  test('is what a reload needs to an application with threads, which says that no worker could be forked', async () => {
    const family = await up({ workers: 1 });
    application('second', threads);
    family.program.kill('SIGHUP');
    await family.program.printed(
      /reload failed generation=2 reason="a new worker could not be forked: the mold could not fork, see its log"$/m,
    );
    expect((await ask(family.port)).version).toBe('first');
    await family.stop();
  });

  test('an application that is broken leaves the old workers, and one that is mended replaces them', async () => {
    const family = await up({ workers: 2, preload: false });
    const old = family.workers;
    application('broken', { first: "throw new Error('not today');" });
    family.program.kill('SIGHUP');
    await family.program.printed(/reload failed generation=2 reason="a new worker ended before it was ready"$/m);
    expect(family.program.stdout).toMatch(/^worker=0 pid=\d+ failed reason="Error: not today"$/m);
    expect(family.workers).toEqual(old);
    application('second');
    family.program.kill('SIGHUP');
    await family.program.printed(finished('reload', 3));
    await family.replaced();
    expect((await ask(family.port)).version).toBe('second');
    expect(await family.stop({ stderr: expect.stringContaining('Error: not today') as string })).not.toMatch(/killing/);
  });

  test('a refork forks what a worker has loaded', async () => {
    const family = await up({ workers: 2, preload: false });
    for (let n = 0; n < 6; n++) await ask(family.port);
    application('second');
    family.program.kill('SIGUSR2');
    await family.program.printed(finished('refork', 2));
    // Also the one that took the place of the worker that is the mold now: it has loaded what is there by now.
    const old = Array.from(family.program.stdout.matchAll(/^worker=\d pid=(\d+) forked generation=1\b/gm), ([, pid]) =>
      Number(pid),
    );
    expect(old).toHaveLength(3);
    await Promise.all(old.filter((pid) => pid !== moldOf(family)).map((pid) => family.exited(pid)));
    const { version, known } = await ask(family.port);
    expect(version).toBe('first');
    expect(known).toBeGreaterThan(2);
    await family.stop();
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGTTOU'] as const)('%s ends a worker that loads it', async (signal) => {
    application('slow', { first: "console.log('loading'); await new Promise((done) => setTimeout(done, 60_000));" });
    const family = new Family('prefork-mold.mjs', { options: { workers: 1, preload: false }, args: [file] });
    const [, worker] = await family.program.printed(/^worker=0 pid=(\d+) forked/m);
    await family.program.printed(/^loading$/m);
    family.program.kill(signal);
    expect(await family.exited(Number(worker))).toBe('code=0');
    expect(signal === 'SIGTTOU' ? await family.stop() : await family.ended()).not.toMatch(/killing/);
  });

  test('a worker that is never loaded is killed after bootTimeout', async () => {
    application('slow', { first: 'await new Promise((done) => setTimeout(done, 60_000));' });
    const family = new Family('prefork-mold.mjs', {
      options: { workers: 1, preload: false, bootTimeout: 200 },
      args: [file],
    });
    await family.program.printed(/^worker=0 pid=\d+ killing reason=bootTimeout$/m);
    family.program.kill('SIGTERM');
    expect((await family.program.finished()).code).toBe(0);
  });
});
