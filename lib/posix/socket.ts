import { descriptor, flags, int, integer, wrongType, wrongValue } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

export const AF_INET = constant('AF_INET');
export const AF_INET6 = constant('AF_INET6');
export const SOCK_STREAM = constant('SOCK_STREAM');
export const SOCK_NONBLOCK = constant('SOCK_NONBLOCK');
export const SOCK_CLOEXEC = constant('SOCK_CLOEXEC');
export const SOL_SOCKET = constant('SOL_SOCKET');
export const SO_REUSEADDR = constant('SO_REUSEADDR');
export const SO_REUSEPORT = constant('SO_REUSEPORT');
export const IPPROTO_IPV6 = constant('IPPROTO_IPV6');
export const IPV6_V6ONLY = constant('IPV6_V6ONLY');
/** The longest queue that `listen` can ask for. The kernel cuts it down to net.core.somaxconn. */
export const SOMAXCONN = constant('SOMAXCONN');

/** An address of a socket. */
export interface SocketAddress {
  /** `AF_INET` or `AF_INET6`. */
  family: number;
  /** In numbers: `'127.0.0.1'`, `'::1'`. */
  address: string;
  /** 0 to 65535. */
  port: number;
}

const INET_ADDRESS = 4;
const INET6_ADDRESS = 16;

/**
 * The bytes of an address that is written in numbers.
 *
 * @param family `AF_INET` or `AF_INET6`
 * @param text `'127.0.0.1'`, `'::1'`; without a scope (`%eth0`)
 * @returns 4 or 16 bytes, the first in front; null for what is no address of the family
 * @throws {PosixError} EAFNOSUPPORT: another family
 * @see https://man7.org/linux/man-pages/man3/inet_pton.3.html
 */
export function inet_pton(family: number, text: string): Uint8Array | null {
  int('family', family);
  if (typeof text !== 'string') throw wrongType('text', 'of type string', text);
  const into = new Uint8Array(family === AF_INET ? INET_ADDRESS : INET6_ADDRESS);
  // What is behind a null byte would not be looked at.
  if (text.includes('\0')) return null;
  const found = answered(native.inet_pton(family, text, into), 'inet_pton', `${family}, '${text}'`, {}, inet_pton);
  return found === 1 ? into : null;
}

/**
 * Makes a socket.
 *
 * @param domain `AF_INET` or `AF_INET6`
 * @param type `SOCK_STREAM`, with `SOCK_NONBLOCK` and `SOCK_CLOEXEC` or'ed to it
 * @param protocol 0
 * @returns its descriptor
 * @throws {PosixError} EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, EPROTONOSUPPORT
 * @see https://man7.org/linux/man-pages/man2/socket.2.html
 */
export function socket(domain: number, type: number, protocol: number): number {
  int('domain', domain);
  flags('type', type);
  int('protocol', protocol);
  return answered(native.socket(domain, type, protocol), 'socket', `${domain}, ${type}`, {}, socket);
}

/**
 * Gives a socket its local address.
 *
 * @param host in numbers, of the socket's family: `'127.0.0.1'`, `'::'`
 * @param port 0 to 65535; 0: one that is free
 * @throws {PermissionError} EACCES: a port that only root may have
 * @throws {PosixError} EADDRINUSE, EADDRNOTAVAIL, EBADF, EINVAL
 * @see https://man7.org/linux/man-pages/man2/bind.2.html
 */
export function bind(fd: number, host: string, port: number): void {
  descriptor(fd);
  if (typeof host !== 'string') throw wrongType('host', 'of type string', host);
  if (!isAddress(host)) throw wrongValue('host', 'must be an IP address', host);
  integer('port', port, 0, 65535);
  answered(native.bind(fd, host, port), 'bind', `${fd}, '${host}', ${port}`, { fd }, bind);
}

/**
 * Makes a socket listen for connections.
 *
 * @param backlog how many may wait to be accepted, 0 to `SOMAXCONN`
 * @throws {PosixError} EADDRINUSE, EBADF, ENOTSOCK, EOPNOTSUPP
 * @see https://man7.org/linux/man-pages/man2/listen.2.html
 */
export function listen(fd: number, backlog: number): void {
  descriptor(fd);
  flags('backlog', backlog);
  answered(native.listen(fd, backlog), 'listen', fd, { fd }, listen);
}

/**
 * The local address of a socket.
 *
 * @throws {PosixError} EBADF, ENOTSOCK; EAFNOSUPPORT: neither IPv4 nor IPv6
 * @see https://man7.org/linux/man-pages/man2/getsockname.2.html
 */
export function getsockname(fd: number): SocketAddress {
  descriptor(fd);
  const result = native.getsockname(fd);
  if (typeof result !== 'number') return result;
  answered(result, 'getsockname', fd, { fd }, getsockname);
  throw new Error('unreachable: getsockname answers an address or an error');
}

/**
 * Sets an option of a socket whose value is an int.
 *
 * @throws {PosixError} EBADF, EINVAL, ENOPROTOOPT, ENOTSOCK
 * @see https://man7.org/linux/man-pages/man2/setsockopt.2.html
 */
export function setsockopt(fd: number, level: number, option: number, value: number): void {
  descriptor(fd);
  int('level', level);
  int('option', option);
  int('value', value);
  answered(native.setsockopt(fd, level, option, value), 'setsockopt', `${fd}, ${option}`, { fd }, setsockopt);
}

// Not net.isIP(): in Node 20 it is two regular expressions, which take a quarter of a millisecond to compile.
function isAddress(host: string): boolean {
  const [address = ''] = host.split('%', 1);
  return inet_pton(AF_INET, host) !== null || inet_pton(AF_INET6, address) !== null;
}
