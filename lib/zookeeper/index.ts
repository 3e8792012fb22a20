/**
 * A client of ZooKeeper, on node-zookeeper-client, whose session survives what happens to connections and servers.
 *
 * @module truefork/zookeeper
 */
export { creatorAcl, digestAcl, openAcl, Permission, readAcl, type Acl } from './acl.js';
export { ZooKeeperClient } from './client.js';
export type { Credential } from './connection.js';
export {
  AuthFailedError,
  BadArgumentsError,
  BadVersionError,
  ConnectionLossError,
  ConnectTimeoutError,
  InvalidAclError,
  NoAuthError,
  NoChildrenForEphemeralsError,
  NodeExistsError,
  NoNodeError,
  NotEmptyError,
  OperationTimeoutError,
  ProtocolError,
  QuotaExceededError,
  RequestTooLargeError,
  RolledBackError,
  SessionClosedError,
  SessionExpiredError,
  ZooKeeperError,
} from './errors.js';
export type { NodeWatch } from './node-watch.js';
export type {
  CreateOptions,
  DeleteOptions,
  Node,
  ReadOptions,
  StartOptions,
  Value,
  VersionOptions,
  WatchOptions,
  ZooKeeperClientOptions,
} from './options.js';
export type { Stat } from './stat.js';
export type { SessionState } from './state.js';
export type { Transaction } from './transaction.js';
export type { WatchEvent, WatchListener } from './watches.js';
