import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { close, O_CLOEXEC, O_NONBLOCK, pipe2 } from '../posix/index.js';
import { bound } from './listener.js';
import { tell } from './news.js';
import { scratchCell } from './scoreboard.js';
import { isHttp, Worker } from './worker.js';

/**
 * Plays, in the process that workers are forked from, a worker's start: up to "ready" and off again, with a server and a socket of its own. What Node
 * compiles and sets up for it, every worker inherits. It takes 3 ms off the start of each.
 *
 * @param host to listen on, a numeric address
 */
export async function rehearse(server: Server, host: string): Promise<void> {
  const double = isHttp(server) ? createHttpServer() : createServer();
  const { fd: listener } = bound(host, 0, 1);
  const [unread, pipe] = pipe2(O_CLOEXEC | O_NONBLOCK);
  const worker = new Worker({
    server: double,
    listener,
    backlog: 1,
    tell: (news) => {
      tell(pipe, { cell: 0, news, value: process.pid });
    },
  });
  try {
    worker.serve({ cell: scratchCell(), maxRequests: Infinity, beat: Infinity });
    await new Promise((resolve, reject) => double.once('listening', resolve).once('error', reject));
  } finally {
    // Before the event loop polls: nobody can have connected, and nothing has come through the pipe.
    double.close();
    worker.close();
    close(unread);
    close(pipe);
  }
}
