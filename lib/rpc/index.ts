/**
 * RPC with the booklet's frames: a server that is a `net.Server`, and a client that finds its servers in a registry.
 *
 * @module truefork/rpc
 */
export type { BalancerName } from './balancers.js';
export { booklet } from './booklet.js';
export {
  createRpcClient,
  type CallArguments,
  type CallOptions,
  type InstanceRegistry,
  type RpcClient,
  type RpcClientOptions,
  type RpcConnectOptions,
} from './client.js';
export {
  BadRequestError,
  CallError,
  CancelledError,
  ClientClosedError,
  ConnectError,
  ConnectionLostError,
  FrameError,
  NoInstanceError,
  OverloadedError,
  RpcQueueFullError,
  RpcError,
  RpcTimeoutError,
} from './errors.js';
export { defaultMaxFrame, encodeFrame, FrameReader, type FrameBody } from './frames.js';
export type {
  AnyHandlers,
  CallContext,
  Handle,
  Handler,
  Handlers,
  HandlersOf,
  JsonOf,
  ParamsOf,
  ResultOf,
} from './handlers.js';
export { createRpcServer, type RpcServer, type RpcServerOptions } from './server.js';
