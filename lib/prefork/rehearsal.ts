import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { close } from '../posix/index.js';
import type { Descendant, DescendantPlan } from './descendant.js';
import { Estate } from './estate.js';
import { spareSocket } from './listener.js';
import { makePipes, type Pipe } from './pipes.js';
import { scratchCell } from './cell.js';
import { isHttp, type Birth } from './worker.js';

// As little as it matters: it does not live that long.
const BEAT = 1_000; // milliseconds

/**
 * Plays, in the process that workers are forked from, a worker's start: from its first moment up to "ready", and off again,
 * with a server, a socket and an estate of its own. What Node compiles and sets up for it, every worker inherits. It takes 4
 * ms off the start of each. Where it can have no socket, there is none, and workers take the time.
 *
 * @param plan that of the workers
 * @param descend makes a descendant of a plan
 */
export async function rehearse(
  server: Server,
  plan: DescendantPlan,
  descend: (plan: DescendantPlan) => Descendant,
): Promise<void> {
  const double = isHttp(server) ? createHttpServer() : createServer();
  // It changes nothing, and what it answers is another's.
  plan.birth(0);
  const listener = spareSocket(plan.address);
  if (listener === undefined) return;
  const descriptors = [listener];
  let estate: Estate | undefined;
  let descendant: Descendant | undefined;
  try {
    const [{ read: unread, write: news }] = makePipes(1) as [Pipe];
    descriptors.push(unread, news);
    const own = new Estate(
      () => undefined,
      () => undefined,
    );
    estate = own;
    const birth: Birth = { cell: scratchCell(), listener, maxRequests: Infinity, beat: BEAT };
    await new Promise((resolve, reject) => {
      double.once('listening', resolve).once('error', reject);
      descendant = descend({
        ...plan,
        estate: own,
        news,
        birth: () => birth,
        leave: () => undefined,
        leaveListener: () => undefined,
        failed: reject,
      });
      descendant.take(double);
      descendant.beWorker(0);
    });
  } finally {
    // Before the event loop polls: nobody can have connected, and nothing has come through the pipe.
    double.close();
    descendant?.close();
    estate?.closeCommon();
    for (const fd of descriptors) close(fd);
  }
}
