// The servers and the loads: each a process of its own.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { sched_getaffinity, sched_setaffinity } from 'truefork';

const bench = join(import.meta.dirname, '..');
const programs = join(bench, 'programs');
const live = new Set();

/** On the first processor only, if so: a process that is started is where the one is that starts it. */
function placed(onOneProcessor, start) {
  if (!onOneProcessor) return start();
  const processors = sched_getaffinity(0);
  sched_setaffinity(0, processors.slice(0, 1));
  try {
    return start();
  } finally {
    sched_setaffinity(0, processors);
  }
}

/** A server that listens. */
export class Server {
  /**
   * @param argument what its kind takes
   * @param onOneProcessor whether it may run on the first only
   */
  static async start(kind, argument = '', onOneProcessor = false) {
    const server = placed(onOneProcessor, () => new Server(kind, argument));
    await server.#listening();
    return server;
  }

  constructor(kind, argument) {
    // A group of its own: a prefork server's workers end with it.
    this.process = spawn(process.execPath, [join(programs, 'rpc-serve.mjs'), kind, argument], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    live.add(this);
  }

  async #listening() {
    for await (const line of createInterface({ input: this.process.stdout })) {
      const port = /^port=(\d+)$/.exec(line)?.[1];
      if (port === undefined) continue;
      this.port = Number(port);
      return;
    }
    throw new Error('the server has ended before it listened');
  }

  /** Ends as its signal has it. */
  async end(signal) {
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    await ended;
    live.delete(this);
  }

  async stop() {
    live.delete(this);
    const { exitCode, signalCode, pid } = this.process;
    const ended = exitCode !== null || signalCode !== null;
    const exit = once(this.process, 'exit');
    try {
      process.kill(-pid, 'SIGKILL');
      if (!ended) await exit;
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/** Ends those that an error has left. */
export async function stopAll() {
  for (const server of live) await server.stop();
}

/** @returns `perSecond`, and in milliseconds `p50` and `p99` */
export async function load(client, { port }, { connections, calls, seconds, onOneProcessor }) {
  const args = [client, port, connections, calls, seconds].map(String);
  const { stdout } = await placed(onOneProcessor, () =>
    promisify(execFile)(process.execPath, [join(programs, 'rpc-load.mjs'), ...args]),
  );
  return JSON.parse(stdout);
}
