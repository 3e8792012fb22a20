// Whoever listens loads it: once, here, and not in each worker.
import 'node:cluster';
import { lookup } from 'node:dns/promises';
import {
  AF_INET,
  AF_INET6,
  bind,
  close,
  getsockname,
  inet_pton,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  isPosixError,
  listen,
  setsockopt,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  socket,
  SOL_SOCKET,
} from '../posix/index.js';
import type { Settings } from './settings.js';

/** The listening socket of a family. The master holds it and never accepts from it. */
export interface Listener {
  readonly fd: number;
  readonly host: string;
  readonly port: number;
}

/**
 * Makes the listening socket before the first fork, so that all workers share it, and it lives on when one dies.
 *
 * @throws {PosixError} EADDRINUSE, EACCES, EADDRNOTAVAIL, …
 * @throws {Error} of dns.lookup, for an unknown host
 */
export async function openListener({
  host,
  port,
  backlog,
}: Pick<Settings, 'host' | 'port' | 'backlog'>): Promise<Listener> {
  if (host !== undefined) {
    const address = isNumeric(host) ? host : (await lookup(host)).address;
    return bound(address, port, backlog);
  }
  try {
    return bound('::', port, backlog);
  } catch (error) {
    if (!isPosixError(error, 'EAFNOSUPPORT') && !isPosixError(error, 'EADDRNOTAVAIL')) throw error;
    return bound('0.0.0.0', port, backlog);
  }
}

// No name has a colon.
function isNumeric(host: string): boolean {
  return host.includes(':') || inet_pton(AF_INET, host) !== null;
}

/** A socket that listens on a numeric address. */
export function bound(address: string, port: number, backlog: number): Listener {
  const family = address.includes(':') ? AF_INET6 : AF_INET;
  const fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  try {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (address === '::') setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    bind(fd, address, port);
    listen(fd, backlog);
    const name = getsockname(fd);
    return { fd, host: name.address, port: name.port };
  } catch (error) {
    close(fd);
    throw error;
  }
}
