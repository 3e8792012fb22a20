// A listening socket that whoever started this process has opened for it: systemd's socket activation, sd_listen_fds(3).
import {
  AF_UNIX,
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
import { shownAddress, type ServerAddress } from './address.js';
import { SharedListener } from './shared-listener.js';

const FIRST = 3; // SD_LISTEN_FDS_START
const variables = ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

/** An address that the socket must have, as far as it says. A host is in numbers. */
export interface Demand {
  readonly path?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Whether there shall be others beside it. */
  readonly reusePort: boolean;
}

/**
 * The socket that this process was started with, if it was. The environment says so to this process alone: once it is taken,
 * no child sees it.
 *
 * @throws {Error} ERR_PREFORK_INHERIT: there are several; it is no stream socket that listens; it is not where it shall be
 */
export function inheritedListener(demand: Demand): SharedListener | undefined {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  if (Number(LISTEN_PID) !== process.pid || !(Number(LISTEN_FDS) > 0)) return undefined;
  if (Number(LISTEN_FDS) !== 1) {
    throw refusal(`this process was started with ${LISTEN_FDS} sockets (LISTEN_FDS), and can listen on one only`);
  }
  if (demand.reusePort) {
    throw refusal('this process was started with one socket, and reusePort needs one for each worker');
  }
  const address = addressOf(FIRST);
  const unmet = unmetBy(address, demand);
  if (unmet !== undefined) {
    throw refusal(`the socket that this process was started with listens on ${shownAddress(address)}, not on ${unmet}`);
  }
  for (const name of variables) Reflect.deleteProperty(process.env, name);
  fcntl(FIRST, F_SETFD, FD_CLOEXEC);
  fcntl(FIRST, F_SETFL, fcntl(FIRST, F_GETFL) | O_NONBLOCK);
  // A path is not removed: who has made it may start the next server with it.
  return new SharedListener(FIRST, address);
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

function refusal(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: 'ERR_PREFORK_INHERIT' });
}
