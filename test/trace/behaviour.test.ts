// A traced program behaves as one that is not.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { command, truefork } from '../cli/truefork';
import { nodes, Program, programPath, run } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';

const stories = programPath('trace-stories.mjs');

describe.each(nodes())('on Node.js $major', ({ path: node }) => {
  test('it prints, reads and ends as it does untraced', () => {
    const options = { input: 'typed\n', encoding: 'utf8' } as const;
    const words = ['same', 'with spaces', '--svg'];
    const file = join(temporaryDirectory(), 'a.svg');
    const untraced = spawnSync(node, [stories, ...words], options);
    const traced = spawnSync(node, [command, 'trace', '--svg', file, '--', node, stories, ...words], options);
    expect(untraced).toMatchObject({ status: 5, stderr: 'to standard error\n' });
    const { status, signal, stdout, stderr } = traced;
    expect({ status, signal, stdout, stderr }).toEqual({
      status: untraced.status,
      signal: untraced.signal,
      stdout: untraced.stdout,
      stderr: untraced.stderr,
    });
  });

  test('record() observes without being seen, and leaves nothing', async () => {
    const ended = await run(programPath('trace-record.mjs'), { node });
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'held\n', stderr: '' });
  });
});

test('a program in CommonJS is recorded too', async () => {
  const text = "require('truefork/trace').mark('from CommonJS')";
  const { code, stderr } = await truefork(['trace', '--', process.execPath, '-e', text]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/ from CommonJS$/m);
});

test('a program whom a signal ends lets truefork end by the same', async () => {
  const { code, signal, stderr } = await truefork(['trace', '--', process.execPath, stories, 'dies']);
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  expect(stderr).toMatch(/^\d+ node trace-stories\.mjs.* SIGKILL$/m);
});

// Node's own 'exit' event says of such a program that it has exited with 0: the shell knows.
test('and by a real-time signal', () => {
  const words = [process.execPath, command, 'trace', '--', 'sh', '-c', 'kill -35 $$'];
  const { stdout, stderr } = spawnSync('sh', ['-c', '"$@"; echo $?', 'sh', ...words], { encoding: 'utf8' });
  expect(stdout).toBe(`${128 + 35}\n`);
  expect(stderr).toMatch(/^\d+ sh .* 35$/m);
});

test.each(['SIGSEGV', 'SIGPIPE', 'SIGABRT', 'SIGUSR1'])('by %s, too', async (name) => {
  const script = `ulimit -c 0; kill -${name.slice('SIG'.length)} $$`;
  const { code, signal, stderr } = await truefork(['trace', '--', 'sh', '-c', script]);
  expect({ code, signal }).toEqual({ code: null, signal: name });
  expect(stderr).not.toContain('truefork:');
});

test('what is sent to truefork comes to the program', async () => {
  const program = new Program(command, { args: ['trace', '--', process.execPath, stories, 'waits'] });
  await program.printed(/ready/);
  program.kill('SIGTERM');
  expect(await program.finished()).toMatchObject({ code: 3, signal: null, stdout: 'ready\nSIGTERM\n' });
});

test('Ctrl-C in its terminal comes to the program once', async () => {
  const ended = await run(programPath('trace-terminal.mjs'), { args: [command] });
  expect(ended).toEqual({ code: 0, signal: null, stdout: 'held\n', stderr: '' });
});

test.each([
  ['/nonexistent/program', 127, 'ENOENT'],
  ['/', 126, 'EACCES'],
  [`${__filename}/program`, 126, 'ENOTDIR'],
])('%s cannot be started: exit code %i, as in a shell', async (name, code, error) => {
  const { stderr, ...ended } = await truefork(['trace', '--', name]);
  expect(ended).toEqual({ code, signal: null, stdout: '' });
  const start = `truefork: '${name}' could not be started: spawn `;
  expect([stderr.slice(0, start.length), stderr.slice(start.length)]).toEqual([
    start,
    expect.stringMatching(new RegExp(`^(${name} )?${error}\\n$`)),
  ]);
});

test('a file that there is no room for is a mistake, and named', async () => {
  const { code, stderr } = await truefork(['trace', '--svg', '/dev/full', '--', 'true']);
  expect(code).toBe(72);
  expect(stderr).toMatch(/^truefork: '\/dev\/full' cannot be written: ENOSPC.*\n$/);
});

test('a file that cannot be written is known before the program runs', async () => {
  const { code, stdout, stderr } = await truefork(['trace', '--svg', '/nonexistent/a.svg', '--', 'echo', 'ran']);
  expect({ code, stdout }).toEqual({ code: 72, stdout: '' });
  expect(stderr).toMatch(/^truefork: '\/nonexistent\/a\.svg' cannot be written: ENOENT/);
});
