// The command line as its users call it.
import { join } from 'node:path';
import { Program, programPath, run, type Finished } from '../support/programs';

export const command = join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

/** Runs `truefork ARGS` to its end. */
export function truefork(args: string[], env?: NodeJS.ProcessEnv): Promise<Finished> {
  return run(command, { args, ...(env && { env }) });
}

/** A `truefork serve` that runs. */
export async function serve(
  file: string,
  { args = [], env, node }: { args?: string[]; env: NodeJS.ProcessEnv; node?: string },
): Promise<{ program: Program; port: number }> {
  const program = new Program(command, {
    args: ['serve', programPath(file), '--log-format', 'text', '--host', '127.0.0.1', ...args],
    env,
    ...(node !== undefined && { node }),
  });
  const [, port] = await program.logged(/ listening host=127\.0\.0\.1 port=(\d+)/);
  return { program, port: Number(port) };
}
