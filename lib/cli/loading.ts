// To load an application, which may do anything.
import { UsageError } from './command.js';
import { exitCodes, Failure } from './exit-codes.js';

/**
 * What `load` makes of the file. When the file ends the process meanwhile, or waits for what never comes, the process ends
 * with the exit code of an application that cannot be loaded.
 *
 * @throws {Failure} application, servable
 */
export async function loaded<T>(file: string, load: (file: string) => Promise<T>): Promise<T> {
  const { pid } = process;
  const ended = () => {
    // A fork of the application's own may end as it likes.
    if (process.pid !== pid) return;
    process.stderr.write(`truefork: ${file} ended the process, or has nothing more to do, before it was loaded\n`);
    process.exitCode = exitCodes.application.code;
  };
  // Before those who tell others how the process ends.
  process.prependOnceListener('exit', ended);
  try {
    return await load(file);
  } catch (error) {
    throw new Failure(error instanceof UsageError ? 'servable' : 'application', (error as Error).message, error);
  } finally {
    process.off('exit', ended);
  }
}
