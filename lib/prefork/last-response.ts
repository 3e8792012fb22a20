// The last response of a connection says that it is, whatever the program says of the connection.
import { ServerResponse, type OutgoingMessage } from 'node:http';

/** @param response its headers have not been sent */
export function endWith(response: OutgoingMessage): void {
  response.setHeader('Connection', 'close');
  if (!(response instanceof ServerResponse)) return;
  // Node.js calls it too, where the program does not. A proxy may have set meanwhile what it was told: to keep the connection.
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    // Another protocol goes on.
    if (args[0] === 101) return writeHead(...args);
    if (!response.headersSent) response.setHeader('Connection', 'close');
    return writeHead(...args.map(withoutConnection));
  };
}

/** Headers as writeHead() takes them, an object or a list of names and values in turn; anything else as it is. */
function withoutConnection(headers: unknown): unknown {
  if (Array.isArray(headers)) return headers.filter((_, n) => !isConnection(headers[n - (n % 2)]));
  if (typeof headers !== 'object' || headers === null) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isConnection(name)));
}

function isConnection(name: unknown): boolean {
  return String(name).toLowerCase() === 'connection';
}
