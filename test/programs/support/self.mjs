// What a program sees of itself.
import { readdirSync, readlinkSync } from 'node:fs';

/** How a piece of work ends: `done`, or its error's code. */
export async function codeOf(work) {
  try {
    await work();
    return 'done';
  } catch (error) {
    return error.code;
  }
}

/** How many descriptors this process has whose links match. */
export function descriptorsOf(pattern) {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return pattern.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // That of the directory itself, which is closed by now.
      return false;
    }
  }).length;
}
