// A listener of the sockets that this process was started with, if it was.
import {
  AF_UNIX,
  close,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  fcntl,
  FD_CLOEXEC,
  getsockname,
  getsockopt,
  inet_pton,
  AF_INET,
  AF_INET6,
  O_NONBLOCK,
  SO_ACCEPTCONN,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
} from '../posix/index.js';
import { PreforkError } from './errors.js';
import { shownAddress, type ServerAddress } from './address.js';
import { socketNames, takeSockets, type NamedSocket } from './inherited-sockets.js';
import type { Listener } from './listener.js';
import { PortGroup } from './port-group.js';
import { SharedListener } from './shared-listener.js';
import { socketFile } from './unix-listener.js';

/** An address that the socket must have, as far as it says. A host is in numbers. */
export interface Demand {
  readonly path?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * What this process was started with to serve on, if it was.
 *
 * @param reusePort whether there shall be a socket for each worker
 * @param backlog of the sockets that are made beside those
 * @throws {PreforkError} ERR_PREFORK_INHERIT: there are several that are no group; one is no stream socket that listens; it is not
 * where it shall be
 */
export function inheritedListener(demand: Demand, reusePort: boolean, backlog: number): Listener | undefined {
  const sockets = takeSockets((name) => name !== socketNames.status);
  const [first] = sockets;
  if (!first) return undefined;
  const isGroup = sockets.every(({ name }) => name === socketNames.group);
  if (sockets.length > 1 && !(isGroup && reusePort)) {
    throw refusal(`this process was started with ${sockets.length} sockets (LISTEN_FDS), and can listen on one only`);
  }
  if (reusePort && !isGroup) {
    throw refusal('this process was started with one socket, and reusePort needs one for each worker');
  }
  const address = addressOf(first.fd);
  const unmet = unmetBy(address, demand);
  if (unmet !== undefined) {
    throw refusal(`the socket that this process was started with listens on ${shownAddress(address)}, not on ${unmet}`);
  }
  for (const { fd } of sockets) makeOwn(fd);
  if (reusePort && address.path === undefined) {
    const fds = sockets.map(({ fd }) => fd);
    return new PortGroup(fds, { host: demand.host ?? address.host, backlog, steers: false });
  }
  return sharedListener(first, address);
}

/** The socket of the status page that the master before this one had, if it is where it shall be; else it is closed. */
export function inheritedStatusListener(demand: Demand | undefined): Listener | undefined {
  const [socket] = takeSockets((name) => name === socketNames.status);
  if (!socket) return undefined;
  const address = addressOf(socket.fd);
  if (!demand || unmetBy(address, demand) !== undefined) {
    close(socket.fd);
    return undefined;
  }
  makeOwn(socket.fd);
  return sharedListener(socket, address);
}

function makeOwn(fd: number): void {
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

function sharedListener({ fd, name }: NamedSocket, address: ServerAddress): SharedListener {
  // Else a path is not removed: who has made it may start the next server with it.
  const isOurs = name === socketNames.file && address.path !== undefined;
  return new SharedListener(fd, address, isOurs ? socketFile(address.path) : undefined, false);
}

function addressOf(fd: number): ServerAddress {
  try {
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE) !== SOCK_STREAM) throw new Error('it is not of the type SOCK_STREAM');
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1) throw new Error('it does not listen');
    const { family, address, port } = getsockname(fd);
    return family === AF_UNIX ? { path: address } : { host: address, port };
  } catch (error) {
    throw refusal(`descriptor ${fd} is no socket to accept connections from: ${(error as Error).message}`, error);
  }
}

// What of the demand the address does not meet. Port 0 asks for any.
function unmetBy(address: ServerAddress, { path, host, port }: Demand): string | undefined {
  if (path !== undefined && path !== address.path) return shownAddress({ path });
  if (host !== undefined && (address.host === undefined || !isSame(host, address.host))) return `host ${host}`;
  if (port !== undefined && port !== 0 && port !== address.port) return `port ${port}`;
  return undefined;
}

function isSame(host: string, other: string): boolean {
  return bytesOf(host) === bytesOf(other);
}

// '::1' and '0:0:0:0:0:0:0:1' are one address.
function bytesOf(host: string): string {
  return (inet_pton(AF_INET, host) ?? inet_pton(AF_INET6, host))?.join() ?? host;
}

function refusal(message: string, cause?: unknown): PreforkError {
  return new PreforkError('ERR_PREFORK_INHERIT', message, { cause });
}
