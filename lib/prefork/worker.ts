// The child's side: a fork of the master that serves.
import { OutgoingMessage } from 'node:http';
import type { Server, Socket } from 'node:net';
import { Watcher, write } from '../posix/index.js';
import type { Cell } from './scoreboard.js';

/** What all workers of a family have in common. */
export interface WorkerPlan {
  readonly server: Server;
  /** The listening socket. */
  readonly listener: number;
  readonly backlog: number;
  readonly gracefulTimeout: number;
  /** Where workers say that they are ready: the end to write to of a pipe. */
  readonly readyPipe: number;
  /** The end to read from of a pipe that only the master can write to, and never does: its end is the master's end. */
  readonly lifeline: number;
}

/** A server of `http` or `https`. */
interface HttpServer extends Server {
  closeIdleConnections(): void;
}

export function isHttp(server: Server): server is HttpServer {
  return 'closeIdleConnections' in server;
}

function isResponse(value: unknown): value is OutgoingMessage {
  return value instanceof OutgoingMessage;
}

/** How worker `worker` says that it is ready: its number in 16 bits. */
export function readyMessage(worker: number): Uint8Array {
  return new Uint8Array(Uint16Array.of(worker).buffer);
}

/** The workers that ready messages come from. */
export function readyWorkers(messages: Uint8Array): number[] {
  return [...new Uint16Array(messages.slice().buffer)];
}

/**
 * The worker that a family's forks become. The master makes it, once, before the first fork: what a worker needs is there
 * when it is born, and need not be made in each.
 */
export class Worker {
  readonly #plan: WorkerPlan;
  readonly #lifeline: Watcher;
  readonly #responses = new Set<OutgoingMessage>();
  /** Its own, once it serves; in the master nobody's. */
  #cell: Cell | undefined;
  #stopping = false;

  /** In the master. */
  constructor(plan: WorkerPlan) {
    this.#plan = plan;
    plan.server.on('connection', this.#onConnection);
    // Before the program's own listener, which may send the headers at once.
    plan.server.prependListener('request', this.#onRequest);
    this.#lifeline = new Watcher(plan.lifeline, () => {
      this.#masterEnded();
    }).unref();
  }

  /** In the master, when no worker is left: the server is as it was. */
  close(): void {
    this.#lifeline.close();
    this.#plan.server.off('connection', this.#onConnection);
    this.#plan.server.off('request', this.#onRequest);
  }

  /** Whether this process has become a worker. */
  get serving(): boolean {
    return this.#cell !== undefined;
  }

  /** In the child: serves until it is told to stop. */
  serve(worker: number, cell: Cell): void {
    const { server, listener, backlog, readyPipe } = this.#plan;
    this.#cell = cell;
    cell.enter('booting', process.pid);
    server.once('listening', () => {
      if (!this.#stopping) cell.enter('ready', process.pid);
      write(readyPipe, readyMessage(worker));
    });
    server.listen({ fd: listener, backlog });
  }

  /** In the child: SIGINT ends it at once, the others when it has finished what it has in hand. */
  onSignal(signal: NodeJS.Signals): void {
    if (signal === 'SIGINT') process.exit();
    this.#stop();
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#cell?.enter('stopping', process.pid);
    this.#plan.server.close(() => process.exit());
    this.#responses.forEach(endAfter);
  }

  #masterEnded(): void {
    this.#lifeline.close();
    this.#stop();
    // Nobody is left who would come with SIGKILL.
    setTimeout(() => process.exit(1), this.#plan.gracefulTimeout).unref();
  }

  readonly #onConnection = (socket: Socket) => {
    this.#cell?.countConnection(1);
    socket.once('close', () => {
      this.#cell?.countConnection(-1);
    });
  };

  readonly #onRequest = (_request: unknown, response: unknown) => {
    this.#cell?.countRequest();
    if (!isResponse(response)) return;
    if (this.#stopping) endAfter(response);
    this.#responses.add(response);
    response.once('close', () => {
      this.#responses.delete(response);
      // Its headers may have promised to keep the connection alive.
      const { server } = this.#plan;
      if (this.#stopping && isHttp(server))
        setImmediate(() => {
          server.closeIdleConnections();
        });
    });
  };
}

/** Makes an HTTP connection end after the response that it waits for. */
function endAfter(response: OutgoingMessage): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
