// Runs the cases of a program posix-*.mjs, each as a process of its own.
import { tmpdir } from 'node:os';
import { nodes, programPath, run, type NodeBinary } from '../support/programs';

/** The sentence that is true of each case. */
type Cases = Record<string, string>;

function testCases(program: string, cases: Cases, node: NodeBinary, nodeArgs: string[]): void {
  for (const [name, sentence] of Object.entries(cases)) {
    test(sentence, async () => {
      // Should there be a core dump, it is not in the repository.
      const cwd = tmpdir();
      const ended = await run(programPath(program), { node: node.path, nodeArgs, args: [name], cwd });
      expect(ended).toEqual({ code: 0, signal: null, stdout: 'held\n', stderr: '' });
    });
  }
}

/** On the Node.js that runs Jest. */
export function holds(program: string, cases: Cases): void {
  for (const node of nodes()) {
    if (node.path === process.execPath) testCases(program, cases, node, []);
  }
}

/** On every Node.js of the matrix, from the major version `since` on. */
export function holdsOnEveryNode(program: string, cases: Cases, { nodeArgs = [] as string[], since = 0 } = {}): void {
  for (const node of nodes().filter(({ major }) => Number(major) >= since)) {
    describe(`on Node.js ${node.major}`, () => {
      testCases(program, cases, node, nodeArgs);
    });
  }
}

/** What a call throws. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}
