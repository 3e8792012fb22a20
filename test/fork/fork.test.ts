import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodes, passes, programPath, rounds, run } from '../support/programs';

interface Told {
  role: 'before' | 'parent' | 'child' | 'grandchild' | 'returned';
  pid: number;
  ppid: number;
  getpid: number;
  getppid: number;
  descriptor: PropertyDescriptor;
  random: number[];
  uuid: string[];
  int: number[];
  bytes: string[];
  pids: number[];
}

describe.each(nodes())('fork on Node $major', ({ path: node }) => {
  describe('a family of three children and their children', () => {
    let told: Told[];
    const of = (role: Told['role']) => told.filter((one) => one.role === role);

    beforeAll(async () => {
      const { code, stdout, stderr } = await run(programPath('fork-state.mjs'), { node });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      told = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Told);
    });

    test('fork returns the pid in the parent and 0 in the child', () => {
      const [returned] = of('returned');
      // They speak in any order.
      const pids = of('child').map(({ pid }) => pid);
      expect(pids.sort()).toEqual(returned?.pids.sort());
    });

    test('process.pid and process.ppid are what the kernel says, and process.pid keeps its shape', () => {
      const processes = [...of('parent'), ...of('child'), ...of('grandchild')];
      expect(processes).toHaveLength(7);
      for (const { pid, ppid, getpid, getppid, descriptor } of processes) {
        expect([pid, ppid]).toEqual([getpid, getppid]);
        expect(descriptor).toEqual({ value: pid, writable: false, enumerable: true, configurable: true });
      }
      const [parent] = of('parent');
      for (const child of of('child')) expect(child.ppid).toBe(parent?.pid);
    });

    test.each(['random', 'uuid', 'int', 'bytes'] as const)('no two processes draw the same: %s', (kind) => {
      const drawn = told.filter(({ role }) => role !== 'returned').flatMap((one): unknown[] => one[kind]);
      expect(drawn.length).toBeGreaterThan(0);
      expect(new Set(drawn).size).toBe(drawn.length);
    });
  });

  test('a thousand children of a busy parent use all of Node.js and end as Node.js does', async () => {
    const count = rounds(250) * 4;
    // On the Node.js of the others every fifth only, which is no divisor of the number of ways out.
    const nth = node === process.execPath ? 1 : 5;
    const { code, signal, stdout, stderr } = await run(programPath('fork-stress.mjs'), {
      node,
      nodeArgs: ['--expose-gc'],
      args: [count, nth].map(String),
    });
    // All but the errors, and where they were thrown.
    const unexpected = stderr
      .split('\n')
      .filter((line) => !/on purpose|^\s+at |^$|^Node\.js v|^file:|^\s+\^$/.test(line));
    expect({ code, signal, stdout, unexpected: unexpected.slice(0, 20) }).toEqual({
      code: 0,
      signal: null,
      stdout: expect.stringMatching(new RegExp(`^forks ${count} wrong 0 `)) as string,
      unexpected: [],
    });
    // The text of an uncaught error is Node's own, once for each child that leaves so.
    expect(stderr.match(/^Error: thrown on purpose \d+$/gm)).toHaveLength(count / 4);
    expect(stderr.match(/Error: rejected on purpose \d+$/gm)).toHaveLength(count / 4);
  }, 600_000);

  test('a fork from any place of a program works', async () => {
    const { stdout, stderr } = await run(programPath('fork-places.mjs'), { node });
    expect(stderr).toBe('');
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(16);
    for (const line of lines) expect(line).toMatch(/^[a-z ]+: {"state":"exited","code":7}$/);
  });

  test('a fork from CommonJS works: from a module that is being loaded, from the top level, and at the end', async () => {
    await passes('fork-commonjs.cjs', { node });
  });

  test('a fork holds when V8 is about to collect garbage because of memory outside of its heap', async () => {
    await passes('fork-external.mjs', { node });
  });

  test('a fork that waits for nobody goes when all threads are idle', async () => {
    await passes('fork-at-once.mjs', { node });
  });

  test('five generations use their threadpool, their compiler and their garbage collector before each fork', async () => {
    const { code, signal, stdout, stderr } = await run(programPath('fork-generations.mjs'), {
      node,
      nodeArgs: ['--expose-gc'],
      args: ['5'],
    });
    expect({ code, signal, stdout, stderr }).toEqual({ code: 0, signal: null, stdout: 'passed\n', stderr: '' });
  });

  test('siblings are the children of the parent, and forks of siblings are', async () => {
    await passes('fork-sibling.mjs', { node, nodeArgs: ['--expose-gc'], args: ['4', '5'] });
  });

  test('a child changes its groups as soon as it is born, in all of its threads', async () => {
    await passes('fork-identity.mjs', { node, args: [String(rounds(50))] });
  });

  test('a signal to a child that has just been forked waits for its handler, a thousand times', async () => {
    await passes('fork-window.mjs', { node, args: [String(rounds(1000))] });
  });

  test('hooks run in the order of pthread_atfork, and none that throws leaves the fork half done', async () => {
    await passes('fork-hooks.mjs', { node });
  });

  test('a process forks that has closed one of the descriptors it was started with', async () => {
    const fd = openSync('/dev/null', 'r');
    try {
      await passes('fork-hole.mjs', { node, descriptors: [fd] });
    } finally {
      closeSync(fd);
    }
  });

  test('forkMany makes children of one moment, each of which knows which it is', async () => {
    await passes('fork-many.mjs', { node });
  });

  test('children that end at the same moment end as Node.js does', async () => {
    await passes('fork-together.mjs', { node, args: [String(rounds(150))] });
  });

  test('what is in flight at the fork arrives in both processes', async () => {
    await passes('fork-in-flight.mjs', { node, args: [String(rounds(100))] });
  });

  test('a thousand forks leave the descriptors, threads and masks of the parent as they were', async () => {
    await passes('fork-untouched.mjs', { node, args: [String(rounds(1000))] });
  });

  test.each([
    'not-main-thread',
    'worker-threads',
    'worker-at-once',
    'worker-before-import',
    'loader-of-modules',
    'busy-threads',
    'frozen-math',
    'frozen-generator',
    'frozen-process',
    'changed-user',
    'argument mistakes',
  ])('refuses with nothing changed: %s', async (reason) => {
    await passes('fork-refused.mjs', { node, args: [reason] });
  });

  test('what has the memory of a loop that was in the way is not written to', async () => {
    await passes('fork-vm-timeout.mjs', { node });
  });

  test.each([
    ['both', 'each process is told what happens'],
    ['gone', 'one whose file is gone does not silence the others'],
    ['numbers', 'after thousands that have come and gone, and in a grandchild'],
    ['callback', 'also for a fork in the callback of one, which has been closed before, or is after'],
  ])('fs.watch goes on in both: %s: %s', async (name) => {
    await passes('fork-watches.mjs', { node, args: [name] });
  });

  test.each([
    ['http.get', 'later'],
    ['https.get', 'later'],
    ['an agent', 'later'],
    ['fetch http', 'later'],
    ['fetch https', 'later'],
    ['fetch http', 'at once'],
  ])('what Node.js keeps for the next request is the parent’s: %s, a fork %s', async (how, when) => {
    const env = { NODE_EXTRA_CA_CERTS: 'test/prefork/fixtures/certificate.pem' };
    await passes('fork-idle-connections.mjs', { node, args: [how, when], env });
  });

  test.each([
    ['fork-pid.mjs', 'a process whose pid looks like half of an address forks'],
    ['fork-same-pid.mjs', 'a child that has the pid of its parent draws random numbers of its own'],
    [
      'fork-new-namespace.mjs',
      'a child in a new pid namespace forks when it has mounted its /proc, and is refused before',
    ],
  ])('process 1: %s: %s', async (program) => {
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    await passes(program, {
      node: 'unshare',
      nodeArgs: [...user, '--pid', '--fork', '--kill-child', '--mount-proc', node],
    });
  });

  test.each(['--cpu-prof', '--heap-prof', '--prof'])('refuses under a profiler: %s', async (profiler) => {
    // Where the profile goes.
    const cwd = mkdtempSync(join(tmpdir(), 'fork-test-'));
    try {
      await passes('fork-refused.mjs', { node, nodeArgs: [profiler], args: ['profiler'], cwd });
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  test('refuses under a debugger, and no longer when it is gone', async () => {
    const { code, stdout, stderr } = await run(programPath('fork-refused.mjs'), { node, args: ['inspector'] });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'passed\n' });
    expect(stderr).toMatch(/^Debugger listening on .*\n.*\n$/);
  });

  test('refuses while events are traced', async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'fork-test-'));
    try {
      await passes('fork-refused.mjs', { node, args: ['trace-events'], cwd });
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });

  test('says at once that no descriptor is free, and works when one is', async () => {
    await passes('fork-exhausted.mjs', { node });
  });

  test('refuses when the threadpool works through an io_uring', async () => {
    await passes('fork-refused.mjs', { node, args: ['io-uring'], env: { UV_USE_IO_URING: '1' } });
  });
});
