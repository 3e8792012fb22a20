/**
 * RPC with the booklet's frames: a server that is a `net.Server`, and a client that finds its servers in a registry.
 *
 * @packageDocumentation
 */
export { booklet } from './booklet.js';
export {
  createRpcClient,
  type CallOptions,
  type Instance,
  type InstanceRegistry,
  type RpcClient,
  type RpcClientOptions,
  type RpcConnectOptions,
} from './client.js';
export {
  BadRequestError,
  ClientClosedError,
  ConnectError,
  ConnectionLostError,
  FrameError,
  NoInstanceError,
  RpcError,
  RpcTimeoutError,
} from './errors.js';
export { defaultMaxFrame, encodeFrame, FrameReader, type FrameBody } from './frames.js';
export {
  createRpcServer,
  type Handle,
  type Handler,
  type Handlers,
  type RpcServer,
  type RpcServerOptions,
} from './server.js';
