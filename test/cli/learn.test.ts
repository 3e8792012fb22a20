import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStat } from 'truefork/posix';
import { contents, fileOf, slugs, textOf } from '../lessons/lessons';
import { Program } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';
import { command, truefork } from './truefork';

const english = { LC_ALL: 'C.UTF-8' };

function learn(...args: string[]) {
  return truefork(['learn', ...args], english);
}

test('truefork learn lists the chapters, and each lesson with a line', async () => {
  const { code, stdout, stderr } = await learn();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n').filter(Boolean);
  expect(lines.filter((line) => !line.startsWith(' '))).toEqual(contents.map(({ title }) => title));
  expect(lines.filter((line) => line.startsWith(' ')).map((line) => line.trim().split(' ')[0])).toEqual(slugs);
});

test('a lesson is its point, its program, what it prints, and what to see', async () => {
  const { code, stdout, stderr } = await learn('fork-returns-twice');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const program = readFileSync(fileOf('fork-returns-twice', 'program.mjs'), 'utf8');
  const [first = ''] = program.split('\n');
  const parts = [
    'fork returns twice\n',
    'returns twice. When',
    first,
    'before: pid',
    'What to see',
    'README.md',
    'memory-is-copied',
  ];
  const places = parts.map((part) => stdout.indexOf(part));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
  expect(stdout.match(/^both: {3}pid \d+/gm)).toHaveLength(2);
});

test('what surrounds the program has no line that is wider than the terminal', async () => {
  for (const language of ['en', 'zh']) {
    const { stdout } = await learn('zombies', '--lang', language);
    const [point = '', rest = ''] = stdout.split(/^.*program\.mjs$/m);
    const after = rest.slice(rest.lastIndexOf(language === 'en' ? 'What to see' : '看什么'));
    const lines = [...point.split('\n'), ...after.split('\n').filter((line) => line.startsWith(' '))];
    const widths = lines.map((line) => line.replace(/[^\0-\xff“”…]/g, '..').length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  }
});

test('the language is that of the locale, or of --lang', async () => {
  const chinese = { LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_CN.UTF-8' };
  expect((await truefork(['learn'], chinese)).stdout).toMatch(/^进程\n/);
  expect((await truefork(['learn', '--lang', 'en'], chinese)).stdout).toMatch(/^Processes\n/);
  expect((await truefork(['learn'], { ...chinese, LC_ALL: 'C' })).stdout).toMatch(/^Processes\n/);
  expect((await learn('wait', '--lang', 'zh')).stdout).toContain('看什么');
  expect(await learn('--lang', 'de')).toMatchObject({
    code: 2,
    stderr: "truefork: --lang takes en or zh, not 'de' (see truefork learn --help)\n",
  });
});

test('a part of a name is enough where it fits one lesson; otherwise those that are near are named', async () => {
  expect((await learn('zombie')).stdout).toMatch(/^zombies\n/);
  const hint = async (name: string) => (await learn(name)).stderr;
  expect(await hint('wai')).toMatch(/^truefork: there is no lesson 'wai': did you mean .*wait-for-all, waitpid/);
  expect(await hint('zombeis')).toBe(
    "truefork: there is no lesson 'zombeis': did you mean zombies? (see truefork learn --help)\n",
  );
  expect(await hint('frok')).toContain('fork-returns-twice');
  expect(await learn('nothing-like-it')).toMatchObject({
    code: 2,
    stderr: "truefork: there is no lesson 'nothing-like-it' (see truefork learn --help)\n",
  });
});

test('--slow tells who says what and when, and whose child that is; nothing is left out', async () => {
  const anonymous = (line: string) => line.replace(/<pid \w>|\d{2,}/g, 'N').replace(/node|(node-)?MainThread/g, 'node');
  const expected = textOf('fork-returns-twice', 'expected.txt').trimEnd().split('\n').map(anonymous);
  let of: string | undefined;
  // Whose child it is nobody can tell any more if it is heard only after its parent has waited for it: the scheduler decides.
  while (of === undefined) {
    const { code, stdout, stderr } = await learn('fork-returns-twice', '--slow');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/(?<= │ ).*$/gm)?.map(anonymous)).toEqual(expected);
    const [, parent] = /^ *\d+ ms {2}pid (\d+) +│ before: pid \1, one process$/m.exec(stdout) ?? [];
    const [child] = /^ *\d+ ms {2}pid (\d+) +│ child: {2}pid \1,/m.exec(stdout) ?? [];
    expect([parent, child]).not.toContain(undefined);
    [, of] = /^ *┌ a child of pid (\d+)\n.+│ child: /m.exec(stdout) ?? [];
    expect([parent, undefined]).toContain(of);
  }
});

test('--slow does not wait for a reader who has gone', async () => {
  const lesson = 'process-groups-and-sessions';
  // What is read in half a minute.
  const pace = textOf(lesson, 'expected.txt').split('\n').slice(0, -1);
  expect(pace.reduce((time, line) => time + 300 + 25 * line.length, 0)).toBeGreaterThan(30_000);
  const start = performance.now();
  const program = spawn(process.execPath, [command, 'learn', lesson, '--slow'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...english },
  });
  program.stdout.destroy();
  expect(await once(program, 'exit')).toEqual([0, null]);
  expect(performance.now() - start).toBeLessThan(30_000);
});

test('--trace draws what the processes of the lesson do', async () => {
  const file = join(temporaryDirectory(), 'lesson.html');
  const { code, stdout, stderr } = await learn('zombies', '--trace', file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^child: {2}pid \d+ ends with exit code 7$/m);
  expect(stdout).toContain(file);
  expect(readFileSync(file, 'utf8')).toMatch(/<svg[^]*zombie/);
  const slow = join(temporaryDirectory(), 'slow.html');
  expect((await learn('memory-is-copied', '--slow', '--trace', slow)).stdout).toMatch(/^ *\d+ ms {2}pid/m);
  expect(existsSync(slow)).toBe(true);
});

test.each([
  ['SIGINT', 130],
  ['SIGQUIT', 131],
] as const)('%s to the command ends the lesson, and the lesson’s end is the command’s', async (signal, expected) => {
  // It goes on for two seconds after its first line. The program's text, which is shown before, has that line too.
  const program = new Program(command, { args: ['learn', 'setitimer', '--slow'], env: english });
  const [, lesson] = await program.printed(/pid (\d+) +│ ITIMER_REAL/);
  program.kill(signal);
  expect(await program.finished()).toMatchObject({ code: expected, signal: null });
  expect(processStat(Number(lesson))).toBeUndefined();
});
