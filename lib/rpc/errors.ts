/**
 * What RPC throws and rejects with. `code` is for programs, `message` for people, `cause` is what lay beneath.
 *
 * | class | `code` |
 * |---|---|
 * | `FrameError` | `ERR_RPC_FRAME` |
 * | `BadRequestError` | `ERR_RPC_BAD_REQUEST` |
 * | `CallError` | `ERR_RPC_CALL` |
 * | `OverloadedError` | `ERR_RPC_OVERLOADED` |
 * | `ConnectionLostError` | `ERR_RPC_CONNECTION_LOST` |
 * | `ConnectError` | `ERR_RPC_CONNECT` |
 * | `RpcTimeoutError` | `ERR_RPC_TIMEOUT` |
 * | `NoInstanceError` | `ERR_RPC_NO_INSTANCE` |
 * | `RpcQueueFullError` | `ERR_RPC_QUEUE_FULL` |
 * | `CancelledError` | `ERR_RPC_CANCELLED` |
 * | `ClientClosedError` | `ERR_RPC_CLIENT_CLOSED` |
 */
export class RpcError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Bytes that are no frame: too long, or not the UTF-8 JSON text of an object. The stream cannot be read on. */
export class FrameError extends RpcError {
  declare readonly code: 'ERR_RPC_FRAME';

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_RPC_FRAME', message, options);
  }
}

/** A frame that is no call which this server can answer, or a handler that failed (then `cause` is what it threw). */
export class BadRequestError extends RpcError {
  declare readonly code: 'ERR_RPC_BAD_REQUEST';

  constructor(message: string, options?: ErrorOptions) {
    super('ERR_RPC_BAD_REQUEST', message, options);
  }
}

/**
 * The answer to a call is an error. What a handler throws of this class is what its caller gets; of any other error it
 * is told no more than that the handler failed.
 */
export class CallError extends RpcError {
  declare readonly code: 'ERR_RPC_CALL' | 'ERR_RPC_OVERLOADED';
  /** A word for programs: one of the server's (docs/rpc.md), or the handler's own. */
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions, code: CallError['code'] = 'ERR_RPC_CALL') {
    super(code, message, options);
    this.reason = reason;
  }
}

/** The server has as many calls in hand as it takes, and has not begun this one: it is safe to call again. */
export class OverloadedError extends CallError {
  declare readonly code: 'ERR_RPC_OVERLOADED';

  constructor(message = 'the server has as many calls in hand as it takes') {
    super('overloaded', message, undefined, 'ERR_RPC_OVERLOADED');
  }
}

/** The connection ended before the reply came. */
export class ConnectionLostError extends RpcError {
  declare readonly code: 'ERR_RPC_CONNECTION_LOST' | 'ERR_RPC_CONNECT';
  /** Whether the request may have reached the server: if false, it is safe to call again. */
  readonly sent: boolean;

  constructor(
    message: string,
    sent: boolean,
    options?: ErrorOptions,
    code: ConnectionLostError['code'] = 'ERR_RPC_CONNECTION_LOST',
  ) {
    super(code, message, options);
    this.sent = sent;
  }
}

/** There never was a connection: refused, unreachable or not made in time. `cause` is the system's error, if any. */
export class ConnectError extends ConnectionLostError {
  declare readonly code: 'ERR_RPC_CONNECT';

  constructor(message: string, options?: ErrorOptions) {
    super(message, false, options, 'ERR_RPC_CONNECT');
  }
}

/** The call's `timeout` passed. The server may have answered it, or may do so yet. */
export class RpcTimeoutError extends RpcError {
  declare readonly code: 'ERR_RPC_TIMEOUT';

  constructor(message: string) {
    super('ERR_RPC_TIMEOUT', message);
  }
}

/** The call's `timeout` passed and the registry knew no instance of the service. */
export class NoInstanceError extends RpcError {
  declare readonly code: 'ERR_RPC_NO_INSTANCE';

  constructor(message: string) {
    super('ERR_RPC_NO_INSTANCE', message);
  }
}

/** So many calls wait for a server already that this one would not be sent in time: nothing was sent. */
export class RpcQueueFullError extends RpcError {
  declare readonly code: 'ERR_RPC_QUEUE_FULL';

  constructor(message: string) {
    super('ERR_RPC_QUEUE_FULL', message);
  }
}

/** Why a handler's `signal` aborts: its caller has cancelled the call, or is gone. */
export class CancelledError extends RpcError {
  declare readonly code: 'ERR_RPC_CANCELLED';

  constructor(message: string) {
    super('ERR_RPC_CANCELLED', message);
  }
}

/** A call on a client that is closed. */
export class ClientClosedError extends RpcError {
  declare readonly code: 'ERR_RPC_CLIENT_CLOSED';

  constructor() {
    super('ERR_RPC_CLIENT_CLOSED', 'the RPC client is closed');
  }
}
