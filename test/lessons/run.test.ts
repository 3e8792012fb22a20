// Every lesson runs, says what its expected.txt says, and leaves nothing behind.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processes } from '../support/processes';
import { nodes, Program, type Finished } from '../support/programs';
import { isolated, temporaryDirectory } from '../support/runtime';
import { fileOf, folder, root, slugs, textOf } from './lessons';

// mask.mjs is a module of ECMAScript, which Jest does not load.
const masker = `
  import { text } from 'node:stream/consumers';
  import { mask } from ${JSON.stringify(join(folder, 'mask.mjs'))};
  process.stdout.write(mask(await text(process.stdin)));`;

function masked(output: string, temporary: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '--eval', masker], {
    input: output,
    env: { ...process.env, TMPDIR: temporary },
    encoding: 'utf8',
  });
}

/** The processes of a lesson: of its group, and those that have left it but have its environment. Not the dead. */
function processesOf(group: number, temporary: string): number[] {
  const isOfLesson = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`TMPDIR=${temporary}\0`);
    } catch {
      return false; // It has ended meanwhile, or is another user's.
    }
  };
  return processes()
    .filter(({ state, group: own, pid }) => state !== 'Z' && (own === group || isOfLesson(pid)))
    .map(({ pid }) => pid);
}

// Who has closed the output may still be about to end: what remains then is there to stay.
const LAST_BREATH = 5_000; // milliseconds

async function leftBy(group: number, temporary: string): Promise<unknown[]> {
  const end = performance.now() + LAST_BREATH;
  while (processesOf(group, temporary).length > 0 && performance.now() < end) await delay(20);
  const pids = processesOf(group, temporary);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return [...pids, ...readdirSync(temporary)];
}

/** Runs a lesson in a session of its own, with a folder of its own for what is temporary. */
async function learn(
  slug: string,
  { node, env }: { node?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Finished & { left: unknown[]; seconds: number }> {
  const temporary = temporaryDirectory();
  const begin = performance.now();
  const program = new Program(fileOf(slug, 'program.mjs'), {
    ...(node !== undefined && { node }),
    cwd: temporary,
    env: { ...isolated(), TMPDIR: temporary, ...env },
  });
  const finished = await program.finished();
  const left = await leftBy(program.pid, temporary);
  program.end();
  return {
    ...finished,
    stdout: masked(finished.stdout, temporary),
    left,
    seconds: (performance.now() - begin) / 1000,
  };
}

// The machine may be busy: a lesson takes at most 3 s on one that is not.
const LONGEST = 20;

test.each(slugs)('%s prints what it promises, and leaves no process and no file', async (slug) => {
  const { seconds, ...ended } = await learn(slug);
  expect(ended).toEqual({ code: 0, signal: null, stdout: textOf(slug, 'expected.txt'), stderr: '', left: [] });
  expect(seconds).toBeLessThan(LONGEST);
});

test('a lesson whose ZooKeeper ends before it answers says so, and leaves nothing', async () => {
  const bin = temporaryDirectory();
  writeFileSync(join(bin, 'setpriv'), '#!/bin/sh\nexit 3\n', { mode: 0o755 });
  const env = { ZOOKEEPER_URL: undefined, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const { code, stdout, stderr, left } = await learn('sequence-and-ephemeral-nodes', { env });
  expect({ code, stdout, left }).toEqual({ code: 1, stdout: '', left: [] });
  expect(stderr).toContain('Error: the ZooKeeper of this lesson ended with exit code 3\n');
});

const others = nodes().filter(({ path }) => path !== process.execPath);

// A few of each chapter say enough: what differs between the versions is the fork, which has its own tests.
const SAMPLE = 7;

describe.each(others)('on Node.js $major', ({ path }) => {
  test.each(slugs.filter((_, n) => n % SAMPLE === 0))('%s prints the same', async (slug) => {
    expect(await learn(slug, { node: path })).toMatchObject({
      code: 0,
      stdout: textOf(slug, 'expected.txt'),
      stderr: '',
      left: [],
    });
  });
});

test('an output that is not the expected one is seen', () => {
  const [slug = ''] = slugs;
  const output = textOf(slug, 'expected.txt').replaceAll('<pid A>', '100').replaceAll('<pid B>', '200');
  expect(masked(output, root)).toBe(textOf(slug, 'expected.txt'));
  expect(masked(output.replace('200', '300'), root)).not.toBe(textOf(slug, 'expected.txt'));
});
