import {
  AF_INET,
  AF_INET6,
  bind,
  close,
  getsockname,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  setsockopt,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  socket,
  SOL_SOCKET,
} from '../posix/index.js';

/**
 * A TCP socket that is bound to an address, and does not listen yet.
 *
 * @param host in numbers
 * @param reusePort whether it joins others on the port, by SO_REUSEPORT
 */
export function boundSocket(host: string, port: number, reusePort = false): number {
  const family = host.includes(':') ? AF_INET6 : AF_INET;
  const fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  try {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (reusePort) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (host === '::') setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    bind(fd, host, port);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Where a TCP socket is bound. */
export function addressOf(fd: number): { host: string; port: number } {
  const { address, port } = getsockname(fd);
  return { host: address, port };
}
