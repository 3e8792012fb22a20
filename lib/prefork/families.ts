// The families of a user, as their scoreboards show them to anybody who looks.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPosixError, kill } from '../posix/index.js';
import type { ServerAddress } from './address.js';
import { cellAt, CELLS, moldsOf, statusOf, type MoldStatus, type WorkerStatus } from './cell.js';
import { familyFolder, removeFile } from './family-files.js';
import { HEADER, Header, SIZE } from './header.js';

/** A family as its scoreboard shows it. */
export type FamilyStatus = ServerAddress & {
  /** The process of its master. */
  readonly master: number;
  /** Since when the master runs it, in milliseconds of the epoch. */
  readonly since: number;
  /** Requests that went to workers which have ended. */
  readonly pastRequests: number;
  /** The processes that workers are forked from, if it is not the master; more than one while they change. */
  readonly molds: MoldStatus[];
  /** Those that have a process, by their places. */
  readonly workers: WorkerStatus[];
};

/** The families of this user that run now, by their masters' pids. Removes what killed masters have left. */
export function families(): FamilyStatus[] {
  const folder = familyFolder();
  const found: FamilyStatus[] = [];
  for (const name of readdirSync(folder)) {
    const [, pid, kind] = /^(\d+)\.(scoreboard|control)$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const family = kind === 'scoreboard' ? familyIn(path) : undefined;
    if (family) found.push(family);
    else if (!exists(Number(pid))) removeFile(path);
  }
  return found.sort((a, b) => a.master - b.master);
}

// Not by /proc: one may be hidden there (hidepid of proc(5)), or no descriptor be free to look.
function exists(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (error) {
    return !isPosixError(error, 'ESRCH');
  }
}

function familyIn(path: string): FamilyStatus | undefined {
  try {
    return decode(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function decode(bytes: Buffer): FamilyStatus | undefined {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  if (buffer.byteLength !== SIZE) return undefined;
  const header = new Header(buffer);
  const description = header.description();
  if (!description) return undefined;
  const { address, master, since } = description;
  const cells = Array.from({ length: CELLS }, (_, number) => cellAt(buffer, HEADER, number));
  const { pastRequests } = header;
  return { ...address, master, since, pastRequests, molds: moldsOf(cells), workers: statusOf(cells) };
}
