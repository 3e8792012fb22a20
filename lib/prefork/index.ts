/**
 * A prefork server: a master, and workers that are forks of it and serve the same port.
 *
 * @module truefork/prefork
 */
import { Server } from 'node:net';
import { wrongType, wrongValue } from '../mistakes.js';
import { alreadyListening, PreforkError } from './errors.js';
import { openListener, openStatusListener } from './listener.js';
import { noteTo } from './log.js';
import { Master, type Application } from './master.js';
import { Notifier } from './notify.js';
import { predecessor } from './predecessor.js';
import { settingsFrom, type PreforkOptions, type Settings } from './settings.js';
import type { StatusServer } from './status-server.js';
import { thisWorker } from './this-worker.js';

export { createAppServer } from './app-server.js';
export { shownAddress, socketPath, type ServerAddress } from './address.js';
export type { MoldStatus, WorkerState, WorkerStatus } from './cell.js';
export { askMaster, ControlError } from './control.js';
export type { HistoryEvent } from './history.js';
export { openListener, type Listener, type ListenerOptions } from './listener.js';
export {
  lineOf,
  noteTo,
  type HistoryKind,
  type PreforkFact,
  type PreforkLog,
  type PreforkRecord,
  type Note,
} from './log.js';
export { PreforkError } from './errors.js';
export type { Application, Master } from './master.js';
export type { CpuUse } from './resources.js';
export { families, type FamilyStatus } from './families.js';
export {
  isPreforkOption,
  settingNames,
  settingTable,
  type ServeConfig,
  type SettingName,
  type SettingRow,
} from './setting-table.js';
export { predecessor, type Predecessor } from './predecessor.js';
export { mayBeNever, type NumberSetting, type PreforkOptions } from './settings.js';
export { signalTable } from './signals.js';
export type { MasterStatus, ProcessStatus } from './status.js';
export { thisWorker, type WorkerIdentity } from './this-worker.js';
export type { Command } from './upgrade.js';

// The process that has a master: this one, or that which it is a fork of. One has the signals and the scoreboard of the process.
let owner: number | undefined;

/**
 * Runs a server on real forks of this process. The caller becomes the master: it holds the listening socket, forks the
 * workers, forks a new one for each that ends unasked, and serves nothing itself. Only the master returns from the
 * call; a worker is the server and nothing else.
 *
 * The workers share the caller's memory, copy on write, as it is when each is forked; what the master opens later,
 * the workers that are forked later inherit. `atfork` is the place to close it there.
 *
 * Instead of a server it takes a function that makes one, and calls it in a process of its own, the mold, from which the
 * workers are forked: the master never loads the application, so that `reload` can load it anew.
 *
 * SIGTERM and SIGQUIT stop it gracefully, SIGINT quickly, a second SIGINT kills the workers; the process then exits.
 * SIGHUP loads the application anew (`reload`), SIGUSR1 opens logs anew (`reopenLogs`), SIGUSR2 replaces the workers by forks of a warm one (`refork`), SIGTTIN and
 * SIGTTOU make one more or one less, SIGWINCH stops them all and keeps the master (not in a terminal). There is one at a
 * time in a process.
 *
 * @param application a server of `net`, `http`, `https` or `http2`, not listening yet; as it is, in every worker. Or a function that
 * returns one, or a promise of one
 * @returns the master, when all workers accept connections
 * @throws {TypeError | RangeError} an argument that cannot be
 * @throws {Error} ERR_SERVER_ALREADY_LISTEN
 * @throws {PosixError} an address cannot be listened on (EADDRINUSE, EACCES, …), or a fork failed
 * @throws {ForkUnsafeError} this process cannot be forked now
 * @throws {PreforkError} ERR_PREFORK_TAKEN: this process has a master already, or is a fork of one that has; ERR_PREFORK_INHERIT: the socket
 * that this process was started with cannot be listened on; ERR_PREFORK_BOOT: the workers end before they are ready;
 * ERR_PREFORK_MOLD: the function failed
 *
 * @example
 * const master = await prefork(http.createServer(app), { port: 8080, workers: 4 });
 * console.log('workers', master.workers.map(({ pid }) => pid));
 *
 * @example
 * const master = await prefork(async () => createAppServer((await import('./app.js')).default), { port: 8080 });
 */
export async function prefork(application: Application, options: PreforkOptions = {}): Promise<Master> {
  // A function that wants a request and a response is a listener, such as Express's.
  if (typeof application === 'function' ? application.length >= 2 : !((application as unknown) instanceof Server)) {
    const expected = 'a server of net, http, https or http2, or a function without parameters that makes one';
    throw wrongType('application', expected, application);
  }
  const settings = settingsFrom(options);
  if (typeof application !== 'function') {
    if (application.listening) throw alreadyListening();
    if (!settings.preload) throw wrongValue('options.preload', 'must not be false for a server that is there', false);
  }
  if (owner !== undefined) throw new PreforkError('ERR_PREFORK_TAKEN', `this process ${whatItIs(owner)}`);
  owner = process.pid;
  let master;
  try {
    const listener = settings.listener ?? (await openListener(options));
    let statusServer;
    try {
      statusServer = await newStatusServer(settings);
      master = new Master(application, settings, listener, statusServer);
    } catch (error) {
      listener.close();
      statusServer?.close();
      throw error;
    }
  } catch (error) {
    owner = undefined;
    throw error;
  }
  void master.stopped.then(() => (owner = undefined));
  const notifier = Notifier.of(master, noteTo(settings.log));
  const former = predecessor();
  await master.start(former !== undefined);
  await beReady(master, settings);
  if (former) await master.takeOver(former);
  notifier?.ready();
  return master;
}

/** What a process is that can have no server, because of that of this process. */
function whatItIs(owner: number): string {
  if (owner === process.pid) return 'has a prefork server already';
  if (thisWorker()) return 'is a worker of a prefork server';
  return `is a fork of process ${owner}, which has a prefork server`;
}

async function beReady(master: Master, { beforeReady }: Settings): Promise<void> {
  try {
    await beforeReady();
  } catch (error) {
    await master.stop();
    throw error;
  }
}

// Loaded only where it is asked for. It has its socket before the first fork: who asks for one that cannot be had is told.
async function newStatusServer({ statusPort: port, statusHost: host }: Settings): Promise<StatusServer | undefined> {
  const listener = await openStatusListener(host, port);
  if (!listener) return undefined;
  const { StatusServer } = await import('./status-server.js');
  return new StatusServer(listener);
}
