// Whoever listens loads it: once, here, and not in each worker.
import 'node:cluster';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { close, isPosixError, listen } from '../posix/index.js';
import type { ServerAddress } from './address.js';
import { inheritedListener, inheritedStatusListener } from './inherited-listener.js';
import type { NamedSocket } from './inherited-sockets.js';
import { PortGroup } from './port-group.js';
import { predecessor } from './predecessor.js';
import { settingsFrom, type PreforkOptions, type Settings } from './settings.js';
import { SharedListener } from './shared-listener.js';
import { addressOf, boundSocket } from './tcp-socket.js';
import { listening, listenOnPath } from './unix-listener.js';

/** The listening socket of a family, or those of its places. The master holds them and never accepts from them. */
export interface Listener extends Disposable {
  /** Where it listens: with a port of 0, the one that the system chose. */
  readonly address: ServerAddress;
  /**
   * In the master, before the worker of this place is forked: it gets connections.
   *
   * @param make whether there is to be a socket for it, if there is none yet: not when it is forked from a mold, which would
   * not have it
   */
  open(place: number, make: boolean): void;
  /** In that worker: the socket. A mold has those that there were when it was forked: the workers of more places share them. */
  socketOf(place: number): number;
  /** In the master: only so many of the first places are to get connections from now on. */
  giveUp(places: number): void;
  /** In the master: how long to wait until the worker of a place that was given up may stop accepting, in milliseconds. */
  patience(place: number): number;
  /** In the master: its sockets, as another master is to know them that shall take its place. */
  sockets(): readonly NamedSocket[];
  /** In the master: the sockets are another master's from now on. What goes with them, such as a file, stays. */
  handOver(): void;
  /** In that other master: what it has of them it may change from now on. */
  takeOver(): void;
  /**
   * In the master, when all have been told to end, and in each of them after `handOver`: when nobody has it any more, who connects
   * is refused, and does not wait for somebody to accept. It may be called again.
   */
  close(): void;
}

/** What says where to listen. */
export type ListenerOptions = Pick<
  PreforkOptions,
  'host' | 'port' | 'path' | 'socketMode' | 'inherit' | 'reusePort' | 'backlog' | 'workers'
>;

/**
 * Makes the listening socket before the first fork, so that all workers share it, and it lives on when one dies; or takes
 * the one that this process was started with. `prefork` does it by itself, if it is not given one.
 *
 * @param options as those of `prefork`
 *
 * @throws {TypeError | RangeError} an option that cannot be
 * @throws {PosixError} EADDRINUSE, EACCES, EADDRNOTAVAIL, …
 * @throws {Error} of dns.lookup, for an unknown host
 * @throws {PreforkError} ERR_PREFORK_INHERIT
 */
export async function openListener(options: ListenerOptions = {}): Promise<Listener> {
  const settings = settingsFrom(options);
  const listener = await listenerOf(settings);
  try {
    // All of them now: the kernel lets no other user join them later.
    for (let place = 0; place < settings.workers; place++) listener.open(place, true);
    return listener;
  } catch (error) {
    listener.close();
    throw error;
  }
}

async function listenerOf(settings: Settings): Promise<Listener> {
  const { path, port, backlog, socketMode, reusePort } = settings;
  const host = settings.host === undefined ? undefined : await numeric(settings.host);
  const former = predecessor();
  // The address is the former master's still.
  const inherited =
    settings.inherit || former ? inheritedListener({ path, host, port }, reusePort, backlog) : undefined;
  if (inherited) return inherited;
  if (path !== undefined) return listenOnPath(path, backlog, socketMode);
  const listenOn = (address: string) =>
    reusePort ? PortGroup.make(address, port ?? 0, backlog) : listenOnPort(address, port ?? 0, backlog);
  if (host !== undefined) return listenOn(host);
  try {
    return listenOn('::');
  } catch (error) {
    if (!isPosixError(error, 'EAFNOSUPPORT') && !isPosixError(error, 'EADDRNOTAVAIL')) throw error;
    return listenOn('0.0.0.0');
  }
}

/** How many connections to the status page may wait to be accepted. */
export const STATUS_BACKLOG = 128;

/**
 * The socket of the status page: that of the master before this one, if it had one there, or one that is made.
 *
 * @param port undefined: there is to be none
 */
export async function openStatusListener(host: string, port: number | undefined): Promise<Listener | undefined> {
  if (predecessor()) {
    const inherited = inheritedStatusListener(port === undefined ? undefined : { host: await numeric(host), port });
    if (inherited) return inherited;
  }
  return port === undefined ? undefined : openListener({ host, port, backlog: STATUS_BACKLOG });
}

async function numeric(host: string): Promise<string> {
  return isIP(host) === 0 ? (await lookup(host)).address : host;
}

function listenOnPort(host: string, port: number, backlog: number): Listener {
  const fd = listeningOnPort(host, port, backlog);
  return new SharedListener(fd, addressOf(fd));
}

function listeningOnPort(host: string, port: number, backlog: number): number {
  const fd = boundSocket(host, port);
  try {
    listen(fd, backlog);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * A listening socket like that of this address, to which nobody connects. Undefined: another one than was made before cannot be
 * had, since the address has moved to another machine, say, or binding is forbidden (SocketBindDeny= of systemd).
 */
export function spareSocket({ path, host }: ServerAddress): number | undefined {
  try {
    return path === undefined ? listeningOnPort(host, 0, 1) : listening('', 1);
  } catch {
    return undefined;
  }
}
