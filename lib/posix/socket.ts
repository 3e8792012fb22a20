import { descriptor, flagBits, int, integer, view, wrongType, wrongValue } from './arguments.js';
import { answered } from './errno.js';
import { constant, native } from './native.js';

/** Family of addresses: sockets of this machine, see unix(7). */
export const AF_UNIX = constant('AF_UNIX');
/** Family of addresses: IPv4, see ip(7). */
export const AF_INET = constant('AF_INET');
/** Family of addresses: IPv6, see ipv6(7). */
export const AF_INET6 = constant('AF_INET6');
/** Type of a socket: a connection of bytes: TCP. */
export const SOCK_STREAM = constant('SOCK_STREAM');
/** Type of a socket: single messages: UDP. */
export const SOCK_DGRAM = constant('SOCK_DGRAM');
/** Or'ed to the type of a socket, and flag of accept4: who would have to wait gets EAGAIN. */
export const SOCK_NONBLOCK = constant('SOCK_NONBLOCK');
/** Or'ed to the type of a socket, and flag of accept4: closed by exec. */
export const SOCK_CLOEXEC = constant('SOCK_CLOEXEC');
/** Level of options: those of all sockets, see socket(7). */
export const SOL_SOCKET = constant('SOL_SOCKET');
/** Option of a socket: its port may be taken while connections of an earlier socket are still in TIME_WAIT. */
export const SO_REUSEADDR = constant('SO_REUSEADDR');
/** Option of a socket: others of its user may have the same port if they have the option too. Linux 3.9. */
export const SO_REUSEPORT = constant('SO_REUSEPORT');
/** Which socket of an `SO_REUSEPORT` group gets a connection. Linux 4.6 for TCP. */
export const SO_ATTACH_REUSEPORT_CBPF = constant('SO_ATTACH_REUSEPORT_CBPF');
/** For `getsockopt`: 1 of a socket that listens. */
export const SO_ACCEPTCONN = constant('SO_ACCEPTCONN');
/** Whether a Unix socket is told who has sent what it receives: see `recvCredentials`. */
export const SO_PASSCRED = constant('SO_PASSCRED');
/** For `getsockopt`: `SOCK_STREAM`, `SOCK_DGRAM`. */
export const SO_TYPE = constant('SO_TYPE');
/** For sending and receiving: who would have to wait gets EAGAIN. */
export const MSG_DONTWAIT = constant('MSG_DONTWAIT');
/** For sending: EPIPE without SIGPIPE, which Node.js ignores anyway. */
export const MSG_NOSIGNAL = constant('MSG_NOSIGNAL');
/** Level of options: those of TCP, see tcp(7). */
export const IPPROTO_TCP = constant('IPPROTO_TCP');
/** For `getsockopt`: the state of a connection; of a socket that listens, how long its queue is. */
export const TCP_INFO = constant('TCP_INFO');
/** Level of options: those of IPv6, see ipv6(7). */
export const IPPROTO_IPV6 = constant('IPPROTO_IPV6');
/** Option of an IPv6 socket: nothing of IPv4. */
export const IPV6_V6ONLY = constant('IPV6_V6ONLY');
/** For `shutdown`: nothing more is received. */
export const SHUT_RD = constant('SHUT_RD');
/** For `shutdown`: nothing more is sent, and the peer reads the end. */
export const SHUT_WR = constant('SHUT_WR');
/** For `shutdown`: both. */
export const SHUT_RDWR = constant('SHUT_RDWR');
/** The longest queue that `listen` can ask for. The kernel cuts it down to net.core.somaxconn. */
export const SOMAXCONN = constant('SOMAXCONN');

/** An address of a socket. */
export interface SocketAddress {
  /** `AF_INET`, `AF_INET6` or `AF_UNIX`. */
  family: number;
  /**
   * In numbers: `'127.0.0.1'`, `'::1'`. Of a Unix socket its path, or its name in the abstract namespace, which begins with
   * a null byte; empty if it has none.
   */
  address: string;
  /** 0 to 65535; of a Unix socket 0. */
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
 * @param domain `AF_INET`, `AF_INET6` or `AF_UNIX`
 * @param type `SOCK_STREAM` or `SOCK_DGRAM`, with `SOCK_NONBLOCK` and `SOCK_CLOEXEC` or'ed to it
 * @param protocol 0
 * @returns its descriptor
 * @throws {PosixError} EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, EPROTONOSUPPORT
 * @see https://man7.org/linux/man-pages/man2/socket.2.html
 */
export function socket(domain: number, type: number, protocol: number): number {
  int('domain', domain);
  flagBits('type', type);
  int('protocol', protocol);
  return answered(native.socket(domain, type, protocol), 'socket', `${domain}, ${type}`, {}, socket);
}

/**
 * The arguments that say an address: a host in numbers (`'127.0.0.1'`, `'::'`) and a port, 0 to 65535; or the path of a Unix
 * socket alone. That has up to 107 bytes; behind a null byte in front it is a name in the abstract namespace, of up to 108
 * bytes with it, which may contain more null bytes.
 */
export type AddressArguments = [host: string, port: number] | [path: string];

/**
 * Gives a socket its local address. The path of a Unix socket becomes a file, of the mode 0777 less the umask, that outlives
 * the socket.
 *
 * @param address of the socket's family; with port 0, one that is free; with an empty path, an abstract name that is free
 * @throws {PermissionError} EACCES: a port that only root may have, a directory that only others may write to
 * @throws {FileNotFoundError} ENOENT: there is no directory for the path
 * @throws {PosixError} EADDRINUSE: of a path also if there is a file that is no socket, or nobody's; EADDRNOTAVAIL; EBADF;
 * EINVAL; ENAMETOOLONG: the path does not fit
 * @see https://man7.org/linux/man-pages/man2/bind.2.html https://man7.org/linux/man-pages/man7/unix.7.html
 */
export function bind(fd: number, ...address: AddressArguments): void {
  descriptor(fd);
  const [host, port] = checkedAddress(address);
  answered(native.bind(fd, host, port), 'bind', `${fd}, ${shown(address)}`, { fd, ...pathIn(address) }, bind);
}

/**
 * Connects a socket. It may block the process; one that does not block goes on connecting to another machine: EINPROGRESS.
 *
 * @param address of the socket's family
 * @throws {BlockingIOError} EINPROGRESS; EAGAIN: the backlog of a Unix socket is full
 * @throws {ConnectionRefusedError} ECONNREFUSED: nobody listens there; the file is no socket
 * @throws {FileNotFoundError} ENOENT: there is no such path
 * @throws {InterruptedError} EINTR: it goes on connecting
 * @throws {PermissionError} EACCES: a path needs permission to write to the file
 * @throws {TimeoutError} ETIMEDOUT
 * @throws {PosixError} EADDRNOTAVAIL, EALREADY, EBADF, EISCONN, ENAMETOOLONG, ENETUNREACH, ENOTSOCK; EPROTOTYPE: a Unix socket
 * of another type
 * @see https://man7.org/linux/man-pages/man2/connect.2.html https://man7.org/linux/man-pages/man7/unix.7.html
 */
export function connect(fd: number, ...address: AddressArguments): void {
  descriptor(fd);
  const [host, port] = checkedAddress(address);
  answered(native.connect(fd, host, port), 'connect', `${fd}, ${shown(address)}`, { fd, ...pathIn(address) }, connect);
}

/**
 * Sends a datagram.
 *
 * @param flags 0, or `MSG_DONTWAIT | MSG_NOSIGNAL`
 * @param address of the socket's family
 * @returns how many bytes were taken
 * @throws {BlockingIOError} EAGAIN: no room, there or here, and `MSG_DONTWAIT` or a socket that does not block
 * @throws {ConnectionRefusedError} ECONNREFUSED: nobody receives there
 * @throws {FileNotFoundError} ENOENT: there is no such path
 * @throws {InterruptedError} EINTR
 * @throws {PermissionError} EACCES: a path needs permission to write to the file
 * @throws {PosixError} EBADF, EINVAL, ENAMETOOLONG, ENETUNREACH, ENOBUFS, ENOTSOCK; EMSGSIZE: it is too long for a datagram;
 * EPROTOTYPE: a Unix socket of another type
 * @see https://man7.org/linux/man-pages/man2/send.2.html
 */
export function sendto(
  fd: number,
  buffer: ArrayBuffer | ArrayBufferView,
  flags: number,
  ...address: AddressArguments
): number {
  descriptor(fd);
  const from = view('buffer', buffer);
  flagBits('flags', flags);
  const [host, port] = checkedAddress(address);
  const result = native.sendto(fd, from, flags, host, port);
  return answered(result, 'sendto', `${fd}, ${shown(address)}`, { fd, ...pathIn(address) }, sendto);
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
  flagBits('backlog', backlog);
  answered(native.listen(fd, backlog), 'listen', fd, { fd }, listen);
}

/**
 * Takes the first connection that waits at a socket that listens. It blocks the whole process until there is one, its event loop
 * too.
 *
 * A signal whose handler has no SA_RESTART interrupts it, with SA_RESTART it goes on.
 *
 * @param flags 0, or `SOCK_NONBLOCK | SOCK_CLOEXEC`, for the connection's descriptor: it has nothing of the socket's
 * @returns the descriptor of the connection; `getpeername` tells whose it is
 * @throws {BlockingIOError} EAGAIN: none waits, and the socket does not block
 * @throws {InterruptedError} EINTR: a signal came (see `siginterrupt`)
 * @throws {ConnectionAbortedError} ECONNABORTED: who had connected has given up
 * @throws {PosixError} EBADF; EINVAL: the socket does not listen, or other flags; EMFILE, ENFILE: too many descriptors; ENOTSOCK;
 * EOPNOTSUPP: no `SOCK_STREAM`
 * @see https://man7.org/linux/man-pages/man2/accept4.2.html
 */
export function accept4(fd: number, flags: number): number {
  descriptor(fd);
  flagBits('flags', flags);
  return answered(native.accept4(fd, flags), 'accept4', fd, { fd }, accept4);
}

/**
 * Ends one direction of a connection, or both, for every process that has it. The descriptor stays open.
 *
 * @param how `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`
 * @throws {PosixError} EBADF; EINVAL: another `how`; ENOTCONN: it is not connected; ENOTSOCK
 * @see https://man7.org/linux/man-pages/man2/shutdown.2.html
 */
export function shutdown(fd: number, how: number): void {
  descriptor(fd);
  int('how', how);
  answered(native.shutdown(fd, how), 'shutdown', fd, { fd }, shutdown);
}

/**
 * The local address of a socket.
 *
 * @throws {PosixError} EBADF, ENOTSOCK; EAFNOSUPPORT: neither IPv4 nor IPv6 nor Unix
 * @see https://man7.org/linux/man-pages/man2/getsockname.2.html
 */
export function getsockname(fd: number): SocketAddress {
  descriptor(fd);
  return nameAnswered(native.getsockname(fd), fd, getsockname);
}

/**
 * The address of the socket that a connected one is connected to.
 *
 * @returns of a Unix socket that has not been bound, the address is empty
 * @throws {PosixError} EBADF, ENOTSOCK; ENOTCONN: it is not connected, or no longer; EAFNOSUPPORT: neither IPv4 nor IPv6 nor Unix
 * @see https://man7.org/linux/man-pages/man2/getpeername.2.html
 */
export function getpeername(fd: number): SocketAddress {
  descriptor(fd);
  return nameAnswered(native.getpeername(fd), fd, getpeername);
}

function nameAnswered(
  result: SocketAddress | number,
  fd: number,
  caller: typeof getsockname | typeof getpeername,
): SocketAddress {
  if (typeof result !== 'number') return result;
  answered(result, caller.name, fd, { fd }, caller);
  throw new Error(`unreachable: ${caller.name} answers an address or an error`);
}

const word = new Int32Array(1);
const wordBytes = new Uint8Array(word.buffer);

/**
 * Tells an option of a socket.
 *
 * @param into for an option that is no int (`TCP_INFO`): where its bytes go, as many as fit
 * @returns the option's value, an int, 0 where it has none; or how many bytes came
 * @throws {PosixError} EBADF, ENOPROTOOPT, ENOTSOCK
 * @see https://man7.org/linux/man-pages/man2/getsockopt.2.html
 */
export function getsockopt(fd: number, level: number, option: number, into?: Uint8Array): number {
  descriptor(fd);
  int('level', level);
  int('option', option);
  const bytes = into === undefined ? wordBytes : view('into', into);
  // An option may have no value, and write nothing: SO_BINDTODEVICE of a socket that is bound to none.
  word.fill(0);
  const result = native.getsockopt(fd, level, option, bytes);
  const length = answered(result, 'getsockopt', `${fd}, ${option}`, { fd }, getsockopt);
  return into === undefined ? (word[0] ?? 0) : length;
}

/**
 * Sets an option of a socket.
 *
 * @param value an int; for `SO_ATTACH_REUSEPORT_CBPF` a program of the classic BPF, of 8 bytes an instruction: `struct
 * sock_filter` of `<linux/filter.h>`
 * @throws {PosixError} EBADF, EINVAL, ENOPROTOOPT, ENOTSOCK
 * @see https://man7.org/linux/man-pages/man2/setsockopt.2.html https://man7.org/linux/man-pages/man7/socket.7.html
 */
export function setsockopt(fd: number, level: number, option: number, value: number | Uint8Array): void {
  descriptor(fd);
  int('level', level);
  int('option', option);
  const result =
    typeof value === 'object' && (value as unknown) !== null
      ? native.attachFilter(fd, level, option, view('value', value))
      : native.setsockopt(fd, level, option, int('value', value));
  answered(result, 'setsockopt', `${fd}, ${option}`, { fd }, setsockopt);
}

// Not by what the port is: undefined is a mistake, not a path.
function checkedAddress(address: AddressArguments): AddressArguments {
  const [text] = address;
  if (address.length === 1) {
    if (typeof text !== 'string') throw wrongType('path', 'of type string', text);
    if (text.lastIndexOf('\0') > 0 && !text.startsWith('\0')) {
      throw wrongValue('path', 'must be a string without null bytes, or begin with one', text);
    }
    return address;
  }
  if (typeof text !== 'string') throw wrongType('host', 'of type string', text);
  if (!isAddress(text)) throw wrongValue('host', 'must be an IP address', text);
  integer('port', address[1], 0, 65535);
  return address;
}

function shown(address: AddressArguments): string {
  const [text, port] = address;
  // As `ss` and /proc/net/unix write a name.
  return port === undefined ? `'${text.replaceAll('\0', '@')}'` : `'${text}', ${port}`;
}

function pathIn(address: AddressArguments): { path?: string } {
  return address.length === 1 ? { path: address[0] } : {};
}

// Not net.isIP(): in Node 20 it is two regular expressions, which take a quarter of a millisecond to compile.
function isAddress(host: string): boolean {
  const [address = ''] = host.split('%', 1);
  return inet_pton(AF_INET, host) !== null || inet_pton(AF_INET6, address) !== null;
}
