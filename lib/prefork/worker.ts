// A fork of the master, or of a mold, that serves.
import { OutgoingMessage, type IncomingMessage } from 'node:http';
import { Server as NetServer, Socket, type Server } from 'node:net';
import { F_DUPFD_CLOEXEC, fcntl } from '../posix/index.js';
import { Agenda } from './agenda.js';
import { Connections, type Connection } from './connections.js';
import { Gate } from './gate.js';
import { IdleCollection } from './idle-collection.js';
import { endWith } from './last-response.js';
import { now } from './place.js';
import type { Cell } from './cell.js';
import { isHttp2, Sessions } from './sessions.js';

// How long a retiring worker waits for requests on idle connections, in milliseconds, if the server does not limit that.
const IDLE = 5_000;

// How long a stopping worker waits for the first request on a connection that was made before, in milliseconds.
const UNUSED = 1_000;

// By these Node tells of a request with the header `Expect`, if there is a listener: who may pass it on as a 'request'.
const expectations = ['checkContinue', 'checkExpectation'] as const;

// By these of one that asks for another protocol, or for a tunnel: the connection is the program's from then on.
const departures = ['upgrade', 'connect'] as const;

/** What all workers of a server have in common. */
export interface WorkerPlan {
  readonly server: Server;
  readonly backlog: number;
  /** How many connections one has at a time; Infinity: as many as come. */
  readonly maxConnections: number;
  /** After how long without anything to do it collects its garbage, in milliseconds; Infinity: never. */
  readonly collectAfter: number;
  /** Tells the master that it accepts connections, or that it has served as many requests as it should. */
  readonly tell: (news: 'ready' | 'served') => void;
  /** It has finished what it had in hand, and is to end. */
  readonly end: () => void;
}

/** A server of `http` or `https`, or one of `http2` with TLS, which may take HTTP/1 too. */
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

/** What one worker is born as. */
export interface Birth {
  readonly cell: Cell;
  /** The listening socket. */
  readonly listener: number;
  /** After how many requests it tells that it has served them. */
  readonly maxRequests: number;
  /** How often it tells that its event loop turns, in milliseconds; Infinity: never. */
  readonly beat: number;
}

/**
 * What a fork that serves does. It is made once, before the first fork: what a worker needs is there when it is born, and
 * need not be made in each.
 */
export class Worker {
  readonly #plan: WorkerPlan;
  readonly #agenda = new Agenda();
  readonly #connections = new Connections();
  /** Of HTTP/2. */
  readonly #sessions: Sessions | undefined;
  /** Its own, once it serves; before that nobody's. */
  #birth: Birth | undefined;
  #gate: Gate | undefined;
  #served = 0;
  /** It has been told to end: soon, or when its clients do not notice. */
  #stopping: 'soon' | 'in time' | undefined;
  /** It waits no longer for requests that may be on their way. */
  #late = false;
  /** When it has finished it is not to end. */
  #resting = false;

  /** In the process that workers are forked from. */
  constructor(plan: WorkerPlan) {
    this.#plan = plan;
    const { server } = plan;
    if (isHttp2(server)) {
      this.#sessions = new Sessions(server, () => {
        this.#countRequest();
      });
    }
    server.on('connection', this.#onConnection);
    // Of TLS: when it is there, and not with its first request, which may never come.
    if (isHttp(server)) server.on('secureConnection', this.#secured);
    // Before the program's own listener, which may send the headers at once. A server of HTTP/2 that has none works with
    // streams: the first one would have it read them.
    if (!this.#sessions || server.listenerCount('request') > 0) server.prependListener('request', this.#onRequest);
    // Where the program has a listener, Node does not tell of a request with `Expect` by any other event.
    for (const event of expectations) {
      if (server.listenerCount(event) > 0) server.prependListener(event, this.#onRequest);
    }
    for (const event of departures) {
      if (server.listenerCount(event) > 0) server.prependListener(event, this.#onDeparture);
    }
  }

  /** In the process that made it, when no worker is left: the server is as it was. */
  close(): void {
    this.#agenda.clear();
    this.#plan.server.off('connection', this.#onConnection);
    this.#plan.server.off('secureConnection', this.#secured);
    for (const event of ['request', ...expectations]) this.#plan.server.off(event, this.#onRequest);
    for (const event of departures) this.#plan.server.off(event, this.#onDeparture);
    this.#sessions?.close();
  }

  /** In a process that the program has forked in the worker: it goes on, as that worker no more, and becomes no mold. */
  leave(): void {
    this.#birth?.cell.leave();
    this.#resting = false;
  }

  /** In the child: serves until it is told to stop. */
  serve(birth: Birth): void {
    const { server, backlog, maxConnections } = this.#plan;
    const { cell, listener, beat } = birth;
    this.#birth = birth;
    cell.enter('booting', process.pid);
    server.once('listening', () => {
      if (!this.#stopping) cell.enter('ready', process.pid);
      this.#plan.tell('ready');
      if (beat < Infinity) this.#startBeat(cell, beat);
    });
    // A duplicate: Node closes the descriptor of a server that ends, and this process may be a mold then.
    const fd = fcntl(listener, F_DUPFD_CLOEXEC, 0);
    this.#gate = new Gate(server, fd, maxConnections);
    // Where there is a descriptor, Node.js does not look for the backlog in the options.
    server.listen({ fd }, backlog);
  }

  /**
   * Tells from time to time that the event loop turns, and by how much it is late: a callback that runs long delays all others.
   * Collects garbage when there is nothing else to do.
   */
  #startBeat(cell: Cell, interval: number): void {
    let last = now();
    const { collectAfter } = this.#plan;
    const collection = collectAfter < Infinity ? new IdleCollection(collectAfter, last) : undefined;
    this.#agenda.every(interval, () => {
      const time = now();
      const late = Math.max(0, time - last - interval);
      cell.turn(late, time - last);
      last = time;
      if (!this.#stopping) collection?.look(time, late);
    });
  }

  #countRequest(): void {
    this.#birth?.cell.countRequest();
    this.#count();
  }

  #count(): void {
    if (this.#birth && ++this.#served === this.#birth.maxRequests) this.#plan.tell('served');
  }

  /** Stops accepting, finishes what it has in hand, and ends. */
  stop(): void {
    this.#resting = false;
    if (this.#stopping === 'soon') return;
    const retiring = this.#stopping === 'in time';
    this.#stopping = 'soon';
    this.#late = true;
    if (retiring) {
      for (const connection of this.#connections) connection.kept = false;
      this.#closeUsed();
    } else {
      this.#enterStopping();
      this.#closeGate(() => {
        this.#closeServer(this.#plan.end);
        this.#closeUsed();
      });
    }
    this.#closeIdleAfter(UNUSED);
  }

  #closeGate(closed: () => void): void {
    if (this.#gate) this.#gate.close(closed);
    else closed();
  }

  /** Stops accepting. */
  #closeServer(closed: () => void): void {
    const { server } = this.#plan;
    // Not the close() of an HTTP server, which cuts idle connections, and waits for ever from then on for the rest of a head; from
    // Node 24 on that of an HTTP/2 server ends sessions that have not been used.
    if (isHttp(server) || this.#sessions) NetServer.prototype.close.call(server, closed);
    // That of another server may be its own, by which its clients notice.
    else server.close(closed);
  }

  /** Closes connections that have been used and are idle. */
  #closeUsed(): void {
    const { server } = this.#plan;
    if (isHttp(server)) this.#closeIdleOf(server);
    this.#sessions?.end({ used: true });
  }

  /**
   * Stops accepting. Idle connections may have a request on its way: each is answered, and ends with that.
   *
   * @param finished is called when the last connection has ended; by default it ends
   */
  retire(finished: () => void = this.#plan.end): void {
    if (this.#stopping) return;
    this.#stopping = 'in time';
    this.#enterStopping();
    this.#closeGate(() => {
      this.#closeServer(finished);
      this.#sessions?.end({ used: false });
    });
    this.#closeIdleAfter(this.#patience);
  }

  /** How long it waits for the next request of a connection when it retires, in milliseconds. */
  get #patience(): number {
    const { server } = this.#plan;
    return (isHttp(server) && server.keepAliveTimeout) || IDLE;
  }

  /**
   * As retire(), and then it is as it was before it served: workers can be forked from it. The program is not told that its
   * server has been closed, since it is to be opened again. If it is told to stop before, it ends.
   */
  rest(finished: () => void): void {
    if (this.#stopping) return;
    const { server } = this.#plan;
    const listeners = server.rawListeners('close') as ((this: Server) => void)[];
    server.removeAllListeners('close');
    this.#resting = true;
    this.retire(() => {
      if (!this.#resting) {
        for (const listener of listeners) listener.call(server);
        this.#plan.end();
        return;
      }
      this.#resting = false;
      for (const listener of listeners) server.on('close', listener);
      this.#agenda.clear();
      this.#sessions?.renew();
      this.#birth = undefined;
      this.#gate = undefined;
      this.#served = 0;
      this.#stopping = undefined;
      this.#late = false;
      finished();
    });
  }

  #enterStopping(): void {
    this.#birth?.cell.enter('stopping', process.pid);
    for (const connection of this.#connections)
      if (connection.response) this.#endAfter(connection.response, connection);
  }

  #closeIdleAfter(delay: number, before: () => void = () => undefined): void {
    this.#agenda.after(delay, () => {
      // A worker that has computed meanwhile has not read yet what has come: timers are before that in the event loop.
      this.#agenda.after(0, () => {
        this.#late = true;
        before();
        this.#closeIdle();
      });
    });
  }

  #closeIdle(): void {
    const { server } = this.#plan;
    this.#sessions?.endIdle();
    if (isHttp(server)) this.#closeIdleOf(server);
    else if (!this.#sessions) return;
    // Of those on which no request has come yet, Node does not know. With TLS, what has come is counted without its handshake.
    for (const { socket } of this.#connections) if (socket.bytesRead === 0) socket.destroy();
  }

  #closeIdleOf(server: HttpServer): void {
    this.#connections.closeIdle(() => {
      server.closeIdleConnections();
    });
  }

  readonly #onConnection = (socket: Socket) => {
    const cell = this.#birth?.cell;
    cell?.countConnection(1);
    this.#gate?.enter();
    const connection = this.#connections.add(socket);
    socket.once('close', () => {
      cell?.countConnection(-1);
      this.#gate?.leave();
      this.#connections.delete(connection);
    });
    if (!isHttp(this.#plan.server) && !this.#sessions) this.#count();
  };

  readonly #onRequest = (request: IncomingMessage, response: unknown) => {
    if (!isResponse(response)) {
      // That of a stream has been counted.
      if (!this.#sessions) this.#countRequest();
      return;
    }
    const { socket } = request;
    // With TLS it is another than the one that was accepted.
    const connection = this.#connections.of(socket) ?? this.#secured(socket);
    // A listener of `expectations` has passed it on.
    if (connection.response === response) return;
    this.#countRequest();
    connection.response = response;
    if (this.#stopping) this.#endAfter(response, connection);
  };

  readonly #onDeparture = (_: IncomingMessage, connection: unknown) => {
    // One on a stream has been counted.
    if (connection instanceof Socket) this.#countRequest();
  };

  readonly #secured = (socket: Socket): Connection => {
    const connection = this.#connections.add(socket);
    socket.once('close', () => {
      this.#connections.delete(connection);
    });
    return connection;
  };

  /** Makes a connection end after a response that it waits for, or after those to the requests that have come meanwhile. */
  #endAfter(response: OutgoingMessage, connection: Connection): void {
    if (response.writableFinished) return;
    // A client that always has another request under way must hear of it, too.
    const isLast = () => connection.response === response || this.#late;
    // Its headers may have promised to keep the connection.
    const { headersSent } = response;
    if (!headersSent) endWith(response, isLast);
    response.once('close', () => {
      const { server } = this.#plan;
      if (!isHttp(server)) return;
      if (this.#stopping === 'soon')
        setImmediate(() => {
          this.#closeIdleOf(server);
        });
      else if (headersSent) this.#keep(connection);
    });
  }

  /** It is closed when nothing has come on it for as long as if it were not retiring. */
  #keep(connection: Connection): void {
    connection.kept = true;
    this.#closeIdleAfter(this.#patience, () => {
      connection.kept = false;
    });
  }
}
