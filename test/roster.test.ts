import { programPath, run } from './support/programs';

/** Bytes of old space that each of so many leaves behind. */
async function garbage(program: string, kind: string, count: number): Promise<number> {
  // As much as no collection of old space is needed for.
  const nodeArgs = ['--expose-gc', '--initial-heap-size=2000'];
  const { code, stdout, stderr } = await run(programPath(program), { nodeArgs, args: [kind, String(count)] });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return Number(stdout);
}

describe('what young collections leave behind', () => {
  test.each(['sync', 'async'])('of a call of RPC is next to nothing, with a %s handler', async (kind) => {
    expect(await garbage('rpc-garbage.mjs', kind, 20_000)).toBeLessThan(100);
  });

  test('of a connection to a worker is what it is in any server', async () => {
    const own = await garbage('prefork-garbage.mjs', 'prefork', 10_000);
    expect(own).toBeLessThan(1.3 * (await garbage('prefork-garbage.mjs', 'plain', 10_000)));
  });
});
