/**
 * The POSIX process model for Node.js.
 *
 * The raw calls are here under their own names, with the reaper and `prefork`; the subpaths have more:
 * `truefork/prefork`, `truefork/daemon`, `truefork/ipc`, `truefork/discovery`, `truefork/rpc`, `truefork/trace`,
 * `truefork/zookeeper`.
 *
 * @module truefork
 */
export * from './posix/index.js';
export * from './reaper/index.js';
export {
  createAppServer,
  prefork,
  PreforkError,
  thisWorker,
  type Application,
  type Master,
  type PreforkOptions,
  type WorkerIdentity,
} from './prefork/index.js';
export { connectRegistry } from './discovery/index.js';
export { createRpcClient, createRpcServer } from './rpc/index.js';
