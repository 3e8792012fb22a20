import { holds } from '../posix/cases';
import { nodes, programPath, run } from '../support/programs';

/** The cases of a program ipc-*.mjs: each by itself on the Node.js that runs Jest; on each other one, all at once. */
export function holdOnEveryNode(program: string, cases: Record<string, string>): void {
  holds(program, cases);
  const others = nodes().filter(({ path }) => path !== process.execPath);
  if (others.length === 0) return;
  test.each(others)('all of this is so on Node.js $major', async ({ path: node }) => {
    const ended = await run(programPath(program), { node, args: ['all'] });
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'held\n', stderr: '' });
  });
}
