// The programs that measure: each run in a process of its own, which prints what it has measured.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const programs = join(import.meta.dirname, 'programs');

/** The command that brings Python. */
export const PYTHON = 'apt-get install -y python3';

/** What a command prints. */
export function printed(command, ...args) {
  return execFileSync(command, args.map(String), { encoding: 'utf8', maxBuffer: 2 ** 28 });
}

/** What a program of bench/programs prints, which is JSON; a number is. */
export function node(program, ...args) {
  return JSON.parse(printed(process.execPath, join(programs, program), ...args));
}

/** The same, with options of Node.js before the program. */
export function nodeWith(options, program, ...args) {
  return JSON.parse(printed(process.execPath, ...options, join(programs, program), ...args));
}

/** The same of CPython. Undefined without a python3. */
export function python(program, ...args) {
  try {
    return JSON.parse(printed('python3', join(programs, program), ...args));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
