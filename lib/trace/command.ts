// What a process is called by: its command line, short enough to stand before a lane.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** The words of a command line, those that are absolute paths without their folders. */
export function shortened(words: readonly string[]): string {
  return words.map((word) => (word.startsWith('/') ? basename(word) || word : word)).join(' ');
}

/** That of a process; empty if it has ended, or is none of a program. */
export function commandOf(pid: number): string {
  try {
    // Who has written over it, as process.title does, leaves several null bytes at the end.
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '');
    return shortened(text.split('\0'));
  } catch {
    return '';
  }
}
