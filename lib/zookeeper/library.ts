// What is used of node-zookeeper-client 1.1: its client's operations, and the inside of its connection manager, which
// `connection.ts` takes the place of a socket's handlers in.
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/** An error of an operation, with ZooKeeper's code. */
export interface Failure {
  getCode(): number;
}

export interface Stat {
  czxid: Buffer;
  mzxid: Buffer;
  ctime: Buffer;
  mtime: Buffer;
  version: number;
  cversion: number;
  aversion: number;
  ephemeralOwner: Buffer;
  dataLength: number;
  numChildren: number;
  pzxid: Buffer;
}

export interface Event {
  getType(): number;
}

type Watcher = (event: Event) => void;
type Done<T extends unknown[]> = (failure: Failure | null | undefined, ...results: T) => void;

interface Id {
  scheme: string;
  id: string;
}

export interface ACL {
  permission: number;
  id: Id;
}

interface Packet {
  request: { header: { xid: number; type: number } };
  callback: (failure: Failure | null, response: unknown) => void;
}

export interface ConnectionManager {
  socket: Socket;
  xid: number;
  zxid: Buffer;
  readonly pendingQueue: Packet[];
  setState(state: number): void;
  onSocketConnected(): void;
  onSocketData(frame: Buffer): void;
  onSocketDrain(): void;
  close(): void;
  queue(request: unknown, callback: Packet['callback']): void;
}

interface TransactionResult {
  type: number;
  path?: string;
  stat?: Stat;
  err?: number;
}

export interface Transaction {
  connectionManager: { queue(request: unknown, callback: Packet['callback']): void };
  ops: { version?: number }[];
  create(path: string, data: Buffer, acls: ACL[], mode: number): this;
  check(path: string): this;
  setData(path: string, data: Buffer): this;
  remove(path: string): this;
  commit(callback: Done<[TransactionResult[]]>): void;
}

export interface Client {
  readonly connectionManager: ConnectionManager;
  addAuthInfo(scheme: string, auth: Buffer): void;
  create(path: string, data: Buffer, acls: ACL[], mode: number, done: Done<[string]>): void;
  remove(path: string, version: number, done: Done<[]>): void;
  exists(path: string, watcher: Watcher | undefined, done: Done<[Stat | null]>): void;
  getData(path: string, watcher: Watcher | undefined, done: Done<[Buffer | undefined, Stat]>): void;
  setData(path: string, data: Buffer, version: number, done: Done<[Stat]>): void;
  getACL(path: string, done: Done<[ACL[], Stat]>): void;
  setACL(path: string, acls: ACL[], version: number, done: Done<[Stat]>): void;
  getChildren(path: string, watcher: Watcher | undefined, done: Done<[string[], Stat]>): void;
  transaction(): Transaction;
}

interface Options {
  sessionTimeout: number;
  spinDelay: number;
  retries: number;
  sessionId?: Buffer;
  sessionPassword?: Buffer;
}

interface Library {
  createClient: (connectionString: string, options: Options) => Client;
  ACL: new (permission: number, id: Id) => ACL;
  Id: new (scheme: string, id: string) => Id;
  Exception: Record<string, unknown>;
}

// Not by `import`: who uses this package would need types of that one.
const library = createRequire(__filename)('node-zookeeper-client') as Library;

export const { createClient, Exception } = library;

/** An entry of an ACL. */
export function createAcl(permission: number, scheme: string, id: string): ACL {
  return new library.ACL(permission, new library.Id(scheme, id));
}
