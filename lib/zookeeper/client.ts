import { randomUUID } from 'node:crypto';
import { boolean, callback, INT_MAX, integer, object } from '../mistakes.js';
import { toLibrary, type Acl } from './acl.js';
import { bytesOf, checkCredential, checkVersion, checkWatch, watcherOf } from './arguments.js';
import type { Credential } from './connection.js';
import {
  ConnectionLossError,
  NoNodeError,
  OperationTimeoutError,
  SessionClosedError,
  SessionExpiredError,
} from './errors.js';
import { NodeWatch, type NodeReader, type NodeWatchOwner } from './node-watch.js';
import type {
  CreateOptions,
  DeleteOptions,
  Node,
  StartOptions,
  Value,
  ReadOptions,
  VersionOptions,
  WatchOptions,
  ZooKeeperClientOptions,
} from './options.js';
import { checkPath, parentOf } from './paths.js';
import { createProtected } from './protected.js';
import { childrenReader, dataReader } from './readers.js';
import * as requests from './requests.js';
import { Session } from './session.js';
import { checkSettings, type Settings } from './settings.js';
import type { Stat } from './stat.js';
import type { SessionState } from './state.js';
import { Transaction } from './transaction.js';
import { deleteTree, ensure } from './tree.js';

const defaultStartTimeout = 15_000;

const notStarted = 'the client is not started: call start() or open() before';

/**
 * A client of ZooKeeper, with a session that survives what happens to connections and servers.
 *
 * Paths are absolute and below the chroot of the connect string. Versions are those of `stat.version`.
 * Each operation can reject with `SessionClosedError`, `SessionExpiredError`, `ConnectionLossError` (writes only) and
 * `OperationTimeoutError`, whose descriptions are with `Session`; with the error of the server's answer, such as
 * `NoNodeError`; and with a TypeError or RangeError for arguments that are none.
 *
 * In a forked child, the client of the parent is closed; the child can have one of its own.
 */
export class ZooKeeperClient {
  readonly #settings: Settings;
  readonly #credentials: Credential[];
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #watches = new Set<NodeWatch>();
  #session: Session | undefined;
  #keepsAlive = true;

  /**
   * @param hosts a connect string: `host[:port][,host[:port]…][/chroot]`, an IPv6 address in brackets; the port is 2181
   * if absent
   * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
   * @throws {RangeError} ERR_OUT_OF_RANGE
   * @throws {Error} that of `tls.createSecureContext`
   */
  constructor(hosts: string, options: ZooKeeperClientOptions = {}) {
    this.#settings = checkSettings(hosts, options);
    this.#credentials = [...this.#settings.credentials];
  }

  /** How the session is; `closed` before `start` and after `stop`. */
  get state(): SessionState {
    return this.#session?.state ?? 'closed';
  }

  /** The session's id, the `ephemeralOwner` of its nodes; undefined while there is no session. */
  get sessionId(): bigint | undefined {
    return this.#session?.id;
  }

  /** The session timeout in milliseconds: what the server has granted, and before that what it is asked for. */
  get sessionTimeout(): number {
    return this.#session?.timeout ?? this.#settings.sessionTimeout;
  }

  /** The server that it is connected to, as `address:port`; undefined while there is none. */
  get server(): string | undefined {
    return this.#session?.server;
  }

  /** The chroot of the connect string; empty if there is none. */
  get chroot(): string {
    return this.#settings.chroot;
  }

  /**
   * Connects. Again is no mistake; after `stop` it begins anew.
   *
   * @throws {ConnectTimeoutError} no server could be connected to in time; the client is stopped then
   * @throws {AuthFailedError} a server does not take a credential; likewise
   * @throws {SessionClosedError} the client is the parent's of this forked process, or was stopped meanwhile
   */
  async start({ timeout = defaultStartTimeout }: StartOptions = {}): Promise<void> {
    integer('options.timeout', timeout, 1, INT_MAX);
    const session = this.#open();
    try {
      await session.whenConnected(timeout);
    } catch (error) {
      // It may have been stopped meanwhile, and begun anew.
      if (this.#session === session) await this.stop();
      throw error;
    }
  }

  /** Begins to connect, and does not wait: operations do. Again is no mistake. */
  open(): void {
    this.#open();
  }

  /**
   * Ends the session, and with it its ephemeral nodes and the client's watches. Idempotent.
   *
   * @returns fulfilled when the socket is closed
   */
  async stop(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    await this.#session?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Keeps the process alive until it is stopped, which is the default. */
  ref(): this {
    this.#keepsAlive = true;
    this.#session?.ref();
    return this;
  }

  /** Lets the process end while it is started. Operations keep it alive until they have ended. */
  unref(): this {
    this.#keepsAlive = false;
    this.#session?.unref();
    return this;
  }

  /**
   * Tells each change of the state, soon after it.
   *
   * @param listener what it throws is an uncaught exception
   * @returns ends that
   */
  onState(listener: (state: SessionState) => void): () => void {
    callback('listener', listener);
    const own = (state: SessionState) => {
      listener(state);
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /**
   * Authenticates, now if it is connected, and on each connection from now on.
   *
   * @param scheme such as `digest`
   * @param auth such as `user:password`
   * @throws {AuthFailedError} the server does not take it; the connection is made anew without it
   */
  async addAuth(scheme: string, auth: Value): Promise<void> {
    const credential = checkCredential('credential', { scheme, auth });
    if (this.#session && !this.#session.isReplaceable) await this.#session.authenticate(credential);
    this.#credentials.push(credential);
  }

  /**
   * Makes a node, and the parents that are missing. It need not be missing itself. The chroot is made too.
   *
   * @param acl that of each node that is made; `defaultAcl` if absent
   */
  async ensurePath(path: string, acl: readonly Acl[] = this.#settings.defaultAcl): Promise<void> {
    await ensure(this.#perform, this.#absolute(path), toLibrary('acl', acl));
  }

  /**
   * Makes a node.
   *
   * A `ConnectionLossError` or an `OperationTimeoutError` leaves open whether the node was made: see `createProtected`.
   *
   * @param value at most 1 MiB, the rest of the request included; empty if absent
   * @returns its path, with the digits if it is a `sequence`
   * @throws {NodeExistsError}
   * @throws {NoNodeError} the parent does not exist, and `makePath` is not set
   * @throws {NoChildrenForEphemeralsError} the parent is ephemeral
   * @throws {RequestTooLargeError} the value is too long
   */
  create(path: string, value?: Value, options?: CreateOptions & { includeData?: false }): Promise<string>;
  /** @returns its path and what ZooKeeper knows of it, read after it was made */
  create(
    path: string,
    value: Value,
    options: CreateOptions & { includeData: true },
  ): Promise<{ path: string; stat: Stat }>;
  async create(
    path: string,
    value: Value = '',
    options: CreateOptions & { includeData?: boolean } = {},
  ): Promise<string | { path: string; stat: Stat }> {
    const node = this.#node(path, value, options);
    const made = await this.#withParents(node, options.makePath, () => this.#perform(requests.create(node)));
    const relative = this.#relative(made);
    if (!options.includeData) return relative;
    const stat = await this.exists(relative);
    if (!stat)
      throw new NoNodeError('ERR_ZOOKEEPER_NO_NODE', `create ${relative}: it is deleted`, {
        errno: -101,
        path: relative,
      });
    return { path: relative, stat };
  }

  /**
   * Makes a node whose name begins with `_c_UUID-`: when the connection is lost before the answer, it is looked for by
   * that, and taken if this session owns it (always, if it is not ephemeral), else deleted and made again. So the node is
   * there once, whatever happens. Curator's servers know such names.
   *
   * @param guid the UUID; a new one if absent. With one that was used before, nodes of that are found too
   * @throws as `create`, and SessionExpiredError when the session was lost meanwhile
   */
  async createProtected(
    path: string,
    value: Value = '',
    options: CreateOptions = {},
    guid: string = randomUUID(),
  ): Promise<string> {
    checkPath('path', path);
    return createProtected(this, path, value, options, guid);
  }

  /** @throws {NoNodeError} */
  async get(path: string, options?: ReadOptions): Promise<Node> {
    return this.#perform(requests.getData(this.#absolute(path), watcherOf(options)));
  }

  /**
   * Sets a node's value.
   *
   * @param value at most 1 MiB, the rest of the request included
   * @returns what ZooKeeper knows of it now
   * @throws {NoNodeError}
   * @throws {BadVersionError}
   * @throws {RequestTooLargeError} the value is too long
   */
  async set(path: string, value: Value, options?: VersionOptions): Promise<Stat> {
    return this.#perform(requests.setData(this.#absolute(path), bytesOf('value', value), checkVersion(options)));
  }

  /** @returns what ZooKeeper knows of a node, or null if there is none. The watcher is called when it is made, too */
  async exists(path: string, options?: ReadOptions): Promise<Stat | null> {
    return this.#perform(requests.exists(this.#absolute(path), watcherOf(options)));
  }

  /**
   * @returns the names of its children, in no order
   * @throws {NoNodeError}
   */
  getChildren(path: string, options?: ReadOptions & { includeData?: false }): Promise<string[]>;
  /** @returns the names of its children and what ZooKeeper knows of the node */
  getChildren(path: string, options: ReadOptions & { includeData: true }): Promise<{ children: string[]; stat: Stat }>;
  async getChildren(
    path: string,
    options: ReadOptions & { includeData?: boolean } = {},
  ): Promise<string[] | { children: string[]; stat: Stat }> {
    const result = await this.#perform(requests.getChildren(this.#absolute(path), watcherOf(options)));
    return options.includeData ? result : result.children;
  }

  /**
   * Deletes a node.
   *
   * With `guaranteed` it is tried again after each lost connection and in each new session, until the node is gone: then
   * it is no mistake that there is none.
   *
   * @throws {NoNodeError} there is none; not if it is `recursive` or `guaranteed`
   * @throws {NotEmptyError} it has children, and `recursive` is not set
   * @throws {BadVersionError}
   */
  async delete(path: string, options: DeleteOptions = {}): Promise<void> {
    const { recursive = false, guaranteed = false } = object('options', options);
    const version = checkVersion(options);
    const absolute = this.#absolute(path);
    boolean('options.recursive', recursive);
    boolean('options.guaranteed', guaranteed);
    for (;;) {
      try {
        if (recursive) await deleteTree(this.#perform, absolute, version);
        else await this.#perform(requests.remove(absolute, version));
        return;
      } catch (error) {
        if (error instanceof NoNodeError && (recursive || guaranteed)) return;
        if (!guaranteed || !isTransient(error)) throw error;
        await this.#session?.whenConnected();
      }
    }
  }

  /** @throws {NoNodeError} */
  async getAcl(path: string): Promise<{ acl: Acl[]; stat: Stat }> {
    return this.#perform(requests.getAcl(this.#absolute(path)));
  }

  /**
   * @param options the version is that of `stat.aversion`
   * @throws {NoNodeError}
   * @throws {BadVersionError}
   * @throws {InvalidAclError}
   */
  async setAcl(path: string, acl: readonly Acl[], options?: VersionOptions): Promise<Stat> {
    return this.#perform(requests.setAcl(this.#absolute(path), toLibrary('acl', acl), checkVersion(options)));
  }

  /** Several changes that are all made, or none. */
  transaction(): Transaction {
    return new Transaction({
      node: (path, value, options) => this.#node(path, value, options),
      path: (path) => this.#absolute(path),
      relative: (path) => this.#relative(path),
      perform: this.#perform,
    });
  }

  /**
   * Tells the children of a node: soon after the call, and again after every change, whatever happens to connections and
   * sessions. While there is no connection, what was last told may be out of date: see `onState`.
   *
   * @param listener gets their names, in no order, or undefined if there is no such node. It is never called before this
   * has returned; what it throws is an uncaught exception
   * @throws {TypeError | RangeError} an option that cannot be
   */
  watchChildren(
    path: string,
    listener: (children: readonly string[] | undefined, stat?: Stat) => void,
    options?: WatchOptions,
  ): NodeWatch {
    callback('listener', listener);
    const absolute = this.#absolute(path);
    return this.#watch(absolute, options, childrenReader(this.#perform, absolute, listener));
  }

  /**
   * Tells the value of a node: soon after the call, and again after every change, whatever happens to connections and
   * sessions. Values that follow each other quickly may be left out, but never the last.
   *
   * @param listener gets undefined if there is no such node; for the rest, see `watchChildren`
   */
  watchData(
    path: string,
    listener: (value: Buffer | undefined, stat?: Stat) => void,
    options?: WatchOptions,
  ): NodeWatch {
    callback('listener', listener);
    const absolute = this.#absolute(path);
    return this.#watch(absolute, options, dataReader(this.#perform, absolute, listener));
  }

  #open(): Session {
    const before = this.#session;
    if (before && !before.isReplaceable) return before;
    const { hosts, sessionTimeout, randomizeHosts, tls, onWarning } = this.#settings;
    const credentials = this.#credentials;
    const session = new Session({ hosts, timeout: sessionTimeout, randomizeHosts, tls, credentials, onWarning });
    if (!this.#keepsAlive) session.unref();
    session.onState((state) => {
      for (const listener of this.#listeners) {
        queueMicrotask(() => {
          listener(state);
        });
      }
    });
    this.#session = session;
    return session;
  }

  #watch(path: string, options: WatchOptions | undefined, reader: NodeReader): NodeWatch {
    const checked = checkWatch(options);
    const session = this.#opened();
    const owner: NodeWatchOwner = {
      session,
      onWarning: this.#settings.onWarning,
      closed: () => this.#watches.delete(watch),
    };
    const watch = new NodeWatch(path, reader, owner, checked);
    this.#watches.add(watch);
    return watch;
  }

  #opened(): Session {
    if (!this.#session) throw new SessionClosedError(notStarted);
    this.#session.checkOpen();
    return this.#session;
  }

  // A property, to be given away as it is.
  readonly #perform = async <T>(request: requests.Request<T>): Promise<T> => this.#opened().perform(request);

  #absolute(path: string): string {
    const { chroot } = this.#settings;
    checkPath('path', path);
    return path === '/' ? chroot || '/' : chroot + path;
  }

  #relative(path: string): string {
    return path.slice(this.#settings.chroot.length) || '/';
  }

  #node(path: string, value: Value, options: CreateOptions): requests.CreateArguments {
    const { acl = this.#settings.defaultAcl, ephemeral = false, sequence = false } = object('options', options);
    return {
      path: this.#absolute(path),
      value: bytesOf('value', value),
      acl: toLibrary('options.acl', acl),
      ephemeral: boolean('options.ephemeral', ephemeral),
      sequence: boolean('options.sequence', sequence),
    };
  }

  async #withParents<T>(node: requests.CreateArguments, makePath = false, make: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await make();
      } catch (error) {
        if (!makePath || !(error instanceof NoNodeError)) throw error;
        // Somebody may delete them again before the node is made: then they are made again.
        await ensure(this.#perform, parentOf(node.path), node.acl);
      }
    }
  }
}

/** Whether the same operation may end otherwise on another connection. */
function isTransient(error: unknown): boolean {
  return (
    error instanceof ConnectionLossError ||
    error instanceof OperationTimeoutError ||
    error instanceof SessionExpiredError
  );
}
