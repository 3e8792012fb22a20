import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodes, programPath, run, type RunOptions } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // It has ended meanwhile.
  }
}

/** Waits until no process is left whose command line has this directory. Daemons are in nobody's process group. */
async function left(folder: string): Promise<void> {
  while (readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(folder))) {
    await new Promise(setImmediate);
  }
}

/** How the starter ends, and what the daemon leaves. */
async function started(name: string, options: RunOptions = {}) {
  const folder = temporaryDirectory();
  const ended = await run(programPath('daemon-cases.mjs'), { ...options, args: [name, folder] });
  return { ...ended, folder, read: (file: string) => readFileSync(join(folder, file), 'utf8') };
}

interface State {
  before: { session: number };
  after: { group: number; session: number; terminal: number };
  pid: number;
  cwd: string;
  umask: number;
  descriptors: string[];
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('a daemon has a session of its own that it does not lead, no terminal, and a log for output', async () => {
    const { code, stdout, stderr, folder, read } = await started('state', { node });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    const { before, after, pid, cwd, umask, descriptors } = JSON.parse(read('state')) as State;
    expect(after.session).not.toBe(before.session);
    expect(after.session).not.toBe(pid);
    expect(after.group).toBe(after.session);
    expect(after.terminal).toBe(0);
    expect({ cwd, umask }).toEqual({ cwd: '/', umask: 0o27 });
    expect(descriptors).toEqual(['/dev/null', join(folder, 'log'), join(folder, 'log')]);
    expect(read('log')).toBe('to stdout\nto stderr\nof a child\n');
    await left(folder);
  });
});

test('without options it has nothing to write to, and the umask that there was; a directory is that of the caller', async () => {
  const { code, folder, read } = await started('as-it-is');
  expect(code).toBe(0);
  expect(JSON.parse(read('state'))).toEqual({ cwd: folder, umask: 0o77, log: '/dev/null' });
  await left(folder);
});

test.each<[string, string, number, RegExp]>([
  ['that says it has failed', 'fails', 42, /^no luck today\n$/],
  ['with an uncaught error', 'throws', 1, /^Error: a mistake in the daemon\n {4}at .*\nthe daemon ended .* code 1\n$/s],
  ['that just ends', 'exits-early', 1, /^the daemon ended before it was ready, with exit code 0\n$/],
  ['that exits', 'exits-with-code', 9, /^the daemon ended before it was ready, with exit code 9\n$/],
  ['that is killed', 'killed', 1, /^the daemon was killed before it was ready\n$/],
  ['that has much to say', 'long-text', 1, /^x{200000}\n$/],
])('the starter of a daemon %s tells so', async (_, name, status, message) => {
  const { code, stdout, stderr, folder } = await started(name);
  expect({ code, stdout }).toEqual({ code: status, stdout: '' });
  expect(stderr).toMatch(message);
  await left(folder);
});

test('the starter does not wait for children of the daemon, and they tell it nothing', async () => {
  const { code, stderr, folder } = await started('forks');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // The child of the daemon waits for that.
  writeFileSync(join(folder, 'fifo'), '');
  await left(folder);
});

test('what cannot be is told before there is a daemon, and nothing is changed', async () => {
  const { code, stdout } = await started('mistakes');
  expect(code).toBe(0);
  const type = 'ERR_INVALID_ARG_TYPE';
  const range = 'ERR_OUT_OF_RANGE';
  const value = 'ERR_INVALID_ARG_VALUE';
  const codes = [type, type, value, range, range, type, value, 'ENOENT', 'EISDIR', 'ENOENT'];
  expect(stdout.trim().split('\n')).toEqual(['mistakes', ...codes, 'true']);
});
