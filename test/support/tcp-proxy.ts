// A TCP proxy that does to a connection what networks and servers do.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What becomes of a frame: it goes on, is dropped, or half of it goes on and then the connection is reset. */
export type Fate = 'pass' | 'drop' | 'cut';

/** What becomes of connections: they go on, nothing is passed on any more, or they are reset. */
type Mode = 'pass' | 'hang' | 'reset';

interface Pair {
  client: Socket;
  server: Socket;
}

const proxies = new Set<TcpProxy>();

// Also when a test fails or runs out of time, nothing of it is left.
afterEach(async () => {
  for (const proxy of proxies) await proxy.close();
});

/** How long a frame's body is, by the four bytes before it. */
type LengthOf = (prefix: Buffer) => number;

/** Takes frames out of a stream: four bytes of length, and the body. */
class Frames {
  readonly #lengthOf: LengthOf;
  #rest = Buffer.alloc(0);

  constructor(lengthOf: LengthOf) {
    this.#lengthOf = lengthOf;
  }

  *of(chunk: Buffer): Generator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 4) {
      const end = 4 + this.#lengthOf(this.#rest);
      if (this.#rest.length < end) return;
      yield this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
    }
  }
}

export class TcpProxy {
  readonly #target: number;
  readonly #lengthOf: LengthOf;
  readonly #pairs = new Set<Pair>();
  #listener: Server | undefined;
  #port = 0;
  #mode: Mode = 'pass';
  #accepted = 0;
  readonly #waiting = new Set<() => void>();
  /** How late everything is passed on, in milliseconds. */
  delay = 0;
  /** Sees each frame of a client; `isFirst`: of its connection. */
  onRequest: (frame: Buffer, isFirst: boolean) => Fate = () => 'pass';
  /** Sees each frame of the server, likewise. It may change it. */
  onReply: (frame: Buffer, isFirst: boolean) => Fate = () => 'pass';

  /** @param lengthOf ZooKeeper's, big-endian, if absent */
  constructor(target: number, lengthOf: LengthOf = (prefix) => prefix.readInt32BE(0)) {
    this.#target = target;
    this.#lengthOf = lengthOf;
    proxies.add(this);
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections were accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Waits until more connections were accepted than so many. */
  async acceptedMore(than: number): Promise<void> {
    while (this.#accepted <= than) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Listens, on the same port each time. */
  async listen(): Promise<this> {
    const listener = createServer({ allowHalfOpen: true }, (client) => {
      this.#accept(client);
    });
    this.#listener = listener.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    return this;
  }

  /** Refuses new connections; those that there are go on. */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    if (mode === 'reset') this.reset();
  }

  /** Resets the connections that there are. */
  reset(): void {
    for (const pair of this.#pairs) this.#end(pair);
  }

  async close(): Promise<void> {
    proxies.delete(this);
    const listener = this.#listener;
    this.refuse();
    this.reset();
    if (listener?.listening) await once(listener, 'close');
  }

  #accept(client: Socket): void {
    this.#accepted++;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    if (this.#mode === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#target, '127.0.0.1');
    const pair = { client, server };
    this.#pairs.add(pair);
    this.#pass(pair, client, server, (...frame) => this.onRequest(...frame));
    this.#pass(pair, server, client, (...frame) => this.onReply(...frame));
  }

  #pass(pair: Pair, from: Socket, to: Socket, fate: (frame: Buffer, isFirst: boolean) => Fate): void {
    let isFirst = true;
    const frames = new Frames(this.#lengthOf);
    from.setNoDelay();
    from.on('data', (chunk: Buffer) => {
      for (const frame of frames.of(chunk)) {
        // A connection that hung once hangs for ever: what it has swallowed is missing.
        if (this.#mode === 'hang') from.removeAllListeners('data').pause();
        else this.#forward(pair, to, frame, fate(frame, isFirst));
        isFirst = false;
      }
    });
    from.on('end', () => {
      if (this.#mode === 'pass') this.#later(() => to.end());
    });
    from.on('error', () => {
      this.#end(pair);
    });
    from.on('close', () => {
      this.#end(pair);
    });
  }

  #forward(pair: Pair, to: Socket, frame: Buffer, fate: Fate): void {
    if (fate === 'drop') return;
    this.#later(() => {
      if (fate === 'pass') to.write(frame);
      else
        to.write(frame.subarray(0, Math.ceil(frame.length / 2)), () => {
          this.#end(pair);
        });
    });
  }

  #later(work: () => void): void {
    if (this.delay === 0) work();
    else setTimeout(work, this.delay).unref();
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    for (const socket of [pair.client, pair.server]) {
      // A socket that is still connecting has nothing to reset.
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

/** A proxy before a server of 127.0.0.1. */
export function startProxy(port: number, lengthOf?: LengthOf): Promise<TcpProxy> {
  return new TcpProxy(port, lengthOf).listen();
}
