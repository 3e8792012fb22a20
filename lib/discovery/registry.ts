import type { Acl, Credential } from '../zookeeper/index.js';
import type { CodecName } from './codecs.js';

/** Where a server accepts connections. */
export interface Address {
  /** A name or an IP address that its clients can reach: 1 to 255 characters. */
  readonly host: string;
  /** Its TCP port, an integer from 1 to 65535. */
  readonly port: number;
}

/** A server of a service that is registered and lives. */
export interface Instance extends Address {
  /** Its name in the registry, unlike that of any other instance. */
  readonly id: string;
}

/** Is told the instances of a service, all of them, at most one for each address, sorted by host and port. */
export type InstancesListener = (instances: readonly Instance[]) => void;

/** What keeps an address in a registry. It ends with its process, however that ends. */
export interface Registration extends AsyncDisposable {
  /** The instance's id. */
  readonly id: string;
  /** The service it is registered for. */
  readonly service: string;
  /**
   * Changes the address. No watcher ever sees the instance missing in between.
   *
   * @throws {RegistryClosedError} ERR_REGISTRY_CLOSED: it is unregistered, its registry is closed, or was made by the
   * parent of this forked process
   * @throws {TypeError} as `Registry.register`
   * @throws {RangeError} as `Registry.register`
   * @throws {RegistryUnavailableError} likewise; it is done when ZooKeeper is back
   */
  update(address: Address): Promise<void>;
  /**
   * Takes the address out of the registry; again is no mistake.
   *
   * @throws {RegistryUnavailableError} as `update`
   */
  unregister(): Promise<void>;
}

/**
 * A look at a service that goes on. As an `AsyncIterable` it gives the newest list each time there is one that was not
 * seen yet, until it is closed; to leave the loop closes it.
 */
export interface Watch extends Disposable, AsyncIterable<readonly Instance[]> {
  /** Whether the registry cannot be looked at now: the newest list is then what was last seen, and stays. */
  readonly stale: boolean;
  /** Ends it: its listener is not called again. Again is no mistake. */
  close(): void;
  /** Lets the process end while this watches. */
  unref(): this;
  /** Keeps the process alive while this watches, which is the default. */
  ref(): this;
}

/**
 * Where the servers of a service are found: servers register, clients watch.
 *
 * A service's name has 1 to 100 letters, digits, dots, underscores and hyphens, and begins with a letter or a digit.
 * In a forked child, the registries of its parent are closed, and nothing of theirs is changed: a child that wants
 * one calls `connectRegistry` itself.
 */
export interface Registry extends AsyncDisposable {
  /**
   * Registers an address for as long as this process lives, without keeping it alive. Call it when the server accepts
   * connections already.
   *
   * @throws {RegistryClosedError} ERR_REGISTRY_CLOSED
   * @throws {TypeError} ERR_INVALID_ARG_TYPE; ERR_INVALID_ARG_VALUE: the service's name is none, or the host is one
   * that a client cannot connect to (`0.0.0.0`, `::`)
   * @throws {RangeError} ERR_OUT_OF_RANGE: the port, or a host that is too long
   * @throws {RegistryUnavailableError} ERR_REGISTRY_UNAVAILABLE: ZooKeeper does not answer, or refuses it
   * @throws {Error} the error of the system call that failed
   */
  register(service: string, address: Address, options?: RegisterOptions): Promise<Registration>;
  /**
   * Tells the instances of a service: soon after the call, and again after every change.
   *
   * @param listener is never called before `watch` has returned; what it throws is an uncaught exception
   * @throws {RegistryClosedError} ERR_REGISTRY_CLOSED
   * @throws {TypeError} ERR_INVALID_ARG_TYPE; ERR_INVALID_ARG_VALUE: the service's name is none
   * @throws {Error} the error of the system call that failed
   */
  watch(service: string, listener?: InstancesListener): Watch;
  /**
   * The instances of a service now; none if nobody has ever registered for it.
   *
   * @throws as `watch`
   * @throws {RegistryUnavailableError} as `register`
   */
  instances(service: string): Promise<readonly Instance[]>;
  /** Unregisters what was registered by it and ends its watches; again is no mistake. */
  close(): Promise<void>;
}

/** Options of a registry in ZooKeeper. */
export interface ZooKeeperOptions {
  /**
   * The session timeout to ask for, in milliseconds, 1 to 2³¹ - 1. Default 10,000. An instance whose process ended without
   * a word stays so long. The server grants 2 to 20 of its ticks.
   */
  sessionTimeout?: number;
  /** How long ZooKeeper may take for what it is asked, and to be connected to, in milliseconds, 1 to 2³¹ - 1. Default 15,000. */
  timeout?: number;
  /** Credentials, sent before anything else. Default: that of the URL. */
  auth?: readonly Credential[];
  /** The ACL of all nodes that are made, such as `creatorAcl` of `truefork/zookeeper`. Default `openAcl`: everybody may do everything. */
  defaultAcl?: readonly Acl[];
}

/** Options of `Registry.register`. */
export interface RegisterOptions {
  /**
   * The instance's id, a UUID in small letters. Default: a new one. An id that another process has registered for the service
   * is taken over: no watcher sees the instance missing. The other registration stands by, and is back a moment after this
   * one has gone before it.
   */
  id?: string;
}

/** Options of `connectRegistry`. */
export interface RegistryOptions {
  /** Of a registry in ZooKeeper. Default: each its own. */
  zookeeper?: ZooKeeperOptions;
  /** How instances are written. Default `booklet`, or what the URL says. Those of the other codecs are read all the same. */
  codec?: CodecName;
  /**
   * Is told of what was found in the registry and skipped, once for each file, and of what failed and will be tried
   * again; of more than 20 at once and one a second only how many they were. Default: such a message is a warning of the
   * process (`process.emitWarning`).
   */
  onWarning?: (message: string) => void;
}
