import type { Server } from 'node:net';
import { openListener, rehearse } from './listener.js';
import { Master } from './master.js';
import { settingsFrom, type PreforkOptions } from './settings.js';

export { PreforkError, type Master } from './master.js';
export { families, type FamilyStatus, type WorkerState, type WorkerStatus } from './scoreboard.js';
export type { PreforkOptions } from './settings.js';

/**
 * Runs a server on real forks of this process. The caller becomes the master: it holds the listening socket, forks the
 * workers, forks a new one for each that ends unasked, and serves nothing itself. Only the master returns from the
 * call; a worker is the server and nothing else.
 *
 * The workers share the caller's memory, copy on write, as it is when each is forked; what the master opens later,
 * the workers that are forked later inherit. `atfork` is the place to close it there.
 *
 * SIGTERM and SIGQUIT stop it gracefully, SIGINT quickly, a second SIGINT kills the workers; the process then exits.
 *
 * @param server of `net`, `http` or `https`, not listening yet; as it is, in every worker
 * @returns the master, when all workers accept connections
 * @throws {TypeError | RangeError} an option that cannot be
 * @throws {PosixError} the address cannot be listened on (EADDRINUSE, EACCES, …), or a fork failed
 * @throws {ForkUnsafeError} this process cannot be forked now
 * @throws {PreforkError} ERR_PREFORK_BOOT: the workers end before they are ready
 *
 * @example
 * const master = await prefork(http.createServer(app), { port: 8080, workers: 4 });
 * console.log('workers', master.workers.map(({ pid }) => pid));
 */
export async function prefork(server: Server, options: PreforkOptions = {}): Promise<Master> {
  const settings = settingsFrom(options);
  if (server.listening) {
    throw Object.assign(new Error('the server listens already: prefork makes the listening socket'), {
      code: 'ERR_SERVER_ALREADY_LISTEN',
    });
  }
  const listener = await openListener(settings);
  await rehearse(listener);
  const master = new Master(server, settings, listener);
  await master.start();
  return master;
}
