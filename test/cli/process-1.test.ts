// `truefork serve` and `truefork supervise` as process 1 of a pid namespace, as they are in a container.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'truefork';
import { asProcess1, innerPid } from '../support/namespaces';
import { nodes, Program, programPath, run } from '../support/programs';
import { childrenOf } from '../support/processes';
import { isolated, temporaryDirectory } from '../support/runtime';
import { command } from './truefork';

/** A server that is process 1, and its pid in this namespace; pids in its log are those in its own. */
async function serve({ workers = 2, node }: { workers?: number; node?: string } = {}) {
  const program = new Program(command, {
    ...asProcess1(node),
    args: [
      'serve',
      programPath('cli-orphans.mjs'),
      '--host',
      '127.0.0.1',
      '--workers',
      String(workers),
      '--log-format',
      'text',
    ],
    env: isolated(),
  });
  const [, port] = await program.logged(/^master pid=1 listening host=\S+ port=(\d+)/m);
  await lines(program, /^worker=\d pid=\d+ ready/, workers);
  const [master = 0] = childrenOf(program.pid);
  const get = async (path: string) =>
    (await fetch(`http://127.0.0.1:${port ?? ''}${path}`, { headers: { connection: 'close' } })).text();
  return { program, master, get };
}

/** How many of these lines there are in a log. */
const count = (log: string, line: RegExp) => log.match(new RegExp(line, 'gm'))?.length ?? 0;

/** Fulfilled when there are so many of these lines. */
async function lines(program: Program, line: RegExp, number: number) {
  const { stderr } = program.process;
  while (count(program.stderr, line) < number && stderr) await once(stderr, 'data');
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('each signal does what it does elsewhere', async () => {
    const { program, master, get } = await serve({ node });
    kill(master, 'SIGTTIN');
    await program.logged(/^worker=2 pid=\d+ ready/m);
    kill(master, 'SIGTTOU');
    await program.logged(/^worker=2 pid=\d+ exited code=0$/m);
    kill(master, 'SIGHUP');
    await program.logged(/reloaded generation=2$/m);
    kill(master, 'SIGUSR2');
    await program.logged(/reforked generation=3$/m);
    await get('/');
    kill(master, 'SIGWINCH');
    await program.logged(/scale workers=0 from=2$/m);
    kill(master, 'SIGTERM');
    const { code, stderr } = await program.finished();
    expect(code).toBe(0);
    expect(stderr).toMatch(/^master pid=1 stopped\n$/m);
  });

  test('what its workers leave behind is waited for, and is no worker', async () => {
    const { program, master, get } = await serve({ node });
    const family = childrenOf(master).length;
    await get('/orphans/500');
    await lines(program, /^orphan pid=\d+ exited code=3$/, 500);
    expect(childrenOf(master)).toHaveLength(family);
    kill(master, 'SIGTERM');
    const { code, stderr } = await program.finished();
    expect(code).toBe(0);
    expect(count(stderr, /^orphan /)).toBe(500);
    expect(count(stderr, /^worker=\d pid=\d+ exited code=0$/)).toBe(2);
    expect(count(stderr, / ready/)).toBe(3);
  });
});

test.each(['SIGTERM', 'SIGQUIT', 'SIGINT'] as const)('%s ends it with 0', async (signal) => {
  const { program, master } = await serve();
  kill(master, signal);
  expect((await program.finished()).code).toBe(0);
});

test.each([
  ['SIGTERM', 143],
  ['SIGQUIT', 131],
  ['SIGINT', 130],
] as const)('%s before there is a server ends it with %d, as a shell would tell of it', async (signal, expected) => {
  const file = join(temporaryDirectory(), 'slow.mjs');
  writeFileSync(file, "console.log('loading'); await new Promise((done) => setTimeout(done, 60_000));");
  const program = new Program(command, {
    ...asProcess1(),
    args: ['serve', '--check-config', file],
    env: isolated(),
  });
  await program.printed(/^loading$/m);
  const [master = 0] = childrenOf(program.pid);
  kill(master, signal);
  expect((await program.finished()).code).toBe(expected);
});

test('its exit codes are the same', async () => {
  const ends = async (...args: string[]) => {
    const { code } = await run(command, { ...asProcess1(), args: ['serve', ...args], env: isolated() });
    return code;
  };
  expect(await ends('missing.mjs')).toBe(66);
  expect(await ends(programPath('cli-no-export.mjs'))).toBe(65);
  expect(await ends(programPath('cli-throws.mjs'))).toBe(66);
  expect(await ends(programPath('cli-dies.mjs'), '--workers', '1')).toBe(70);
  expect(await ends('--no-such-flag')).toBe(2);
});

test('a child that outlives its worker becomes one of the master, and is waited for at its end', async () => {
  const { program, master, get } = await serve({ workers: 1 });
  const child = await get('/child');
  const worker = await get('/');
  const inside = (pid: string) => childrenOf(master).find((child) => innerPid(child) === Number(pid)) ?? 0;
  kill(inside(worker), 'SIGKILL');
  await program.logged(new RegExp(`^worker=0 pid=${worker} exited signal=SIGKILL$`, 'm'));
  kill(inside(child), 'SIGTERM');
  await program.logged(new RegExp(`^orphan pid=${child} exited signal=SIGTERM$`, 'm'));
  kill(master, 'SIGTERM');
  expect((await program.finished()).code).toBe(0);
});

test('what a supervised program leaves behind is waited for', async () => {
  const script = 'for n in 1 2 3; do setsid -f sh -c "exit 3"; done; exec sleep 1000';
  const program = new Program(command, { ...asProcess1(), args: ['supervise', '--', 'sh', '-c', script] });
  await lines(program, /^orphan pid=\d+ exited code=3$/, 3);
  const [supervisor = 0] = childrenOf(program.pid);
  expect(childrenOf(supervisor)).toHaveLength(1);
  kill(supervisor, 'SIGTERM');
  const { code, stderr } = await program.finished();
  expect(code).toBe(0);
  expect(stderr).toMatch(/^program pid=\d+ exited signal=SIGTERM\nsupervisor pid=1 stopped\n$/m);
});
