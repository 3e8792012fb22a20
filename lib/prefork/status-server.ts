// The status page of a family, its JSON, its metrics and its health, by HTTP. It is the master that serves them, so there
// is little of it: nobody who asks can keep the master from its work for long.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { atfork } from '../posix/index.js';
import type { ServerAddress } from './address.js';
import { socketNames, type NamedSocket } from './inherited-sockets.js';
import { STATUS_BACKLOG, type Listener } from './listener.js';
import type { Reporter } from './status.js';

/** As many connections as it has at a time: further ones are closed. */
const MOST_CONNECTIONS = 32;
/** The longest head of a request, in bytes. */
const LONGEST_HEAD = 8_192;
/** How long a request may take to come, and an idle connection is kept, in milliseconds. */
const PATIENCE = 5_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const securityHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

function plain(status: number, line: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${line}\n` };
}

/** The page, with a policy that allows its own style and script, and nothing else. */
function pageFrom(html: string): Answer {
  const hash = (element: 'style' | 'script') => {
    const [, text = ''] = new RegExp(`<${element}>([^]*?)</${element}>`).exec(html) ?? [];
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  };
  const policy = [
    "default-src 'none'",
    `script-src ${hash('script')}`,
    `style-src ${hash('style')}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { status: 200, type: 'text/html; charset=utf-8', body: html, headers: { 'Content-Security-Policy': policy } };
}

/** What there is besides the page. */
const routes: ReadonlyMap<string, (reporter: Reporter) => Answer | Promise<Answer>> = new Map([
  [
    '/status.json',
    async (reporter: Reporter) => ({
      status: 200,
      type: 'application/json; charset=utf-8',
      body: JSON.stringify(await reporter.status()),
    }),
  ],
  [
    '/metrics',
    async (reporter: Reporter) => {
      // Loaded when they are first asked for: the library takes longer to load than a server to start.
      const { metricsOf } = await import('./metrics.js');
      return { status: 200, ...(await metricsOf(await reporter.status())) };
    },
  ],
  [
    '/healthz',
    (reporter: Reporter) =>
      Promise.resolve(reporter.healthy ? plain(200, 'ok') : plain(503, 'no worker accepts connections')),
  ],
]);

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

// Not a name such as 127.example.com. An address of IPv4 may be written as one of IPv6.
function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127(\.\d+){3}$/.test(address);
}

/** The name in a Host header: without the port. Of an IPv6 address, without the brackets. */
function nameIn(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

export class StatusServer {
  /** Where it listens. */
  readonly address: ServerAddress;
  readonly #listener: Listener;
  readonly #page = pageFrom(readFileSync(join(__dirname, 'status-page.html'), 'utf8'));
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;
  readonly #forgetFork: () => void;

  /** @param listener the socket, which is closed with it */
  constructor(listener: Listener) {
    this.#listener = listener;
    this.address = listener.address;
    this.#forgetFork = atfork({
      child: () => {
        this.close();
      },
    });
  }

  /** Begins to answer. */
  open(reporter: Reporter): void {
    const server = createServer(
      {
        maxHeaderSize: LONGEST_HEAD,
        headersTimeout: PATIENCE,
        requestTimeout: PATIENCE,
        keepAliveTimeout: PATIENCE,
        // Node.js looks every 30 s by default: so long a few that say nothing would keep all others out.
        connectionsCheckingInterval: PATIENCE,
      },
      (request, response) => {
        void this.#respond(reporter, request, response);
      },
    );
    server.maxConnections = MOST_CONNECTIONS;
    server.on('connection', (connection) => {
      this.#connections.add(connection.unref());
      connection.once('close', () => this.#connections.delete(connection));
    });
    this.#server = server.listen({ fd: this.#listener.socketOf(0) }, STATUS_BACKLOG).unref();
  }

  /** Its socket, as another master is to know it that shall take the place of this one. */
  sockets(): readonly NamedSocket[] {
    return this.#listener.sockets().map(({ fd }) => ({ fd, name: socketNames.status }));
  }

  /** Another master answers from now on: what was asked here already is answered. */
  leave(): void {
    this.#server?.close();
    this.#server?.closeIdleConnections();
  }

  /** In the master; a forked child lets go of its copies. */
  close(): void {
    this.#forgetFork();
    if (this.#server) this.#server.close();
    else this.#listener.close();
    for (const connection of this.#connections) connection.destroy();
  }

  async #respond(reporter: Reporter, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(reporter, request);
    } catch (error) {
      answer = plain(500, error instanceof Error ? error.message : String(error));
    }
    const { status, type, body, headers } = answer;
    // Nobody reads what comes with it.
    if (hasBody(request.headers)) response.setHeader('Connection', 'close');
    response.writeHead(status, {
      ...securityHeaders,
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #answer(reporter: Reporter, { method, url = '', headers }: IncomingMessage): Answer | Promise<Answer> {
    if (!this.#isOurs(headers.host)) return plain(403, 'this server has another name');
    const [path = ''] = url.split('?', 1);
    const route = routes.get(path);
    if (path !== '/' && !route) return plain(404, `there are / ${[...routes.keys()].join(' ')}`);
    if (method !== 'GET' && method !== 'HEAD')
      return { ...plain(405, 'only GET and HEAD'), headers: { Allow: 'GET, HEAD' } };
    if (hasBody(headers)) return plain(413, 'a request has no body here');
    return route ? route(reporter) : this.#page;
  }

  // In a browser on this machine, somebody else's page can reach a server of the machine by a name that it lets point here
  // (DNS rebinding), and then reads the answers. The name that the browser says is not in its hands. Every browser says one;
  // what says none, with HTTP/1.0, is a check of health such as HAProxy's.
  #isOurs(host: string | undefined): boolean {
    if (host === undefined || !isLoopback(this.address.host ?? '')) return true;
    const name = nameIn(host);
    return name === 'localhost' || isLoopback(name);
  }
}
