import { Server } from 'node:net';
import { wrongType } from '../mistakes.js';
import { close } from '../posix/index.js';
import { openListener, type Listener } from './listener.js';
import { Master } from './master.js';
import { rehearse } from './rehearsal.js';
import { settingsFrom, type PreforkOptions, type Settings } from './settings.js';

export { ask, ControlError } from './control.js';
export { openListener, type Listener } from './listener.js';
export { PreforkError, type Master } from './master.js';
export { families, type FamilyStatus, type WorkerState, type WorkerStatus } from './scoreboard.js';
export {
  isPreforkOption,
  settingNames,
  settingTable,
  type ServeConfig,
  type SettingName,
  type SettingRow,
} from './setting-table.js';
export { mayBeNever, type NumberSetting, type PreforkOptions } from './settings.js';
export { signalTable } from './signals.js';

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
 * @throws {PosixError} the address cannot be listened on (EADDRINUSE, EACCES, …), or a fork failed
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
    master = await newMaster(server, settings, settings.listener ?? (await openListener(options)));
  } catch (error) {
    taken = false;
    throw error;
  }
  void master.stopped.then(() => (taken = false));
  await master.start();
  return master;
}

async function newMaster(server: Server, settings: Settings, listener: Listener): Promise<Master> {
  try {
    await rehearse(server, listener.host);
    return new Master(server, settings, listener);
  } catch (error) {
    close(listener.fd);
    throw error;
  }
}
