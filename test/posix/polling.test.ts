import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { F_DUPFD, fcntl, pausePolling, resumePolling, write } from 'truefork/posix';
import { thrownBy } from './cases';
import { newPipe, opens } from './descriptors';

/** A server that has accepted a connection, and its descriptor: the event loop polls it by then. */
async function listening(): Promise<{ server: Server; fd: number; open: () => Promise<Socket> }> {
  const server: Server & { _handle?: { fd: number } } = createServer((socket) => socket.resume());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const open = async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const first = await Promise.all([open(), once(server, 'connection')]);
  first[0].destroy();
  return { server, fd: server._handle?.fd ?? -1, open };
}

describe('a socket that listens and is left out of the poll', () => {
  test.each([false, true])('leaves connections until it is polled again, exclusive: %s', async (exclusive) => {
    const { server, fd, open } = await listening();
    let accepted = 0;
    server.on('connection', () => accepted++);
    pausePolling(fd);
    const socket = await open();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(accepted).toBe(0);
    resumePolling(fd, { exclusive });
    await once(server, 'connection');
    expect(accepted).toBe(1);
    socket.destroy();
    server.close();
    await once(server, 'close');
  });

  test('can be closed as it is', async () => {
    const { server, fd } = await listening();
    pausePolling(fd);
    server.close();
    await once(server, 'close');
    const next = await listening();
    next.server.close();
    await once(next.server, 'close');
  });

  test('cannot be left out twice, nor be taken in that is there', async () => {
    const { server, fd } = await listening();
    const resume = () => {
      resumePolling(fd);
    };
    const pause = () => {
      pausePolling(fd);
    };
    expect(thrownBy(resume)).toMatchObject({ code: 'EEXIST', syscall: 'epoll_ctl', fd });
    pause();
    expect(thrownBy(pause)).toMatchObject({ code: 'ENOENT', syscall: 'epoll_ctl', fd });
    resume();
    server.close();
    await once(server, 'close');
  });

  test('cannot be taken in that was not left out', async () => {
    const [reader, writer] = newPipe();
    // Above all that the event loop has: it has no room for what comes from there.
    const fd = fcntl(reader, F_DUPFD, 5000);
    opens(fd);
    write(writer, Buffer.from('1'));
    const error = thrownBy(() => {
      resumePolling(fd);
    });
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'epoll_ctl', fd });
    await new Promise(setImmediate);
  });
});
