// Connections that Node.js and undici keep for the next request, of fetch() and of agents. Who makes a request does not know that
// there is one, and has nothing to close; and what is sent through it by a parent and its child is answered to either.
import diagnostics from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

/** Node's own handle of a socket. That of TLS keeps the one of the connection. */
interface Handle {
  readonly hasRef?: () => boolean;
  readonly _parent?: Handle | null;
}

/** Those by which requests have been made, until they are closed. */
const sockets = new Set<Socket>();

function add(socket: Socket | null): void {
  if (!socket || socket.destroyed || sockets.has(socket)) return;
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

// Also of an undici that the program has brought along.
diagnostics.subscribe('undici:client:connected', (message) => {
  add((message as { socket: Socket }).socket);
});
// undici lets go of a connection a little after its answer is there: who has that may fork by then.
const askedBy = new WeakMap<object, Socket>();
const answered = new WeakSet<Socket>();
diagnostics.subscribe('undici:client:sendHeaders', (message) => {
  const { request, socket } = message as { request: object; socket: Socket };
  askedBy.set(request, socket);
  answered.delete(socket);
});
diagnostics.subscribe('undici:request:trailers', (message) => {
  const socket = askedBy.get((message as { request: object }).request);
  if (socket) answered.add(socket);
});
diagnostics.subscribe('http.client.response.finish', (message) => {
  add((message as { request: ClientRequest }).request.socket);
});

// An idle connection keeps no process alive: that is how it is told from one that waits for an answer.
function isIdle(socket: Socket): boolean {
  if (answered.has(socket)) return true;
  const { _handle: handle } = socket as { _handle?: Handle | null };
  const hasRef = handle?.hasRef?.() ?? handle?._parent?.hasRef?.();
  return hasRef === false;
}

/** Those that wait for the next request. */
export function idleConnections(): Socket[] {
  return [...sockets].filter(isIdle);
}

/** Closes, in a forked child, its descriptors of those: nothing is sent, and the parent's connections stay. */
export function leaveConnections(idle: readonly Socket[]): void {
  for (const socket of idle) socket.destroy();
}
