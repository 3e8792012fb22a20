import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { Acl } from './acl.js';
import type { Credential } from './connection.js';
import type { Stat } from './stat.js';
import type { WatchListener } from './watches.js';

/** Options of `ZooKeeperClient`. */
export interface ZooKeeperClientOptions {
  /** The session timeout to ask for, in milliseconds, 1 to 2³¹ - 1. Default 10,000. The server has limits of its own. */
  sessionTimeout?: number;
  /** Credentials, sent before anything else. Default: none. */
  auth?: readonly Credential[];
  /** The ACL of nodes that are made without one. Default `openAcl`: everybody may do everything. */
  defaultAcl?: readonly Acl[];
  /** Whether the servers are tried in random order. Default true. */
  randomizeHosts?: boolean;
  /** Connects by TLS: true, or the options of `tls.connect`. Default false. */
  tls?: boolean | TlsOptions;
  /** Default false; true is refused: node-zookeeper-client cannot ask for a connection to a server that can only be read. */
  readOnly?: boolean;
  /**
   * Is told why no server can be reached, and what a watch could not read and will try again, each at most once in ten
   * seconds. Default: such a message is a warning of the process (`process.emitWarning`).
   */
  onWarning?: (message: string) => void;
}

/** Options of `start`. */
export interface StartOptions {
  /** How long it may take to connect, in milliseconds, 1 to 2³¹ - 1. Default 15,000. */
  timeout?: number;
}

/** Options of `get`, `exists` and `getChildren`. */
export interface ReadOptions {
  /** Is called once, after the next change. */
  watcher?: WatchListener;
}

/** Options of `create`. */
export interface CreateOptions {
  /** The ACL. Default: the client's `defaultAcl`. */
  acl?: readonly Acl[];
  /** Whether the node is deleted when the session ends. Default false. */
  ephemeral?: boolean;
  /** Whether ten digits are put at the end of its name, counted by the parent. Default false. */
  sequence?: boolean;
  /** Whether missing parents are made too. Default false. */
  makePath?: boolean;
}

/** Options of what changes a node. */
export interface VersionOptions {
  /** The version that it must have, 0 to 2³¹ - 1; -1: any. Default -1. */
  version?: number;
}

/** Options of `delete`. */
export interface DeleteOptions extends VersionOptions {
  /** Whether everything below it is deleted before. Default false. */
  recursive?: boolean;
  /** Whether it is tried again for as long as nobody knows whether it is deleted: see `delete`. Default false. */
  guaranteed?: boolean;
}

/** Options of `watchChildren` and `watchData`. */
export interface WatchOptions {
  /**
   * How long to wait between two reads, in milliseconds, 0 to 2³⁰. Default 0. A change is told at once, and those that
   * follow it within that time are told together.
   */
  pause?: number;
  /**
   * How often to read when nothing has changed, in milliseconds, 1 to 2³⁰. Default 30,000. Up to a half is added at
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
