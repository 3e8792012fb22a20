/**
 * The POSIX process model for Node.js.
 *
 * The raw calls are here under their own names, with `Reaper` and `prefork`; the subpaths have more:
 * `truefork/daemon`, `truefork/discovery`, `truefork/ipc`, `truefork/rpc`, `truefork/trace`, `truefork/zookeeper`.
 *
 * @module truefork
 */
export * from './posix/index.js';
export * from './reaper/index.js';
export * from './prefork/index.js';
export { connectRegistry } from './discovery/index.js';
export { createRpcClient, createRpcServer } from './rpc/index.js';
