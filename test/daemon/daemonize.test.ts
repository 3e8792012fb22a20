import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { processStat } from 'truefork/posix';
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
    await turn();
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** How the starter ends, and what the daemon leaves. */
async function started(name: string, options: RunOptions = {}, folder = temporaryDirectory(), ...args: string[]) {
  const ended = await run(programPath('daemon-cases.mjs'), { ...options, args: [name, folder, ...args] });
  return { ...ended, folder, read: (file: string) => readFileSync(join(folder, file), 'utf8') };
}

interface State {
  before: { session: number };
  after: { ppid: number; group: number; session: number; terminal: number };
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
    // An orphan: its parent is process 1, or a subreaper.
    expect(processStat(after.ppid)?.started).toBeLessThan(processStat(process.pid)?.started ?? NaN);
    expect({ cwd, umask }).toEqual({ cwd: '/', umask: 0o27 });
    expect(descriptors).toEqual(['/dev/null', join(folder, 'log'), join(folder, 'log')]);
    expect(read('log')).toBe('to stdout\nto stderr\nof a child\n');
    await left(folder);
  });

  test('a heartbeat daemon starts a program again and again, and both end when it is told to', async () => {
    const { code, stderr, folder, read } = await started('heartbeat', { node });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const pid = Number(read('pid'));
    try {
      while ((existsSync(join(folder, 'runs')) ? read('runs') : '').split('\n').length < 4) await turn();
      process.kill(pid, 'SIGTERM');
      await left(folder);
    } finally {
      end(pid);
    }
    expect(read('log')).toMatch(
      /^program pid=(\d+) exited signal=SIGABRT\nsupervisor pid=\d+ restart ms=0 failures=1$/m,
    );
    expect(read('log')).toMatch(/^supervisor pid=\d+ stopped\n$/m);
    expect(readdirSync(folder)).not.toContain('pid');
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
  ['that is not there in time', 'born-late', 1, /^the daemon was not ready within 20 ms, and was killed\n$/],
  ['that is not ready in time', 'too-late', 1, /^the daemon was not ready within 300 ms, and was killed\n$/],
  ['that has been told how long it may take', 'in-time', 3, /^not today\n$/],
  [
    'whose pid file another one was quicker to write',
    'pid-file-raced',
    75,
    /^process \d+ runs with the pid file .*\n$/,
  ],
  ['that has much to say', 'long-text', 1, /^x{200000}\n$/],
])('the starter of a daemon %s tells so', async (_, name, status, message) => {
  const { code, stdout, stderr, folder } = await started(name);
  expect({ code, stdout }).toEqual({ code: status, stdout: '' });
  expect(stderr).toMatch(message);
  await left(folder);
});

test('there is one daemon with a pid file, which is gone with it', async () => {
  const { code, folder, read } = await started('pid-file');
  expect(code).toBe(0);
  const state = JSON.parse(read('state')) as { path: string; pid: number; own: number };
  try {
    expect(state).toEqual({ path: join(folder, 'pid'), pid: state.own, own: Number(read('pid')) });
    const second = await started('pid-file', {}, folder);
    expect({ code: second.code, stdout: second.stdout }).toEqual({ code: 1, stdout: '' });
    expect(second.stderr).toContain(`PidFileError: process ${state.own} runs with the pid file ${folder}/pid`);
    // The daemon waits for that.
    writeFileSync(join(folder, 'fifo'), '');
    await left(folder);
  } finally {
    end(state.own);
  }
  expect(readdirSync(folder)).not.toContain('pid');
});

test('what it writes to stderr may go to a file of its own', async () => {
  const { code, folder, read } = await started('two-files');
  expect(code).toBe(0);
  await left(folder);
  expect([read('log'), read('errors')]).toEqual(['to stdout\n', 'to stderr\n']);
});

test('it may be started in a directory that has been removed', async () => {
  const { code, stderr, folder, read } = await started('removed-directory');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await left(folder);
  expect(read('state')).toBe('/');
});

test.each(['[0]', '[1,2]', '[0,1,2]'])('it may be started with the descriptors %s closed', async (closed) => {
  const { code, folder, read } = await started('closed-descriptors', {}, temporaryDirectory(), closed);
  await left(folder);
  expect(code).toBe(0);
  expect(read('state')).toBe(['/dev/null', join(folder, 'log'), join(folder, 'log')].join());
  expect(read('log')).toBe('to stdout\nto stderr\n');
});

test('one that is killed while it tells how its start went has been killed', async () => {
  const { code, stderr, folder } = await started('killed-in-a-word');
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'the daemon was killed before it was ready\n' });
  await left(folder);
});

test('it keeps the descriptors that it is told to, and those that are close-on-exec', async () => {
  const { code, folder, read } = await started('keeps');
  expect(code).toBe(0);
  await left(folder);
  expect(JSON.parse(read('state'))).toEqual([false, true, true]);
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
  codes.push(value, 'EISDIR', type, 'ERR_PID_FILE', type, type, type, type, range, range, type);
  expect(stdout.trim().split('\n')).toEqual(['mistakes', ...codes, 'true']);
});
