// The arguments of a client.
import { callback, INT_MAX, integer, object, text, wrongType } from '../mistakes.js';
import type { Credential } from './connection.js';
import type { ReadOptions, VersionOptions, WatchOptions } from './options.js';
import type { WatchListener } from './watches.js';

// Of a time in milliseconds to which a half of it is added: a timer takes up to 2³¹ − 1.
const longest = 2 ** 30;

/** Any version, as ZooKeeper has it. */
export const anyVersion = -1;

/** The version that a node must have, or any. */
export function checkVersion(options: VersionOptions = {}): number {
  const { version = anyVersion } = object('options', options);
  return integer('options.version', version, anyVersion, INT_MAX);
}

/** The bytes of a value, which are the caller's no more. */
export function bytesOf(name: string, value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  throw wrongType(name, 'a string or a Uint8Array', value);
}

/** A credential. */
export function checkCredential(name: string, credential: Credential): Credential {
  const { scheme, auth } = object(name, credential);
  return { scheme: text(`${name}.scheme`, scheme), auth: bytesOf(`${name}.auth`, auth) };
}

/** What is told of a watch, and what is not. */
export function checkWatch(options: WatchOptions = {}): Required<WatchOptions> {
  const { pause = 0, interval = 30_000 } = object('options', options);
  return {
    pause: integer('options.pause', pause, 0, longest),
    interval: integer('options.interval', interval, 1, longest),
  };
}

/** The watcher of a read, if there is one. */
export function watcherOf(options: ReadOptions = {}): WatchListener | undefined {
  const { watcher } = object('options', options);
  return watcher && callback('options.watcher', watcher);
}
