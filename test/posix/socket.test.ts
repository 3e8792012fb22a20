import { once } from 'node:events';
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import * as truefork from 'truefork/posix';
import {
  accept4,
  bind,
  close,
  connect,
  getpeername,
  getsockname,
  getsockopt,
  inet_pton,
  listen,
  read,
  sendto,
  setsockopt,
  shutdown,
  socket,
  write,
} from 'truefork/posix';
import { temporaryDirectory } from '../support/runtime';
import { holdsOnEveryNode, thrownBy } from './cases';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM } = truefork;
const { SOL_SOCKET, SO_ACCEPTCONN, SO_REUSEADDR, SO_REUSEPORT, SO_TYPE } = truefork;

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
);
const testWithIPv6 = hasIPv6 ? test : test.skip;

let opened: Set<number>;

beforeEach(() => {
  opened = new Set();
});
afterEach(() => {
  for (const fd of opened) close(fd);
});

/** `socket`, closed after the test. */
function sockets(domain: number = AF_INET, type: number = SOCK_STREAM): number {
  const fd = socket(domain, type | SOCK_CLOEXEC, 0);
  opened.add(fd);
  return fd;
}

/** The error of a call that returns nothing. */
function errorOf(call: () => void): unknown {
  return thrownBy(() => {
    call();
  });
}

/** The error of `bind` or `connect`. */
function refusalOf(call: typeof bind, fd: number, ...address: truefork.AddressArguments): unknown {
  return errorOf(() => {
    call(fd, ...address);
  });
}

/** A server on a socket that listens, which is the server's from then on. */
async function serve(fd: number, onConnection: (connection: Socket) => void): Promise<Server> {
  const server = createServer(onConnection);
  opened.delete(fd);
  server.listen({ fd });
  await once(server, 'listening');
  return server;
}

async function answerOf(port: number, host: string): Promise<string> {
  const connection = createConnection(port, host).setEncoding('utf8');
  let text = '';
  connection.on('data', (data: string) => (text += data));
  await once(connection, 'close');
  return text;
}

async function ended(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

describe('inet_pton', () => {
  test.each<[number, string, number[]]>([
    [AF_INET, '127.0.0.1', [127, 0, 0, 1]],
    [AF_INET, '255.0.1.254', [255, 0, 1, 254]],
    [AF_INET6, '::', Array<number>(16).fill(0)],
    [AF_INET6, 'fe80::102:304', [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]],
    [AF_INET6, '::ffff:1.2.3.4', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]],
  ])('%d: %s', (family, text, bytes) => {
    expect([...(inet_pton(family, text) ?? [])]).toEqual(bytes);
  });

  test.each([
    [AF_INET, '::1'],
    [AF_INET, '127.1'],
    [AF_INET, '127.0.0.256'],
    [AF_INET, '127.0.0.1\0'],
    [AF_INET, 'localhost'],
    [AF_INET, ''],
    [AF_INET6, '127.0.0.1'],
    [AF_INET6, ':::'],
    [AF_INET6, '::1%lo'],
  ])('%d: %j is no address', (family, text) => {
    expect(inet_pton(family, text)).toBeNull();
  });
});

describe('socket', () => {
  test('has the flags that it is made with', () => {
    const flagsOf = (fd: number) => {
      const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
      return parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8) & (truefork.O_CLOEXEC | truefork.O_NONBLOCK);
    };
    for (const flags of [0, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_CLOEXEC | SOCK_NONBLOCK]) {
      const fd = socket(AF_INET, SOCK_STREAM | flags, 0);
      opened.add(fd);
      expect(flagsOf(fd)).toBe(flags);
    }
  });

  test.each<[string, string, () => number]>([
    ['an unknown family', 'EAFNOSUPPORT', () => socket(99, SOCK_STREAM, 0)],
    ['an unknown type', 'EINVAL', () => socket(AF_INET, 0xf, 0)],
    ['a protocol of another type', 'EPROTONOSUPPORT', () => socket(AF_INET, SOCK_STREAM, 17)],
  ])('of %s is %s', (_, code, call) => {
    expect(thrownBy(call)).toMatchObject({ code, syscall: 'socket' });
  });
});

describe('bind and getsockname', () => {
  test('a socket has no address until it is bound', () => {
    expect(getsockname(sockets())).toEqual({ family: AF_INET, address: '0.0.0.0', port: 0 });
  });

  test('port 0 is one that is free', () => {
    const fd = sockets();
    bind(fd, '127.0.0.1', 0);
    const { family, address, port } = getsockname(fd);
    expect([family, address]).toEqual([AF_INET, '127.0.0.1']);
    expect(port).toBeGreaterThan(0);
    expect(port).toBeLessThan(65536);
  });

  testWithIPv6('IPv6 addresses are those of IPv6 sockets', () => {
    for (const address of ['::1', '::']) {
      const fd = sockets(AF_INET6);
      bind(fd, address, 0);
      expect(getsockname(fd)).toMatchObject({ family: AF_INET6, address });
    }
  });

  test('an address of the other family is an error', () => {
    const fd = sockets(AF_INET);
    const error = errorOf(() => {
      bind(fd, '::1', 0);
    });
    expect(error).toBeInstanceOf(truefork.PosixError);
    expect(error).toMatchObject({ syscall: 'bind', fd });
  });

  test('an address that is not this machine’s is EADDRNOTAVAIL', () => {
    const fd = sockets();
    const elsewhere = () => {
      bind(fd, '192.0.2.1', 0);
    };
    expect(errorOf(elsewhere)).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind', fd });
  });

  test('a socket is bound once', () => {
    const fd = sockets();
    const bound = () => {
      bind(fd, '127.0.0.1', 0);
    };
    bound();
    expect(errorOf(bound)).toMatchObject({ code: 'EINVAL', syscall: 'bind', fd });
  });

  test('a socket of an unknown family has an address that getsockname cannot tell', () => {
    const AF_NETLINK = 16;
    const fd = sockets(AF_NETLINK, SOCK_DGRAM);
    expect(thrownBy(() => getsockname(fd))).toMatchObject({ code: 'EAFNOSUPPORT', fd });
  });

  test('what is no socket is ENOTSOCK', () => {
    const fd = truefork.open('/dev/null', truefork.O_RDONLY);
    opened.add(fd);
    const calls: (() => unknown)[] = [
      bind.bind(null, fd, '127.0.0.1', 0),
      listen.bind(null, fd, 1),
      setsockopt.bind(null, fd, SOL_SOCKET, SO_REUSEADDR, 1),
      connect.bind(null, fd, '127.0.0.1', 1),
      () => sendto(fd, new Uint8Array(1), 0, '127.0.0.1', 1),
      () => accept4(fd, 0),
      shutdown.bind(null, fd, truefork.SHUT_WR),
      () => getsockname(fd),
      () => getpeername(fd),
      () => getsockopt(fd, SOL_SOCKET, SO_TYPE),
    ];
    for (const call of calls) expect(thrownBy(call)).toMatchObject({ code: 'ENOTSOCK', fd });
  });
});

describe('listen', () => {
  test('a socket that listens takes connections before anyone accepts them', async () => {
    const fd = sockets(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    bind(fd, '127.0.0.1', 0);
    listen(fd, truefork.SOMAXCONN);
    const { port } = getsockname(fd);
    const early = createConnection(port, '127.0.0.1').setEncoding('utf8');
    await once(early, 'connect');

    const server = await serve(fd, (connection) => connection.end('hello'));
    expect((server.address() as AddressInfo).port).toBe(port);
    const [data] = (await once(early, 'data')) as [string];
    expect(data).toBe('hello');
    expect(await answerOf(port, '127.0.0.1')).toBe('hello');
    await ended(server);
  });

  test('a port on which a socket listens is EADDRINUSE for another', () => {
    const one = sockets();
    bind(one, '127.0.0.1', 0);
    listen(one, 1);
    const other = sockets();
    setsockopt(other, SOL_SOCKET, SO_REUSEADDR, 1);
    const same = () => {
      bind(other, '127.0.0.1', getsockname(one).port);
    };
    expect(errorOf(same)).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind', fd: other });
  });
});

describe('setsockopt', () => {
  test('SO_REUSEPORT lets two sockets listen on one port, if both want it', () => {
    const [one, other, third] = [sockets(), sockets(), sockets()];
    for (const fd of [one, other]) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    bind(one, '127.0.0.1', 0);
    listen(one, 1);
    const { port } = getsockname(one);
    bind(other, '127.0.0.1', port);
    listen(other, 1);
    const unasked = () => {
      bind(third, '127.0.0.1', port);
    };
    expect(errorOf(unasked)).toMatchObject({ code: 'EADDRINUSE' });
  });

  testWithIPv6('IPV6_V6ONLY lets IPv4 and IPv6 have one port each', async () => {
    const v6 = sockets(AF_INET6);
    setsockopt(v6, truefork.IPPROTO_IPV6, truefork.IPV6_V6ONLY, 1);
    bind(v6, '::', 0);
    listen(v6, 1);
    const { port } = getsockname(v6);
    const v4 = sockets(AF_INET);
    bind(v4, '0.0.0.0', port);
    listen(v4, 1);
    const servers = [await serve(v6, (c) => c.end('six')), await serve(v4, (c) => c.end('four'))];
    expect([await answerOf(port, '::1'), await answerOf(port, '127.0.0.1')]).toEqual(['six', 'four']);
    for (const server of servers) await ended(server);
  });

  test('SO_ATTACH_REUSEPORT_CBPF says which socket of a group gets a connection', async () => {
    const BPF_RET_K = 0x06; // Its operand, the number of the socket, is in the bytes 4 to 7.
    const group = [sockets(), sockets()];
    let port = 0;
    for (const fd of group) {
      setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
      bind(fd, '127.0.0.1', port);
      ({ port } = getsockname(fd));
      listen(fd, 16);
    }
    const [first = 0] = group;
    const servers = await Promise.all(group.map((fd, n) => serve(fd, (connection) => connection.end(String(n)))));
    for (const chosen of [1, 0]) {
      const program = new Uint8Array(8);
      program[0] = BPF_RET_K;
      program[4] = chosen;
      setsockopt(first, SOL_SOCKET, truefork.SO_ATTACH_REUSEPORT_CBPF, program);
      const answers = await Promise.all(Array.from({ length: 8 }, () => answerOf(port, '127.0.0.1')));
      expect(new Set(answers)).toEqual(new Set([String(chosen)]));
    }
    // The last has a length of which 16 bits would be 1.
    const long = new Uint8Array(8 * (2 ** 16 + 1));
    long[0] = BPF_RET_K;
    for (const wrong of [new Uint8Array(0), new Uint8Array(8), long]) {
      const attach = setsockopt.bind(null, first, SOL_SOCKET, truefork.SO_ATTACH_REUSEPORT_CBPF, wrong);
      expect(errorOf(attach)).toMatchObject({ code: 'EINVAL', syscall: 'setsockopt', fd: first });
    }
    for (const server of servers) await ended(server);
  });

  test('of an option that does not exist is ENOPROTOOPT', () => {
    const fd = sockets();
    const unknown = () => {
      setsockopt(fd, SOL_SOCKET, 9999, 1);
    };
    expect(errorOf(unknown)).toMatchObject({ code: 'ENOPROTOOPT', syscall: 'setsockopt', fd });
  });
});

test('getsockopt tells what a socket is', () => {
  const [stream, datagram] = [sockets(), sockets(AF_INET, SOCK_DGRAM)];
  expect([stream, datagram].map((fd) => getsockopt(fd, SOL_SOCKET, SO_TYPE))).toEqual([SOCK_STREAM, SOCK_DGRAM]);
  bind(stream, '127.0.0.1', 0);
  expect(getsockopt(stream, SOL_SOCKET, SO_ACCEPTCONN)).toBe(0);
  listen(stream, 1);
  expect(getsockopt(stream, SOL_SOCKET, SO_ACCEPTCONN)).toBe(1);
  const unknown = () => getsockopt(stream, SOL_SOCKET, 9999);
  expect(thrownBy(unknown)).toMatchObject({ code: 'ENOPROTOOPT', syscall: 'getsockopt', fd: stream });
});

test('getsockopt tells 0 of an option that has no value', () => {
  const SO_BINDTODEVICE = 25;
  const fd = sockets();
  expect(getsockopt(fd, SOL_SOCKET, SO_TYPE)).toBe(SOCK_STREAM);
  expect(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE)).toBe(0);
});

test('getsockopt tells of a TCP socket that listens how many connections wait', () => {
  const listener = sockets();
  bind(listener, '127.0.0.1', 0);
  listen(listener, 4);
  const [state, unacked] = [0, 24]; // Where they are in struct tcp_info.
  const info = Buffer.alloc(28);
  const tell = () => getsockopt(listener, truefork.IPPROTO_TCP, truefork.TCP_INFO, info);
  for (const waiting of [0, 1, 2]) {
    if (waiting > 0) connect(sockets(), '127.0.0.1', getsockname(listener).port);
    expect(tell()).toBe(28);
    const TCP_LISTEN = 10;
    expect([info[state], info.readUInt32LE(unacked)]).toEqual([TCP_LISTEN, waiting]);
  }
});

test('connect connects, or says why not', async () => {
  const [listener, client, other] = [sockets(), sockets(), sockets()];
  bind(listener, '127.0.0.1', 0);
  const { port } = getsockname(listener);
  expect(refusalOf(connect, other, '127.0.0.1', port)).toBeInstanceOf(truefork.ConnectionRefusedError);
  listen(listener, 1);
  connect(client, '127.0.0.1', port);
  let written: () => void;
  const answered = new Promise<void>((resolve) => (written = resolve));
  const server = await serve(listener, (connection) => connection.end('hello', written));
  await answered;
  const buffer = Buffer.alloc(8);
  expect(buffer.toString('utf8', 0, read(client, buffer))).toBe('hello');
  opened.delete(client);
  close(client);
  await ended(server);
});

/** A socket that listens, and one that has connected to it, of whom nobody has heard yet. */
function connectedTo(family: number, ...address: truefork.AddressArguments): { listener: number; client: number } {
  const [listener, client] = [sockets(family), sockets(family)];
  bind(listener, ...address);
  listen(listener, 1);
  const { address: host, port } = getsockname(listener);
  if (family === AF_UNIX) connect(client, host);
  else connect(client, host, port);
  return { listener, client };
}

function accepted(listener: number, flags = SOCK_CLOEXEC): number {
  const fd = accept4(listener, flags);
  opened.add(fd);
  return fd;
}

/** What one socket writes, as the other reads it. */
function carried(from: number, to: number, text: string): string {
  write(from, Buffer.from(text));
  const buffer = Buffer.alloc(64);
  return buffer.toString('utf8', 0, read(to, buffer));
}

describe('accept4', () => {
  const path = () => join(temporaryDirectory(), 'socket');
  const families: [string, number, () => truefork.AddressArguments][] = [
    ['IPv4', AF_INET, () => ['127.0.0.1', 0]],
    ['a Unix socket', AF_UNIX, () => [path()]],
    ['an abstract name', AF_UNIX, () => ['']],
    ...(hasIPv6 ? [['IPv6', AF_INET6, () => ['::1', 0]] as [string, number, () => truefork.AddressArguments]] : []),
  ];

  test.each(families)('takes a connection of %s, which carries bytes both ways', (_, family, address) => {
    const { listener, client } = connectedTo(family, ...address());
    const connection = accepted(listener);
    expect([carried(client, connection, 'hello'), carried(connection, client, 'again')]).toEqual(['hello', 'again']);
    expect(getsockname(connection)).toEqual(getsockname(listener));
    expect(getpeername(client)).toEqual(getsockname(listener));
    expect(getpeername(connection)).toEqual(getsockname(client));
  });

  test('gives the connection its flags, and none of the socket’s that listens', () => {
    for (const flags of [0, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_CLOEXEC | SOCK_NONBLOCK]) {
      const { listener } = connectedTo(AF_INET, '127.0.0.1', 0);
      truefork.fcntl(listener, truefork.F_SETFL, truefork.O_NONBLOCK);
      const connection = accepted(listener, flags);
      const isCloexec = (truefork.fcntl(connection, truefork.F_GETFD) & truefork.FD_CLOEXEC) !== 0;
      const isNonblocking = (truefork.fcntl(connection, truefork.F_GETFL) & truefork.O_NONBLOCK) !== 0;
      expect([isCloexec, isNonblocking]).toEqual([(flags & SOCK_CLOEXEC) !== 0, (flags & SOCK_NONBLOCK) !== 0]);
    }
  });

  test('takes connections in the order in which they came', () => {
    const listener = sockets();
    bind(listener, '127.0.0.1', 0);
    listen(listener, 3);
    const clients = [sockets(), sockets(), sockets()];
    for (const client of clients) connect(client, '127.0.0.1', getsockname(listener).port);
    expect(clients.map(() => getpeername(accepted(listener)).port)).toEqual(
      clients.map((client) => getsockname(client).port),
    );
  });

  test('of a socket that does not block and has no connection is EAGAIN', () => {
    const listener = sockets(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    bind(listener, '127.0.0.1', 0);
    listen(listener, 1);
    const error = thrownBy(() => accept4(listener, 0));
    expect(error).toBeInstanceOf(truefork.BlockingIOError);
    expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'accept4', fd: listener });
  });

  test('of a socket that does not listen, or with other flags, is EINVAL', () => {
    const { listener } = connectedTo(AF_INET, '127.0.0.1', 0);
    for (const call of [() => accept4(sockets(), 0), () => accept4(listener, 1)]) {
      expect(thrownBy(call)).toMatchObject({ code: 'EINVAL', syscall: 'accept4' });
    }
  });

  test('of a socket for datagrams is EOPNOTSUPP', () => {
    expect(thrownBy(() => accept4(sockets(AF_INET, SOCK_DGRAM), 0))).toMatchObject({ code: 'EOPNOTSUPP' });
  });

  holdsOnEveryNode('posix-accept.mjs', {
    'waits-for-a-connection': 'waits until there is a connection',
    interrupted: 'throws InterruptedError when a signal is handled meanwhile, whose handler has run then',
    restarted: 'goes on after a signal whose handler has SA_RESTART, and the handler runs afterwards',
    'the-handlers-error': 'throws what the handler of the signal throws',
  });
});

describe('getpeername', () => {
  test('of a socket that is not connected is ENOTCONN', () => {
    const fd = sockets();
    expect(thrownBy(() => getpeername(fd))).toMatchObject({ code: 'ENOTCONN', syscall: 'getpeername', fd });
  });
});

describe('shutdown', () => {
  const end = Buffer.alloc(1);

  test('SHUT_WR lets the peer read the end, and still send', () => {
    const { listener, client } = connectedTo(AF_INET, '127.0.0.1', 0);
    const connection = accepted(listener);
    shutdown(client, truefork.SHUT_WR);
    expect(read(connection, end)).toBe(0);
    expect(carried(connection, client, 'the answer')).toBe('the answer');
  });

  test('SHUT_RD is the end of what is read here, SHUT_RDWR on both sides', () => {
    const { listener, client } = connectedTo(AF_UNIX, '');
    const connection = accepted(listener);
    shutdown(client, truefork.SHUT_RD);
    expect(read(client, end)).toBe(0);
    expect(carried(client, connection, 'still sends')).toBe('still sends');
    shutdown(client, truefork.SHUT_RDWR);
    expect(read(connection, end)).toBe(0);
  });

  test('of a socket that is not connected is ENOTCONN, another direction EINVAL', () => {
    const fd = sockets();
    const shut = (how: number) =>
      errorOf(() => {
        shutdown(fd, how);
      });
    expect(shut(truefork.SHUT_WR)).toMatchObject({ code: 'ENOTCONN', syscall: 'shutdown', fd });
    expect(shut(3)).toMatchObject({ code: 'EINVAL' });
  });
});

test('sendto sends a datagram', () => {
  const [receiver, sender] = [sockets(AF_INET, SOCK_DGRAM), sockets(AF_INET, SOCK_DGRAM)];
  bind(receiver, '127.0.0.1', 0);
  expect(sendto(sender, Buffer.from('hello'), 0, '127.0.0.1', getsockname(receiver).port)).toBe(5);
  const buffer = Buffer.alloc(8);
  expect(buffer.toString('utf8', 0, read(receiver, buffer))).toBe('hello');
});

describe('Unix sockets', () => {
  const longest = 107; // bytes of a path

  test('have the path that they were given, which is a file', () => {
    const path = join(temporaryDirectory(), 'sockét');
    const fd = sockets(AF_UNIX);
    expect(getsockname(fd)).toEqual({ family: AF_UNIX, address: '', port: 0 });
    const umask = process.umask(0o077);
    bind(fd, path);
    process.umask(umask);
    expect(getsockname(fd)).toEqual({ family: AF_UNIX, address: path, port: 0 });
    const stat = lstatSync(path);
    expect([stat.isSocket(), stat.mode & 0o777]).toEqual([true, 0o700]);
    expect(refusalOf(bind, sockets(AF_UNIX), path)).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind', path });
  });

  test('can have a name in the abstract namespace, with null bytes in it, or any that is free', () => {
    for (const name of [`\0truefork-test-${process.pid}`, `\0truefork\0test\0${process.pid}\0`]) {
      const [one, other] = [sockets(AF_UNIX), sockets(AF_UNIX)];
      bind(one, name);
      expect(getsockname(one).address).toBe(name);
      expect(refusalOf(bind, other, name)).toMatchObject({ code: 'EADDRINUSE' });
    }
    const any = sockets(AF_UNIX);
    bind(any, '');
    expect(getsockname(any).address).toMatch(/^\0[0-9a-f]{5}$/);
  });

  test('have paths of at most 107 bytes', () => {
    const directory = temporaryDirectory();
    const path = (bytes: number) => join(directory, 'é'.repeat(100)).slice(0, bytes);
    const exact = join(directory, '').padEnd(longest - 1, 'x') + '/';
    expect(Buffer.byteLength(exact)).toBe(longest);
    // It fits, and there is no such directory.
    expect(refusalOf(bind, sockets(AF_UNIX), exact)).toMatchObject({ code: 'ENOENT' });
    for (const call of [bind, connect]) {
      expect(refusalOf(call, sockets(AF_UNIX), `${exact}x`)).toMatchObject({ code: 'ENAMETOOLONG' });
      // In bytes, not letters.
      expect(refusalOf(call, sockets(AF_UNIX), path(80))).toMatchObject({ code: 'ENAMETOOLONG' });
    }
    const name = '\0'.padEnd(longest + 1, 'x');
    const fd = sockets(AF_UNIX);
    bind(fd, name);
    expect(getsockname(fd).address).toBe(name);
    expect(refusalOf(bind, sockets(AF_UNIX), `${name}x`)).toMatchObject({ code: 'ENAMETOOLONG' });
  });

  test('carry datagrams, which know no connection and are not cut', () => {
    const path = join(temporaryDirectory(), 'socket');
    const [receiver, sender] = [sockets(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK), sockets(AF_UNIX, SOCK_DGRAM)];
    bind(receiver, path);
    const send = (text: string) => sendto(sender, Buffer.from(text), truefork.MSG_DONTWAIT, path);
    expect([send('hello'), send('again')]).toEqual([5, 5]);
    const buffer = Buffer.alloc(64);
    const next = () => buffer.toString('utf8', 0, read(receiver, buffer));
    expect([next(), next()]).toEqual(['hello', 'again']);
    expect(thrownBy(next)).toBeInstanceOf(truefork.BlockingIOError);
    // Until the receiver's queue is full.
    const sendMore = () => {
      for (;;) send('more');
    };
    expect(errorOf(sendMore)).toMatchObject({ code: 'EAGAIN', syscall: 'sendto', path });
  });

  test('cannot be connected to when nobody listens', () => {
    const directory = temporaryDirectory();
    const [left, file, datagram] = ['left', 'file', 'datagram'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    bind(sockets(AF_UNIX), left);
    writeFileSync(file, '');
    bind(sockets(AF_UNIX, SOCK_DGRAM), datagram);
    const errorAt = (path: string) => refusalOf(connect, sockets(AF_UNIX), path);
    expect(errorAt(left)).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', path: left });
    expect(errorAt(file)).toMatchObject({ code: 'ECONNREFUSED' });
    expect(errorAt(datagram)).toMatchObject({ code: 'EPROTOTYPE' });
    expect(errorAt(join(directory, 'missing'))).toBeInstanceOf(truefork.FileNotFoundError);
  });
});
