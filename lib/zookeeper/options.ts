import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Acl } from './acl.js';
import type { Credential } from './connection.js';
import type { Stat } from './stat.js';

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

/** Options of `childrenWatch` and `dataWatch`. */
export interface WatchOptions {
  /**
   * How long to wait between two reads, in milliseconds, 0 to 2³⁰; 0 if absent. A change is told at once, and those that
   * follow it within that time are told together.
   */
  pause?: number;
  /**
   * How often to read when nothing has changed, in milliseconds, 1 to 2³⁰; 30,000 if absent. Up to a half is added at
   * random. Whatever was missed is found then at the latest.
   */
  interval?: number;
}

/** A node's value: a string is written as UTF-8. */
export type Value = string | Uint8Array;

/** A node's value and what ZooKeeper knows of it. */
export interface Node {
  /** The bytes; empty if it has none. */
  readonly value: Buffer;
  /** What ZooKeeper knows of it. */
  readonly stat: Stat;
}
