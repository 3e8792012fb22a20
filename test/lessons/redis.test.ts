// The second program of the lesson on π, with Debian's redis-server, which it starts itself.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { groupOf } from '../support/processes';
import { Program, type Finished } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';

const path = join(__dirname, '..', '..', 'lessons', 'pi-by-ten-processes', 'redis.mjs');

/** Runs it in a folder of its own, and tells what it has left there, and which of its processes. */
async function runLesson(env: NodeJS.ProcessEnv = {}): Promise<Finished & { left: unknown[] }> {
  const folder = temporaryDirectory();
  const program = new Program(path, { env: { ...env, TMPDIR: folder } });
  try {
    return { ...(await program.finished()), left: [...readdirSync(folder), ...groupOf(program.pid)] };
  } finally {
    program.end();
  }
}

const name = 'ten processes add up π by a list on a Redis server, of which nothing is left';

if (spawnSync('redis-server', ['--version']).status === 0) {
  test(name, async () => {
    const { stdout, ...ended } = await runLesson();
    expect(ended).toEqual({ code: 0, signal: null, stderr: '', left: [] });
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^parent: pid \d+ has a server and 10 children$/);
    // By their numbers: those of the children are less than the server's where the kernel has begun anew to count.
    const tree = lines.slice(1, 12).map((line) => /^(\S+─┬─| +[├└]─)(\S+)\(\d+\)$/.exec(line)?.[2]);
    const servers = tree.filter((command) => command === 'redis-server');
    expect(servers).toHaveLength(1);
    // Node.js 24 and 26 call the main thread, and with it the process, MainThread.
    const children = tree.filter((command) => /^(node|(node-)?MainThread)$/.test(command ?? ''));
    expect(children).toHaveLength(10);
    expect(lines.slice(12)).toEqual([
      'parent: all have ended: true',
      'parent: 10 areas are in the list, pi is 3.1415926536',
      '',
    ]);
  });
} else {
  console.warn('no test of the lesson with Redis: there is no redis-server');
  test.skip(name, () => undefined);
}

test('where there is no redis-server, it says how to install it', async () => {
  expect(await runLesson({ PATH: temporaryDirectory() })).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: 'there is no redis-server; install it by: sudo apt-get install redis-server\n',
    left: [],
  });
});
