import { Server } from 'node:net';
import { wrongType } from '../mistakes.js';
import { close } from '../posix/index.js';
import { openListener } from './listener.js';
import { Master } from './master.js';
import { rehearse } from './rehearsal.js';
import { settingsFrom, type PreforkOptions, type Settings } from './settings.js';
import type { StatusServer } from './status-server.js';

export { ask, ControlError } from './control.js';
export type { EventKind, HistoryEvent } from './history.js';
export { PreforkError, type Master } from './master.js';
export { families, type FamilyStatus, type WorkerState, type WorkerStatus } from './scoreboard.js';
export { numberSettings, type NumberSettingName, type PreforkOptions } from './settings.js';
export type { CpuUse } from './resources.js';
export { signalTable } from './signals.js';
export type { MasterStatus, ProcessStatus } from './status.js';

// Whether this process has a master, or is a worker of one. One has the signals and the scoreboard of the process.
let taken = false;

/**
 * Runs a server on real forks of this process. The caller becomes the master: it holds the listening socket, forks the
 * workers, forks a new one for each that ends unasked, and serves nothing itself. Only the master returns from the
 * call; a worker is the server and nothing else.
 *
 * The workers share the caller's memory, copy on write, as it is when each is forked; what the master opens later,
 * the workers that are forked later inherit. `atfork` is the place to close it there.
 *
 * SIGTERM and SIGQUIT stop it gracefully, SIGINT quickly, a second SIGINT kills the workers; the process then exits.
 * SIGUSR2 replaces the workers (`refork`), SIGTTIN and SIGTTOU make one more or one less, SIGWINCH stops them all and keeps
 * the master (not in a terminal). There is one at a time in a process.
 *
 * @param server of `net`, `http` or `https`, not listening yet; as it is, in every worker
 * @returns the master, when all workers accept connections
 * @throws {TypeError | RangeError} an argument that cannot be
 * @throws {Error} ERR_SERVER_ALREADY_LISTEN; ERR_PREFORK_TAKEN: this process has a master already, or is a worker
 * @throws {PosixError} an address cannot be listened on (EADDRINUSE, EACCES, …), or a fork failed
 * @throws {ForkUnsafeError} this process cannot be forked now
 * @throws {PreforkError} ERR_PREFORK_BOOT: the workers end before they are ready
 *
 * @example
 * const master = await prefork(http.createServer(app), { port: 8080, workers: 4 });
 * console.log('workers', master.workers.map(({ pid }) => pid));
 */
export async function prefork(server: Server, options: PreforkOptions = {}): Promise<Master> {
  if (!((server as unknown) instanceof Server)) throw wrongType('server', 'a server of net, http or https', server);
  const settings = settingsFrom(options);
  if (server.listening) {
    throw Object.assign(new Error('the server listens already: prefork makes the listening socket'), {
      code: 'ERR_SERVER_ALREADY_LISTEN',
    });
  }
  if (taken) {
    throw Object.assign(new Error('this process has a prefork server already, or is a worker of one'), {
      code: 'ERR_PREFORK_TAKEN',
    });
  }
  taken = true;
  let master;
  try {
    master = await newMaster(server, settings);
  } catch (error) {
    taken = false;
    throw error;
  }
  void master.stopped.then(() => (taken = false));
  await master.start();
  return master;
}

async function newMaster(server: Server, settings: Settings): Promise<Master> {
  const listener = await openListener(settings);
  let statusServer;
  try {
    await rehearse(server, listener.host);
    statusServer = await newStatusServer(settings);
    return new Master(server, settings, listener, statusServer);
  } catch (error) {
    close(listener.fd);
    statusServer?.close();
    throw error;
  }
}

// Loaded only where it is asked for. It has its socket before the first fork: who asks for one that cannot be had is told.
async function newStatusServer({ statusPort: port, statusHost: host }: Settings): Promise<StatusServer | undefined> {
  if (port === undefined) return undefined;
  const { STATUS_BACKLOG, StatusServer } = await import('./status-server.js');
  return new StatusServer(await openListener({ host, port, backlog: STATUS_BACKLOG }));
}
