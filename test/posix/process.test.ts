import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  close,
  getpid,
  getppid,
  kill,
  pidfd_open,
  processArguments,
  processMemory,
  processStat,
  ProcessLookupError,
} from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';

// One more than the greatest pid that Linux can have.
const NOBODY = 2 ** 22 + 1;

test('getpid and getppid are what Node says', () => {
  expect([getpid(), getppid()]).toEqual([process.pid, process.ppid]);
});

describe('kill', () => {
  test('with signal 0 tells that a process is there, and does nothing to it', () => {
    kill(getpid(), 0);
    kill(process.ppid, 0);
  });

  test('of nobody is a ProcessLookupError', () => {
    const error = thrownBy(() => {
      kill(NOBODY, 'SIGTERM');
    });
    expect(error).toBeInstanceOf(ProcessLookupError);
    expect(error).toMatchObject({ code: 'ESRCH', errno: 3, syscall: 'kill', pid: NOBODY });
  });

  test('of a process group without members is a ProcessLookupError', () => {
    const ofGroup = () => {
      kill(-NOBODY, 0);
    };
    expect(thrownBy(ofGroup)).toMatchObject({ code: 'ESRCH', pid: -NOBODY });
  });
});

describe('pidfd_open', () => {
  test('gives a descriptor of the process that is close-on-exec', () => {
    const fd = pidfd_open(getpid(), 0);
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    close(fd);
    expect(/^Pid:\s*(\d+)$/m.exec(info)?.[1]).toBe(String(getpid()));
    expect(parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8) & 0o2000000).not.toBe(0);
  });

  test.each([
    ['nobody', NOBODY, 0, 'ESRCH'],
    ['pid -1', -1, 0, 'EINVAL'],
    ['pid 0', 0, 0, 'EINVAL'],
    ['flags that do not exist', process.pid, -1, 'EINVAL'],
  ])('of %s is an error', (_, pid, flags, code) => {
    expect(thrownBy(() => pidfd_open(pid, flags))).toMatchObject({ code, syscall: 'pidfd_open', pid });
  });
});

describe('processStat', () => {
  test('tells a process’s parent, and when it was started', () => {
    expect(processStat(getpid())).toMatchObject({ pid: getpid(), ppid: getppid(), state: 'R' });
    expect(processStat(getpid())?.started).toBe(processStat(getpid())?.started);
    expect(processStat(1)?.ppid).toBe(0);
  });

  test('tells how long a process has computed', () => {
    const times = () => {
      const { userTime = NaN, systemTime = NaN } = processStat(getpid()) ?? {};
      return userTime + systemTime;
    };
    const before = times();
    while (times() - before < 2);
    expect(times() - before).toBeLessThan(1_000);
  });

  test('of nobody is undefined', () => {
    for (const pid of [NOBODY, 0, -1, NaN]) expect(processStat(pid)).toBeUndefined();
  });
});

describe('processArguments', () => {
  test('tells what a program was called with, as it was', async () => {
    const child = spawn('sh', ['-c', 'read line; :', 'with two words', '', 'ü'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(child, 'spawn');
    expect(processArguments(child.pid ?? 0)).toEqual(['sh', '-c', 'read line; :', 'with two words', '', 'ü']);
    child.stdin.end();
    await once(child, 'exit');
  });

  test('of nobody is undefined', () => {
    for (const pid of [NOBODY, 0, -1, NaN]) expect(processArguments(pid)).toBeUndefined();
  });
});

describe('processMemory', () => {
  test('of nobody is undefined', () => {
    for (const pid of [NOBODY, 0, -1, NaN]) expect(processMemory(pid)).toBeUndefined();
  });
});

holds('posix-process.mjs', {
  'odd-name': 'processStat reads a command with parentheses and spaces in its name',
  memory: 'processMemory tells what a process has to itself, what it shares, and its part',
  'not-ours': 'a process that is not ours is a PermissionError',
  group: '0 and -pgid signal the process group',
  session: 'setsid makes a new session and process group, which its leader cannot do twice',
  'signal-by-number': 'a signal has a name and a number',
  environment: 'a child has its parent’s environment, and its changes are its own',
  'own-pid': 'a child’s pid is that of no other process and of no process group',
  'descriptor-of-another': 'pidfd_getfd copies a descriptor of another process, close-on-exec',
  'pidfd-of-the-dead': 'a child that has been waited for has no pidfd',
});
holdsOnEveryNode('posix-process.mjs', {
  parents: 'a child’s getppid is its parent’s getpid',
  orphan: 'a child whose parent has ended has another one',
  'exit-at-once': '_exit ends the process at once: no events, nothing that was to come',
  aborts: 'abort ends the process by SIGABRT, whatever listens to that',
  'exit-codes': '_exit does not come back, and gives its code to waitpid',
});
