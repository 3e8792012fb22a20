import { nodes, passes, programPath, run } from '../support/programs';

describe.each(nodes())('forkChild on Node.js $major', ({ path: node }) => {
  test.each([
    'exit codes',
    'who is who',
    'open handles',
    'pidfd',
    'kill is SIGTERM',
    'waited for elsewhere',
    'many',
    'generations',
    'argument mistakes',
    'a hook that throws',
  ])('%s', async (name) => {
    await passes('fork-child.mjs', { node, args: [name] });
  });

  test('all that the child has written comes out', async () => {
    const { code, stdout, stderr } = await run(programPath('fork-child.mjs'), { node, args: ['output'] });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map(parseFloat)).toEqual([...Array(300).keys(), NaN]);
  });

  test.each(['throws', 'rejects', 'throws no error'])('a child that %s prints what Node.js prints', async (name) => {
    const program = programPath('fork-child.mjs');
    const [forked, unforked] = [
      await run(program, { node, args: [name] }),
      await run(program, { node, args: [name, 'unforked'] }),
    ];
    const printed = ({ stderr }: { stderr: string }) => stderr.replace(/^ {4}at .*\n/gm, '');
    expect(printed(forked)).toBe(printed(unforked));
    expect(printed(forked)).toMatch(/of the child|a string/);
    expect(forked.stdout).toBe('1\n');
    expect(unforked.code).toBe(1);
  });

  test('a child’s exit code is one, or its error', async () => {
    const { stdout, stderr } = await run(programPath('fork-child.mjs'), { node, args: ['returns nonsense'] });
    expect(stdout).toBe('1\n');
    expect(stderr).toMatch(/\nRangeError: the result of the child must be undefined, or an exit code: 0 to 255\n/);
  });

  test('a child that throws tells the listeners that there are, and exits with 1', async () => {
    const ended = await run(programPath('fork-child.mjs'), { node, args: ['throws to a listener'] });
    expect(ended).toEqual({ code: 0, signal: null, stdout: 'false of the child\n1\n', stderr: '' });
  });
});
