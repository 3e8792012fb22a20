import { fstatSync, readdirSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { close, O_CLOEXEC, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, open, read } from '../posix/index.js';
import { maxPayload } from './codec.js';
import { decodeInstance } from './codecs.js';
import { hasCode, InvalidInstanceError } from './errors.js';
import { distinctInstances } from './instances.js';
import type { Instance } from './registry.js';
import {
  directoryExists,
  idOf,
  isHeld,
  isSameFile,
  isTemporary,
  ownUser,
  statOf,
  unlinkIfThere,
} from './service-directory.js';

// One for all: what reads it runs to its end before anything else does.
const buffer = Buffer.allocUnsafeSlow(maxPayload + 1);

// How often a file is looked at that is another each time: each time its registrant has updated it meanwhile.
const maxLooks = 1000;

// What says nothing about the file, but that this process cannot look: then the list is not known.
const cannotLook = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOLCK', 'EINTR'];

// Whatever stands in a directory is not trusted: no link is followed, and a FIFO or a device is not waited for.
function openIfThere(path: string): number | undefined {
  try {
    return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'ELOOP')) throw new InvalidInstanceError('it is a symbolic link');
    throw error;
  }
}

function checkForeign(stat: BigIntStats): void {
  if (!stat.isFile()) throw new InvalidInstanceError('it is no regular file');
  if (Number(stat.uid) !== ownUser()) throw new InvalidInstanceError(`it belongs to user ${stat.uid.toString()}`);
}

function payloadOf(fd: number): Uint8Array {
  let length = 0;
  for (;;) {
    const count = read(fd, buffer.subarray(length));
    length += count;
    if (length > maxPayload) throw new InvalidInstanceError(`it is longer than ${maxPayload} bytes`);
    if (count === 0) return buffer.subarray(0, length);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The instances of a service, and the names of the files that they, and others that live, are in. */
export interface Listing {
  readonly instances: readonly Instance[];
  readonly live: ReadonlySet<string>;
}

/** Reads the directory of a service: skips and names what is not an instance, removes what the dead have left. */
export class FileReader {
  readonly #directory: string;
  readonly #warn: (message: string) => void;
  #skipped: ReadonlyMap<string, string> = new Map();

  constructor(directory: string, warn: (message: string) => void) {
    this.#directory = directory;
    this.#warn = warn;
  }

  /**
   * Looks at all files.
   *
   * @throws {Error} that of a system call, when it is not known which instances there are
   */
  read(): Listing {
    const instances: Instance[] = [];
    const live = new Set<string>();
    const skipped = new Map<string, string>();
    for (const name of this.#names()) {
      const id = idOf(name);
      if (id === undefined && !isTemporary(name)) {
        if (!name.startsWith('.')) skipped.set(name, 'its name is not that of an instance');
        continue;
      }
      try {
        const payload = this.#look(name);
        if (!payload || id === undefined) continue;
        live.add(name);
        const address = decodeInstance(payload);
        if (address) instances.push({ ...address, id });
      } catch (error) {
        if (hasCode(error, ...cannotLook)) throw error;
        skipped.set(name, reasonOf(error));
      }
    }
    this.#name(skipped);
    return { instances: distinctInstances(instances), live };
  }

  #names(): string[] {
    try {
      return directoryExists(this.#directory) ? readdirSync(this.#directory) : [];
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  // The payload of a file whose registrant lives; undefined if there is none any more. It is opened only for reading:
  // who closes a file that it could write to wakes all watchers.
  #look(name: string): Uint8Array | undefined {
    const path = join(this.#directory, name);
    for (let looks = 0; looks < maxLooks; looks++) {
      const fd = openIfThere(path);
      if (fd === undefined) return undefined;
      try {
        const stat = fstatSync(fd, { bigint: true });
        checkForeign(stat);
        if (isHeld(fd)) return payloadOf(fd);
        // Not locked: its registrant is dead, or has put another file in its place before it let go of this one.
        if (isSameFile(stat, statOf(path))) {
          unlinkIfThere(path);
          return undefined;
        }
      } finally {
        close(fd);
      }
    }
    throw new InvalidInstanceError('it is replaced faster than it can be read');
  }

  #name(skipped: ReadonlyMap<string, string>): void {
    for (const [name, reason] of skipped) {
      if (!this.#skipped.has(name)) this.#warn(`${join(this.#directory, name)} is skipped: ${reason}`);
    }
    this.#skipped = skipped;
  }
}
