import { descriptor, flagBits, int, integer, list, view } from './arguments.js';
import { INT_MAX } from '../mistakes.js';
import { answered, errno } from './errno.js';
import { constant, native } from './native.js';

/** Type of a socket: a connection of whole messages. */
export const SOCK_SEQPACKET = constant('SOCK_SEQPACKET');
/** For `recvFds`: no program that is executed inherits what comes. */
export const MSG_CMSG_CLOEXEC = constant('MSG_CMSG_CLOEXEC');
/** For receiving: what comes stays to be received again. */
export const MSG_PEEK = constant('MSG_PEEK');
/** Of the flags of a message: a datagram was longer than the buffer. */
export const MSG_TRUNC = constant('MSG_TRUNC');
/** For receiving from a stream: waits until the buffer is full, or a signal, an error or the end. */
export const MSG_WAITALL = constant('MSG_WAITALL');
const MSG_CTRUNC = constant('MSG_CTRUNC');

const ends = new Int32Array(2);

/**
 * Makes two sockets that are connected with each other.
 *
 * @param domain `AF_UNIX`
 * @param type `SOCK_STREAM`, `SOCK_DGRAM` or `SOCK_SEQPACKET`, with `SOCK_NONBLOCK` and `SOCK_CLOEXEC` or'ed to it
 * @param protocol 0
 * @returns their descriptors
 * @throws {PosixError} EAFNOSUPPORT, EOPNOTSUPP: another domain; EINVAL; EMFILE, ENFILE; EPROTONOSUPPORT
 * @see https://man7.org/linux/man-pages/man2/socketpair.2.html
 */
export function socketpair(domain: number, type: number, protocol: number): [one: number, other: number] {
  int('domain', domain);
  flagBits('type', type);
  int('protocol', protocol);
  answered(native.socketpair(domain, type, protocol, ends), 'socketpair', `${domain}, ${type}`, {}, socketpair);
  return [ends[0] ?? -1, ends[1] ?? -1];
}

/** How many descriptors a message can have: SCM_MAX_FD of the kernel. */
const DESCRIPTORS_MAX = 253;

/**
 * Sends descriptors through a Unix socket, with some data: who receives them has descriptors of its own of the same open
 * files. They may be closed here right afterwards.
 *
 * @param fd the socket
 * @param buffer the data: of a stream at least one byte, or the descriptors are not sent
 * @param descriptors up to 253
 * @param flags 0, or `MSG_DONTWAIT | MSG_NOSIGNAL`
 * @returns how many bytes of the data were taken, and the descriptors with the first of them
 * @throws {BlockingIOError} EAGAIN: no room, and it must not wait
 * @throws {BrokenPipeError} EPIPE: the other end is closed
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF: the socket or one of the descriptors is not open; EINVAL: no Unix socket; EMSGSIZE; ENOTCONN;
 * ENOTSOCK; ETOOMANYREFS: too many descriptors of this user are under way
 * @see https://man7.org/linux/man-pages/man2/sendmsg.2.html https://man7.org/linux/man-pages/man7/unix.7.html
 */
export function sendFds(
  fd: number,
  buffer: ArrayBuffer | ArrayBufferView,
  descriptors: readonly number[],
  flags: number,
): number {
  descriptor(fd);
  const from = view('buffer', buffer);
  const sent = list('descriptors', 'descriptors', descriptors, (name, number) => integer(name, number, 0, INT_MAX));
  integer('descriptors.length', sent.length, 0, DESCRIPTORS_MAX);
  flagBits('flags', flags);
  return answered(native.sendFds(fd, from, Int32Array.from(sent), flags), 'sendmsg', fd, { fd }, sendFds);
}

/** What `recvFds` has received. */
export interface ReceivedFds {
  /** The bytes of the data that are in the buffer. 0: the end, of a stream; or an empty message. */
  length: number;
  /** The descriptors, which are the receiver's to close. */
  fds: number[];
  /** The flags of the message: `MSG_TRUNC` if it was longer than the buffer. */
  flags: number;
}

const got = new Int32Array(2);

/**
 * Receives data from a Unix socket, and the descriptors that were sent with it.
 *
 * @param fd the socket
 * @param buffer where the data goes
 * @param maxFds how many descriptors may come, 0 to 253
 * @param flags 0, or `MSG_CMSG_CLOEXEC | MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL`
 * @throws {BlockingIOError} EAGAIN: there is nothing, and it must not wait
 * @throws {ConnectionResetError} ECONNRESET
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF; ENOTCONN; ENOTSOCK; EMSGSIZE: there were more descriptors than `maxFds`, or than this process
 * may have. Those that have come are closed again, and the data is lost
 * @see https://man7.org/linux/man-pages/man2/recvmsg.2.html https://man7.org/linux/man-pages/man7/unix.7.html
 */
export function recvFds(fd: number, buffer: ArrayBuffer | ArrayBufferView, maxFds: number, flags: number): ReceivedFds {
  descriptor(fd);
  const into = view('buffer', buffer);
  const descriptors = new Int32Array(integer('maxFds', maxFds, 0, DESCRIPTORS_MAX));
  flagBits('flags', flags);
  const length = answered(native.recvFds(fd, into, flags, descriptors, got), 'recvmsg', fd, { fd }, recvFds);
  const [count = 0, messageFlags = 0] = got;
  const fds = [...descriptors.subarray(0, count)];
  if ((messageFlags & MSG_CTRUNC) !== 0) {
    for (const received of fds) native.close(received);
    answered(-errno.EMSGSIZE, 'recvmsg', `${fd}: more descriptors than could be received`, { fd }, recvFds);
  }
  return { length, fds, flags: messageFlags };
}

/** What `recvCredentials` has received. */
export interface ReceivedCredentials {
  /** The bytes of the data that are in the buffer. 0: the end, of a stream; or an empty message. */
  length: number;
  /** The process that has written them, in the pid namespace of the receiver; 0: it is in none that can be seen, or unknown. */
  pid: number;
  /** Its user; 65534 if unknown, as the kernel has it. */
  uid: number;
  /** Its group; 65534 if unknown. */
  gid: number;
}

const NOBODY = 65_534;
const sender = new Int32Array(3);

/**
 * Receives data from a Unix socket, and who has written it: the kernel says so of each write, also of those by a child or by a
 * program that has inherited the other end. What is received at once is from one writer. The socket asks for it with
 * `setsockopt(fd, SOL_SOCKET, SO_PASSCRED, 1)`, before anything is written. Descriptors that are sent along are closed.
 *
 * @param fd the socket
 * @param buffer where the data goes
 * @param flags 0, or `MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL`
 * @throws {BlockingIOError} EAGAIN: there is nothing, and it must not wait
 * @throws {ConnectionResetError} ECONNRESET
 * @throws {InterruptedError} EINTR
 * @throws {PosixError} EBADF; ENOTCONN; ENOTSOCK
 * @see https://man7.org/linux/man-pages/man2/recvmsg.2.html https://man7.org/linux/man-pages/man7/unix.7.html
 */
export function recvCredentials(fd: number, buffer: ArrayBuffer | ArrayBufferView, flags: number): ReceivedCredentials {
  descriptor(fd);
  const into = view('buffer', buffer);
  flagBits('flags', flags);
  sender.set([0, NOBODY, NOBODY]);
  const length = answered(native.recvCredentials(fd, into, flags, sender), 'recvmsg', fd, { fd }, recvCredentials);
  const [pid = 0, uid = NOBODY, gid = NOBODY] = sender;
  return { length, pid, uid: uid >>> 0, gid: gid >>> 0 };
}
