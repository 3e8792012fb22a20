// Which pipe, FIFO or socket a descriptor is of.
import { fstatSync, statSync } from 'node:fs';
import { now } from './clock.js';

interface Known {
  readonly inode: number;
  readonly until: number;
}

/**
 * How long what is known of a descriptor is believed, in milliseconds: Node.js closes descriptors, too, and is not seen
 * doing it.
 */
const BELIEVED = 10;

const known = new Map<number, Known>();

function look(fd: number): number {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket() ? stat.ino : 0;
  } catch {
    return 0;
  }
}

/** Its inode, by which other processes know it too; 0: the descriptor is of something else. */
export function conduitOf(fd: number): number {
  const time = now();
  const found = known.get(fd);
  if (found && found.until > time) return found.inode;
  const inode = look(fd);
  known.set(fd, { inode, until: time + BELIEVED });
  return inode;
}

/** The descriptor may be of something else from now on. */
export function forget(fd: number): void {
  known.delete(fd);
}

/** All may be. */
export function forgetAll(): void {
  known.clear();
}

export function isFifo(path: string): boolean {
  try {
    return statSync(path).isFIFO();
  } catch {
    return false;
  }
}
