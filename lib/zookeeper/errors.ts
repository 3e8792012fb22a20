/**
 * What the ZooKeeper client throws and rejects with. `code` is for programs, `message` for people. What a server has
 * answered, and what stands for its answer, has ZooKeeper's own number as `errno`.
 *
 * | class | `code` | `errno` |
 * |---|---|---|
 * | `ConnectionLossError` | `ERR_ZOOKEEPER_CONNECTION_LOSS` | -4 |
 * | `OperationTimeoutError` | `ERR_ZOOKEEPER_OPERATION_TIMEOUT` | -7 |
 * | `BadArgumentsError` | `ERR_ZOOKEEPER_BAD_ARGUMENTS` | -8 |
 * | `NoNodeError` | `ERR_ZOOKEEPER_NO_NODE` | -101 |
 * | `NoAuthError` | `ERR_ZOOKEEPER_NO_AUTH` | -102 |
 * | `BadVersionError` | `ERR_ZOOKEEPER_BAD_VERSION` | -103 |
 * | `NoChildrenForEphemeralsError` | `ERR_ZOOKEEPER_NO_CHILDREN_FOR_EPHEMERALS` | -108 |
 * | `NodeExistsError` | `ERR_ZOOKEEPER_NODE_EXISTS` | -110 |
 * | `NotEmptyError` | `ERR_ZOOKEEPER_NOT_EMPTY` | -111 |
 * | `SessionExpiredError` | `ERR_ZOOKEEPER_SESSION_EXPIRED` | -112 |
 * | `InvalidAclError` | `ERR_ZOOKEEPER_INVALID_ACL` | -114 |
 * | `AuthFailedError` | `ERR_ZOOKEEPER_AUTH_FAILED` | -115 |
 * | `QuotaExceededError` | `ERR_ZOOKEEPER_QUOTA_EXCEEDED` | -125 |
 * | `RolledBackError` | `ERR_ZOOKEEPER_RUNTIME_INCONSISTENCY` | -2 |
 * | `ZooKeeperError` | `ERR_ZOOKEEPER_…` of any other code, `ERR_ZOOKEEPER_UNKNOWN` of one that nobody knows | it |
 * | `ConnectTimeoutError` | `ERR_ZOOKEEPER_CONNECT_TIMEOUT` | |
 * | `SessionClosedError` | `ERR_ZOOKEEPER_SESSION_CLOSED` | |
 * | `RequestTooLargeError` | `ERR_ZOOKEEPER_REQUEST_TOO_LARGE` | |
 * | `ProtocolError` | `ERR_ZOOKEEPER_PROTOCOL` | |
 *
 * @see https://zookeeper.apache.org/doc/r3.8.0/apidocs/zookeeper-server/org/apache/zookeeper/KeeperException.Code.html
 */
export class ZooKeeperError extends Error {
  readonly code: string;
  /** ZooKeeper's code; undefined if the error is not one of its. */
  readonly errno: number | undefined;
  /** The node that it is about, with the chroot. */
  readonly path: string | undefined;

  constructor(code: string, message: string, { errno, path, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.errno = errno;
    this.path = path;
  }
}

/** @inline */
interface ErrorDetails {
  /** The number that ZooKeeper has for it, negative. */
  errno?: number;
  /** The node that it is about. */
  path?: string | undefined;
  /** What was thrown before it. */
  cause?: unknown;
}

/** The connection was lost before the answer: the operation may have been carried out, or not. */
export class ConnectionLossError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_CONNECTION_LOSS';
}

/** There was no answer in time. Of a write that was sent, nobody knows whether it was carried out. */
export class OperationTimeoutError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_OPERATION_TIMEOUT';
}

/** The server calls the arguments invalid. */
export class BadArgumentsError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_BAD_ARGUMENTS';
}

/** The node, or for `create` its parent, does not exist. */
export class NoNodeError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_NO_NODE';
}

/** The node's ACL does not allow it. */
export class NoAuthError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_NO_AUTH';
}

/** The node has another version. */
export class BadVersionError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_BAD_VERSION';
}

/** An ephemeral node cannot have children. */
export class NoChildrenForEphemeralsError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_NO_CHILDREN_FOR_EPHEMERALS';
}

/** The node exists already. */
export class NodeExistsError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_NODE_EXISTS';
}

/** The node has children. */
export class NotEmptyError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_NOT_EMPTY';
}

/** The session ended before the operation was carried out, or before its answer: its ephemeral nodes are gone. */
export class SessionExpiredError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_SESSION_EXPIRED';
}

/** The ACL is empty, or means nothing to the server. */
export class InvalidAclError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_INVALID_ACL';
}

/** The server does not take the credential. */
export class AuthFailedError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_AUTH_FAILED';
}

/** A quota does not allow it. */
export class QuotaExceededError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_QUOTA_EXCEEDED';
}

/** An operation of a transaction that was not carried out because another failed. */
export class RolledBackError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_RUNTIME_INCONSISTENCY';
}

type ServerErrorClass = new (code: string, message: string, details: ErrorDetails) => ZooKeeperError;

// ZooKeeper's codes: the end of `code`, the words, and the class if it has one.
const answers = new Map<number, readonly [string, string, ServerErrorClass?]>([
  [-1, ['SYSTEM_ERROR', 'the server failed']],
  [-2, ['RUNTIME_INCONSISTENCY', 'another operation of the transaction failed', RolledBackError]],
  [-3, ['DATA_INCONSISTENCY', 'the server found its data inconsistent']],
  [-4, ['CONNECTION_LOSS', 'the connection was lost before the answer', ConnectionLossError]],
  [-5, ['MARSHALLING_ERROR', 'the server could not read the request']],
  [-6, ['UNIMPLEMENTED', 'the server does not have this operation']],
  [-7, ['OPERATION_TIMEOUT', 'there was no answer in time', OperationTimeoutError]],
  [-8, ['BAD_ARGUMENTS', 'the server calls the arguments invalid', BadArgumentsError]],
  [-12, ['UNKNOWN_SESSION', 'the server does not know the session']],
  [-13, ['NEW_CONFIG_NO_QUORUM', 'there is no quorum of the new configuration']],
  [-14, ['RECONFIG_IN_PROGRESS', 'a reconfiguration is under way']],
  [-100, ['API_ERROR', 'the server could not carry it out']],
  [-101, ['NO_NODE', 'there is no such node', NoNodeError]],
  [-102, ['NO_AUTH', 'the ACL of the node does not allow it', NoAuthError]],
  [-103, ['BAD_VERSION', 'the node has another version', BadVersionError]],
  [-108, ['NO_CHILDREN_FOR_EPHEMERALS', 'an ephemeral node cannot have children', NoChildrenForEphemeralsError]],
  [-110, ['NODE_EXISTS', 'the node exists already', NodeExistsError]],
  [-111, ['NOT_EMPTY', 'the node has children', NotEmptyError]],
  [-112, ['SESSION_EXPIRED', 'the session has expired', SessionExpiredError]],
  [-113, ['INVALID_CALLBACK', 'the callback is invalid']],
  [-114, ['INVALID_ACL', 'the ACL is invalid', InvalidAclError]],
  [-115, ['AUTH_FAILED', 'the server does not take the credential', AuthFailedError]],
  [-118, ['SESSION_MOVED', 'the session has moved to another server']],
  [-119, ['NOT_READ_ONLY', 'the server can only be read']],
  [-120, ['EPHEMERAL_ON_LOCAL_SESSION', 'a local session cannot have ephemeral nodes']],
  [-121, ['NO_WATCHER', 'there is no such watch']],
  [-122, ['REQUEST_TIMEOUT', 'the server did not carry it out in time']],
  [-123, ['RECONFIG_DISABLED', 'the server does not reconfigure']],
  [-124, ['SESSION_CLOSED_REQUIRE_SASL_AUTH', 'the server wants SASL, which this client does not have']],
  [-125, ['QUOTA_EXCEEDED', 'a quota does not allow it', QuotaExceededError]],
  [-127, ['THROTTLED_OP', 'the server is overloaded and has refused it']],
]);

/** The error for a code of ZooKeeper's. `what` is what was done: "create", for example. */
export function answerError(errno: number, what: string, path?: string, cause?: unknown): ZooKeeperError {
  const [code, text, Class = ZooKeeperError] = answers.get(errno) ?? ['UNKNOWN', `the server says ${errno}`];
  const subject = path === undefined ? what : `${what} ${path}`;
  return new Class(`ERR_ZOOKEEPER_${code}`, `${subject}: ${text}`, { errno, path, cause });
}

/** No server could be connected to in time; the message says why. */
export class ConnectTimeoutError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_CONNECT_TIMEOUT';

  constructor(message: string) {
    super('ERR_ZOOKEEPER_CONNECT_TIMEOUT', message);
  }
}

/** The session is closed, was never started, or is that of the parent of this forked process. */
export class SessionClosedError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_SESSION_CLOSED';

  constructor(message: string) {
    super('ERR_ZOOKEEPER_SESSION_CLOSED', message);
  }
}

/** The request is longer than a server takes. */
export class RequestTooLargeError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_REQUEST_TOO_LARGE';

  constructor(message: string, path?: string) {
    super('ERR_ZOOKEEPER_REQUEST_TOO_LARGE', message, { path });
  }
}

/** What the peer has sent is not ZooKeeper's protocol. */
export class ProtocolError extends ZooKeeperError {
  declare readonly code: 'ERR_ZOOKEEPER_PROTOCOL';

  constructor(message: string, cause?: unknown) {
    super('ERR_ZOOKEEPER_PROTOCOL', message, { cause });
  }
}
