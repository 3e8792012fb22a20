import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import { createClient, Exception, type Client, type ConnectionManager } from './library.js';
import { answerError, ProtocolError, type ZooKeeperError } from './errors.js';
import { FrameReader } from './frames.js';
import { nameOf, type Target } from './hosts.js';

/** What proves to a server whose session it is. */
export interface Identity {
  readonly id: bigint;
  readonly password: Buffer;
}

/** A credential, such as `digest` and `user:password`. */
export interface Credential {
  /** `digest`, or what else the server has. */
  readonly scheme: string;
  /** Of `digest`: `user:password`. */
  readonly auth: string | Uint8Array;
}

export interface ConnectionOptions {
  readonly target: Target;
  readonly tls: TlsOptions | undefined;
  /** The session to go on with; absent: a new one. */
  readonly identity: Identity | undefined;
  /** The last change that the session has seen: no server that is behind it may take the session. */
  readonly zxid: Buffer;
  /** The session timeout to ask for, in milliseconds. */
  readonly timeout: number;
  readonly credentials: readonly Credential[];
  /** How long it may take until the session is open and the credentials are taken, in milliseconds. */
  readonly patience: number;
}

/** Why a connection ended: the session is no more, says the server. */
export class ExpiredReason extends Error {}

// The library's states and codes that are spoken of here.
const connecting = 1;
const systemError = -1;
const getData = 4;
const pingXid = -2;
const authXid = -4;

const knownCodes = new Set(Object.values(Exception).filter((code) => typeof code === 'number'));

// The ping that the library would send when the socket is idle: header {xid, type}, without a body.
const ping = Buffer.from([0, 0, 0, 8, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 11]);

// Where a reply has its fields: {length, xid, zxid, err} and then the body.
const xidAt = 4;
const errAt = 16;
const bodyAt = 20;

// Where the answer to a connect request has its: {length, protocol, timeout, id, password}.
const timeoutAt = 8;
const idAt = 12;
const passwordAt = 20;
const passwordSize = 16;

/**
 * One TCP connection to one server, with a client of node-zookeeper-client that serves for it alone.
 *
 * The library speaks the protocol: it writes requests, reads replies, matches the two and has the watches. All that goes
 * wrong in it comes from what it does beyond that, over the sockets of one client: it connects again by itself, with
 * what is left of the last connection's bytes, watches and credentials still there; it never looks whether a server
 * answers; and what it throws at bytes that it does not expect is thrown out of a socket's event. So the socket is made
 * here and its events are taken here, and the library's client is left behind with it.
 */
export class Connection {
  /** Fulfilled when operations can be made; with the reason, if the connection ended before that. */
  readonly ready: Promise<Error | undefined>;
  /** Fulfilled with the reason when the connection has ended. */
  readonly ended: Promise<Error>;
  /** Fulfilled when the socket is closed, after `ended`. */
  readonly closed: Promise<void>;
  readonly target: Target;
  /** When the server was last heard of, by `performance.now()`. */
  heard = performance.now();
  /** The session, as the server has it. Undefined before `ready`. */
  identity: Identity | undefined;
  /** The session timeout that the server grants, in milliseconds. Undefined before `ready`. */
  timeout: number | undefined;
  readonly #client: Client;
  readonly #manager: ConnectionManager;
  readonly #socket: Socket;
  readonly #raw: Socket;
  readonly #reader = new FrameReader();
  /** Who waits for the answers to credentials, in the order in which they were sent. */
  readonly #credentials: { scheme: string; taken: (error?: ZooKeeperError) => void }[] = [];
  readonly #setReady: (reason?: Error) => void;
  readonly #setEnded: (reason: Error) => void;
  #timer: NodeJS.Timeout;
  #asked = -Infinity;
  #unready: number;
  #isOver = false;

  /** @throws {Error} that of `tls.connect`, for options that it does not take */
  constructor({ target, tls, identity, zxid, timeout, credentials, patience }: ConnectionOptions) {
    this.target = target;
    let setReady: (reason?: Error) => void = () => undefined;
    let setEnded: (reason: Error) => void = () => undefined;
    this.ready = new Promise((resolve) => (setReady = resolve));
    this.ended = new Promise((resolve) => (setEnded = resolve));
    this.#setReady = setReady;
    this.#setEnded = setEnded;

    this.#client = createClient('unused:1', {
      sessionTimeout: timeout,
      spinDelay: 0,
      retries: 0,
      ...(identity && { sessionId: idBytes(identity.id), sessionPassword: identity.password }),
    });
    this.#manager = this.#client.connectionManager;
    this.#manager.zxid = Buffer.from(zxid);
    // Taken before there is a connection, credentials are the first that the library sends.
    for (const { scheme, auth } of credentials) this.#sendCredential(scheme, auth, () => undefined);
    this.#unready = credentials.length + 1;

    this.#manager.setState(connecting);
    this.#raw = connectTcp({ host: target.address, port: target.port, noDelay: true, keepAlive: true });
    this.#socket = tls ? secured(this.#raw, target, tls) : this.#raw;
    this.#manager.socket = this.#socket;
    // A session keeps its process alive, not a socket.
    this.#raw.unref();
    this.#timer = setTimeout(() => {
      this.destroy(new Error(`no answer within ${Math.round(patience)} ms`));
    }, patience).unref();
    this.closed = new Promise((resolve) => this.#raw.once('close', resolve));
    this.#listen(tls ? 'secureConnect' : 'connect');
  }

  /** The address of the server, for people. */
  get name(): string {
    const { address, port } = this.target;
    return nameOf({ name: address, port });
  }

  /** The last change that the session has seen. */
  get zxid(): Buffer {
    return this.#manager.zxid;
  }

  /** Makes an operation of the library's. */
  issue(operation: (client: Client) => void): void {
    // The library counts requests without an end, but their numbers have 32 bits.
    if (this.#manager.xid > 2 ** 30) this.#manager.xid = 0;
    operation(this.#client);
  }

  /**
   * Adds a credential. If the connection ends before the answer, that is none.
   *
   * @throws {AuthFailedError} the server does not take it; it ends the connection then
   */
  authenticate({ scheme, auth }: Credential): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#sendCredential(scheme, auth, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Ends the session, after the answers to all operations; after so many milliseconds without them. */
  close(patience: number): void {
    if (this.#isOver) return;
    clearInterval(this.#timer);
    this.#timer = setTimeout(() => {
      this.destroy(new Error('the server did not answer the end of the session'));
    }, patience);
    this.#guarded(() => {
      this.#manager.close();
    });
  }

  /** Ends the connection, without a word to the server. */
  destroy(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    // The socket below TLS first: in a forked child, TLS would say goodbye for the parent.
    this.#raw.destroy();
    this.#socket.destroy();
    for (const { taken } of this.#credentials.splice(0)) taken();
    this.#setReady(reason);
    this.#setEnded(reason);
  }

  #listen(connected: string): void {
    const socket = this.#socket;
    socket.once(connected, () => {
      this.#guarded(() => {
        this.#manager.onSocketConnected();
      });
    });
    socket.on('data', (chunk: Buffer) => {
      this.heard = performance.now();
      this.#guarded(() => {
        this.#reader.push(chunk);
        for (let frame = this.#reader.read(); frame && !this.#isOver; frame = this.#reader.read()) this.#take(frame);
      });
    });
    socket.on('drain', () => {
      this.#guarded(() => {
        this.#manager.onSocketDrain();
      });
    });
    socket.on('end', () => {
      this.destroy(new Error('the server closed the connection'));
    });
    socket.on('error', (error) => {
      this.destroy(error);
    });
    this.#raw.on('error', (error) => {
      this.destroy(error);
    });
    this.#raw.on('close', () => {
      this.destroy(new Error('the connection was closed'));
    });
  }

  /**
   * All that the library does when a socket calls passes here. It throws at bytes that it does not expect, such as a
   * code or a type of event that it does not know, and has then lost its place; what is left is to connect again.
   */
  #guarded(work: () => void): void {
    if (this.#isOver) return;
    try {
      work();
    } catch (error) {
      const reason = error instanceof ProtocolError ? error : new ProtocolError('bytes that mean nothing', error);
      this.destroy(reason);
    }
  }

  #take(frame: Buffer): void {
    if (this.identity === undefined) this.#open(frame);
    else if (frame.readInt32BE(xidAt) === authXid) this.#takeCredential(frame.readInt32BE(errAt));
    else if (frame.readInt32BE(xidAt) !== pingXid) this.#manager.onSocketData(this.#understood(frame));
  }

  #open(frame: Buffer): void {
    const timeout = frame.readInt32BE(timeoutAt);
    if (timeout <= 0) {
      this.destroy(new ExpiredReason('the session has expired'));
      return;
    }
    if (frame.readInt32BE(passwordAt) !== passwordSize) throw new ProtocolError('a session without a password');
    const passwordEnd = passwordAt + 4 + passwordSize;
    if (frame.length < passwordEnd) throw new ProtocolError('an answer that is too short');
    this.identity = {
      id: frame.readBigInt64BE(idAt),
      password: Buffer.from(frame.subarray(passwordAt + 4, passwordEnd)),
    };
    this.timeout = timeout;
    this.#manager.onSocketData(frame);
    this.#proceed();
  }

  #proceed(): void {
    if (--this.#unready > 0 || this.timeout === undefined) return;
    clearTimeout(this.#timer);
    this.#watchServer(this.timeout);
    this.#setReady();
  }

  /**
   * A reply that the library can read. It throws at an error code that it does not know: that is told to the operation
   * here, and the library reads another. And it allocates what a length says, so that has to be true.
   */
  #understood(frame: Buffer): Buffer {
    const [packet] = this.#manager.pendingQueue;
    if (packet?.request.header.xid !== frame.readInt32BE(xidAt)) return frame;
    const errno = frame.readInt32BE(errAt);
    if (errno === 0 && packet.request.header.type === getData && frame.readInt32BE(bodyAt) > frame.length) {
      throw new ProtocolError('a value that is longer than its frame');
    }
    if (errno === 0 || knownCodes.has(errno)) return frame;
    const { callback } = packet;
    packet.callback = (_failure, response) => {
      callback({ getCode: () => errno }, response);
    };
    frame.writeInt32BE(systemError, errAt);
    return frame;
  }

  #sendCredential(scheme: string, auth: string | Uint8Array, taken: (error?: ZooKeeperError) => void): void {
    this.#credentials.push({ scheme, taken });
    this.#client.addAuthInfo(scheme, Buffer.from(auth as Uint8Array));
  }

  #takeCredential(errno: number): void {
    const credential = this.#credentials.shift();
    if (!credential) throw new ProtocolError('an answer to a credential that was not sent');
    if (errno === 0) {
      credential.taken();
      this.#proceed();
    } else {
      const error = answerError(errno, `credential of scheme '${credential.scheme}'`);
      credential.taken(error);
      this.destroy(error);
    }
  }

  // The server ends the session when it has heard nothing for the timeout; then there should have been time to find
  // another server, and to be taken there. A ping every sixth of it, and a quarter of it to answer: a server that
  // hangs is noticed before half of the timeout has passed.
  #watchServer(timeout: number): void {
    const isSilent = () => this.#asked > this.heard && performance.now() - this.#asked > timeout / 4;
    const beat = () => {
      if (isSilent()) {
        // If this process was late itself, what the server has sent is still to be read: that comes before immediates.
        setImmediate(() => {
          if (isSilent()) this.destroy(new Error(`the server has not answered for ${Math.round(timeout / 4)} ms`));
        });
      } else if (this.#asked <= this.heard && performance.now() - this.#asked >= timeout / 6) {
        this.#asked = performance.now();
        this.#socket.write(ping);
      }
    };
    this.#timer = setInterval(beat, timeout / 12).unref();
  }
}

function idBytes(id: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(id);
  return bytes;
}

// What the certificate has to be for: the name that the server was named by, or the address. As a name to ask for, TLS has
// no addresses. Without either, Node.js takes a certificate for `localhost`.
function secured(socket: Socket, { name }: Target, tls: TlsOptions): Socket {
  try {
    return connectTls({ host: name, servername: isIP(name) === 0 ? name : '', ...tls, socket });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
