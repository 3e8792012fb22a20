// The other ends: raw sockets that know nothing of lib/rpc, and what they send.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  AF_INET,
  bind,
  close,
  getsockname,
  setsockopt,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  socket,
  SOL_SOCKET,
} from 'truefork/posix';
import {
  createRpcClient,
  createRpcServer,
  type Handlers,
  type RpcClient,
  type RpcConnectOptions,
  type RpcServer,
  type RpcServerOptions,
} from 'truefork/rpc';
import type { Address } from 'truefork/discovery';

const open = new Set<{ close(): unknown }>();

afterEach(async () => {
  await Promise.all([...open].map((end) => end.close()));
  open.clear();
});

/** Closes it after the test. */
export function owned<End extends { close(): unknown }>(end: End): End {
  open.add(end);
  return end;
}

/** A frame made by hand. */
export function frame(body: string): Buffer {
  const bytes = Buffer.from(body);
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}

/** A frame as Python 2.7's json.dumps and struct.pack make it. */
export function pythonRequest(method: string, params: string): Buffer {
  return frame(`{"in": "${method}", "params": ${params}}`);
}

export async function listening(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  owned(server);
  return (server.address() as AddressInfo).port;
}

/** An RPC server that listens. */
export async function serve(
  handlers: Handlers,
  port = 0,
  options: RpcServerOptions = {},
): Promise<{ server: RpcServer; port: number }> {
  const server = createRpcServer(handlers, options);
  return { server, port: await listening(server, port) };
}

/** A client of one server. */
export function clientOf(port: number, options: RpcConnectOptions = {}): RpcClient {
  return owned(createRpcClient({ host: '127.0.0.1', port, ...options }));
}

/** A server that does as it is told with each connection, and each chunk that comes. */
export async function rawServer(onData: (chunk: Buffer, socket: Socket, connection: number) => void): Promise<number> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      onData(chunk, socket, connection);
    });
  });
  owned({
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  });
  return listening(server);
}

/** A port on which nobody listens: until the test ends nobody else gets it, but a server of this test may listen there. */
export function deadPort(): number {
  const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  owned({
    close() {
      close(fd);
    },
  });
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  bind(fd, '127.0.0.1', 0);
  return getsockname(fd).port;
}

/** A raw client. */
export class Raw {
  readonly socket: Socket;
  /** All that came, when the server has ended the connection. */
  readonly ended: Promise<Buffer>;
  received = Buffer.alloc(0);
  #waiting: (() => void)[] = [];

  constructor(port: number) {
    // It closes only when told: the server has to end by itself.
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('error', () => undefined);
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.ended = new Promise((resolve) => {
      this.socket.once('end', () => {
        resolve(this.received);
      });
    });
    owned(this);
  }

  close(): void {
    this.socket.destroy();
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Sends a frame of its own making. */
  say(body: object): void {
    this.send(frame(JSON.stringify(body)));
  }

  /** What the next frame says. */
  async heard(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.reply()) as Record<string, unknown>;
  }

  /** Takes the next reply's body, as the booklet's client does: 4 bytes, then as many as they say. */
  async reply(): Promise<string> {
    while (this.received.length < 4 || this.received.length < 4 + this.received.readUInt32LE()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const end = 4 + this.received.readUInt32LE();
    const body = this.received.toString('utf8', 4, end);
    this.received = this.received.subarray(end);
    return body;
  }
}

/** A method whose calls are answered when the test says so, by the name in their params. */
export function onDemand(): {
  handle: (params: unknown) => Promise<unknown>;
  begun: (params: unknown) => Promise<void>;
  answer: (params: unknown) => Promise<void>;
} {
  const calls = new Map<unknown, (result: unknown) => void>();
  let arrived: (() => void)[] = [];
  const begun = async (params: unknown): Promise<void> => {
    while (!calls.has(params)) await new Promise<void>((resolve) => (arrived = [...arrived, resolve]));
  };
  return {
    handle: (params) =>
      new Promise((resolve) => {
        calls.set(params, resolve);
        for (const wake of arrived.splice(0)) wake();
      }),
    begun,
    answer: async (params) => {
      await begun(params);
      calls.get(params)?.(params);
    },
  };
}

/** When the count has begun and stands still. The neighbour's calls are the clock: many go by and it does not move. */
export async function still(neighbour: Raw, count: () => number): Promise<void> {
  for (let calls = 0; calls < 500;) {
    const before = count();
    neighbour.send(pythonRequest('ping', '1'));
    await neighbour.reply();
    calls = before > 0 && count() === before ? calls + 1 : 0;
  }
}

/** A registry of one service, whose list the test sets. */
export class ListRegistry {
  watched: string[] = [];
  #listeners = new Set<(instances: readonly Address[]) => void>();
  #list: readonly Address[] = [];

  get watches(): number {
    return this.#listeners.size;
  }

  watch(service: string, listener: (instances: readonly Address[]) => void): { close(): void } {
    this.watched.push(service);
    this.#listeners.add(listener);
    setImmediate(() => {
      if (this.#listeners.has(listener)) listener(this.#list);
    });
    return { close: () => this.#listeners.delete(listener) };
  }

  set(...ports: number[]): void {
    this.#list = ports.map((port) => ({ host: '127.0.0.1', port }));
    for (const listener of this.#listeners) listener(this.#list);
  }
}
