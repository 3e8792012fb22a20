// The registry in the file system, between processes: those that register end in every way.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connectRegistry, type Registry } from 'truefork/discovery';
import { nodes, Program, programPath, run, type RunOptions } from '../support/programs';
import { Lists } from './lists';
import { temporaryDirectory } from '../support/runtime';

let directory: string;
let url: string;
let registry: Registry;

beforeEach(async () => {
  directory = temporaryDirectory();
  url = pathToFileURL(directory).href;
  registry = await connectRegistry(url);
});

afterEach(async () => {
  await registry.close();
});

const files = () => readdirSync(join(directory, 'rpc'));

function start(name: string, ...args: string[]): Program {
  return startAs({}, name, ...args);
}

function startAs(options: RunOptions, name: string, ...args: string[]): Program {
  return new Program(programPath(`discovery-${name}.mjs`), { ...options, args: [url, 'rpc', ...args] });
}

async function registrant(host: string, port: number): Promise<Program & { id: string }> {
  const program = start('registrant', host, String(port));
  const [, id = ''] = await program.printed(/registered (\S+)/);
  return Object.assign(program, { id });
}

async function end(program: Program, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  program.kill(signal);
  await program.finished();
}

function watched(): Lists {
  const lists = new Lists();
  registry.watch('rpc', lists.listener);
  return lists;
}

test.each(['SIGKILL', 'SIGTERM', 'SIGABRT'] as const)(
  'a process that %s ends has gone, and its file',
  async (signal) => {
    const lists = watched();
    const first = await registrant('first', 1);
    const second = await registrant('second', 2);
    await lists.until('first:1', 'second:2');
    await end(first, signal);
    await lists.until('second:2');
    expect(files()).toEqual([`${second.id}.json`]);
    await end(second, signal);
    await lists.until();
    expect(files()).toEqual([]);
  },
);

test('what a process has left that ended unwatched is not told, and goes with the first look', async () => {
  const program = await registrant('host', 1);
  await end(program);
  expect(files()).toEqual([`${program.id}.json`]);
  expect(await registry.instances('rpc')).toEqual([]);
  expect(files()).toEqual([]);
});

test('a process that restarts at its address is there until it ends for good', async () => {
  const lists = watched();
  const before = await registrant('host', 1);
  await lists.until('host:1');
  const after = await registrant('host', 1);
  await end(before);
  const marker = await registry.register('rpc', { host: 'marker', port: 1 });
  const [instance] = await lists.until('host:1', 'marker:1');
  await marker.unregister();
  await lists.until('host:1');
  expect([before.id, after.id]).toContain(instance?.id);
  expect(lists.all.slice(1).every(([first]) => first?.host === 'host')).toBe(true);
  await end(after);
  await lists.until();
});

test('a process that is stopped stays', async () => {
  const lists = watched();
  const program = await registrant('host', 1);
  await lists.until('host:1');
  program.kill('SIGSTOP');
  while (!stateOf(program.pid).includes(') T ')) await new Promise((resolve) => setImmediate(resolve));
  const { id } = await registry.register('rpc', { host: 'other', port: 2 });
  await lists.until('host:1', 'other:2');
  expect(files().sort()).toEqual([`${program.id}.json`, `${id}.json`].sort());
  await end(program);
  await lists.until('other:2');
});

function stateOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8');
}

test('a process whose file is deleted puts it back', async () => {
  const lists = watched();
  const program = await registrant('host', 1);
  await lists.until('host:1');
  rmSync(join(directory, 'rpc'), { recursive: true, maxRetries: 10 });
  const other = new Lists();
  registry.watch('rpc', other.listener);
  await other.until('host:1');
  // What was seen last stays for a moment, so that the list does not tell when the file is back.
  while (files().join() !== `${program.id}.json`) await new Promise((resolve) => setImmediate(resolve));
  await end(program);
  await lists.until();
});

const everyNode = nodes().map(({ major, path }) => [major, path] as const);

test.each(everyNode)('on Node %s, a forked child does not keep what its parent has registered', async (_, node) => {
  const lists = watched();
  const program = startAs({ node }, 'forked');
  await program.printed(/child ready/);
  await program.printed(/parent ready/);
  const [, child] = await program.printed(/child (\d+) has/);
  expect(program.stdout).toMatch(/parent 2 descriptors/);
  expect(program.stdout).toMatch(/child \d+ has 0 descriptors/);
  expect(program.stdout).toMatch(/child register: ERR_REGISTRY_CLOSED/);
  expect(program.stdout).toMatch(/child watch: ERR_REGISTRY_CLOSED/);
  expect(program.stdout).toMatch(/child update: ERR_REGISTRY_CLOSED/);
  expect(program.stdout).toMatch(/child unregister: done/);
  expect(program.stdout).toMatch(/child close: done/);
  await lists.until('parent:1');

  program.kill('SIGUSR2');
  await program.printed(/parent still watches/);
  await lists.until('parent:3');
  program.kill('SIGKILL');
  await lists.until();
  expect(files()).toEqual([]);

  expect(existsSync(`/proc/${child ?? ''}`)).toBe(true);
  process.kill(Number(child), 'SIGUSR2');
  await lists.until('child:2');
  await program.printed(/child lists 0/);
  program.end();
  await lists.until();
});

test('a registration alone does not keep a process alive', async () => {
  const program = await run(programPath('discovery-lifetime.mjs'), { args: [url, 'rpc', 'registration'] });
  expect(program).toMatchObject({ code: 0, stdout: 'ends\n', stderr: '' });
});

test.each([
  ['unrefed', '=\nends\n'],
  ['closed', 'ends\n'],
])('a watch that is %s does not keep a process alive', async (what, stdout) => {
  const program = await run(programPath('discovery-lifetime.mjs'), { args: [url, 'rpc', what] });
  expect(program).toMatchObject({ code: 0, stdout, stderr: '' });
});

test.each(['ref', 'loop'])('a watch keeps a process alive until it is closed: %s', async (what) => {
  const program = start('lifetime', what);
  await program.printed(/=\n/);
  await registry.register('rpc', { host: 'host', port: 1 });
  expect(await program.finished()).toMatchObject({ code: 0, stdout: '=\n= host\nends\n', stderr: '' });
});

test('a listener that throws is an uncaught exception, and harms no other', async () => {
  const program = await run(programPath('discovery-lifetime.mjs'), { args: [url, 'rpc', 'throws'] });
  expect(program).toMatchObject({ code: 0, stdout: '=\nof a listener\nends\n', stderr: '' });
});

test('who has no descriptors left keeps the last list, and looks again', async () => {
  const shell = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath];
  await registry.register('rpc', { host: 'a', port: 1 });
  const program = startAs({ node: '/bin/sh', nodeArgs: shell }, 'exhausted');
  await program.printed(/exhausted\n/);
  await registry.register('rpc', { host: 'b', port: 2 });
  const { code, stdout } = await program.finished();
  expect({ code, stdout }).toEqual({ code: 0, stdout: '= a\nexhausted\nwarned EMFILE\n= a b\n' });
});

test('after a thousand cycles of registering and ending, everyone sees that nobody is left', async () => {
  const watchers = [start('watcher'), start('watcher'), start('watcher')];
  for (const watcher of watchers) await watcher.printed(/=\n/);
  const cycles = await run(programPath('discovery-cycles.mjs'), { args: [url, 'rpc', '1000'] });
  expect(cycles).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' });

  const lists = watched();
  const marker = await registry.register('rpc', { host: 'marker', port: 1 });
  await lists.until('marker:1');
  for (const watcher of watchers) await watcher.printed(/= marker:1\n/);
  await marker.unregister();
  for (const watcher of watchers) {
    await watcher.printed(/= marker:1\n=\n$/);
    watcher.kill('SIGTERM');
    const { code, stdout, stderr } = await watcher.finished();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/descriptors 0 left\n$/);
  }
  expect(files()).toEqual([]);
});

test('while registrants update a thousand times and cleaners clean, nobody who lives is lost', async () => {
  const updaters = [start('updater', 'a', '1000'), start('updater', 'b', '1000')];
  for (const updater of updaters) await updater.printed(/registered/);
  const readers = [start('watcher'), start('looker'), start('looker')];
  for (const reader of readers) await reader.printed(/= a\S* b\S*\n/);
  for (const updater of updaters) updater.kill('SIGUSR2');

  // What the dead leave, for the cleaners.
  const done = Promise.all(updaters.map((updater) => updater.printed(/updated/)));
  let isDone = false;
  void done.then(() => (isDone = true));
  let digits = 0;
  while (!isDone) {
    const id = `00000000-0000-4000-8000-${String(digits++).padStart(12, '0')}`;
    writeFileSync(join(directory, 'rpc', `${id}.json`), '{"host": "dead", "port": 1}');
    writeFileSync(join(directory, 'rpc', `.${id}.tmp`), '');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await done;

  expect((await registry.instances('rpc')).map(({ host, port }) => `${host}:${port}`)).toEqual(['a:1', 'b:1']);
  await readers[0]?.printed(/= a:1 b:1\n$/);
  for (const reader of readers) {
    reader.kill('SIGTERM');
    const { code, stdout, stderr } = await reader.finished();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lists = stdout.split('\n').filter((line) => line.startsWith('='));
    const seen = lists.map((line) => line.replace(/:\d+/g, ''));
    expect(new Set(seen)).toEqual(new Set(['= a b']));
  }
  for (const updater of updaters) await end(updater);
  expect(await registry.instances('rpc')).toEqual([]);
  expect(files()).toEqual([]);
});
