// A client that knows which connection it is on: HTTP/1.1 by hand, without an agent that would reconnect.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Head {
  status: number;
  headers: Record<string, string>;
}

export interface Answer extends Head {
  body: string;
}

const open = new Set<HttpConnection>();

afterEach(() => {
  for (const connection of open) connection.close();
});

export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  #end: Error | undefined;
  #wake: () => void = () => undefined;

  /** @param socket is connected */
  constructor(socket: Socket) {
    this.#socket = socket;
    open.add(this);
    socket.setEncoding('latin1');
    socket.on('data', (text: unknown) => {
      this.#received += String(text);
      this.#wake();
    });
    const finish = (error: Error) => {
      this.#end ??= error;
      open.delete(this);
      this.#wake();
    };
    socket.on('error', finish);
    socket.on('end', () => {
      finish(Object.assign(new Error('the server closed the connection'), { code: 'END' }));
    });
    socket.on('close', () => {
      finish(Object.assign(new Error('the connection is closed'), { code: 'CLOSED' }));
    });
  }

  /** @param at a port, or the path of a Unix socket */
  static async open(at: number | string): Promise<HttpConnection> {
    const socket = typeof at === 'string' ? connect(at) : connect({ port: at, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Fulfilled when the server has ended the connection, with why: `END`, `ECONNRESET`. */
  async ended(): Promise<string> {
    while (!this.#end) await this.#change();
    return (this.#end as NodeJS.ErrnoException).code ?? '';
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async #take(length: () => number | undefined): Promise<string> {
    for (;;) {
      const end = length();
      if (end !== undefined && this.#received.length >= end) {
        const taken = this.#received.slice(0, end);
        this.#received = this.#received.slice(end);
        return taken;
      }
      if (this.#end) throw this.#end;
      await this.#change();
    }
  }

  /** The next status line and headers. */
  async head(): Promise<Head> {
    const text = await this.#take(() => {
      const blank = this.#received.indexOf('\r\n\r\n');
      return blank < 0 ? undefined : blank + 4;
    });
    const [line = '', ...rest] = text.trimEnd().split('\r\n');
    const headers = Object.fromEntries(
      rest.map((header) => {
        const colon = header.indexOf(':');
        return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()];
      }),
    );
    return { status: Number(line.split(' ')[1]), headers };
  }

  /** The next response, which must have a Content-Length. */
  async answer(): Promise<Answer> {
    const head = await this.head();
    return { ...head, body: await this.body(head) };
  }

  body({ headers }: Head): Promise<string> {
    return this.#take(() => Number(headers['content-length'] ?? 0)).then((text) => text.trim());
  }

  get(path = '/'): Promise<Answer> {
    this.send(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
    return this.answer();
  }

  /** Begins a request whose response waits for `finishBody`. Fulfilled when the server has it in hand. */
  async begin(path = '/'): Promise<void> {
    this.send(`POST ${path} HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n`);
    const { status } = await this.head();
    if (status !== 100) throw new Error(`status ${status} where 100 was expected`);
  }

  finishBody(): void {
    this.send('x');
  }
}

/**
 * Connections to as many different workers, each having had one answer. The others are closed.
 *
 * @param told how many answers each worker has given on all of them, by its pid
 */
export async function oneToEach(
  port: number,
  workers: readonly number[],
  told = new Map<number, number>(),
): Promise<Map<number, HttpConnection>> {
  const found = new Map<number, HttpConnection>();
  while (found.size < workers.length) {
    const connection = await HttpConnection.open(port);
    const pid = Number((await connection.get()).body);
    told.set(pid, (told.get(pid) ?? 0) + 1);
    if (found.has(pid)) connection.close();
    else found.set(pid, connection);
  }
  return found;
}
