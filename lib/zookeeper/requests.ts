// The operations of ZooKeeper, as the session carries them out; transactions are in `steps.ts`. Paths are absolute, arguments
// are right already.
import type { ACL, Client, Failure } from './library.js';
import { fromLibrary as aclFromLibrary, type Acl } from './acl.js';
import { answerError, RequestTooLargeError, type ZooKeeperError } from './errors.js';
import { fromLibrary, type Stat } from './stat.js';
import type { WatchListener, Watches } from './watches.js';

/** How an operation ends. */
type Done<T> = (error: ZooKeeperError | undefined, result?: T) => void;

/** An operation. */
export interface Request<T> {
  /** What it is called, for errors. */
  readonly what: string;
  readonly path?: string;
  /** Whether it changes nothing, so that it can be made again when its connection was lost. */
  readonly isRead: boolean;
  /** Makes it: `done` is called once, or never if the connection is lost. */
  issue(client: Client, watches: Watches, done: Done<T>): void;
}

/**
 * The longest request that a server takes by default (`jute.maxbuffer`), in bytes. It answers a longer one by closing
 * the connection.
 *
 * @see https://zookeeper.apache.org/doc/r3.8.0/zookeeperAdmin.html#Unsafe+Options
 */
const maxRequest = 0xf_ffff;

const headerSize = 8;

/** How long it is in a request, in bytes: strings and values have four bytes of length before them. */
export function sizeOf(value: string | Uint8Array): number {
  return 4 + (typeof value === 'string' ? Buffer.byteLength(value) : value.length);
}

/** Likewise. */
export function sizeOfCreate({ path, value, acl }: CreateArguments): number {
  const entries = acl.map(({ id }) => 4 + sizeOf(id.scheme) + sizeOf(id.id));
  return sizeOf(path) + sizeOf(value) + 4 + entries.reduce((sum, size) => sum + size, 0) + 4;
}

/** @throws {RequestTooLargeError} */
export function checkSize(what: string, size: number, path?: string): void {
  if (headerSize + size <= maxRequest) return;
  const subject = path === undefined ? what : `${what} ${path}`;
  const message = `${subject}: a request of ${headerSize + size} bytes; a server takes ${maxRequest}`;
  throw new RequestTooLargeError(message, path);
}

// The error of an answer, if it is one.
function failed(failure: Failure | null | undefined, what: string, path: string): ZooKeeperError | undefined {
  return failure ? answerError(failure.getCode(), what, path) : undefined;
}

/** What a node is made of. */
export interface CreateArguments {
  readonly path: string;
  readonly value: Buffer;
  readonly acl: ACL[];
  readonly ephemeral: boolean;
  readonly sequence: boolean;
}

/** The number that ZooKeeper has for the kind of node. */
export function modeOf({ ephemeral, sequence }: CreateArguments): number {
  return Number(ephemeral) + 2 * Number(sequence);
}

/** @returns the path of the node that was made */
export function create(node: CreateArguments): Request<string> {
  const what = 'create';
  const { path, value, acl } = node;
  checkSize(what, sizeOfCreate(node), path);
  return {
    what,
    path,
    isRead: false,
    issue(client, _watches, done) {
      client.create(path, value, acl, modeOf(node), (failure, created) => {
        done(failed(failure, what, path), created);
      });
    },
  };
}

export function remove(path: string, version: number): Request<void> {
  const what = 'delete';
  return {
    what,
    path,
    isRead: false,
    issue(client, _watches, done) {
      client.remove(path, version, (failure) => {
        done(failed(failure, what, path));
      });
    },
  };
}

/** @returns what is known of the node, or null if there is none */
export function exists(path: string, watcher?: WatchListener): Request<Stat | null> {
  const what = 'exists';
  return {
    what,
    path,
    isRead: true,
    issue(client, watches, done) {
      client.exists(path, watcher && watches.notifier('data', path), (failure, stat) => {
        if (!failure && watcher) watches.add('data', path, watcher);
        done(failed(failure, what, path), stat && fromLibrary(stat));
      });
    },
  };
}

export function getData(path: string, watcher?: WatchListener): Request<{ value: Buffer; stat: Stat }> {
  const what = 'get';
  return {
    what,
    path,
    isRead: true,
    issue(client, watches, done) {
      client.getData(path, watcher && watches.notifier('data', path), (failure, value = Buffer.alloc(0), stat) => {
        if (!failure && watcher) watches.add('data', path, watcher);
        done(failed(failure, what, path), failure ? undefined : { value, stat: fromLibrary(stat) });
      });
    },
  };
}

export function setData(path: string, value: Buffer, version: number): Request<Stat> {
  const what = 'set';
  checkSize(what, sizeOf(path) + sizeOf(value) + 4, path);
  return {
    what,
    path,
    isRead: false,
    issue(client, _watches, done) {
      client.setData(path, value, version, (failure, stat) => {
        done(failed(failure, what, path), failure ? undefined : fromLibrary(stat));
      });
    },
  };
}

export function getChildren(path: string, watcher?: WatchListener): Request<{ children: string[]; stat: Stat }> {
  const what = 'getChildren';
  return {
    what,
    path,
    isRead: true,
    issue(client, watches, done) {
      client.getChildren(path, watcher && watches.notifier('children', path), (failure, children, stat) => {
        if (!failure && watcher) watches.add('children', path, watcher);
        done(failed(failure, what, path), failure ? undefined : { children, stat: fromLibrary(stat) });
      });
    },
  };
}

export function getAcl(path: string): Request<{ acl: Acl[]; stat: Stat }> {
  const what = 'getAcl';
  return {
    what,
    path,
    isRead: true,
    issue(client, _watches, done) {
      client.getACL(path, (failure, acl, stat) => {
        done(failed(failure, what, path), failure ? undefined : { acl: aclFromLibrary(acl), stat: fromLibrary(stat) });
      });
    },
  };
}

export function setAcl(path: string, acl: ACL[], version: number): Request<Stat> {
  const what = 'setAcl';
  return {
    what,
    path,
    isRead: false,
    issue(client, _watches, done) {
      client.setACL(path, acl, version, (failure, stat) => {
        done(failed(failure, what, path), failure ? undefined : fromLibrary(stat));
      });
    },
  };
}
