import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import * as truefork from 'truefork/posix';
import { close, fcntl, read, recvCredentials, recvFds, sendFds, socketpair, write } from 'truefork/posix';
import { holdsOnEveryNode, thrownBy } from './cases';
import { newPipe, opens } from './descriptors';

const { AF_UNIX, F_GETFD, FD_CLOEXEC, MSG_CMSG_CLOEXEC, MSG_DONTWAIT, MSG_TRUNC } = truefork;
const { SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_SEQPACKET, SOCK_STREAM } = truefork;

function newPair(type = SOCK_STREAM): [number, number] {
  const pair = socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0);
  opens(...pair);
  return pair;
}

function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd');
}

const one = Buffer.from('1');

describe('socketpair', () => {
  test.each([
    ['streams', SOCK_STREAM],
    ['datagrams', SOCK_DGRAM],
    ['packets', SOCK_SEQPACKET],
  ])('makes two sockets for %s that are connected', (_, type) => {
    const [a, b] = newPair(type);
    const bytes = Buffer.alloc(10);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      write(from, Buffer.from('there'));
      expect(bytes.subarray(0, read(to, bytes)).toString()).toBe('there');
    }
  });

  test('has the flags that it is made with', () => {
    const pair = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    opens(...pair);
    expect(pair.map((fd) => [truefork.get_blocking(fd), fcntl(fd, F_GETFD)])).toEqual([
      [false, 0],
      [false, 0],
    ]);
  });
});

describe('sendFds and recvFds', () => {
  test('give a descriptor of the same open file to who receives', () => {
    const [from, to] = newPair();
    const [readEnd, writeEnd] = newPipe();
    expect(sendFds(from, Buffer.from('a pipe'), [readEnd, writeEnd], 0)).toBe(6);
    const bytes = Buffer.alloc(100);
    const { length, fds, flags } = recvFds(to, bytes, 2, MSG_CMSG_CLOEXEC);
    opens(...fds);
    expect([bytes.subarray(0, length).toString(), fds.length, flags & MSG_TRUNC]).toEqual(['a pipe', 2, 0]);
    expect(fds.map((fd) => fcntl(fd, F_GETFD))).toEqual([FD_CLOEXEC, FD_CLOEXEC]);
    close(readEnd);
    close(writeEnd);
    write(fds[1] ?? -1, one);
    expect(read(fds[0] ?? -1, bytes)).toBe(1);
  });

  test('without MSG_CMSG_CLOEXEC a program inherits what has come', () => {
    const [from, to] = newPair();
    sendFds(from, one, [0], 0);
    const { fds } = recvFds(to, Buffer.alloc(1), 1, 0);
    opens(...fds);
    expect(fcntl(fds[0] ?? -1, F_GETFD)).toBe(0);
  });

  test('take none, and 253 at once', () => {
    const [from, to] = newPair();
    sendFds(from, one, [], 0);
    expect(recvFds(to, Buffer.alloc(1), 0, 0)).toMatchObject({ length: 1, fds: [] });
    sendFds(from, one, Array<number>(253).fill(0), 0);
    const { fds } = recvFds(to, Buffer.alloc(1), 253, MSG_CMSG_CLOEXEC);
    opens(...fds);
    expect(new Set(fds).size).toBe(253);
  });

  test.each([0, 1, 2, 3])('more than the %d that may come are closed, and EMSGSIZE', (most) => {
    const [from, to] = newPair();
    const before = openDescriptors();
    for (const count of [most + 1, most + 2, 20]) {
      sendFds(from, one, Array<number>(count).fill(from), 0);
      const error = thrownBy(() => recvFds(to, Buffer.alloc(1), most, MSG_CMSG_CLOEXEC));
      expect(error).toMatchObject({ code: 'EMSGSIZE', syscall: 'recvmsg', fd: to });
    }
    expect(openDescriptors()).toEqual(before);
  });

  test.each([0, 1, 2, 20])('receive %d, and no more, of a socket that is told who sends as well', (most) => {
    const [from, to] = newPair();
    truefork.setsockopt(to, truefork.SOL_SOCKET, truefork.SO_PASSCRED, 1);
    const before = openDescriptors();
    for (const count of [0, most]) {
      sendFds(from, one, Array<number>(count).fill(from), 0);
      const { length, fds } = recvFds(to, Buffer.alloc(1), most, MSG_CMSG_CLOEXEC);
      expect([length, fds.length]).toEqual([1, count]);
      for (const fd of fds) close(fd);
    }
    sendFds(from, one, Array<number>(most + 1).fill(from), 0);
    const error = thrownBy(() => recvFds(to, Buffer.alloc(1), most, MSG_CMSG_CLOEXEC));
    expect(error).toMatchObject({ code: 'EMSGSIZE', syscall: 'recvmsg', fd: to });
    expect(openDescriptors()).toEqual(before);
  });

  test('a datagram that is longer than the buffer says so', () => {
    const [from, to] = newPair(SOCK_DGRAM);
    sendFds(from, Buffer.from('too long'), [], 0);
    const { length, flags } = recvFds(to, Buffer.alloc(3), 0, 0);
    expect([length, flags & MSG_TRUNC]).toEqual([3, MSG_TRUNC]);
  });

  test('nothing there is EAGAIN, the end is a length of 0, and nobody there is EPIPE', () => {
    const [from, to] = newPair();
    const error = thrownBy(() => recvFds(to, Buffer.alloc(1), 1, MSG_DONTWAIT));
    expect(error).toBeInstanceOf(truefork.BlockingIOError);
    close(from);
    expect(recvFds(to, Buffer.alloc(1), 1, 0)).toMatchObject({ length: 0, fds: [] });
    const broken = thrownBy(() => sendFds(to, one, [], truefork.MSG_NOSIGNAL));
    expect(broken).toMatchObject({ code: 'EPIPE', syscall: 'sendmsg', fd: to });
  });

  test('a descriptor that is not open is EBADF, and another kind of socket ENOTSOCK', () => {
    const [from] = newPair();
    expect(thrownBy(() => sendFds(from, one, [2 ** 20], 0))).toMatchObject({ code: 'EBADF', fd: from });
    expect(thrownBy(() => sendFds(newPipe()[1], one, [], 0))).toMatchObject({ code: 'ENOTSOCK' });
  });

  holdsOnEveryNode('posix-descriptor-calls.mjs', {
    rights: 'a forked child hands its parent a file that only the child has opened',
  });
});

// Linux 6.5: each message comes with a pidfd of who has sent it.
const SO_PASSPIDFD = 76;

function isToldPidfds(socket: number): boolean {
  try {
    truefork.setsockopt(socket, truefork.SOL_SOCKET, SO_PASSPIDFD, 1);
    return true;
  } catch (error) {
    if (truefork.isPosixError(error, 'ENOPROTOOPT')) return false;
    throw error;
  }
}

test('a pidfd of who has sent, which nobody is told of, is closed', () => {
  const [from, to] = newPair();
  if (!isToldPidfds(to)) return;
  const before = openDescriptors();
  for (let n = 0; n < 3; n++) write(from, one);
  expect(recvFds(to, Buffer.alloc(1), 0, MSG_CMSG_CLOEXEC)).toMatchObject({ length: 1, fds: [] });
  expect(recvCredentials(to, Buffer.alloc(1), 0).length).toBe(1);
  truefork.setsockopt(to, truefork.SOL_SOCKET, truefork.SO_PASSCRED, 1);
  expect(recvCredentials(to, Buffer.alloc(1), 0).length).toBe(1);
  expect(openDescriptors()).toEqual(before);
});

describe('recvCredentials', () => {
  test('tells of each write who has made it, a program that has inherited the socket too', () => {
    const [from, to] = newPair();
    truefork.setsockopt(to, truefork.SOL_SOCKET, truefork.SO_PASSCRED, 1);
    write(from, one);
    const { pid } = spawnSync('sh', ['-c', 'printf 22'], { stdio: ['ignore', from, 'inherit'] });
    const [uid, gid] = [truefork.getuid(), truefork.getgid()];
    // Both are there, and one call gives what is of one writer.
    expect(recvCredentials(to, Buffer.alloc(10), 0)).toEqual({ length: 1, pid: process.pid, uid, gid });
    expect(recvCredentials(to, Buffer.alloc(10), 0)).toEqual({ length: 2, pid, uid, gid });
    close(from);
    expect(recvCredentials(to, Buffer.alloc(10), 0).length).toBe(0);
  });

  test('knows nobody if the socket is not told, and keeps no descriptor that comes along', () => {
    const [from, to] = newPair();
    write(from, one);
    expect(recvCredentials(to, Buffer.alloc(10), 0)).toEqual({ length: 1, pid: 0, uid: 65_534, gid: 65_534 });
    const before = openDescriptors();
    // In the room for who has sent, three descriptors would fit.
    for (const count of [1, 3, 4, 253]) {
      sendFds(from, one, Array<number>(count).fill(from), 0);
      expect(recvCredentials(to, Buffer.alloc(10), 0)).toMatchObject({ length: 1, pid: 0 });
    }
    truefork.setsockopt(to, truefork.SOL_SOCKET, truefork.SO_PASSCRED, 1);
    sendFds(from, one, [from], 0);
    expect(recvCredentials(to, Buffer.alloc(10), 0)).toMatchObject({ length: 1, pid: process.pid });
    expect(openDescriptors()).toEqual(before);
    const error = thrownBy(() => recvCredentials(to, Buffer.alloc(1), MSG_DONTWAIT));
    expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'recvmsg', fd: to });
  });

  holdsOnEveryNode('posix-descriptor-calls.mjs', {
    credentials: 'a forked child is told apart from its parent by what it writes',
  });
});
