import { randomUUID } from 'node:crypto';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { boolean, callback, INT_MAX, integer, object, text, wrongType, wrongValue } from '../mistakes.js';
import { openAcl, toLibrary, type Acl } from './acl.js';
import type { Credential } from './connection.js';
import {
  ConnectionLossError,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  OperationTimeoutError,
  SessionClosedError,
  SessionExpiredError,
} from './errors.js';
import { parseConnectString, type ConnectString } from './hosts.js';
import { NodeWatch, type NodeReader } from './node-watch.js';
import { checkPath, join, nameOf, parentOf } from './paths.js';
import * as requests from './requests.js';
import { Session, type SessionState } from './session.js';
import type { Stat } from './stat.js';
import { Transaction } from './transaction.js';
import type { Watcher } from './watches.js';

/** Options of `ZooKeeperClient`. */
export interface ZooKeeperClientOptions {
  /** The session timeout to ask for, in milliseconds, 1 to 2³¹ − 1; 10,000 if absent. The server has limits of its own. */
  timeout?: number;
  /** Credentials, sent before anything else. */
  auth?: readonly Credential[];
  /** The ACL of nodes that are made without one; everybody may do everything if absent. */
  defaultAcl?: readonly Acl[];
  /** Whether the servers are tried in random order; true if absent. */
  randomizeHosts?: boolean;
  /** Connects by TLS: true, or the options of `tls.connect`. */
  tls?: boolean | TlsOptions;
  /** Refused: node-zookeeper-client cannot ask for a connection to a server that can only be read. */
  readOnly?: boolean;
  /**
   * Is told why no server can be reached, and what a watch could not read and will try again, each at most once in ten
   * seconds. By default such a message is a warning of the process (`process.emitWarning`).
   */
  onWarning?: (message: string) => void;
}

/** Options of `start`. */
export interface StartOptions {
  /** How long it may take to connect, in milliseconds, 1 to 2³¹ − 1; 15,000 if absent. */
  timeout?: number;
}

/** Options of `create`. */
export interface CreateOptions {
  /** The ACL; `defaultAcl` if absent. */
  acl?: readonly Acl[];
  /** Whether the node is deleted when the session ends. */
  ephemeral?: boolean;
  /** Whether ten digits are put at the end of its name, counted by the parent. */
  sequence?: boolean;
  /** Whether missing parents are made too. */
  makePath?: boolean;
}

/** Options of `delete`. */
export interface DeleteOptions {
  /** The version that the node must have; any if absent. */
  version?: number;
  /** Whether everything below it is deleted before. */
  recursive?: boolean;
  /** Whether it is tried again for as long as nobody knows whether it is deleted: see `delete`. */
  guaranteed?: boolean;
}

/** A node's value: a string is written as UTF-8. */
export type Value = string | Uint8Array;

/** A node's value and what ZooKeeper knows of it. */
export interface Node {
  readonly value: Buffer;
  readonly stat: Stat;
}

const defaultSessionTimeout = 10_000;
const defaultStartTimeout = 15_000;

// ZooKeeper's own: it sets no version above.
const anyVersion = -1;

const notStarted = 'the client is not started';

/** The bytes of a value. */
export function bytesOf(name: string, value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  throw wrongType(name, 'a string or a Uint8Array', value);
}

function checkCredential(name: string, credential: Credential): Credential {
  const { scheme, auth } = object(name, credential);
  text(`${name}.scheme`, scheme);
  if (typeof auth === 'string') return { scheme, auth };
  return { scheme, auth: bytesOf(`${name}.auth`, auth) };
}

function checkVersion(version: number = anyVersion): number {
  return integer('version', version, anyVersion, INT_MAX);
}

/**
 * A client of ZooKeeper, with a session that survives what happens to connections and servers.
 *
 * Paths are absolute and below the chroot of the connect string. Versions are those of `stat.version`; -1, or none, is any.
 * Each operation can reject with `SessionClosedError`, `SessionExpiredError`, `ConnectionLossError` (writes only) and
 * `OperationTimeoutError`, whose descriptions are with `Session`; with the error of the server's answer, such as
 * `NoNodeError`; and with a TypeError or RangeError for arguments that are none.
 *
 * In a forked child, the client of the parent is closed; the child can have one of its own.
 */
export class ZooKeeperClient {
  readonly #connect: ConnectString;
  readonly #timeout: number;
  readonly #credentials: Credential[];
  readonly #defaultAcl: readonly Acl[];
  readonly #randomizeHosts: boolean;
  readonly #tls: TlsOptions | undefined;
  readonly #onWarning: (message: string) => void;
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #watches = new Set<NodeWatch>();
  #session: Session | undefined;
  #keepsAlive = true;

  /**
   * @param hosts a connect string: `host[:port][,host[:port]…][/chroot]`, an IPv6 address in brackets; the port is 2181
   * if absent
   */
  constructor(hosts: string, options: ZooKeeperClientOptions = {}) {
    this.#connect = parseConnectString(hosts);
    object('options', options);
    const { timeout = defaultSessionTimeout, auth = [], defaultAcl = openAcl, randomizeHosts = true } = options;
    const { tls = false, readOnly = false, onWarning = warnProcess } = options;
    this.#timeout = integer('options.timeout', timeout, 1, INT_MAX);
    if (!Array.isArray(auth)) throw wrongType('options.auth', 'an array', auth);
    this.#credentials = auth.map((one: Credential, index) => checkCredential(`options.auth[${index}]`, one));
    toLibrary('options.defaultAcl', defaultAcl);
    this.#defaultAcl = defaultAcl;
    this.#randomizeHosts = boolean('options.randomizeHosts', randomizeHosts);
    this.#tls = typeof tls === 'object' ? object('options.tls', tls) : boolean('options.tls', tls) ? {} : undefined;
    if (boolean('options.readOnly', readOnly)) {
      throw wrongValue('options.readOnly', 'must be false: node-zookeeper-client has no read-only mode', readOnly);
    }
    this.#onWarning = callback('options.onWarning', onWarning);
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
    return this.#session?.timeout ?? this.#timeout;
  }

  /** The server that it is connected to, as `address:port`; undefined while there is none. */
  get server(): string | undefined {
    return this.#session?.server;
  }

  /** The chroot of the connect string; empty if there is none. */
  get chroot(): string {
    return this.#connect.chroot;
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
    const session = this.open();
    try {
      await session.whenConnected(timeout);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Begins to connect, and does not wait: operations do. */
  open(): Session {
    const before = this.#session;
    if (before && !before.isReplaceable) return before;
    const session = new Session({
      hosts: this.#connect.hosts,
      timeout: this.#timeout,
      randomizeHosts: this.#randomizeHosts,
      tls: this.#tls,
      credentials: this.#credentials,
      onWarning: this.#onWarning,
    });
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
  async ensurePath(path: string, acl: readonly Acl[] = this.#defaultAcl): Promise<void> {
    await this.#ensure(this.#absolute(path), toLibrary('acl', acl));
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
    const prefix = `_c_${guid}-`;
    const parent = parentOf(checkPath('path', path));
    const own = join(parent, prefix + nameOf(path));
    for (let isRetry = false; ; isRetry = true) {
      try {
        const found = isRetry ? await this.#adopt(parent, prefix, options.ephemeral ?? false) : undefined;
        return found ?? (await this.create(own, value, options));
      } catch (error) {
        const isUnknown = error instanceof ConnectionLossError || error instanceof OperationTimeoutError;
        const exists = error instanceof NodeExistsError;
        if (!isUnknown && !exists) throw error;
      }
    }
  }

  /** @throws {NoNodeError} */
  async get(path: string, watcher?: Watcher): Promise<Node> {
    return this.#perform(requests.getData(this.#absolute(path), checkWatcher(watcher)));
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
  async set(path: string, value: Value, version?: number): Promise<Stat> {
    return this.#perform(requests.setData(this.#absolute(path), bytesOf('value', value), checkVersion(version)));
  }

  /** @returns what ZooKeeper knows of a node, or null if there is none. The watcher is called when it is made, too */
  async exists(path: string, watcher?: Watcher): Promise<Stat | null> {
    return this.#perform(requests.exists(this.#absolute(path), checkWatcher(watcher)));
  }

  /**
   * @returns the names of its children, in no order
   * @throws {NoNodeError}
   */
  getChildren(path: string, options?: { watcher?: Watcher; includeData?: false }): Promise<string[]>;
  /** @returns the names of its children and what ZooKeeper knows of the node */
  getChildren(
    path: string,
    options: { watcher?: Watcher; includeData: true },
  ): Promise<{ children: string[]; stat: Stat }>;
  async getChildren(
    path: string,
    { watcher, includeData = false }: { watcher?: Watcher; includeData?: boolean } = {},
  ): Promise<string[] | { children: string[]; stat: Stat }> {
    const result = await this.#perform(requests.getChildren(this.#absolute(path), checkWatcher(watcher)));
    return includeData ? result : result.children;
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
    const version = checkVersion(options.version);
    const absolute = this.#absolute(path);
    boolean('options.recursive', recursive);
    boolean('options.guaranteed', guaranteed);
    for (;;) {
      try {
        if (recursive) await this.#deleteTree(absolute, version);
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
   * @param version that of `stat.aversion`
   * @throws {NoNodeError}
   * @throws {BadVersionError}
   * @throws {InvalidAclError}
   */
  async setAcl(path: string, acl: readonly Acl[], version?: number): Promise<Stat> {
    return this.#perform(requests.setAcl(this.#absolute(path), toLibrary('acl', acl), checkVersion(version)));
  }

  /** Several changes that are all made, or none. */
  transaction(): Transaction {
    return new Transaction({
      node: (path, value, options) => this.#node(path, value, options),
      path: (path) => this.#absolute(path),
      relative: (path) => this.#relative(path),
      perform: (request) => this.#perform(request),
    });
  }

  /**
   * Tells the children of a node: soon after the call, and again after every change, whatever happens to connections and
   * sessions. While there is no connection, what was last told may be out of date: see `onState`.
   *
   * @param listener gets their names, in no order, or undefined if there is no such node. It is never called before this
   * has returned; what it throws is an uncaught exception
   */
  childrenWatch(path: string, listener: (children: readonly string[] | undefined, stat?: Stat) => void): NodeWatch {
    callback('listener', listener);
    const absolute = this.#absolute(path);
    return this.#watch(absolute, {
      kind: 'children',
      read: async (watcher) => {
        const { children, stat } = await this.#perform(requests.getChildren(absolute, watcher));
        // Not the change of a value, which the count of children made and deleted does not show.
        return {
          version: `${stat.czxid} ${stat.cversion}`,
          tell: () => {
            listener(children, stat);
          },
        };
      },
      missing: () => {
        listener(undefined);
      },
    });
  }

  /**
   * Tells the value of a node: soon after the call, and again after every change, whatever happens to connections and
   * sessions. Values that follow each other quickly may be left out, but never the last.
   *
   * @param listener gets undefined if there is no such node; for the rest, see `childrenWatch`
   */
  dataWatch(path: string, listener: (value: Buffer | undefined, stat?: Stat) => void): NodeWatch {
    callback('listener', listener);
    const absolute = this.#absolute(path);
    return this.#watch(absolute, {
      kind: 'data',
      read: async (watcher) => {
        const { value, stat } = await this.#perform(requests.getData(absolute, watcher));
        return {
          version: `${stat.mzxid}`,
          tell: () => {
            listener(value, stat);
          },
        };
      },
      missing: () => {
        listener(undefined);
      },
    });
  }

  #watch(path: string, reader: NodeReader): NodeWatch {
    const session = this.#opened();
    const watch: NodeWatch = new NodeWatch(path, reader, {
      session,
      warn: this.#onWarning,
      closed: () => this.#watches.delete(watch),
    });
    this.#watches.add(watch);
    return watch;
  }

  #opened(): Session {
    if (!this.#session) throw new SessionClosedError(notStarted);
    this.#session.checkOpen();
    return this.#session;
  }

  async #perform<T>(request: requests.Request<T>): Promise<T> {
    return this.#opened().perform(request);
  }

  #absolute(path: string): string {
    const { chroot } = this.#connect;
    checkPath('path', path);
    return path === '/' ? chroot || '/' : chroot + path;
  }

  #relative(path: string): string {
    return path.slice(this.#connect.chroot.length) || '/';
  }

  #node(path: string, value: Value, options: CreateOptions): requests.CreateArguments {
    const { acl = this.#defaultAcl, ephemeral = false, sequence = false } = object('options', options);
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
        await this.#ensure(parentOf(node.path), node.acl);
      }
    }
  }

  /** @param path absolute, the chroot included */
  async #ensure(path: string, acl: requests.CreateArguments['acl']): Promise<void> {
    if (path === '/' || (await this.#perform(requests.exists(path)))) return;
    await this.#ensure(parentOf(path), acl);
    const node = { path, value: Buffer.alloc(0), acl, ephemeral: false, sequence: false };
    try {
      await this.#perform(requests.create(node));
    } catch (error) {
      if (error instanceof NodeExistsError) return;
      // To make it again does no harm.
      if (error instanceof ConnectionLossError) await this.#ensure(path, acl);
      else throw error;
    }
  }

  async #deleteTree(path: string, version: number): Promise<void> {
    for (;;) {
      const { children } = await this.#perform(requests.getChildren(path));
      for (const child of children) {
        try {
          await this.#deleteTree(join(path, child), anyVersion);
        } catch (error) {
          if (!(error instanceof NoNodeError)) throw error;
        }
      }
      try {
        await this.#perform(requests.remove(path, version));
        return;
      } catch (error) {
        // Somebody has made another child meanwhile.
        if (!(error instanceof NotEmptyError)) throw error;
      }
    }
  }

  async #adopt(parent: string, prefix: string, ephemeral: boolean): Promise<string | undefined> {
    const session = this.sessionId;
    const children = await this.getChildren(parent);
    for (const child of children.filter((name) => name.startsWith(prefix))) {
      const path = join(parent, child);
      const stat = await this.exists(path);
      if (!stat) continue;
      if (!ephemeral || stat.ephemeralOwner === session) return path;
      await this.delete(path, { guaranteed: true });
    }
    return undefined;
  }
}

function checkWatcher(watcher: Watcher | undefined): Watcher | undefined {
  return watcher && callback('watcher', watcher);
}

/** Whether the same operation may end otherwise on another connection. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof ConnectionLossError ||
    error instanceof OperationTimeoutError ||
    error instanceof SessionExpiredError
  );
}

function warnProcess(message: string): void {
  process.emitWarning(message, 'ZooKeeperWarning');
}
