import { nodes } from '../support/programs';
import { Family } from './family';

const workers = 3;
// The master's lines up to `up`: that it listens, and that each worker is ready.
const lines = workers + 2;

/** A family that is told to end when its n-th line comes, and how it has ended. */
async function toldAfter(line: number, times: number, node: string): Promise<void> {
  const family = new Family('prefork-http.mjs', { node, options: { workers } });
  const { program } = family;
  if (line > 0) await family.lines(/./, line);
  for (let n = 0; n < times; n++) program.kill('SIGTERM');
  const { code, signal, stdout, stderr } = await program.finished();
  expect(stderr).toBe('');
  expect(family.members).toEqual([]);
  // Before it has a handler, the signal ends it, and there is no worker yet.
  if (signal !== null) expect({ signal, stdout }).toEqual({ signal: 'SIGTERM', stdout: '' });
  else {
    expect(code).toBe(0);
    // Once told, it stops.
    expect(stdout.match(/stopping how=graceful$/gm)).toHaveLength(1);
    expect(stdout).toMatch(/ stopped\n$/);
  }
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test.each(Array.from({ length: lines + 1 }, (_, line) => line))(
    'a master that is told to end at its line %d ends, and its family with it',
    async (line) => {
      await Promise.all([1, 1, 5].map((times) => toldAfter(line, times, node)));
    },
  );
});
