// A lock of fcntl(2), between the program and the addon.
import { object } from '../mistakes.js';
import { integer } from './arguments.js';
import { constant } from './native.js';

const F_GETLK = constant('F_GETLK');
const F_OFD_GETLK = constant('F_OFD_GETLK');
const F_UNLCK = constant('F_UNLCK');

/** A lock on a range of a file: `struct flock`. */
export interface Flock {
  /** `F_RDLCK` (shared), `F_WRLCK` (exclusive) or `F_UNLCK`. */
  type: number;
  /** What the start counts from: `SEEK_SET`, the default, `SEEK_CUR` or `SEEK_END`. */
  whence?: number;
  /** Its first byte. Default 0. Negative only if `whence` is the offset or the end. */
  start?: number;
  /** Its length in bytes; 0, the default: up to the end of the file, however far that moves; negative: in front of `start`. */
  length?: number;
  /** Whose it is: only `F_GETLK` and `F_OFD_GETLK` set it. */
  pid?: number;
}

const SEEK_SET = constant('SEEK_SET');

/** The fields of a lock for the addon, and a function that tells what has come back in them. */
export function lockRange(command: number, argument: unknown): { fields: Float64Array; tell: () => number } {
  const lock = object('lock', argument) as Flock;
  const type = integer('lock.type', lock.type, 0, 2);
  const whence = integer('lock.whence', lock.whence ?? SEEK_SET, 0, 2);
  const first = whence === SEEK_SET ? 0 : Number.MIN_SAFE_INTEGER;
  const start = integer('lock.start', lock.start ?? 0, first, Number.MAX_SAFE_INTEGER);
  const length = distance('lock.length', lock.length ?? 0);
  const fields = Float64Array.of(type, whence, start, length, 0);
  const tell = () => {
    const found = fields[0] ?? F_UNLCK;
    if (command !== F_GETLK && command !== F_OFD_GETLK) return found;
    lock.type = found;
    if (found !== F_UNLCK) [, lock.whence = 0, lock.start = 0, lock.length = 0, lock.pid = 0] = fields;
    return found;
  };
  return { fields, tell };
}

/** A number of bytes, in either direction. */
export function distance(name: string, value: unknown): number {
  return integer(name, value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}
