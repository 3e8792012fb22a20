// The child's side: a fork of the master that serves.
import { OutgoingMessage } from 'node:http';
import type { Server, Socket } from 'node:net';
import { Watcher, write } from '../posix/index.js';
import type { Cell } from './scoreboard.js';

/** What the master hands its child over the fork. */
export interface WorkerPlan {
  readonly worker: number;
  readonly server: Server;
  /** The listening socket. */
  readonly listener: number;
  readonly backlog: number;
  readonly gracefulTimeout: number;
  readonly cell: Cell;
  /** Where workers say that they are ready: the end to write to of a pipe. */
  readonly readyPipe: number;
  /** The end to read from of a pipe that only the master can write to, and never does: its end is the master's end. */
  readonly lifeline: number;
}

/** A server of `http` or `https`. */
interface HttpServer extends Server {
  closeIdleConnections(): void;
}

function isHttp(server: Server): server is HttpServer {
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

/** Serves until it is told to stop. The caller keeps signals blocked until this has returned. */
export function serve(plan: WorkerPlan): void {
  const { worker, server, cell } = plan;
  cell.enter('booting', process.pid);
  const finish = observe(server, cell);

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    cell.enter('stopping', process.pid);
    server.close(() => process.exit());
    finish();
  };
  process.on('SIGTERM', stop);
  process.on('SIGQUIT', stop);
  process.on('SIGINT', () => process.exit());

  const lifeline = new Watcher(plan.lifeline, () => {
    lifeline.close();
    stop();
    // Nobody is left who would come with SIGKILL.
    setTimeout(() => process.exit(1), plan.gracefulTimeout).unref();
  }).unref();

  server.once('listening', () => {
    if (!stopping) cell.enter('ready', process.pid);
    write(plan.readyPipe, readyMessage(worker));
  });
  server.listen({ fd: plan.listener, backlog: plan.backlog });
}

/** Counts what the server does. The result makes its HTTP connections end after the response that they wait for. */
function observe(server: Server, cell: Cell): () => void {
  const responses = new Set<OutgoingMessage>();
  let finishing = false;

  server.on('connection', (socket: Socket) => {
    cell.countConnection(1);
    socket.once('close', () => {
      cell.countConnection(-1);
    });
  });

  const endAfter = (response: OutgoingMessage) => {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  // Before the program's own listener, which may send the headers at once.
  server.prependListener('request', (_request: unknown, response: unknown) => {
    cell.countRequest();
    if (!isResponse(response)) return;
    if (finishing) endAfter(response);
    responses.add(response);
    response.once('close', () => {
      responses.delete(response);
      // Its headers may have promised to keep the connection alive.
      if (finishing && isHttp(server))
        setImmediate(() => {
          server.closeIdleConnections();
        });
    });
  });

  return () => {
    finishing = true;
    responses.forEach(endAfter);
  };
}
