// The files of families in their user's runtime directory, which nobody else can enter: by the pid of the master.
import { lstatSync, readlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeDirectory } from '../runtime-directory.js';

/**
 * Where those of this process's pid namespace are. Containers may share the directory: in each the master is process 1, and
 * nobody outside knows it by that pid.
 */
export function familyFolder(): string {
  return runtimeDirectory(join('families', pidNamespace()));
}

// Where there is no /proc, no family can be.
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

export function familyFile(master: number, kind: 'scoreboard' | 'control'): string {
  return join(familyFolder(), `${master}.${kind}`);
}

/** Removes a file, if it is there. Not fs.rmSync(): to load what that can do besides takes a millisecond of the start. */
export function removeFile(path: string): void {
  // To look first is the cheaper where there is none, as a rule.
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
