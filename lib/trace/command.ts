// What a process is called by: its command line, short enough to stand before a lane.
import { basename } from 'node:path';
import { processArguments } from '../posix/index.js';

/** The words of a command line, those that are absolute paths without their folders. */
export function shortened(words: readonly string[]): string {
  return words.map((word) => (word.startsWith('/') ? basename(word) || word : word)).join(' ');
}

/** That of a process; empty if it has ended, or is none of a program. */
export function commandOf(pid: number): string {
  return shortened(processArguments(pid) ?? []);
}
