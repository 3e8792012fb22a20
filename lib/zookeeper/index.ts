/**
 * A client of ZooKeeper, on node-zookeeper-client, whose session survives what happens to connections and servers.
 *
 * @packageDocumentation
 */
export { creatorAcl, digestAcl, openAcl, Permission, readAcl, type Acl } from './acl.js';
export {
  ZooKeeperClient,
  type CreateOptions,
  type DeleteOptions,
  type Node,
  type StartOptions,
  type Value,
  type ZooKeeperClientOptions,
} from './client.js';
export type { Credential } from './connection.js';
export * from './errors.js';
export type { NodeWatch } from './node-watch.js';
export type { SessionState } from './session.js';
export type { Stat } from './stat.js';
export type { Transaction } from './transaction.js';
export type { WatchEvent, Watcher } from './watches.js';
