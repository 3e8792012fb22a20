import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { INT_MAX } from '../mistakes.js';
import { atfork } from '../posix/index.js';
import { Connection, ExpiredReason, type Credential, type Identity } from './connection.js';
import { answerError, AuthFailedError, ConnectTimeoutError, SessionClosedError } from './errors.js';
import { nameOf, type Host, type Target } from './hosts.js';
import { Operations } from './operations.js';
import type { Request } from './requests.js';
import { ServerSearch } from './search.js';
import { State, type SessionState } from './state.js';
import { Warnings } from './warnings.js';
import { Watches } from './watches.js';

export interface SessionOptions {
  /** The servers of the ensemble. */
  readonly hosts: readonly Host[];
  /** The session timeout to ask for, in milliseconds. The server grants 2 to 20 of its ticks. */
  readonly timeout: number;
  /** Whether the servers are tried in random order. */
  readonly randomizeHosts: boolean;
  /** Connects by TLS, with these options. */
  readonly tls?: TlsOptions | undefined;
  /** Sent on each connection before anything else. */
  readonly credentials?: readonly Credential[] | undefined;
  /** Is told why no server can be reached, at most once in ten seconds. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

// When a session that is not connected is over, in session timeouts: the Java client's own rule, since the server counts
// from a little later than the client, and in whole ticks. https://issues.apache.org/jira/browse/ZOOKEEPER-4508
const expiry = 4 / 3;

// How long a server has to end a session, in milliseconds, and how long a session to be closed looks for a server.
const closePatience = 1000;

const noChange = Buffer.alloc(8);

/**
 * A session with a ZooKeeper ensemble that is kept whatever happens to connections and servers, and made anew when it is
 * lost. It begins to connect when it is made. `client.ts` has the operations; this has their fate:
 *
 * - An operation waits while there is no connection, and is made when there is one. It is rejected when the session is
 *   lost (`SessionExpiredError`) or closed (`SessionClosedError`), and after 4/3 of the session timeout
 *   (`OperationTimeoutError`).
 * - One that was sent and whose connection was lost is made again if it only reads; else it is rejected, since it may have
 *   been carried out (`ConnectionLossError`).
 * - Watches are called after each change of the connection: what was read with them is to be read again.
 *
 * A session is over when the server says so, when it was not connected for 4/3 of its timeout (the server counts to
 * one timeout, and a little more), or when a server gives another one in its place. In a forked child it is closed at
 * once, without a word to the server, since it is the parent's: what was under way there never ends in the child, and no
 * listener is called.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #search: ServerSearch;
  readonly #watches = new Watches();
  readonly #warnings: Warnings;
  readonly #credentials: Credential[];
  readonly #operations = new Operations(this.#watches);
  readonly #alive = setInterval(() => undefined, 2 ** 30);
  readonly #forgetFork: () => void;
  readonly #worker: Promise<void>;
  readonly #state = new State();
  #identity: Identity | undefined;
  #timeout: number;
  #zxid: Buffer = noChange;
  /** The connection that there is, or is being made. */
  #connection: Connection | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #failure: string | undefined;
  #refusal: AuthFailedError | undefined;
  #closing: Promise<void> | undefined;
  #over: string | undefined;
  #isForked = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#timeout = options.timeout;
    this.#search = new ServerSearch(options.hosts, options.randomizeHosts, {
      timeout: () => this.#timeout,
      isAtStake: () => this.#identity !== undefined,
      attempt: (target) => this.#attempt(target),
    });
    this.#warnings = new Warnings(options.onWarning);
    this.#credentials = [...(options.credentials ?? [])];
    this.#forgetFork = atfork({
      child: () => {
        this.#abandon();
      },
    });
    this.#worker = this.#work();
  }

  get state(): SessionState {
    return this.#state.current;
  }

  /** Whether it is closed, and not because it is that of the parent of this forked process. */
  get isReplaceable(): boolean {
    return this.#state.current === 'closed' && !this.#isForked;
  }

  /** The session's id, that ephemeral nodes have as their owner; undefined while there is no session. */
  get id(): bigint | undefined {
    return this.#identity?.id;
  }

  /** The session timeout in milliseconds: what the server has granted, and before that what it is asked for. */
  get timeout(): number {
    return this.#timeout;
  }

  /** The server that it is connected to, as `address:port`. */
  get server(): string | undefined {
    return this.#state.current === 'connected' ? this.#connection?.name : undefined;
  }

  /**
   * Tells each change of the state, soon after it.
   *
   * @param listener what it throws is an uncaught exception
   * @returns ends that
   */
  onState(listener: (state: SessionState) => void): () => void {
    return this.#state.listen(listener);
  }

  /**
   * Waits until it is connected.
   *
   * @param patience in milliseconds; without an end if absent
   * @throws {ConnectTimeoutError} no server could be connected to in that time; it goes on trying
   * @throws {AuthFailedError} a server did not take a credential; likewise
   * @throws {SessionClosedError}
   */
  async whenConnected(patience?: number): Promise<void> {
    const deadline = patience === undefined ? Infinity : performance.now() + patience;
    while (this.#state.current !== 'connected') {
      this.checkOpen();
      if (this.#refusal) throw this.#refusal;
      const rest = deadline - performance.now();
      if (rest <= 0) throw new ConnectTimeoutError(this.#describe(`no connection within ${patience ?? 0} ms`));
      await this.#state.change(rest);
    }
  }

  /** Carries out an operation, as described above. */
  async perform<T>(request: Request<T>): Promise<T> {
    this.checkOpen();
    const result = this.#operations.add(request, this.#longest, () => this.#failure);
    this.#send();
    return result;
  }

  /**
   * Authenticates, on this connection and on each after it.
   *
   * @throws {AuthFailedError} the server does not take the credential, which is forgotten then
   * @throws {SessionClosedError}
   */
  async authenticate(credential: Credential): Promise<void> {
    this.checkOpen();
    this.#credentials.push(credential);
    try {
      // A connection that was being made already has only the credentials of before.
      await this.whenConnected();
      await this.#connection?.authenticate(credential);
    } catch (error) {
      const index = this.#credentials.indexOf(credential);
      if (index !== -1) this.#credentials.splice(index, 1);
      throw error;
    }
  }

  /** Takes a watcher back that a read has left. */
  unwatch(...watch: Parameters<Watches['remove']>): void {
    this.#watches.remove(...watch);
  }

  /** Keeps the process alive until it is closed, which is the default. */
  ref(): void {
    this.#alive.ref();
  }

  /** Lets the process end while it is open. Operations keep it alive until they have ended. */
  unref(): void {
    this.#alive.unref();
  }

  /**
   * Ends the session: its ephemeral nodes are deleted. Operations that were sent are answered before, if that takes no
   * longer than a second. If there is no connection, it looks for a server for a second; if it finds none, the nodes live
   * until the session expires. Idempotent.
   *
   * @returns fulfilled when the socket is closed
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    if (this.#isOver()) return;
    this.#operations.rejectUnsent(closedError);
    const deadline = performance.now() + closePatience;
    while (this.#identity && this.#state.current === 'suspended' && performance.now() < deadline) {
      await this.#state.change(deadline - performance.now());
    }
    // From here on there is no other connection after this one.
    this.#over = 'the session is closed';
    if (this.#state.current === 'connected') {
      this.#connection?.close(closePatience);
      await this.#connection?.closed;
    }
    this.#finish(this.#over);
    this.#connection?.destroy(new Error(this.#over));
    await this.#connection?.closed;
    await this.#worker;
    this.#state.set('closed');
  }

  #finish(reason: string): void {
    this.#over = reason;
    this.#forgetFork();
    this.#identity = undefined;
    clearTimeout(this.#expiry);
    clearInterval(this.#alive);
    this.#watches.clear();
    this.#search.stop();
    this.#operations.reject(closedError);
  }

  // What a forked child has of it. Nothing of the child's copies of its promises is settled: those who wait for them are
  // copies too, of what the parent is doing.
  #abandon(): void {
    this.#operations.abandon();
    this.#state.abandon();
    this.#finish('the session is that of the parent of this forked process, which needs one of its own');
    this.#isForked = true;
    this.#connection?.destroy(new Error('forked'));
  }

  /** @throws {SessionClosedError} */
  checkOpen(): void {
    if (this.#over !== undefined) throw new SessionClosedError(this.#over);
    if (this.#closing) throw new SessionClosedError('the session is closed');
  }

  #isOver(): boolean {
    return this.#over !== undefined;
  }

  async #work(): Promise<void> {
    while (!this.#isOver()) {
      this.#failure = await this.#search.round();
      const connection = this.#connection;
      if (this.#isOver()) return;
      if (this.#failure !== undefined || !connection) {
        this.#warnings.warn(this.#describe('no connection'));
        continue;
      }
      const since = performance.now();
      this.#use(connection);
      this.#drop(connection, await connection.ended);
      this.#search.lost(connection.target, performance.now() - since);
    }
  }

  /** @returns why there is no connection, if there is none */
  async #attempt(target: Target): Promise<Error | undefined> {
    const reason = await this.#connectOrAnew(target);
    if (reason instanceof AuthFailedError) this.#refusal = reason;
    if (reason) this.#state.wake();
    return reason;
  }

  async #connectOrAnew(target: Target): Promise<Error | undefined> {
    try {
      const reason = await this.#connect(target).ready;
      if (!(reason instanceof ExpiredReason) || !this.#identity) return reason;
      // The server is there, and knows that the session is not: it is the one to ask for another.
      this.#lose();
      return await this.#connect(target).ready;
    } catch (error) {
      return error as Error;
    }
  }

  /** How long an operation waits, and a session that is not connected lives on, in milliseconds: as a timer can have it. */
  get #longest(): number {
    return Math.min(this.#timeout * expiry, INT_MAX);
  }

  #connect(target: Target): Connection {
    this.#connection = new Connection({
      target,
      tls: this.#options.tls,
      identity: this.#identity,
      zxid: this.#zxid,
      timeout: this.#options.timeout,
      credentials: this.#credentials,
      patience: this.#search.patience,
    });
    return this.#connection;
  }

  #use(connection: Connection): void {
    clearTimeout(this.#expiry);
    // Some servers give a new session in place of one that they do not know, and do not say so.
    if (this.#identity && this.#identity.id !== connection.identity?.id) this.#lose();
    this.#identity = connection.identity;
    this.#timeout = connection.timeout ?? this.#timeout;
    this.#failure = undefined;
    this.#refusal = undefined;
    this.#state.set('connected');
    this.#watches.reconnected();
    this.#send();
  }

  #drop(connection: Connection, reason: Error): void {
    if (this.#isOver()) return;
    this.#zxid = Buffer.from(connection.zxid);
    this.#failure = `${connection.name}: ${reason.message}`;
    this.#operations.retry();
    this.#state.set('suspended');
    const rest = this.#longest - (performance.now() - connection.heard);
    this.#expiry = setTimeout(
      () => {
        this.#lose();
        // The attempt that is under way asks for the session that is no more.
        this.#connection?.destroy(new Error('the session has expired'));
      },
      Math.max(rest, 0),
    ).unref();
  }

  #lose(): void {
    clearTimeout(this.#expiry);
    this.#identity = undefined;
    this.#zxid = noChange;
    this.#operations.reject(({ what, path }) => answerError(-112, what, path));
    this.#state.set('lost');
  }

  #send(): void {
    if (this.#state.current === 'connected' && this.#connection) this.#operations.send(this.#connection);
  }

  #describe(what: string): string {
    const where = this.#options.hosts.map(nameOf).join(',');
    return this.#failure === undefined ? `${where}: ${what}` : `${where}: ${what}: ${this.#failure}`;
  }
}

function closedError({ what, path = '' }: Request<unknown>): SessionClosedError {
  return new SessionClosedError(`${what} ${path}: the session is closed`);
}
