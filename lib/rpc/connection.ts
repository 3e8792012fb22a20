import { connect, type Socket } from 'node:net';
import { ConnectError, ConnectionLostError, FrameError, RpcTimeoutError } from './errors.js';
import { FrameReader } from './frames.js';

/** Where a server listens, how long it may take to connect (in milliseconds) and to how long a reply (in bytes). */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly connectTimeout: number;
  readonly maxFrame: number;
}

interface Call {
  readonly request: Buffer;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One TCP connection to a server. Calls are pipelined: replies come in the order of their requests.
 *
 * It connects when it is made, and once lost it stays lost. While it is connecting or has calls in hand, the process is
 * kept alive: by their timers. Idle it does not keep it.
 */
export class Connection {
  /** Fulfilled when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #address: string;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  /** Calls whose request the server may know, in the order of the requests. */
  readonly #sent: Call[] = [];
  /** Calls whose request has not left: there is no connection yet, or the server does not read. */
  readonly #unsent = new Set<Call>();
  #connected = false;
  #ending = false;
  #lost = false;

  constructor({ host, port, connectTimeout, maxFrame }: ConnectionOptions) {
    this.#address = `${host}:${port}`;
    this.#reader = new FrameReader(maxFrame);
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    const timer = setTimeout(() => {
      this.#lose(new Error(`no connection within ${connectTimeout} ms`));
    }, connectTimeout);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.unref();
      this.#connected = true;
      this.#write();
    });
    socket.on('data', (chunk) => {
      this.#read(chunk);
    });
    socket.on('drain', () => {
      this.#write();
    });
    socket.once('end', () => {
      this.#lose();
    });
    socket.on('error', (error) => {
      this.#lose(error);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(timer);
        this.#lose();
        resolve();
      });
    });
  }

  /** Whether calls can be made. */
  get usable(): boolean {
    return !this.#lost && !this.#ending;
  }

  /**
   * Calls with an encoded request.
   *
   * @param timeout in milliseconds. If it passes with the request unsent, only the call fails; if the request was sent,
   *   the connection is closed, for the next reply could not be told from the late one
   * @returns the reply's `result`
   * @throws RpcTimeoutError; ConnectError: there never was a connection; ConnectionLostError: it was lost
   */
  call(request: Buffer, timeout: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#timeOut(call, timeout);
      }, timeout);
      const call: Call = { request, resolve, reject, timer };
      this.#unsent.add(call);
      this.#write();
    });
  }

  /** Takes no more calls, and closes after the last reply. */
  end(): void {
    this.#ending = true;
    this.#closeIfDone();
  }

  #write(): void {
    if (!this.#connected) return;
    for (const call of this.#unsent) {
      if (this.#socket.writableNeedDrain) return;
      this.#unsent.delete(call);
      this.#sent.push(call);
      this.#socket.write(call.request);
    }
  }

  #read(chunk: Buffer): void {
    this.#reader.push(chunk);
    try {
      for (let body = this.#reader.read(); body !== undefined; body = this.#reader.read()) {
        if (!Object.hasOwn(body, 'result')) throw new FrameError('a reply without a result');
        const call = this.#sent.shift();
        if (call === undefined) throw new FrameError('a reply without a request');
        clearTimeout(call.timer);
        call.resolve(body['result']);
      }
    } catch (error) {
      this.#lose(error as Error);
    }
    this.#closeIfDone();
  }

  #timeOut(call: Call, timeout: number): void {
    const unsent = this.#unsent.delete(call);
    call.reject(new RpcTimeoutError(`no reply from ${this.#address} within ${Math.round(timeout)} ms`));
    if (unsent) {
      this.#closeIfDone();
      return;
    }
    this.#sent.splice(this.#sent.indexOf(call), 1);
    this.#lose(new Error('a call before it timed out'));
  }

  #closeIfDone(): void {
    if (this.#ending && this.#sent.length === 0 && this.#unsent.size === 0) this.#socket.destroy();
  }

  #lose(cause?: Error): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#socket.destroy();
    const options = cause && { cause };
    for (const call of this.#sent.splice(0)) {
      clearTimeout(call.timer);
      call.reject(
        new ConnectionLostError(`the connection to ${this.#address} was lost before the reply`, true, options),
      );
    }
    for (const call of this.#unsent) {
      clearTimeout(call.timer);
      call.reject(
        this.#connected
          ? new ConnectionLostError(`the connection to ${this.#address} was lost before the request`, false, options)
          : new ConnectError(`there is no connection to ${this.#address}: ${cause?.message ?? 'closed'}`, options),
      );
    }
    this.#unsent.clear();
  }
}
