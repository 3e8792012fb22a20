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
import type { ServerAddress } from './address.js';
import { inheritedListener } from './inherited-listener.js';
import type { Settings } from './settings.js';
import { listening, listenOnPath } from './unix-listener.js';

/** The listening socket of a family. The master holds it and never accepts from it. */
export interface Listener {
  readonly fd: number;
  readonly address: ServerAddress;
  /** In the master, when all workers have ended. */
  close(): void;
}

/**
 * Makes the listening socket before the first fork, so that all workers share it, and it lives on when one dies; or takes
 * the one that this process was started with.
 *
 * @throws {PosixError} EADDRINUSE, EACCES, EADDRNOTAVAIL, …
 * @throws {Error} of dns.lookup, for an unknown host; ERR_PREFORK_INHERIT
 */
export async function openListener(settings: Settings): Promise<Listener> {
  const { path, port, backlog, socketMode } = settings;
  const host = settings.host === undefined ? undefined : await numeric(settings.host);
  const inherited = settings.inherit ? inheritedListener({ path, host, port }) : undefined;
  if (inherited) return inherited;
  if (path !== undefined) return listenOnPath(path, backlog, socketMode);
  if (host !== undefined) return bound(host, port ?? 0, backlog);
  try {
    return bound('::', port ?? 0, backlog);
  } catch (error) {
    if (!isPosixError(error, 'EAFNOSUPPORT') && !isPosixError(error, 'EADDRNOTAVAIL')) throw error;
    return bound('0.0.0.0', port ?? 0, backlog);
  }
}

async function numeric(host: string): Promise<string> {
  // No name has a colon.
  const isNumeric = host.includes(':') || inet_pton(AF_INET, host) !== null;
  return isNumeric ? host : (await lookup(host)).address;
}

/** A socket that listens on a numeric address. */
function bound(host: string, port: number, backlog: number): Listener {
  const family = host.includes(':') ? AF_INET6 : AF_INET;
  const fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  try {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (host === '::') setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    bind(fd, host, port);
    listen(fd, backlog);
    const name = getsockname(fd);
    return {
      fd,
      address: { host: name.address, port: name.port },
      close: () => {
        close(fd);
      },
    };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** A listening socket like that of this address, to which nobody connects. */
export function spareSocket({ path, host }: ServerAddress): number {
  return path === undefined ? bound(host, 0, 1).fd : listening('', 1);
}
