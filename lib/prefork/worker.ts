// The child's side: a fork of the master that serves.
import { OutgoingMessage } from 'node:http';
import { Server as NetServer, type Server, type Socket } from 'node:net';
import { isPosixError, Watcher, write } from '../posix/index.js';
import { now } from './place.js';
import type { Cell } from './scoreboard.js';
import { rowOf } from './signals.js';

// How long a worker waits that the master did not hear, in milliseconds.
const TELL_AGAIN = 100;

// How long a retiring worker waits for requests on idle connections, in milliseconds, if the server does not limit that.
const IDLE = 5_000;

// How long a stopping worker waits for the first request on a connection that was made before, in milliseconds.
const UNUSED = 1_000;

/** What all workers of a family have in common. */
export interface WorkerPlan {
  readonly server: Server;
  /** The listening socket. */
  readonly listener: number;
  readonly backlog: number;
  readonly gracefulTimeout: number;
  /** Where workers tell the master of themselves: the end to write to of a pipe. */
  readonly pipe: number;
  /** The end to read from of a pipe that only the master can write to, and never does: its end is the master's end. */
  readonly lifeline: number;
}

/** A server of `http` or `https`. */
interface HttpServer extends Server {
  keepAliveTimeout: number;
  closeIdleConnections(): void;
}

export function isHttp(server: Server): server is HttpServer {
  return 'closeIdleConnections' in server;
}

function isResponse(value: unknown): value is OutgoingMessage {
  return value instanceof OutgoingMessage;
}

/** What a worker tells: that it accepts connections, or that it has served as many requests as it should. */
export type News = 'ready' | 'served';
const kinds: readonly News[] = ['ready', 'served'];

// The number of the teller's cell, and that of the kind: 16 bits each, written in one piece.
function messageOf(cell: number, news: News): Uint8Array {
  return new Uint8Array(Uint16Array.of(cell, kinds.indexOf(news)).buffer);
}

/** What the pipe's messages say. */
export function newsIn(messages: Uint8Array): { cell: number; news: News | undefined }[] {
  const words = new Uint16Array(messages.slice().buffer);
  return Array.from({ length: words.length / 2 }, (_, n) => ({
    cell: words[2 * n] ?? 0,
    news: kinds[words[2 * n + 1] ?? kinds.length],
  }));
}

/** What one worker is born as. */
export interface Birth {
  /** The number of its cell on the scoreboard, and the cell. */
  readonly number: number;
  readonly cell: Cell;
  /** After how many requests it tells that it has served them. */
  readonly maxRequests: number;
  /** How often it tells that its event loop turns, in milliseconds; Infinity: never. */
  readonly beat: number;
}

/**
 * The worker that a family's forks become. The master makes it, once, before the first fork: what a worker needs is there
 * when it is born, and need not be made in each.
 */
export class Worker {
  readonly #plan: WorkerPlan;
  readonly #lifeline: Watcher;
  readonly #responses = new Set<OutgoingMessage>();
  readonly #sockets = new Set<Socket>();
  /** Its own, once it serves; in the master nobody's. */
  #birth: Birth | undefined;
  #served = 0;
  /** It has been told to end: soon, or when its clients do not notice. */
  #stopping: 'soon' | 'in time' | undefined;

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
    return this.#birth !== undefined;
  }

  /** In the child: serves until it is told to stop. */
  serve(birth: Birth): void {
    const { server, listener, backlog } = this.#plan;
    const { cell, beat } = birth;
    this.#birth = birth;
    cell.enter('booting', process.pid);
    if (beat < Infinity) startBeat(cell, beat);
    server.once('listening', () => {
      if (!this.#stopping) cell.enter('ready', process.pid);
      this.#tell('ready');
    });
    server.listen({ fd: listener, backlog });
  }

  /**
   * In the child: SIGINT ends it at once; SIGTERM and SIGQUIT when it has finished what it has in hand; SIGTTOU so that its
   * clients do not notice.
   */
  onSignal(signal: NodeJS.Signals): void {
    const reaction = rowOf(signal)?.worker;
    if (reaction === 'quick') process.exit();
    if (reaction === 'stop') this.#stop();
    if (reaction === 'retire') this.#retire();
  }

  #tell(news: News): void {
    if (!this.#birth) return;
    try {
      write(this.#plan.pipe, messageOf(this.#birth.number, news));
    } catch (error) {
      // The master does not read: it is stopped, or has ended.
      if (isPosixError(error, 'EAGAIN'))
        setTimeout(() => {
          this.#tell(news);
        }, TELL_AGAIN).unref();
      else if (!isPosixError(error, 'EPIPE')) throw error;
    }
  }

  #count(): void {
    if (this.#birth && ++this.#served === this.#birth.maxRequests) this.#tell('served');
  }

  #stop(): void {
    if (this.#stopping === 'soon') return;
    const retiring = this.#stopping === 'in time';
    this.#stopping = 'soon';
    if (retiring) {
      this.#closeIdle();
      return;
    }
    this.#enterStopping();
    this.#plan.server.close(() => process.exit());
    this.#closeIdleAfter(UNUSED);
  }

  /** Stops accepting. Idle connections may have a request on its way: each is answered, and ends with that. */
  #retire(): void {
    if (this.#stopping) return;
    const { server } = this.#plan;
    this.#stopping = 'in time';
    this.#enterStopping();
    // Not the close() of an HTTP server, which cuts idle connections.
    NetServer.prototype.close.call(server, () => process.exit());
    this.#closeIdleAfter((isHttp(server) && server.keepAliveTimeout) || IDLE);
  }

  #enterStopping(): void {
    this.#birth?.cell.enter('stopping', process.pid);
    this.#responses.forEach(endAfter);
  }

  #closeIdleAfter(delay: number): void {
    setTimeout(() => {
      this.#stopping = 'soon';
      this.#closeIdle();
    }, delay).unref();
  }

  #closeIdle(): void {
    const { server } = this.#plan;
    if (!isHttp(server)) return;
    server.closeIdleConnections();
    // Of those on which no request has come yet, Node does not know.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  #masterEnded(): void {
    this.#lifeline.close();
    this.#stop();
    // Nobody is left who would come with SIGKILL.
    setTimeout(() => process.exit(1), this.#plan.gracefulTimeout).unref();
  }

  readonly #onConnection = (socket: Socket) => {
    const cell = this.#birth?.cell;
    cell?.countConnection(1);
    this.#sockets.add(socket);
    socket.once('close', () => {
      cell?.countConnection(-1);
      this.#sockets.delete(socket);
    });
    if (!isHttp(this.#plan.server)) this.#count();
  };

  readonly #onRequest = (_request: unknown, response: unknown) => {
    this.#birth?.cell.countRequest();
    this.#count();
    if (!isResponse(response)) return;
    if (this.#stopping) endAfter(response);
    this.#responses.add(response);
    response.once('close', () => {
      this.#responses.delete(response);
      // Its headers may have promised to keep the connection alive.
      const { server } = this.#plan;
      if (this.#stopping === 'soon' && isHttp(server))
        setImmediate(() => {
          server.closeIdleConnections();
        });
    });
  };
}

/** Tells from time to time that the event loop turns, and by how much it is late: a callback that runs long delays all others. */
function startBeat(cell: Cell, interval: number): void {
  let last = now();
  setInterval(() => {
    const time = now();
    cell.turn(Math.max(0, time - last - interval), time - last);
    last = time;
  }, interval).unref();
}

/** Makes an HTTP connection end after the response that it waits for. */
function endAfter(response: OutgoingMessage): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
