// The last response of a connection says that it is, whatever the program says of the connection.
import { ServerResponse, type IncomingMessage, type OutgoingMessage } from 'node:http';

// How long a client may be silent that has not sent all of a request which has been answered, in milliseconds.
const LINGER = 5_000;

/**
 * @param response its headers have not been sent
 * @param isLast is asked when they are: another may wait behind it by then
 */
export function endWith(response: OutgoingMessage, isLast: () => boolean): void {
  if (!(response instanceof ServerResponse)) {
    response.setHeader('Connection', 'close');
    return;
  }
  // Node.js calls it too, where the program does not. A proxy may have set meanwhile what it was told: to keep the connection.
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    // Another protocol goes on.
    if (args[0] === 101 || !isLast()) return writeHead(...args);
    closeWhenWhole(response.req as IncomingMessage);
    if (!response.headersSent) response.setHeader('Connection', 'close');
    return writeHead(...args.map(withoutConnection));
  };
}

/**
 * Has Node.js close the connection of a request not before all of that has come, though it is answered before: what a client
 * sends to a connection that is closed the kernel answers with a reset, by which it may lose the response. RFC 9112, 9.6.
 */
function closeWhenWhole(request: IncomingMessage): void {
  const { socket } = request;
  // By this Node.js does it.
  socket.destroySoon = () => {
    // That of its class is there again.
    Reflect.deleteProperty(socket, 'destroySoon');
    if (request.complete) {
      socket.destroySoon();
      return;
    }
    const destroy = () => socket.destroy();
    request.once('end', destroy);
    socket.setTimeout(LINGER, destroy).end();
  };
}

/** Headers as writeHead() takes them, an object or a list of names and values in turn; anything else as it is. */
function withoutConnection(headers: unknown): unknown {
  if (Array.isArray(headers)) {
    // A list of pairs it takes only where no header has been set before.
    const list: unknown[] = Array.isArray(headers[0]) ? headers.flat() : headers;
    return list.filter((_, n) => !isConnection(list[n - (n % 2)]));
  }
  if (typeof headers !== 'object' || headers === null) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isConnection(name)));
}

function isConnection(name: unknown): boolean {
  return String(name).toLowerCase() === 'connection';
}
