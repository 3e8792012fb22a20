// The HTTP server of an app.
import {
  createServer,
  IncomingMessage,
  ServerResponse,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import { wrongType } from '../mistakes.js';
import { isV8From12 } from '../shapes.js';

/** What an app of Express has: the prototypes that it gives each request and response. */
interface Prototypes {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

type Construct = (this: object, ...args: unknown[]) => unknown;

/**
 * An HTTP server of an app: `http.createServer(app)`, and for an app of Express a faster one.
 *
 * Express sets the prototype of each request and each response when they come to it. An object whose prototype has been set
 * has, in V8 11 and 12, shapes that no other has, so that all that reads and writes it misses the caches. Here they have
 * those prototypes from the first. An app of Express 5 that says "hello" answers 35,000 requests a second on Node.js 20, in
 * place of 12,000; 42,000 on 22, in place of 12,000; on 26 still a third more.
 *
 * @param app a listener `(request, response) => …`: an app of Express, what `callback()` of a Koa app returns, any other
 * @returns the server; it does not listen
 * @throws {TypeError} `app` is no function
 *
 * @example
 * const master = await prefork(async () => createAppServer((await import('./app.js')).default), { port: 8080 });
 */
export function createAppServer(app: RequestListener): Server {
  if (typeof app !== 'function') throw wrongType('app', 'a function (request, response) => …', app);
  const { request, response } = app as RequestListener & Partial<Prototypes>;
  // Whoever is no Express has no such properties, or others.
  if (!(request instanceof IncomingMessage) || !(response instanceof ServerResponse)) return createServer(app);
  const classes = { IncomingMessage: born(IncomingMessage, request), ServerResponse: born(ServerResponse, response) };
  return createServer(classes as ServerOptions, app);
}

/** The constructor of objects of a class of Node's that have this prototype, which is of that class. */
function born(base: unknown, prototype: object): unknown {
  // Each V8 is faster with one of them: objects that are constructed with another prototype are slow in 11.
  const Message: Construct = isV8From12
    ? function (first, second) {
        return Reflect.construct(base as new () => object, [first, second], Message) as object;
      }
    : function (first, second) {
        (base as Construct).call(this, first, second);
      };
  Message.prototype = prototype;
  return Message;
}
